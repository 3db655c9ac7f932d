//! `server` turns questions into proven answers.
//!
//! Layers, low to high: `privacy <- domain <- locale, evidence <- generate, store, live, handoff, access
//! <- assistant <- desk <- http <- startup <- cli`. `startup` chooses the concrete back
//! ends (`backup`, `evaluate` and `cli/gaps` name those that they work on); `http` is the only folder that knows
//! the web framework.

pub mod access;
pub mod assistant;
pub mod backup;
pub mod cli;
pub mod desk;
pub mod domain;
pub mod evaluate;
pub mod evidence;
pub mod gaps;
pub mod generate;
pub mod handoff;
mod html;
pub mod http;
pub mod live;
pub mod locale;
pub mod metrics;
pub mod privacy;
pub mod rights;
pub mod settings;
pub mod site;
pub mod startup;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod useful;
