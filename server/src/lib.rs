//! `server` turns questions into proven answers.
//!
//! Layers, low to high: `privacy <- domain <- evidence <- generate, store <- assistant <- http <-
//! startup <- cli`. `startup` is the only place that names concrete back ends; `http` is the only folder that
//! knows the web framework.

pub mod assistant;
pub mod backup;
pub mod cli;
pub mod domain;
pub mod evaluate;
pub mod evidence;
pub mod generate;
pub mod http;
pub mod privacy;
pub mod settings;
pub mod startup;
pub mod store;
pub mod telemetry;
