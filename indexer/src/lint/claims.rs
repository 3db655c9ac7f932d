//! Short statements with one number, in a form in which wording does not matter.
//!
//! Made by `article`, compared by `rules::claim_conflict`. Where `facts` keeps all words of a sentence,
//! a *claim* keeps those that name its subject and circumstances: "You can return almost everything
//! within 60 days of delivery" and "The return period is 60 days" are both about returns. Read from the
//! first sentence of each paragraph or item alone, since a later one may depend on those before it.
//! Left out: questions, denials ("not within 30 days"), pronouns before the number ("it is valid for
//! 30 days"), several numbers in one statement, units that are not measured here.

use std::collections::HashSet;
use std::ops::Range;

use super::claim_words::{self, ClaimWords, WORKING_DAYS};
use super::facts::{Frame, Shape};
use super::markup::Markup;
use super::numbers::{self, Amount};
use super::text::{Run, hash, short};
use crate::language::{self, Analyzer, Term};
use crate::model::{DocumentMeta, Locale};

/// Longer sentences are no short statements. Bytes.
const MAX_SENTENCE: usize = 1000;
/// Numbers of a sentence, at most.
const MAX_AMOUNTS: usize = 8;
/// Words that name the subject, at most.
const MAX_NAMED: usize = 8;
/// Claims of one article.
const MAX_CLAIMS: usize = 500;
/// Words before a number that say whether it is the least.
const NEAR: usize = 4;
/// Characters of a sentence that a report quotes.
const QUOTE: usize = 140;
/// Concepts that are too wide: dispatch is no delivery, a legal guarantee no voluntary one.
const WIDE: [&str; 4] = ["delivery", "deliver", "warranty", "guarantee"];
/// A concept with such an end is also the one without: the return period is about returns.
const ENDS: [&str; 4] = [" period", " time", " deadline", " (duration)"];

/// What a word can be matched by: hashes of its stems and of its concepts.
pub(super) type Word = Vec<u64>;

#[derive(Debug)]
pub(super) struct Claim {
    /// Unit and value are normalised: 14 days are 2 weeks.
    pub(super) frame: Frame,
    /// Words that name subject and circumstances; at least one.
    pub(super) named: Vec<Word>,
    /// Words of the title.
    pub(super) title: Vec<Word>,
    /// Title, headings above and a line that ends with a colon, each in its parts: "Returns and
    /// refunds" is about either.
    pub(super) scope: Vec<Vec<Vec<Word>>>,
    pub(super) bound: Bound,
    /// From when the time is counted.
    pub(super) since: Option<u64>,
    pub(super) mood: Mood,
}

/// Which limit a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Least,
    /// Or the value itself: "within 30 days", "the period is 30 days".
    Most,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// "You must send the goods back within 14 days".
    Duty,
    Other,
}

/// `Claim::since` of the moment when goods arrive, whatever it is called.
pub(super) fn received() -> u64 {
    hash(["since", "received"])
}

/// The claims of an article in reading order; none in a language without lists.
pub(super) fn claims(markup: &Markup, meta: &DocumentMeta, analyzer: &Analyzer) -> Vec<Claim> {
    let mut out: Vec<Claim> = Vec::new();
    let Some(lists) = claim_words::of(meta.locale.language()) else {
        return out;
    };
    let reader = Reader { analyzer, lists };
    let (mut under, mut lead) = (None, None);
    for block in &markup.blocks {
        if block.heading != under {
            (under, lead) = (block.heading, None);
        }
        let text = block.run.text();
        if text.contains(|c: char| c.is_ascii_digit())
            && let Some(sentence) = first_sentence(&block.run, &meta.locale)
        {
            let known = out.len();
            reader.read(&sentence, &mut out);
            if out.len() > known {
                let mut above = headings(markup, block.heading);
                above.push(&meta.title);
                above.extend(lead);
                let scope: Vec<_> = above.iter().map(|text| reader.parts(text)).collect();
                for claim in out.iter_mut().skip(known) {
                    claim.scope.clone_from(&scope);
                    claim.title = reader.headline(&meta.title);
                }
            }
        }
        if text.trim_end().ends_with(':') {
            lead = Some(text);
        }
        if out.len() >= MAX_CLAIMS {
            break;
        }
    }
    out
}

