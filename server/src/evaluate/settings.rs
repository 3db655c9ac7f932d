//! `[eval]` of the configuration.

use serde::{Deserialize, Serialize};

/// How evaluations run and what a release must reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvalSettings {
    /// Questions asked at the same time.
    pub concurrent: usize,
    /// Resamples behind the confidence intervals; 0 for none.
    pub resamples: u32,
    /// Start of the random numbers of the resampling.
    pub seed: u64,
    pub gate: GateSettings,
}

impl Default for EvalSettings {
    fn default() -> Self {
        Self { concurrent: 16, resamples: 1000, seed: 1, gate: GateSettings::default() }
    }
}

/// `[eval.gate]`: least share of golden cases that must pass, by what the cases expect, [0, 1].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GateSettings {
    pub answer: f64,
    pub refuse: f64,
    pub hand_over: f64,
}

impl Default for GateSettings {
    fn default() -> Self {
        Self { answer: 0.9, refuse: 0.95, hand_over: 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        let all: toml::Table = toml::from_str(indexer::settings::DEFAULTS).unwrap();
        let documented: EvalSettings = all["eval"].clone().try_into().unwrap();
        assert_eq!(documented, EvalSettings::default());
        let keys = toml::Table::try_from(EvalSettings::default()).unwrap();
        let section = all["eval"].as_table().unwrap();
        assert!(keys.keys().all(|k| section.contains_key(k)), "a key is not documented");
    }
}
