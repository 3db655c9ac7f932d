//! Chooses units that belong together within the word budget.
//!
//! The best unit leads. It brings what it cannot be understood without: the line that introduces a
//! list, the steps before and after a step, the sentence that goes on. Then its passage goes on, the
//! neighbours of what was picked first, until the answer is complete enough to stand alone. A unit of
//! another passage comes only when it is nearly as good *and* adds something that the question asks
//! for and the answer lacks: a customer reads the first lines, so every line that adds nothing takes
//! away. At the end all stand in source order.

use std::collections::BTreeSet;

use indexer::model::{Hit, UnitKind};

use super::ExtractiveSettings;
use super::candidates::Candidate;
use crate::evidence::QuestionTerms;

/// Units of an answer at most.
const MAX_UNITS: usize = 8;
/// Table rows of an answer at most.
const MAX_ROWS: usize = 3;
/// Words up to which the best passage goes on: the sentences beside the best one usually complete
/// it.
const COMPLETE_WORDS: usize = 72;
/// What standing beside a picked unit adds to a unit's score when the passage goes on.
const BESIDE: f32 = 0.12;
/// A unit that goes on scores at least this share of `min_share`: it need not match by itself.
const GOES_ON: f32 = 0.6;

/// (hit, unit), ordered as in the sources: best source first.
pub(super) type Chosen = Vec<(usize, usize)>;

pub(super) fn select(
    candidates: &[Candidate],
    terms: &QuestionTerms,
    hits: &[Hit],
    settings: &ExtractiveSettings,
) -> Chosen {
    let mut order: Vec<&Candidate> = candidates.iter().collect();
    order.sort_by(|a, b| {
        b.score.total_cmp(&a.score).then(a.hit.cmp(&b.hit)).then(a.unit.cmp(&b.unit))
    });
    let Some(best) = order.first().copied() else { return Vec::new() };
    let mut picked = Picked { units: BTreeSet::new(), words: 0, covers: 0, hits, candidates };
    picked.add(&picked.group(best, settings.max_words));
    picked.go_on(best, settings);
    let language = hits[best.hit].meta.locale.language();
    // A row of a table of codes names the code; the section about the code explains it.
    let section = |c: &&&Candidate| {
        let meta = &hits[c.hit].meta;
        c.headed && c.hit != best.hit && meta.locale.language() == language
    };
    if !best.headed
        && let Some(lead) = order.iter().find(section)
    {
        let group = picked.group(lead, settings.max_words);
        if picked.fits(&group, settings.max_words) {
            picked.add(&group);
            picked.go_on(lead, settings);
        }
    }
    for candidate in order {
        if candidate.score < best.score * settings.min_share {
            break;
        }
        let gain = terms.share(candidate.covers & !picked.covers);
        let same_language = hits[candidate.hit].meta.locale.language() == language;
        if gain >= settings.min_gain && same_language && !picked.repeats(candidate) {
            let group = picked.group(candidate, settings.max_words);
            if picked.fits(&group, settings.max_words) {
                picked.add(&group);
            }
        }
    }
    picked.units.into_iter().collect()
}

struct Picked<'a> {
    units: BTreeSet<(usize, usize)>,
    words: usize,
    /// Terms of the question that the picked units have.
    covers: u64,
    hits: &'a [Hit],
    candidates: &'a [Candidate],
}

