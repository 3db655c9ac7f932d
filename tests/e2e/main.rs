//! End-to-end tests: the application with production wiring on a port of its own, and the real
//! program. One binary, so that everything is linked once. A module tells one promise.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, which is what is meant")]

mod admin;
mod ask_json;
mod ask_sse;
mod backup;
mod commands;
mod errors;
mod following;
mod generator;
mod no_outbound;
mod pages;
mod search_api;
mod shutdown;
mod start_up_errors;
mod support;
mod swapping;
mod tidy;
