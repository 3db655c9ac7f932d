//! Tests of the prefix tree against a simulated cache: what the tree says is held must be held, cell for cell.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::prefix::{Change, Match, PrefixTree, SequenceId, common_prefix};
use super::request::{Namespace, Token};

const HOLDERS: std::ops::Range<SequenceId> = 100..108;
const KB: Namespace = Namespace(1);
const OTHER: Namespace = Namespace(2);
/// Tokens after which the tree is told of what was computed.
const TILE: usize = 4;

/// Sequences as lists of (token, cell); copying shares cells.
#[derive(Default)]
struct Cache {
    sequences: HashMap<SequenceId, Vec<(Token, u64)>>,
    next_cell: u64,
}

impl Cache {
    fn compute(&mut self, sequence: SequenceId, tokens: &[Token]) {
        let cells = self.sequences.entry(sequence).or_default();
        for &token in tokens {
            cells.push((token, self.next_cell));
            self.next_cell += 1;
        }
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Copy { from, to, start, end } => {
                let part = self.sequences[&from][start..end].to_vec();
                let target = self.sequences.entry(to).or_default();
                assert_eq!(
                    target.len(),
                    start,
                    "a sequence must not have gaps or be written twice"
                );
                target.extend(part);
            }
            Change::Remove { sequence, start } => {
                self.sequences.get_mut(&sequence).expect("known").truncate(start);
            }
        }
    }

    fn held_cells(&self) -> usize {
        let held = self.sequences.iter().filter(|(sequence, _)| HOLDERS.contains(sequence));
        held.flat_map(|(_, cells)| cells.iter().map(|(_, cell)| *cell))
            .collect::<HashSet<_>>()
            .len()
    }
}

struct Bench {
    tree: PrefixTree,
    cache: Cache,
    next_sequence: SequenceId,
}

impl Bench {
    fn new() -> Self {
        Self { tree: PrefixTree::new(HOLDERS), cache: Cache::default(), next_sequence: 1000 }
    }

    /// As the engine does it: take what is there, compute the rest, publish, count the use. Returns the tokens that came
    /// from the cache.
    fn serve(&mut self, namespace: Namespace, tokens: &[Token]) -> usize {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let mut cached = 0;
        let mut pin = None;
        if let Some(Match { length, holder, node }) = self.tree.find(namespace, tokens) {
            self.cache.apply(Change::Copy { from: holder, to: sequence, start: 0, end: length });
            cached = length;
            pin = Some(self.tree.pin(node, length));
        }
        for end in (cached + TILE..).step_by(TILE).take_while(|&end| end < tokens.len() + TILE) {
            let end = end.min(tokens.len());
            let start = self.cache.sequences.get(&sequence).map_or(0, Vec::len);
            self.cache.compute(sequence, &tokens[start..end]);
            let inserted = self.tree.insert(namespace, &tokens[..end], sequence);
            let Some((_, node, changes)) = inserted else { continue };
            for change in changes {
                self.cache.apply(change);
            }
            let node = self.tree.pin(node, end);
            if let Some(old) = pin.replace(node) {
                self.tree.unpin(old);
            }
        }
        if let Some(pin) = pin {
            if cached > 0 {
                self.tree.touch(pin, cached);
            }
            self.tree.unpin(pin);
        }
        self.cache.sequences.remove(&sequence);
        cached
    }

    /// What is held of `tokens` stays for good. Returns how many those are.
    fn keep(&mut self, namespace: Namespace, tokens: &[Token]) -> usize {
        let Some(found) = self.tree.find(namespace, tokens) else { return 0 };
        self.tree.keep(found.node, found.length);
        found.length
    }

    fn evict_all(&mut self) {
        while self.evict() {}
    }

    fn holds(&self, tokens: &[Token]) -> bool {
        self.tree.find(KB, tokens).is_some_and(|found| found.length == tokens.len())
    }

    fn evict(&mut self) -> bool {
        let Some((_, change)) = self.tree.evict() else { return false };
        self.cache.apply(change);
        true
    }

    fn check(&self, namespace: Namespace, tokens: &[Token]) {
        if let Some(found) = self.tree.find(namespace, tokens) {
            let held: Vec<Token> =
                self.cache.sequences[&found.holder].iter().map(|(token, _)| *token).collect();
            assert!(held.len() >= found.length);
            assert_eq!(held[..found.length], tokens[..found.length]);
        }
        assert_eq!(self.tree.cells(), self.cache.held_cells());
    }
}

