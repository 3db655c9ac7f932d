//! `[gaps]` of the configuration.

use serde::{Deserialize, Serialize};

/// `[gaps]`: the review queue of the content team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GapSettings {
    /// Customers from which on a subject shows.
    pub k: usize,
    /// Days that it looks back.
    pub days: u32,
    /// Questions that are looked at, the newest.
    pub questions: u32,
    /// The newest of them that are compared by meaning as well; the others by their words.
    pub embedded: usize,
    /// An answer of less confidence counts as uncertain, [0, 1].
    pub uncertain_below: f64,
}

impl Default for GapSettings {
    fn default() -> Self {
        Self { k: 3, days: 90, questions: 1000, embedded: 300, uncertain_below: 0.8 }
    }
}

/// Days that anybody may look back.
pub const MOST_DAYS: u32 = 366;

impl GapSettings {
    /// # Errors
    /// Naming the key and what it should be.
    pub fn check(&self) -> Result<(), String> {
        let ranges = [
            ("k", self.k as u64, 2, 1000),
            ("days", u64::from(self.days), 1, u64::from(MOST_DAYS)),
            ("questions", u64::from(self.questions), 1, 5000),
            ("embedded", self.embedded as u64, 0, 2000),
        ];
        for (key, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(format!("gaps.{key} is {value}, but must be {least} to {most}"));
            }
        }
        if !(0.0..=1.0).contains(&self.uncertain_below) {
            return Err(format!(
                "gaps.uncertain_below is {}, but must be 0 to 1",
                self.uncertain_below
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_of_one_customer_can_never_be_shown() {
        assert_eq!(GapSettings::default().check(), Ok(()));
        for wrong in [
            GapSettings { k: 1, ..Default::default() },
            GapSettings { days: 0, ..Default::default() },
            GapSettings { questions: 100_000, ..Default::default() },
            GapSettings { uncertain_below: f64::NAN, ..Default::default() },
        ] {
            assert!(wrong.check().unwrap_err().starts_with("gaps."));
        }
    }
}
