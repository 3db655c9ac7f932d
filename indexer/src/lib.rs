//! `indexer` turns documents into findable passages and finds them.
//!
//! Layers, low to high: `model, secret, random, onnx <- source, language, embed, cross_encoder, keyword, vector,
//! catalog <- publish, search, lint`. The server uses [`search::KnowledgeBase`] to find, [`publish::Publisher`] to follow the
//! folder, and the values of [`model`]; stored formats stay inside this crate.

pub mod catalog;
pub mod cross_encoder;
pub mod embed;
pub mod keyword;
pub mod language;
pub mod lint;
pub mod model;
pub mod onnx;
mod patience;
mod priority;
pub mod private;
pub mod publish;
pub mod random;
pub mod search;
pub mod secret;
pub mod settings;
pub mod source;
pub mod vector;