/// Texts of a heading and of those that it stands under.
fn headings(markup: &Markup, heading: Option<usize>) -> Vec<&str> {
    let mut out = Vec::new();
    let mut level = u8::MAX;
    let known = heading.map_or(0, |last| last + 1);
    for heading in markup.headings.iter().take(known).rev() {
        if heading.level < level {
            out.push(heading.text.as_str());
            level = heading.level;
        }
        if level <= 1 {
            break;
        }
    }
    out
}

struct Sentence<'a> {
    run: &'a Run,
    /// Byte of the run.
    start: usize,
    text: &'a str,
}

/// The first sentence that has words, without its number ("3.1.").
fn first_sentence<'a>(run: &'a Run, locale: &Locale) -> Option<Sentence<'a>> {
    language::sentences(run.text(), locale).into_iter().find_map(|range| {
        let text = without_label(run.text().get(range.clone())?);
        let worded = text.contains(char::is_alphabetic);
        worded.then(|| Sentence { run, start: range.end - text.len(), text })
    })
}

fn without_label(text: &str) -> &str {
    let text = text.trim_start();
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ')'));
    let label = text.get(..text.len() - rest.len()).unwrap_or_default();
    let numbered = label.starts_with(|c: char| c.is_ascii_digit()) && label.ends_with(['.', ')']);
    if numbered && rest.starts_with(char::is_whitespace) { rest.trim_start() } else { text }
}

struct Reader<'a> {
    analyzer: &'a Analyzer,
    lists: &'static ClaimWords,
}

/// An amount in the unit in which it is compared.
struct Measured {
    unit: String,
    value: String,
    /// End of the number with its unit in the sentence.
    end: usize,
}

