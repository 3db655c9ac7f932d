//! How sure a model was of its own words, and what that takes from the confidence.
//!
//! Filled by `writing` while an answer comes. The confidence says whether the passages answer the question;
//! words that the model itself found unlikely, or of which the guard had to withhold much, answer it less
//! surely than that. By how much cannot be fitted without a real model and judged answers, so the rule is a
//! careful guess: it only lowers, never by more than [`MOST`] on the scale of log-odds, and more doubt never
//! lowers less. An answer without log-probabilities keeps its confidence.

use std::collections::VecDeque;

use super::guard::is_rule_mark;

/// A sentence whose tokens have at least this log-probability on average is as sure as it gets, and one
/// with the second as unsure. Of the tokens: e^-0.4 is 0.67, e^-2 is 0.14.
const MEAN: (f64, f64) = (-0.4, -2.0);
/// The same for the least likely token of all.
const LEAST: (f64, f64) = (-3.0, -9.0);
/// What full doubt takes from the log-odds: by the mean, by the least, by all sentences but none withheld.
const BY_MEAN: f64 = 0.6;
const BY_LEAST: f64 = 0.2;
const BY_WITHHELD: f64 = 0.6;
/// All of them together.
const MOST: f64 = BY_MEAN + BY_LEAST + BY_WITHHELD;
/// Log-odds are counted up to here, so that a probability of 1 can be lowered too.
const SUREST: f64 = 12.0;

/// The tokens of an answer that no sentence has taken yet.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// Weights, and the log-probabilities that came with them.
    pending: VecDeque<(usize, Vec<f32>)>,
}

/// Log-probabilities of some tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tally {
    tokens: u32,
    sum: f64,
    least: f64,
}

impl Tokens {
    /// Some text of the stream with the log-probabilities of its tokens.
    pub(super) fn came(&mut self, text: &str, logprobs: Vec<f32>) {
        let bytes = weight(text);
        if bytes > 0 {
            self.pending.push_back((bytes, logprobs));
        }
    }

    /// The tokens of the next sentence, which begins where the last one ended.
    pub(super) fn of(&mut self, sentence: &str) -> Tally {
        let mut left = weight(sentence);
        let mut tally = Tally::default();
        while left > 0 {
            let Some((bytes, logprobs)) = self.pending.front_mut() else { break };
            // A token over a border counts where it begins.
            for logprob in logprobs.drain(..) {
                tally.add(f64::from(logprob));
            }
            let taken = left.min(*bytes);
            left -= taken;
            *bytes -= taken;
            if *bytes == 0 {
                self.pending.pop_front();
            }
        }
        tally
    }
}

/// Bytes that are sure to be in a sentence: not white space, and nothing that may be a rule between lines,
/// of which no sentence is made.
fn weight(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace() && !is_rule_mark(*c)).map(char::len_utf8).sum()
}

impl Tally {
    fn add(&mut self, logprob: f64) {
        // A model that is not sure of anything says minus infinity, a broken one anything else.
        let logprob = if logprob.is_nan() { 0.0 } else { logprob.clamp(-100.0, 0.0) };
        self.tokens += 1;
        self.sum += logprob;
        self.least = self.least.min(logprob);
    }

    fn mean(&self) -> Option<f64> {
        (self.tokens > 0).then(|| self.sum / f64::from(self.tokens))
    }
}

/// How sure a model was of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Certainty {
    /// Mean of the least sure sentence that was released; `None` where the model does not tell.
    pub mean: Option<f64>,
    /// Of the least likely token in released sentences.
    pub least: f64,
    pub released: u32,
    /// Sentences that the guard withheld.
    pub withheld: u32,
}

impl Certainty {
    /// A sentence was released.
    pub(super) fn released(&mut self, tally: Tally) {
        self.released += 1;
        if let Some(mean) = tally.mean() {
            self.mean = Some(self.mean.map_or(mean, |known| known.min(mean)));
            self.least = self.least.min(tally.least);
        }
    }

    pub(super) fn withheld(&mut self) {
        self.withheld += 1;
    }

    /// The confidence of the answer whose passages answer the question with `probability`.
    pub fn applied(&self, probability: f64) -> f64 {
        let Some(mean) = self.mean else { return probability };
        let all = f64::from(self.released + self.withheld).max(1.0);
        let taken = BY_MEAN * doubt(mean, MEAN)
            + BY_LEAST * doubt(self.least, LEAST)
            + BY_WITHHELD * f64::from(self.withheld) / all;
        if taken <= 0.0 {
            return probability;
        }
        let odds = (probability.ln() - (1.0 - probability).ln()).clamp(-SUREST, SUREST);
        let lowered = 1.0 / (1.0 + (taken.min(MOST) - odds).exp());
        lowered.min(probability)
    }
}