impl Picked<'_> {
    /// `candidate` with the units it cannot be understood without, within `budget` words.
    fn group(&self, candidate: &Candidate, budget: usize) -> Vec<(usize, usize)> {
        let hit = &self.hits[candidate.hit];
        let unit = &hit.units[candidate.unit];
        let same_list = |i: usize| {
            hit.units.get(i).is_some_and(|u| u.block == unit.block && u.kind == unit.kind)
        };
        let mut group = vec![candidate.unit];
        let introduction = |first: usize| {
            first.checked_sub(1).filter(|&i| {
                let before = &hit.units[i];
                before.kind == UnitKind::Sentence
                    && before.text(&hit.text).trim_end().ends_with(':')
            })
        };
        match unit.kind {
            UnitKind::Step | UnitKind::Bullet => {
                let mut first = candidate.unit;
                while first > 0 && same_list(first - 1) {
                    first -= 1;
                }
                let mut last = candidate.unit;
                while same_list(last + 1) {
                    last += 1;
                }
                let whole: Vec<usize> = (first..=last).collect();
                let words = |units: &[usize]| {
                    units.iter().map(|&u| self.words_of(candidate.hit, u)).sum::<usize>()
                };
                if words(&whole) <= budget && whole.len() <= MAX_UNITS {
                    group = whole;
                } else if unit.kind == UnitKind::Step {
                    // A long procedure: from the matching step on, as far as the budget goes.
                    let mut next = candidate.unit;
                    while same_list(next + 1)
                        && words(&group) + self.words_of(candidate.hit, next + 1) <= budget
                        && group.len() < MAX_UNITS
                    {
                        next += 1;
                        group.push(next);
                    }
                }
                if let Some(intro) = introduction(first) {
                    group.insert(0, intro);
                }
            }
            UnitKind::Sentence => {
                // What goes on in the same paragraph usually belongs to it.
                let next = candidate.unit + 1;
                let short = self.words_of(candidate.hit, candidate.unit) < 25;
                if short && same_list(next) && self.words_of(candidate.hit, next) <= 30 {
                    group.push(next);
                }
                if unit.text(&hit.text).trim_end().ends_with(':') {
                    let mut item = candidate.unit + 1;
                    while hit
                        .units
                        .get(item)
                        .is_some_and(|u| matches!(u.kind, UnitKind::Step | UnitKind::Bullet))
                        && group.len() < MAX_UNITS
                    {
                        if !group.contains(&item) {
                            group.push(item);
                        }
                        item += 1;
                    }
                }
            }
            UnitKind::Row | UnitKind::Header | UnitKind::Code => {}
        }
        group.into_iter().map(|u| (candidate.hit, u)).collect()
    }

    /// Lets the passage of `lead` go on, up to [`COMPLETE_WORDS`].
    fn go_on(&mut self, lead: &Candidate, settings: &ExtractiveSettings) {
        let least = lead.score * settings.min_share * GOES_ON;
        while self.words < COMPLETE_WORDS {
            let beside = |c: &Candidate| {
                let near = |unit: usize| self.units.contains(&(c.hit, unit));
                near(c.unit + 1) || c.unit.checked_sub(1).is_some_and(near)
            };
            let value = |c: &Candidate| c.score + if beside(c) { BESIDE } else { 0.0 };
            let next = self
                .candidates
                .iter()
                .filter(|c| c.hit == lead.hit && c.score >= least && !self.repeats(c))
                .filter(|c| self.kind(c) != UnitKind::Row || self.row_belongs(c, lead))
                .map(|c| (value(c), self.group(c, settings.max_words)))
                .filter(|(_, group)| self.fits(group, settings.max_words))
                .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
            let Some((_, group)) = next else { return };
            self.add(&group);
        }
    }

    /// A row says something only where it matches; its neighbours are other cases. Where no row of
    /// its table matches, the column names must, and the answer must be about that table.
    fn row_belongs(&self, row: &Candidate, lead: &Candidate) -> bool {
        let block = |c: &Candidate| (c.hit, self.hits[c.hit].units[c.unit].block);
        let table = block(row);
        let other = |c: &&Candidate| self.kind(c) == UnitKind::Row && block(c) == table;
        row.covers != 0
            || row.header
                && block(lead) == table
                && self.candidates.iter().filter(other).all(|c| c.covers == 0)
    }

    fn kind(&self, candidate: &Candidate) -> UnitKind {
        self.hits[candidate.hit].units[candidate.unit].kind
    }

    fn fits(&self, group: &[(usize, usize)], max_words: usize) -> bool {
        self.words + self.cost(group) <= max_words
            && self.units.len() + group.len() <= MAX_UNITS
            && self.rows_fit(group)
    }

    fn cost(&self, group: &[(usize, usize)]) -> usize {
        group
            .iter()
            .filter(|key| !self.units.contains(*key))
            .map(|&(h, u)| self.words_of(h, u))
            .sum()
    }

    fn add(&mut self, group: &[(usize, usize)]) {
        self.words += self.cost(group);
        self.units.extend(group.iter().copied());
        for candidate in self.candidates {
            if group.contains(&(candidate.hit, candidate.unit)) {
                self.covers |= candidate.covers;
            }
        }
    }

    fn words_of(&self, hit: usize, unit: usize) -> usize {
        self.candidates.iter().find(|c| c.hit == hit && c.unit == unit).map_or(0, |c| c.words)
    }

    /// Whether the same words were picked already, from here or from a copy of the article.
    fn repeats(&self, candidate: &Candidate) -> bool {
        let text = |h: usize, u: usize| self.hits[h].units[u].text(&self.hits[h].text);
        let own = text(candidate.hit, candidate.unit);
        self.units.iter().any(|&(h, u)| text(h, u) == own)
    }

    fn rows_fit(&self, group: &[(usize, usize)]) -> bool {
        let is_row = |&(h, u): &(usize, usize)| self.hits[h].units[u].kind == UnitKind::Row;
        let rows = self.units.iter().filter(|k| is_row(k)).count();
        rows + group.iter().filter(|k| is_row(k)).count() <= MAX_ROWS
    }
}
