//! Cuts hits into units and scores how well each answers the question.

use std::borrow::Cow;
use std::collections::BTreeSet;

use indexer::language::Analyzer;
use indexer::model::{Hit, Unit, UnitKind};

use crate::evidence::{AnswerType, QuestionTerms, TextTerms};

/// What counts how much in a unit's score; together 1.
const COVERAGE: f32 = 0.40;
const PASSAGE: f32 = 0.34;
const TYPE: f32 = 0.20;
const POSITION: f32 = 0.06;
/// The passage's share of the best score is raised to this power: retrieval has weighed meaning and
/// words of whole passages, which a single sentence's words should rarely overrule.
const PASSAGE_POWER: i32 = 3;
/// A term that only the headings above a unit have counts this much.
const CONTEXT_SHARE: f32 = 0.6;
/// What the sentence before a sentence lends to its coverage: "It takes 5 days." after the sentence
/// that says what.
const NEAR_SHARE: f32 = 0.5;

/// A sentence that names another article is there for its own sake from so many other words on.
const POINTER_WORDS: usize = 10;

/// A unit that may become a sentence of the answer.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// Index into the hits.
    pub(super) hit: usize,
    /// Index into the hit's units.
    pub(super) unit: usize,
    /// [0, 1].
    pub(super) score: f32,
    pub(super) words: usize,
    /// Terms of the question that the unit itself has, a bit each.
    pub(super) covers: u64,
    /// A table row whose column names have a term of the question.
    pub(super) header: bool,
    /// The headings above have a code of the question.
    pub(super) headed: bool,
}

/// All units of `hits` with their scores, in source order.
pub(super) fn score(question: &str, terms: &QuestionTerms, hits: &[Hit]) -> Vec<Candidate> {
    let types = AnswerType::of_question(question);
    let best = hits.first().map_or(1.0, |h| h.score).max(f32::EPSILON);
    let titles: Vec<&str> = hits.iter().map(|h| h.meta.title.as_str()).collect();
    let mut out = Vec::new();
    for (hit_index, hit) in hits.iter().enumerate() {
        let analyzer = Analyzer::new(&hit.meta.locale);
        let headings = hit.heading_path.iter().map(String::as_str);
        let context = TextTerms::of(headings.chain([hit.meta.title.as_str()]), &analyzer);
        let headed = terms.covered(&context, &TextTerms::default()) & terms.codes() != 0;
        let passage_share = (hit.score / best).clamp(0.0, 1.0).powi(PASSAGE_POWER);
        let mut before: Option<(u16, TextTerms)> = None;
        for (unit_index, unit) in hit.units.iter().enumerate() {
            if unit.kind == UnitKind::Header {
                continue;
            }
            let text = unit.text(&hit.text);
            let header =
                unit.header.clone().and_then(|h| hit.text.get(h.start as usize..h.end as usize));
            let own = TextTerms::of([text], &analyzer);
            let mut context = Cow::Borrowed(&context);
            let mut in_header = false;
            if let Some(header) = header {
                let names = TextTerms::of([header], &analyzer);
                in_header = terms.covered(&names, &TextTerms::default()) != 0;
                context.to_mut().join(&names);
            }
            let coverage = terms.coverage_in_context(&own, &context, CONTEXT_SHARE);
            let coverage = match &before {
                Some((block, near)) if *block == unit.block && unit.kind == UnitKind::Sentence => {
                    let wide = terms.coverage_in_context(&own, near, 1.0);
                    coverage.max((1.0 - NEAR_SHARE) * coverage + NEAR_SHARE * wide)
                }
                _ => coverage,
            };
            let covers = terms.covered(&own, &TextTerms::default());
            before = Some((unit.block, own));
            let score = COVERAGE * coverage
                + PASSAGE * passage_share
                + TYPE * type_match(&types, unit, text)
                + POSITION / (1.0 + unit_index as f32 * 0.5);
            out.push(Candidate {
                hit: hit_index,
                unit: unit_index,
                score: score * soundness(unit, text) * frankness(text, &hit.meta.title, &titles),
                words: text.split_whitespace().count(),
                covers,
                header: in_header,
                headed,
            });
        }
    }
    without_other_cases(out, terms.codes(), hits)
}

/// Who names a code asks about that code: units about other codes are other cases. Where no unit
/// has the code, all stay.
fn without_other_cases(mut all: Vec<Candidate>, codes: u64, hits: &[Hit]) -> Vec<Candidate> {
    let has = |c: &Candidate| c.covers & codes != 0;
    if !all.iter().any(|c| has(c) || c.headed) {
        return all;
    }
    let table = |c: &Candidate| {
        let unit = &hits[c.hit].units[c.unit];
        (unit.kind == UnitKind::Row).then_some((c.hit, unit.block))
    };
    let tables: BTreeSet<_> = all.iter().filter(|c| has(c)).filter_map(table).collect();
    let passages: BTreeSet<usize> =
        all.iter().filter(|c| has(c) || c.headed).map(|c| c.hit).collect();
    all.retain(|c| {
        has(c) || passages.contains(&c.hit) && table(c).is_none_or(|t| !tables.contains(&t))
    });
    all
}

fn type_match(types: &[AnswerType], unit: &Unit, text: &str) -> f32 {
    let has = |kind: &AnswerType| match kind {
        AnswerType::Procedure => matches!(unit.kind, UnitKind::Step | UnitKind::Bullet),
        other => other.is_in(text),
    };
    if types.is_empty() {
        return 0.5;
    }
    let matched = types.iter().filter(|t| has(t)).count();
    matched as f32 / types.len() as f32
}

/// Less than 1 for units that only point at another article: "Breakfast is described in Night trains." A title of
/// one word may be any word.
fn frankness(text: &str, own: &str, titles: &[&str]) -> f32 {
    let mut others = titles.iter().filter(|title| **title != own && title.contains(' '));
    let points = others.any(|title| {
        text.split_once(title).is_some_and(|(before, after)| {
            let words = before.split_whitespace().count() + after.split_whitespace().count();
            let figures = [before, after].iter().any(|s| s.contains(|c: char| c.is_ascii_digit()));
            words < POINTER_WORDS && !figures
        })
    });
    if points { 0.6 } else { 1.0 }
}

/// Less than 1 for units that say little on their own.
fn soundness(unit: &Unit, text: &str) -> f32 {
    let words = text.split_whitespace().count();
    let question = text.trim_end().ends_with('?');
    let dangling = unit.kind == UnitKind::Sentence && text.trim_end().ends_with(':');
    let fragment = unit.kind == UnitKind::Sentence && words < 3;
    match (question, dangling || fragment) {
        (true, _) => 0.6,
        (_, true) => 0.75,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_only_points_at_another_article_stands_back() {
        let titles = ["Food and drink", "Night trains", "Luggage"];
        let frank = |text| frankness(text, "Food and drink", &titles) == 1.0;
        assert!(!frank("Breakfast is described in Night trains."));
        assert!(
            frank("A bike costs £12 on the night train; see Night trains."),
            "it says something"
        );
        assert!(frank("The Luggage limits apply."), "any word");
        assert!(frank("More in Food and drink."), "its own title");
        let long =
            "Night trains have a kitchen and a bar which serve warm meals all through the evening";
        assert!(frank(long));
    }
}
