//! What surrounds a hand-over, whoever asks for it: when people are there to take it.

pub mod hours;

use serde::{Deserialize, Serialize};

pub use hours::{Hours, HoursError, HoursSettings, Open};

/// `[handoff]` of the configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HandoffSettings {
    pub hours: HoursSettings,
}
