//! Which of llama.cpp's sequence ids are running requests, cached prefixes, their shadows and spare cells. Pure.
//!
//! Made by `handle` when the model is loaded, kept by `worker`.

use super::load::Traits;
use super::prefix::SequenceId;

/// llama.cpp's bound on sequence ids.
const MAX_SEQUENCES: SequenceId = 256;

/// Which sequence ids are whose.
#[derive(Clone, Debug)]
pub(super) struct SequencePlan {
    /// The first ids are the running requests'.
    pub(super) slots: SequenceId,
    /// These hold cached prefixes.
    pub(super) holders: std::ops::Range<SequenceId>,
    /// Distance from a holder to its shadow, where shadows are needed.
    pub(super) shadow: Option<SequenceId>,
    /// These hold spare cells for answers.
    pub(super) spare: std::ops::Range<SequenceId>,
}

impl SequencePlan {
    pub(super) fn new(slots: usize, traits: Traits) -> Self {
        let slots = SequenceId::try_from(slots).unwrap_or(1).clamp(1, MAX_SEQUENCES / 2);
        let rest = MAX_SEQUENCES - slots;
        if !traits.prefixes {
            return Self { slots, holders: slots..slots, shadow: None, spare: 0..0 };
        }
        if traits.sliding_window {
            let holders = slots..slots + rest / 2;
            return Self { slots, holders, shadow: Some(rest / 2), spare: 0..0 };
        }
        // On a GPU it makes no difference where a cell lies.
        let spare = if traits.on_gpu { 0 } else { (slots * 4).min(MAX_SEQUENCES / 4) };
        let end = MAX_SEQUENCES - spare;
        Self { slots, holders: slots..end, shadow: None, spare: end..MAX_SEQUENCES }
    }

    /// The ids that hold cells only while somebody uses them or the prefix tree does.
    pub(super) fn all_but_spare(&self) -> impl Iterator<Item = SequenceId> {
        let spare = self.spare.clone();
        (0..MAX_SEQUENCES).filter(move |sequence| !spare.contains(sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shadows_are_looked_at_too() {
        let traits =
            Traits { prefixes: true, sliding_window: true, on_gpu: false, trained_context: 0 };
        let plan = SequencePlan::new(4, traits);
        let shadow = plan.holders.end - 1 + plan.shadow.expect("a sliding window needs shadows");
        assert!(plan.all_but_spare().any(|sequence| sequence == shadow));
        let plan = SequencePlan::new(4, Traits { sliding_window: false, ..traits });
        assert!(!plan.spare.is_empty());
        assert!(plan.all_but_spare().all(|sequence| !plan.spare.contains(&sequence)));
    }
}