/// 0 at the first border and above, 1 at the second and below.
fn doubt(value: f64, (none, full): (f64, f64)) -> f64 {
    ((none - value) / (none - full)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use indexer::model::Locale;

    use super::*;
    use crate::assistant::guard::Assembler;

    fn certainty(mean: f64, least: f64, (released, withheld): (u32, u32)) -> Certainty {
        Certainty { mean: Some(mean), least, released, withheld }
    }

    #[test]
    fn tokens_go_to_the_sentence_in_which_they_begin() {
        let mut tokens = Tokens::default();
        for (text, logprob) in
            [("A zip", -0.1), (" costs", -0.2), (" €18", -0.6), (".", 0.0), (" It", -4.0)]
        {
            tokens.came(text, vec![logprob]);
        }
        tokens.came(" takes\nten days.", vec![-1.0, -2.0]);
        let first = tokens.of("A zip costs €18.");
        assert_eq!((first.tokens, first.least as f32), (4, -0.6));
        let second = tokens.of("It takes ten days.");
        assert_eq!((second.tokens, second.least as f32), (3, -4.0));
        assert_eq!(tokens.of("More than came."), Tally::default());
    }

    #[test]
    fn a_rule_between_lines_moves_no_token_to_another_sentence() {
        let mut tokens = Tokens::default();
        let mut assembler = Assembler::new(&Locale::parse("en").unwrap());
        let mut drafts = Vec::new();
        for (text, logprob) in [
            ("| Zone | Price |\n", -0.1),
            ("|---", -8.0),
            ("|---|\n", -8.0),
            ("| 1 | €2.90 |\n", -0.2),
            ("\n---\n\n", -8.0),
            ("It is fast.", -0.3),
        ] {
            tokens.came(text, vec![logprob]);
            drafts.extend(assembler.push(text));
        }
        drafts.extend(assembler.finish());
        let sums: Vec<f32> = drafts.iter().map(|d| tokens.of(&d.text).sum as f32).collect();
        assert_eq!(sums, [-0.1, -0.2, -0.3]);
    }

    #[test]
    fn an_answer_without_log_probabilities_keeps_its_confidence() {
        let mut certainty = Certainty::default();
        certainty.withheld();
        certainty.released(Tally::default());
        for p in [0.0, 0.3, 0.8, 1.0] {
            assert_eq!(certainty.applied(p).to_bits(), p.to_bits());
        }
    }

    #[test]
    fn a_model_that_is_sure_takes_nothing() {
        assert_eq!(certainty(-0.1, -1.5, (3, 0)).applied(0.83), 0.83);
    }

    #[test]
    fn the_least_sure_sentence_counts() {
        let mut certainty = Certainty::default();
        for logprob in [-0.1, -1.5, -0.2] {
            let mut tally = Tally::default();
            tally.add(logprob);
            certainty.released(tally);
        }
        assert_eq!((certainty.mean, certainty.least), (Some(-1.5), -1.5));
        let mut broken = Tally::default();
        broken.add(f64::NEG_INFINITY);
        broken.add(f64::NAN);
        certainty.released(broken);
        assert!(certainty.applied(0.9).is_finite());
    }

    proptest::proptest! {
        #[test]
        fn it_only_lowers_never_by_more_than_the_bound_and_more_doubt_never_less(
            p in 0.0_f64..=1.0, mean in -20.0_f64..0.0, least in -40.0_f64..0.0, less in 0.0_f64..5.0,
            released in 1_u32..9, withheld in 0_u32..9,
        ) {
            let before = certainty(mean, least, (released, withheld)).applied(p);
            proptest::prop_assert!((0.0..=p).contains(&before));
            let odds = |p: f64| (p / (1.0 - p)).ln();
            if (0.001..0.999).contains(&p) {
                proptest::prop_assert!(odds(p) - odds(before) <= MOST + 1e-9);
            }
            for worse in [
                certainty(mean - less, least, (released, withheld)),
                certainty(mean, least - less, (released, withheld)),
                certainty(mean, least, (released, withheld + 1)),
            ] {
                proptest::prop_assert!(worse.applied(p) <= before);
            }
            let again = certainty(mean, least, (released, withheld)).applied(p);
            proptest::prop_assert_eq!(again.to_bits(), before.to_bits());
        }
    }
}
