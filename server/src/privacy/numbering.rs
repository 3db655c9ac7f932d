//! Which placeholder stands for which value in one conversation: the same value has the same number,
//! however it is spelled. Held by the conversation's vault, because the values are the originals.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Begins the labels of what an internal note alone holds.
const NOTE_LABEL: &str = "NOTE_";

/// Whether a placeholder stands for what an internal note alone holds.
pub(crate) fn is_of_note(placeholder: &str) -> bool {
    placeholder.strip_prefix('[').is_some_and(|inside| inside.starts_with(NOTE_LABEL))
}

/// Numbers given out in one conversation. Holds normalised values, so it is as secret as they are:
/// `Debug` shows how many there are and no more, and it may be serialised into the vault only.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbering {
    /// Label, then normalised value, to number.
    numbers: BTreeMap<String, BTreeMap<String, u32>>,
    /// Highest numbers of values that are known no more.
    #[serde(default)]
    floors: BTreeMap<String, u32>,
}

impl Numbering {
    /// Goes on after numbers that were given out before and whose values are gone.
    pub fn after(floors: impl IntoIterator<Item = (String, u32)>) -> Self {
        Self { numbers: BTreeMap::new(), floors: floors.into_iter().collect() }
    }

    /// The number of a value under a label, a new one where it is unknown. Numbers count from 1.
    pub(super) fn number(&mut self, label: &str, value: &str) -> u32 {
        if let Some(number) = self.numbers.get(label).and_then(|values| values.get(value)) {
            return *number;
        }
        let floor = self.floors.get(label).copied().unwrap_or(0);
        let values = self.numbers.entry(label.to_owned()).or_default();
        let next = values.values().max().copied().unwrap_or(0).max(floor).saturating_add(1);
        values.insert(value.to_owned(), next);
        next
    }

    /// The label that a value of an internal note gets: the customer's own one where the customer gave
    /// the same value, so that an agent sees that it is the same; else one apart.
    pub(super) fn label_in_note(&self, label: &str, value: &str) -> String {
        let known = self.numbers.get(label).is_some_and(|values| values.contains_key(value));
        if known { label.to_owned() } else { format!("{NOTE_LABEL}{label}") }
    }

    /// How many values have a number.
    pub fn len(&self) -> usize {
        self.numbers.values().map(BTreeMap::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

impl fmt::Debug for Numbering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} numbered values of a customer]", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_its_number_through_the_vault() {
        let mut numbering = Numbering::default();
        assert_eq!(numbering.number("EMAIL", "a@b.co"), 1);
        assert_eq!(numbering.number("EMAIL", "c@d.co"), 2);
        assert_eq!(numbering.number("PHONE", "123"), 1);
        let stored = serde_json::to_string(&numbering).unwrap();
        let mut back: Numbering = serde_json::from_str(&stored).unwrap();
        assert_eq!(back.number("EMAIL", "a@b.co"), 1);
        assert_eq!(back.len(), 3);
    }

    #[test]
    fn numbers_of_lost_values_are_not_given_out_again() {
        let mut numbering = Numbering::after([("EMAIL".to_owned(), 4)]);
        assert_eq!(numbering.number("EMAIL", "a@b.co"), 5);
        assert_eq!(numbering.number("EMAIL", "c@d.co"), 6);
        assert_eq!(numbering.number("PHONE", "123"), 1);
    }

    #[test]
    fn debug_output_shows_no_value() {
        let mut numbering = Numbering::default();
        numbering.number("EMAIL", "a@b.co");
        assert_eq!(format!("{numbering:?}"), "[1 numbered values of a customer]");
    }
}