#[test]
fn a_prompt_finds_the_longest_prefix_that_others_left() {
    let mut bench = Bench::new();
    assert_eq!(bench.serve(KB, &[1, 2, 3, 4, 5]), 0);
    assert_eq!(bench.serve(KB, &[1, 2, 3, 9]), 3);
    assert_eq!(bench.serve(KB, &[1, 2, 3, 9, 9]), 4);
    assert_eq!(bench.serve(KB, &[1, 2, 3, 4, 5, 6]), 5);
    assert_eq!(bench.serve(KB, &[7]), 0);
    assert_eq!(bench.tree.cells(), 9);
    bench.check(KB, &[1, 2, 3, 9, 9, 9]);
}

#[test]
fn namespaces_never_share() {
    let mut bench = Bench::new();
    bench.serve(KB, &[1, 2, 3]);
    assert_eq!(bench.serve(OTHER, &[1, 2, 3]), 0);
    assert_eq!(bench.tree.cells(), 6);
    bench.evict_all();
    assert_eq!((bench.tree.cells(), bench.cache.held_cells()), (0, 0));
}

#[test]
fn a_pinned_prefix_is_not_evicted_though_it_is_split() {
    let mut bench = Bench::new();
    bench.serve(KB, &[1, 2, 3, 4]);
    let found = bench.tree.find(KB, &[1, 2, 3, 4]).expect("held");
    let pin = bench.tree.pin(found.node, 4);
    bench.serve(KB, &[1, 2, 9]);
    bench.evict_all();
    assert_eq!(bench.tree.find(KB, &[1, 2, 3, 4]).map(|found| found.length), Some(4));
    bench.check(KB, &[1, 2, 3, 4]);
    bench.tree.unpin(pin);
    bench.evict_all();
    assert_eq!(bench.tree.cells(), 0);
}

#[test]
fn a_pin_holds_what_was_found_and_nothing_below_it() {
    let mut bench = Bench::new();
    bench.serve(KB, &[1, 2, 3, 4]);
    let found = bench.tree.find(KB, &[1, 2, 9]).expect("held");
    let pin = bench.tree.pin(found.node, found.length);
    assert_eq!(bench.tree.evictable(), 2);
    bench.evict_all();
    assert_eq!(bench.tree.cells(), 2);
    bench.check(KB, &[1, 2]);
    bench.tree.unpin(pin);
    bench.evict_all();
    assert_eq!(bench.tree.cells(), 0);
}

#[test]
fn of_a_kept_prefix_nothing_stays_but_itself() {
    let system = [1, 2, 3];
    let mut bench = Bench::new();
    bench.serve(KB, &system);
    assert_eq!(bench.keep(KB, &system), 3);
    assert_eq!(bench.serve(KB, &[1, 2, 3, 4, 5]), 3);
    assert_eq!(bench.serve(KB, &[1, 2, 3, 6, 7, 8]), 3);
    assert_eq!(bench.serve(KB, &[1, 2, 9]), 2);
    assert_eq!(bench.tree.cells(), 9);
    assert_eq!(bench.tree.evictable(), 6);
    bench.evict_all();
    assert_eq!((bench.tree.cells(), bench.cache.held_cells()), (3, 3));
    bench.check(KB, &system);
    assert_eq!(bench.serve(KB, &[1, 2, 3, 4]), 3, "it is of use still");
}

#[test]
fn what_is_kept_in_the_middle_of_a_leaf_is_cut_off_there() {
    let mut bench = Bench::new();
    bench.serve(KB, &[1, 2, 3, 4, 5]);
    assert_eq!(bench.keep(KB, &[1, 2, 3]), 3);
    assert_eq!(bench.keep(KB, &[1, 2, 3]), 3, "again");
    bench.evict_all();
    assert_eq!((bench.tree.cells(), bench.cache.held_cells()), (3, 3));
    bench.check(KB, &[1, 2, 3]);
}

#[test]
fn what_is_used_often_outlives_what_was_used_once() {
    let mut bench = Bench::new();
    for _ in 0..5 {
        bench.serve(KB, &[1, 1, 1]);
    }
    bench.serve(KB, &[2, 2, 2]);
    assert!(bench.evict());
    assert!(bench.tree.find(KB, &[1, 1, 1]).is_some());
    assert!(bench.tree.find(KB, &[2, 2, 2]).is_none());
}

