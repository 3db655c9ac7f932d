//! Chooses the next token from the logits of a step, and says how likely it was.
//!
//! Called by `step` for every row that ends in a choice. Reads the model's logits in place; the greedy path
//! copies nothing. The order of the filters is that of llama.cpp: penalties, top-k, top-p, min-p, temperature.
//! The log-probability is that of the model itself, before any of them.

use std::collections::HashMap;

use indexer::random::SplitMix64;

use super::request::{Sampling, Token};

/// A chosen token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Choice {
    pub(super) token: Token,
    /// Natural logarithm of its probability before filters.
    pub(super) logprob: f32,
}

/// The sampler of one answer.
#[derive(Debug)]
pub(super) struct Sampler {
    settings: Sampling,
    random: SplitMix64,
    seen: HashMap<Token, u32>,
    candidates: Vec<(f32, Token)>,
}

impl Sampler {
    pub(super) fn new(settings: Sampling) -> Self {
        let random = SplitMix64::new(settings.seed);
        Self { settings, random, seen: HashMap::new(), candidates: Vec::new() }
    }

    /// Greedy without penalties: the choice depends on the logits alone, so drafts can be checked against it.
    pub(super) fn is_plain_greedy(&self) -> bool {
        self.settings.temperature <= 0.0 && !self.penalises()
    }

    /// Chooses from one row of logits, `[vocabulary]`. `None` when the model gave no usable number.
    pub(super) fn choose(&mut self, logits: &[f32], banned: &[Token]) -> Option<Choice> {
        let quick = if self.is_plain_greedy() { Some(argmax(logits)?) } else { None };
        let token = match quick {
            Some(token) if !banned.contains(&token) => token,
            _ => self.choose_filtered(logits, banned)?,
        };
        if self.penalises() {
            *self.seen.entry(token).or_insert(0) += 1;
        }
        let logprob = log_probability(logits, token)?;
        Some(Choice { token, logprob })
    }

    fn penalises(&self) -> bool {
        let s = &self.settings;
        s.repetition_penalty != 1.0 || s.frequency_penalty != 0.0 || s.presence_penalty != 0.0
    }

    fn choose_filtered(&mut self, logits: &[f32], banned: &[Token]) -> Option<Token> {
        let s = &self.settings;
        let mut candidates = std::mem::take(&mut self.candidates);
        candidates.clear();
        candidates.extend(logits.iter().zip(0..).map(|(&logit, token)| (logit, token)));
        for (&token, &count) in &self.seen {
            if let Some((logit, _)) =
                usize::try_from(token).ok().and_then(|index| candidates.get_mut(index))
            {
                *logit = if *logit > 0.0 {
                    *logit / s.repetition_penalty
                } else {
                    *logit * s.repetition_penalty
                };
                *logit -= s.frequency_penalty * count as f32 + s.presence_penalty;
            }
        }
        for &token in banned {
            if let Some((logit, _)) =
                usize::try_from(token).ok().and_then(|index| candidates.get_mut(index))
            {
                *logit = f32::NEG_INFINITY;
            }
        }
        candidates.retain(|(logit, _)| logit.is_finite());
        let token = if s.temperature <= 0.0 {
            candidates
                .iter()
                .copied()
                .reduce(|best, next| if next.0 > best.0 { next } else { best })
                .map(|(_, token)| token)
        } else {
            draw(&mut candidates, s, &mut self.random)
        };
        self.candidates = candidates;
        token
    }
}

/// Draws one of the candidates (logit, token), filtered as the settings say.
fn draw(
    candidates: &mut Vec<(f32, Token)>,
    settings: &Sampling,
    random: &mut SplitMix64,
) -> Option<Token> {
    let better = |a: &(f32, Token), b: &(f32, Token)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if settings.top_k > 0 && settings.top_k < candidates.len() {
        candidates.select_nth_unstable_by(settings.top_k - 1, better);
        candidates.truncate(settings.top_k);
    }
    candidates.sort_unstable_by(better);
    let best = candidates.first()?.0;
    let total: f64 = candidates.iter().map(|(logit, _)| f64::from((logit - best).exp())).sum();
    if settings.top_p < 1.0 {
        let mut sum = 0.0;
        let keep = candidates
            .iter()
            .position(|(logit, _)| {
                sum += f64::from((logit - best).exp());
                sum >= f64::from(settings.top_p) * total
            })
            .map_or(candidates.len(), |last| last + 1);
        candidates.truncate(keep.max(1));
    }
    if settings.min_p > 0.0 {
        let least = best + settings.min_p.min(1.0).ln();
        candidates.retain(|(logit, _)| *logit >= least);
    }
    let weight = |logit: f32| f64::from(((logit - best) / settings.temperature).exp());
    let total: f64 = candidates.iter().map(|(logit, _)| weight(*logit)).sum();
    let mut left = random.share() * total;
    for (logit, token) in candidates.iter() {
        left -= weight(*logit);
        if left < 0.0 {
            return Some(*token);
        }
    }
    candidates.last().map(|(_, token)| *token)
}

/// The index of the largest logit, the first of equals. `None` when there is no finite one.
fn argmax(logits: &[f32]) -> Option<Token> {
    // Maxima of blocks first, then the place within one block: the inner loop has no branches.
    const BLOCK: usize = 64;
    let mut best = f32::NEG_INFINITY;
    let mut best_block = 0;
    for (index, block) in logits.chunks(BLOCK).enumerate() {
        let largest = block.iter().fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
        if largest > best {
            best = largest;
            best_block = index;
        }
    }
    if !best.is_finite() {
        return None;
    }
    let start = best_block * BLOCK;
    let within = logits[start..].iter().position(|&logit| logit == best)?;
    Token::try_from(start + within).ok()
}

