//! The promises of building, checking and searching, on folders and data folders of their own.
//!
//! Everything but `killed` and `command` runs with vectors of hashed words, so that no test needs a
//! model; `killed` runs the real program with the real model.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, which is what is meant")]

mod building;
mod command;
mod crashes;
mod failing;
mod fixture;
mod killed;
mod pruning;
mod sigkill;
mod storms;
mod swapping;
#[path = "../../src/catalog/test_postgres.rs"]
mod test_postgres;
mod tidying;
mod trouble;
mod verifying;
mod visibility;
