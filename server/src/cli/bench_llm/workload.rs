//! What `bench-llm` plays: requests from a file, or one of five kinds made here.
//!
//! The kinds are those of a support assistant: W1 unique prompts; W2 a shared system prompt with 4 of 20
//! passages, chosen by Zipf's law; W3 the same, all at once; W4 four long answers while long prompts
//! arrive; W5 as W2 with arrivals at a given rate and a deadline. The same seed gives the same requests.

use std::path::Path;

use anyhow::{Context, Result, bail};
use indexer::random::SplitMix64;
use serde::Deserialize;

/// One request.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Row {
    /// Milliseconds after the start; none: the next free client takes it.
    pub(super) arrival_ms: Option<u64>,
    pub(super) system: String,
    pub(super) passages: Vec<String>,
    pub(super) question: String,
    pub(super) max_tokens: usize,
    pub(super) deadline_ms: Option<u64>,
}

/// How a kind is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Make {
    pub(super) requests: usize,
    pub(super) seed: u64,
    /// Tokens of an answer.
    pub(super) max_tokens: usize,
    /// Requests a second of W5.
    pub(super) rate: f64,
}

const PASSAGES: usize = 20;
const CHOSEN: usize = 4;
const ZIPF: f64 = 1.1;

/// The requests of `name`: W1 to W5, or a file of JSON lines.
pub(super) fn workload(name: &str, make: Make) -> Result<Vec<Row>> {
    let kind = ["W1", "W2", "W3", "W4", "W5"].iter().position(|kind| *kind == name);
    if let Some(kind) = kind {
        return Ok(made(kind + 1, make));
    }
    if !Path::new(name).exists() {
        bail!("{name} is no file; name a workload of JSON lines, or one of W1, W2, W3, W4, W5");
    }
    fs_err::read_to_string(name)?
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .with_context(|| format!("{name} is not a workload"))
}

fn made(kind: usize, make: Make) -> Vec<Row> {
    let mut random = Random::new(make.seed);
    let system = random.words(300);
    let pool: Vec<String> = (0..PASSAGES).map(|_| random.words(150)).collect();
    let mut clock = 0.0;
    (0..make.requests)
        .map(|i| {
            let row = Row {
                arrival_ms: None,
                system: system.clone(),
                passages: random.choose(&pool),
                question: random.words(40),
                max_tokens: make.max_tokens,
                deadline_ms: None,
            };
            let alone = |words: usize, random: &mut Random| Row {
                system: String::new(),
                passages: Vec::new(),
                question: random.words(words),
                ..row.clone()
            };
            match kind {
                1 => alone(256, &mut random),
                3 => Row { arrival_ms: Some(0), ..row },
                4 if i < 4 => Row { arrival_ms: Some(0), max_tokens: 512, ..row },
                4 => Row {
                    arrival_ms: Some(5000 * (i as u64 - 3)),
                    max_tokens: 16,
                    ..alone(1500, &mut random)
                },
                5 => {
                    clock -= (1.0 - random.0.share()).ln() / make.rate.max(0.001) * 1000.0;
                    Row { arrival_ms: Some(clock as u64), deadline_ms: Some(30_000), ..row }
                }
                _ => row,
            }
        })
        .collect()
}

/// Makes up words, and chooses.
struct Random(SplitMix64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed.wrapping_mul(7919)))
    }

    /// Pseudo-words of three letters.
    fn words(&mut self, count: usize) -> String {
        const LETTERS: &[u8] = b"etaoinshrdlucmfwypvb";
        let mut text = String::with_capacity(count * 4);
        for word in 0..count {
            if word > 0 {
                text.push(' ');
            }
            for _ in 0..3 {
                let letter = LETTERS[self.0.number() as usize % LETTERS.len()];
                text.push(char::from(letter));
            }
        }
        text
    }

    /// Some of the pool, the first ones likelier, in the order of the pool.
    fn choose(&mut self, pool: &[String]) -> Vec<String> {
        let weight = |k: usize| 1.0 / (k as f64 + 1.0).powf(ZIPF);
        let total: f64 = (0..pool.len()).map(weight).sum();
        let mut chosen = std::collections::BTreeSet::new();
        while chosen.len() < CHOSEN.min(pool.len()) {
            let mut left = self.0.share() * total;
            let found = (0..pool.len()).find(|k| {
                left -= weight(*k);
                left < 0.0
            });
            chosen.insert(found.unwrap_or(0));
        }
        chosen.into_iter().map(|k| pool[k].clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAKE: Make = Make { requests: 8, seed: 1, max_tokens: 64, rate: 0.5 };

    #[test]
    fn kinds_differ_in_what_they_share_and_when_they_come() {
        let of = |kind: &str| workload(kind, MAKE).unwrap();
        assert!(of("W1").iter().all(|row| row.system.is_empty() && row.passages.is_empty()));
        let shared = of("W2");
        assert!(shared.iter().all(|row| row.system == shared[0].system));
        assert!(shared.iter().all(|row| row.passages.len() == CHOSEN));
        assert!(shared.iter().any(|row| row.passages != shared[0].passages));
        assert!(of("W3").iter().all(|row| row.arrival_ms == Some(0)));
        assert_eq!(of("W4")[4].arrival_ms, Some(5000));
        let open = of("W5");
        assert!(open.is_sorted_by_key(|row| row.arrival_ms));
        assert_eq!(open[0].deadline_ms, Some(30_000));
    }

    #[test]
    fn a_seed_gives_the_same_requests() {
        let questions = |seed| -> Vec<String> {
            let rows = workload("W2", Make { seed, ..MAKE }).unwrap();
            rows.into_iter().map(|row| row.question).collect()
        };
        assert_eq!(questions(3), questions(3));
        assert_ne!(questions(3), questions(4));
    }

    #[test]
    fn a_name_that_is_neither_kind_nor_file_is_an_error() {
        assert!(workload("W9", MAKE).is_err());
    }
}