/// ln softmax(logits)[token], to about 1e-5.
fn log_probability(logits: &[f32], token: Token) -> Option<f32> {
    let chosen = *logits.get(usize::try_from(token).ok()?)?;
    let best = logits.iter().fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
    let mut sums = [0.0_f32; 16];
    let mut blocks = logits.chunks_exact(16);
    for block in &mut blocks {
        for (sum, &logit) in sums.iter_mut().zip(block) {
            *sum += exp_of_negative(logit - best);
        }
    }
    let rest: f32 = blocks.remainder().iter().map(|&logit| exp_of_negative(logit - best)).sum();
    let logprob = chosen - best - (sums.iter().sum::<f32>() + rest).ln();
    logprob.is_finite().then_some(logprob.min(0.0))
}

/// e^x for x <= 0, within 1e-6 of one; 0 below -80 and for NaN. Without a call or a branch, so that it can be vectorised.
fn exp_of_negative(x: f32) -> f32 {
    let t = x.max(-80.0) * std::f32::consts::LOG2_E;
    let whole = (t - 0.5).trunc();
    let part = t - whole;
    // 2^part for part in [-0.5, 0.5]: the series to the sixth power.
    let power = 1.0
        + part
            * (std::f32::consts::LN_2
                + part
                    * (0.240_226_5
                        + part
                            * (0.055_504_1
                                + part
                                    * (0.009_618_13
                                        + part * (0.001_333_36 + part * 0.000_154_04)))));
    let bits = ((whole as i32 + 127) << 23) as u32;
    let value = f32::from_bits(bits) * power;
    if x >= -80.0 { value } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampling(temperature: f32) -> Sampling {
        Sampling { temperature, ..Sampling::default() }
    }

    fn counts(settings: &Sampling, logits: &[f32], draws: u64) -> Vec<usize> {
        let mut counts = vec![0; logits.len()];
        for seed in 0..draws {
            let mut sampler = Sampler::new(Sampling { seed, ..settings.clone() });
            let choice = sampler.choose(logits, &[]).expect("finite logits");
            counts[choice.token as usize] += 1;
        }
        counts
    }

    #[test]
    fn greedy_takes_the_first_of_the_largest_and_its_logprob_is_exact() {
        let logits: Vec<f32> = (0..1000).map(|i| ((i * 37) % 501) as f32 / 50.0).collect();
        let choice = Sampler::new(Sampling::default()).choose(&logits, &[]).expect("finite");
        assert_eq!(
            choice.token,
            logits.iter().position(|&l| l == 10.0).map(|i| i as i32).expect("one is 10")
        );
        let total: f64 = logits.iter().map(|&l| f64::from(l - 10.0).exp()).sum();
        assert!((f64::from(choice.logprob) + total.ln()).abs() < 1e-4);
    }

    #[test]
    fn the_fast_exponential_is_close() {
        for i in 0..=8000 {
            let x = -(i as f32) / 100.0;
            assert!((exp_of_negative(x) - x.exp()).abs() < 2e-6, "{x}");
        }
        assert_eq!(exp_of_negative(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp_of_negative(f32::NAN), 0.0);
    }

    #[test]
    fn no_finite_logit_is_an_error_and_not_a_token() {
        assert!(Sampler::new(Sampling::default()).choose(&[f32::NAN, f32::NAN], &[]).is_none());
        assert!(Sampler::new(sampling(1.0)).choose(&[f32::NEG_INFINITY; 3], &[]).is_none());
        assert!(Sampler::new(Sampling::default()).choose(&[], &[]).is_none());
    }

    #[test]
    fn draws_follow_the_distribution() {
        let logits = [0.5_f32.ln(), 0.3_f32.ln(), 0.2_f32.ln()];
        let counts = counts(&sampling(1.0), &logits, 20_000);
        for (count, expected) in counts.iter().zip([10_000.0, 6_000.0, 4_000.0]) {
            assert!((*count as f64 - expected).abs() < 300.0, "{counts:?}");
        }
    }

    #[test]
    fn each_filter_leaves_what_it_should() {
        let logits = [0.5_f32.ln(), 0.3_f32.ln(), 0.15_f32.ln(), 0.05_f32.ln()];
        let left = |settings: Sampling| {
            counts(&settings, &logits, 500).iter().filter(|&&count| count > 0).count()
        };
        assert_eq!(left(sampling(1.0)), 4);
        assert_eq!(left(Sampling { top_k: 2, ..sampling(1.0) }), 2);
        assert_eq!(left(Sampling { top_p: 0.75, ..sampling(1.0) }), 2);
        assert_eq!(left(Sampling { min_p: 0.2, ..sampling(1.0) }), 3);
        assert_eq!(left(sampling(0.01)), 1);
    }

    #[test]
    fn the_same_seed_gives_the_same_draws() {
        let logits: Vec<f32> = (0..50).map(|i| (i as f32 * 0.7).sin()).collect();
        let run = |seed| {
            let mut sampler = Sampler::new(Sampling { seed, ..sampling(1.0) });
            (0..20).map(|_| sampler.choose(&logits, &[]).expect("finite").token).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn penalties_and_bans_turn_greedy_away() {
        let mut sampler = Sampler::new(Sampling { presence_penalty: 2.0, ..Sampling::default() });
        let logits = [3.0, 2.0, 0.0];
        let tokens: Vec<_> =
            (0..3).map(|_| sampler.choose(&logits, &[]).expect("finite").token).collect();
        assert_eq!(tokens, [0, 1, 0]);
        assert_eq!(
            Sampler::new(Sampling::default()).choose(&logits, &[0]).expect("finite").token,
            1
        );
    }
}