impl Reader<'_> {
    /// A statement ends at a colon or semicolon when it has a number by then; what follows is read
    /// together with what stands before.
    fn read(&self, sentence: &Sentence<'_>, out: &mut Vec<Claim>) {
        let text = sentence.text;
        if text.len() > MAX_SENTENCE || text.trim_end().ends_with('?') {
            return;
        }
        let amounts = numbers::amounts(text, self.analyzer);
        if amounts.is_empty() || amounts.len() > MAX_AMOUNTS {
            return;
        }
        let mut from = 0;
        for end in stops(text) {
            let here = |a: &&Amount| (from..end).contains(&a.range.start);
            let own: Vec<&Amount> = amounts.iter().filter(here).collect();
            if own.is_empty() {
                continue;
            }
            from = end;
            if let ([amount], Some(head)) = (own.as_slice(), text.get(..end)) {
                out.extend(self.claim(&Sentence { text: head, ..*sentence }, amount, &amounts));
            }
        }
    }

    fn claim(&self, said: &Sentence<'_>, amount: &Amount, all: &[Amount]) -> Option<Claim> {
        let measured = self.measure(said.text, amount)?;
        let words: Vec<Term> =
            self.analyzer.folded(said.text).into_iter().filter(|t| !t.variant).collect();
        let before: Vec<&Term> =
            words.iter().take_while(|t| t.range.end <= amount.range.start).collect();
        let after: Vec<&Term> = words.iter().filter(|t| t.range.start >= measured.end).collect();
        if before.iter().any(|t| self.lists.pronouns.contains(&t.text))
            || self.denied(said.text, &before, &after, measured.end)
        {
            return None;
        }
        let since = self.since(said.text, measured.end, &after);
        let inside = all.iter().filter(|a| a.range.end <= said.text.len());
        let mut gone: Vec<Range<usize>> = inside.map(|a| a.range.clone()).collect();
        gone.push(amount.range.start..measured.end);
        gone.extend(since.as_ref().map(|(_, range)| range.clone()));
        let named = self.words(&without(said.text, gone), None);
        if named.is_empty() || named.len() > MAX_NAMED {
            return None;
        }
        let written = said.text.get(amount.range.start..measured.end).unwrap_or_default();
        Some(Claim {
            bound: self.bound(&before, &after),
            mood: self.mood(said.text, &before),
            since: since.map(|(key, _)| key),
            frame: Frame {
                shape: Shape::Sentence,
                subject: Vec::new(),
                heading: Vec::new(),
                unit: measured.unit,
                values: vec![measured.value],
                written: vec![written.to_owned()],
                at: vec![said.run.source(said.start + amount.number.start)],
                quote: short(said.text, QUOTE),
            },
            named,
            title: Vec::new(),
            scope: Vec::new(),
        })
    }

    fn measure(&self, text: &str, amount: &Amount) -> Option<Measured> {
        let mut end = amount.range.end;
        let upper = amount.unit.len() == 3 && amount.unit.bytes().all(|b| b.is_ascii_uppercase());
        let (unit, factor) = if upper || amount.unit == "%" {
            (amount.unit.as_str(), 1.0)
        } else if let Some(known) = self.lists.units.get(&amount.unit) {
            *known
        } else if self.lists.working.contains(&amount.unit) {
            // "5 working days": the amount ends behind "working".
            let next = self.analyzer.terms(text.get(end..)?).into_iter().next()?;
            let day = self.lists.units.get(&next.text).is_some_and(|unit| *unit == ("hours", 24.0));
            if !day || next.range.start > 2 {
                return None;
            }
            end += next.range.end;
            (WORKING_DAYS, 1.0)
        } else {
            return None;
        };
        let number = |part: &str| part.parse::<f64>().ok().map(|n| format!("{:.3}", n * factor));
        let parts: Option<Vec<String>> = amount.value.split('-').map(number).collect();
        Some(Measured { unit: unit.to_owned(), value: parts?.join("-"), end })
    }

    /// Whether the clause with the number says no. "Not used" is said of goods, not of the number.
    fn denied(&self, text: &str, before: &[&Term], after: &[&Term], end: usize) -> bool {
        let mut clause: Vec<&str> = before.iter().map(|t| t.text.as_str()).collect();
        let mut at = end;
        for term in after {
            let gap = text.get(at..term.range.start).unwrap_or_default();
            if gap.contains([',', '(', '–']) || self.lists.clauses.contains(&term.text) {
                break;
            }
            clause.push(&term.text);
            at = term.range.end;
        }
        clause.iter().any(|w| self.lists.negations.contains(*w))
            && !clause.iter().any(|w| self.lists.used.contains(*w))
    }

    fn bound(&self, before: &[&Term], after: &[&Term]) -> Bound {
        let least = before.iter().rev().take(NEAR).any(|t| self.lists.least.contains(&t.text));
        let more = matches!(after, [or, more, ..]
            if self.lists.joints.contains(&or.text) && self.lists.more.contains(&more.text));
        if least || more { Bound::Least } else { Bound::Most }
    }

    fn mood(&self, text: &str, before: &[&Term]) -> Mood {
        let have_to = before.windows(2).any(
            |pair| matches!(pair, [a, b] if matches!(a.text.as_str(), "have" | "has") && b.text == "to"),
        );
        // The Latvian debitive: "jāatgriež".
        let debitive = |term: &&Term| {
            let word = text.get(term.range.clone()).unwrap_or_default().to_lowercase();
            word.starts_with("jā") && word.chars().count() > 4
        };
        let duty = before.iter().any(|t| self.lists.duties.contains(&t.text));
        if duty || have_to || before.iter().any(debitive) { Mood::Duty } else { Mood::Other }
    }

    /// "of delivery", "after you receive them": what it names, and its bytes.
    fn since(&self, text: &str, end: usize, after: &[&Term]) -> Option<(u64, Range<usize>)> {
        let (mut at, mut opened) = (end, None);
        for term in after {
            if !text.get(at..term.range.start)?.trim().is_empty() {
                return None;
            }
            at = term.range.end;
            match opened {
                None if self.lists.after.contains(&term.text) => opened = Some(term.range.start),
                _ if self.lists.fillers.contains(&term.text) => {}
                None => return None,
                Some(start) => {
                    let stem =
                        self.analyzer.terms(text.get(term.range.clone())?).into_iter().next()?;
                    let named = stem.text.contains(char::is_alphabetic);
                    let key = if self.lists.received.contains(&stem.text) {
                        received()
                    } else {
                        hash(["since", stem.text.as_str()])
                    };
                    return named.then_some((key, start..at));
                }
            }
        }
        None
    }

    /// The words that say something, each with all that it can be matched by.
    fn words(&self, text: &str, quiet: Option<&HashSet<String>>) -> Vec<Word> {
        let analysed = self.analyzer.analyse(text);
        let concepts = self.analyzer.concepts(&analysed);
        let mut seen: Vec<&str> = Vec::new();
        let mut out = Vec::new();
        for (i, one) in analysed.iter().enumerate().filter(|(_, one)| !one.term.variant) {
            let unused = self.lists.used.contains(&one.folded)
                && seen.iter().rev().take(3).any(|w| self.lists.negations.contains(*w));
            seen.push(&one.folded);
            let stem = &one.term.text;
            if one.term.stop
                || unused
                || self.lists.generic.contains(stem)
                || quiet.is_some_and(|quiet| quiet.contains(stem))
            {
                continue;
            }
            let mut word = vec![hash([stem.as_str()])];
            word.extend(one.alternative.iter().map(|stem| hash([stem.as_str()])));
            for concept in concepts.iter().filter(|c| c.terms().contains(&i)) {
                word.extend(concept_keys(concept.gloss));
            }
            out.push(word);
        }
        out
    }

    fn headline(&self, text: &str) -> Vec<Word> {
        let text = without_label(text);
        let amounts = numbers::amounts(text, self.analyzer);
        let bare = without(text, amounts.into_iter().map(|a| a.range).collect());
        self.words(&bare, Some(&self.lists.headline))
    }

    /// What a title or heading lists, each with its words: "Returns and refunds" is two things,
    /// "Returns: shoes and boots" is one.
    fn parts(&self, text: &str) -> Vec<Vec<Word>> {
        let mut parts = vec![String::new()];
        if text.contains(':') {
            parts = vec![text.to_owned()];
        } else {
            for piece in without_label(text).split([',', '&', '/', '+']) {
                parts.push(String::new());
                for word in piece.split_whitespace() {
                    if self.lists.joints.contains(&word.to_lowercase()) {
                        parts.push(String::new());
                    } else if let Some(last) = parts.last_mut() {
                        last.push(' ');
                        last.push_str(word);
                    }
                }
            }
        }
        parts.iter().map(|part| self.headline(part)).filter(|words| !words.is_empty()).collect()
    }
}

/// Hashes of a concept.
fn concept_keys(gloss: &str) -> Vec<u64> {
    let own = (!WIDE.contains(&gloss)).then_some(gloss);
    let bare = ENDS.iter().find_map(|end| gloss.strip_suffix(end)).filter(|g| !WIDE.contains(g));
    own.into_iter().chain(bare).map(|gloss| hash(["concept", gloss])).collect()
}

/// Ends of what a sentence says by and by: colons, semicolons, its own end.
fn stops(text: &str) -> Vec<usize> {
    let stop = |(at, c): &(usize, char)| {
        matches!(c, ':' | ';')
            && text.get(at + 1..).is_none_or(|r| r.is_empty() || r.starts_with(char::is_whitespace))
    };
    let inner = text.char_indices().filter(stop).map(|(at, _)| at);
    inner.chain(std::iter::once(text.len())).collect()
}

/// A text without these ranges, its words kept apart.
fn without(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in ranges {
        if range.start >= at {
            out.push_str(text.get(at..range.start).unwrap_or_default());
            out.push_str(" \u{b7} ");
        }
        at = at.max(range.end);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}