#[test]
fn a_long_prompt_of_one_request_goes_before_an_article_that_two_asked_for() {
    let (article, long): (Vec<Token>, Vec<Token>) = ((0..50).collect(), (100..900).collect());
    let system = [1000, 1001];
    for long_first in [false, true] {
        let mut bench = Bench::new();
        let long = [&system[..], &long[..]].concat();
        if long_first {
            bench.serve(KB, &long);
        }
        for question in [2000, 2001] {
            bench.serve(KB, &[&system[..], &article[..], &[question][..]].concat());
        }
        if !long_first {
            bench.serve(KB, &long);
        }
        // The two questions' own cells, and the long prompt's.
        for _ in 0..3 {
            assert!(bench.evict());
        }
        assert!(!bench.holds(&long[..3]), "{long_first}");
        assert!(bench.holds(&[&system[..], &article[..]].concat()), "{long_first}");
    }
}

#[test]
fn what_goes_on_from_a_popular_prefix_is_not_popular_itself() {
    let mut bench = Bench::new();
    for _ in 0..9 {
        bench.serve(KB, &[1, 1, 1]);
    }
    bench.serve(KB, &[1, 1, 1, 5, 5, 5]);
    for _ in 0..2 {
        bench.serve(KB, &[2, 2, 2]);
    }
    assert!(bench.evict());
    assert!(!bench.holds(&[1, 1, 1, 5]));
    assert!(bench.holds(&[1, 1, 1]) && bench.holds(&[2, 2, 2]));
}

#[test]
fn what_was_popular_long_ago_does_not_stay_for_ever() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        bench.serve(KB, &[1, 1, 1]);
    }
    for prompt in 2..40 {
        bench.serve(KB, &[prompt, prompt]);
        bench.evict();
    }
    assert!(bench.tree.find(KB, &[1, 1, 1]).is_none());
}

#[test]
fn without_a_free_holder_nothing_is_inserted_and_nothing_breaks() {
    let mut bench = Bench::new();
    for prompt in 0..20 {
        bench.serve(KB, &[prompt, 1, 2]);
    }
    assert_eq!(bench.tree.cells(), HOLDERS.len() * 3);
    bench.check(KB, &[3, 1, 2]);
}

proptest! {
    #[test]
    fn the_tree_always_tells_the_truth(
        operations in prop::collection::vec((0_u8..9, prop::collection::vec(0_i32..3, 1..12), any::<bool>()), 1..120)
    ) {
        let mut bench = Bench::new();
        let (mut pins, mut kept) = (Vec::new(), Vec::new());
        for (operation, tokens, other) in &operations {
            let namespace = if *other { OTHER } else { KB };
            match operation {
                0..=4 => {
                    let before = bench.tree.find(namespace, tokens).map_or(0, |found| found.length);
                    prop_assert_eq!(bench.serve(namespace, tokens), before);
                }
                5 => { bench.evict(); }
                6 => if let Some(found) = bench.tree.find(namespace, tokens) {
                    let node = bench.tree.pin(found.node, found.length);
                    pins.push((namespace, tokens[..found.length].to_vec(), node));
                },
                7 => {
                    let length = bench.keep(namespace, tokens);
                    kept.push((namespace, tokens[..length].to_vec()));
                }
                _ => if let Some((_, _, node)) = pins.pop() { bench.tree.unpin(node); },
            }
            bench.check(namespace, tokens);
            let pinned = pins.iter().map(|(namespace, tokens, _)| (*namespace, tokens));
            for (namespace, tokens) in pinned.chain(kept.iter().map(|(n, tokens)| (*n, tokens))) {
                let found = bench.tree.find(namespace, tokens).map_or(0, |found| found.length);
                prop_assert_eq!(found, tokens.len());
            }
        }
        let (cells, evictable) = (bench.tree.cells(), bench.tree.evictable());
        bench.evict_all();
        prop_assert_eq!(cells - bench.tree.cells(), evictable);
        for (_, _, node) in pins.drain(..) { bench.tree.unpin(node); }
        bench.evict_all();
        let mut stay = HashSet::new();
        for (namespace, tokens) in &kept {
            stay.extend((1..=tokens.len()).map(|end| (*namespace, tokens[..end].to_vec())));
        }
        prop_assert_eq!(bench.tree.cells(), stay.len());
        prop_assert_eq!(bench.cache.held_cells(), stay.len());
    }

    #[test]
    fn the_common_prefix_is_common_and_longest(a in prop::collection::vec(0_i32..2, 0..20), b in prop::collection::vec(0_i32..2, 0..20)) {
        let length = common_prefix(&a, &b);
        prop_assert_eq!(&a[..length], &b[..length]);
        prop_assert!(a.get(length) != b.get(length) || a.len() == length || b.len() == length);
    }
}
