//! What the tests stand on: an application on port 0 with its own folders, the real program, and a
//! small knowledge base.

pub(crate) mod app;
pub(crate) mod articles;
pub(crate) mod canaries;
pub(crate) mod identity;
pub(crate) mod model;
pub(crate) mod onnx;
pub(crate) mod people;
pub(crate) mod program;
pub(crate) mod provider;
pub(crate) mod sse;

pub(crate) use app::{TestApp, absent_receiver, shared, spawn_app, start_in};
pub(crate) use program::Program;
