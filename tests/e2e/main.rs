//! End-to-end tests: the application with production wiring on a port of its own, and the real
//! program. One binary, so that everything is linked once. A module tells one promise.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, which is what is meant")]

mod access;
mod admin;
mod ask_json;
mod ask_sse;
mod attacks;
mod audience;
mod backup;
mod canaries;
mod chat_completions;
mod clarify;
mod clients;
mod commands;
mod conversations;
mod described;
mod desk;
mod doors;
mod errors;
mod evaluation;
mod failed_actions;
mod finishing;
mod follow_ups;
mod following;
mod gaps;
mod generator;
mod giving_back;
mod identity;
mod injected_orders;
mod lies;
mod local_model;
mod moving;
mod no_outbound;
mod other_bases;
mod own_models;
mod pages;
mod privacy;
mod replicas;
mod said_again;
mod search_api;
mod shutdown;
mod sign_on;
mod small_talk;
mod start_up_errors;
mod summaries;
mod support;
mod swapping;
#[path = "../../indexer/src/catalog/test_postgres.rs"]
mod test_postgres;
mod tidy;
mod two_processes;
