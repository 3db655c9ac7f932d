//! `server` turns questions into proven answers.
//!
//! Layers, low to high: `privacy <- domain <- evidence <- generate, store <- assistant <- http <- startup`.
//! `startup` is the only file that names concrete back ends; `http` is the only folder that knows
//! the web framework.

pub mod assistant;
pub mod domain;
pub mod evaluate;
pub mod evidence;
pub mod generate;
pub mod privacy;
pub mod settings;
pub mod store;
