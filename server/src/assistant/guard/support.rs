//! How far the words of a sentence are those of its passages.
//!
//! Called by the check. Every content word looks for its places: exact stem or folded form, a word of
//! the same meaning, nearly the same word. A unit's score is the weighted share of words that it has;
//! a word of its title, heading or introduction counts nearly as much as one of its own.

use indexer::language::{Analyzer, TermKind};
use indexer::model::Locale;

use super::evidence::{CONTEXT, Evidence, Posting, forms, meaning_key};
use super::literal::{Found, Lex, Token};
use super::polarity;
use super::text::fold;
use super::thesaurus::{self, Thesaurus};

/// A content word of a sentence and where the passages have it.
pub(super) struct Word {
    /// Token of the sentence.
    pub(super) token: usize,
    pub(super) weight: f32,
    places: Vec<(Posting, f32)>,
    /// Where words stand that mean the same by the lexicon.
    meant: Vec<Posting>,
    /// Starts with a capital inside the sentence, in a language where that makes a name.
    pub(super) name: bool,
    /// Names a thing or an action of its own: where its passages do not speak of it, it is made up.
    pub(super) subject: bool,
}

/// Credit for words that are not the same to the letter.
const SYNONYM: f32 = 0.9;
const NEAR: f32 = 0.8;
/// Share of a word's credit when it stands around the unit, not in it.
const AROUND: f32 = 0.85;
/// Weight of words that say next to nothing.
const LIGHT: f32 = 0.2;
/// Weight of a word that no passage has.
const UNKNOWN: f32 = 1.7;

impl Word {
    /// Best credit in `unit`, [0, 1].
    pub(super) fn credit(&self, unit: u32) -> f32 {
        self.best(|p| p.unit == unit)
    }

    /// Best credit in `unit` of the word's own forms: what tells one row of a table from the next.
    pub(super) fn credit_of_forms(&self, unit: u32) -> f32 {
        best(&self.places, |p| p.unit == unit)
    }

    /// The same of what stands around `unit`: what tells one column from the next.
    pub(super) fn credit_of_forms_around(&self, unit: u32) -> f32 {
        best(&self.places, |p| p.unit == unit && p.clause == CONTEXT)
    }

    /// Best credit in one clause of `unit`.
    pub(super) fn credit_in_clause(&self, unit: u32, clause: u8) -> f32 {
        self.best(|p| p.unit == unit && p.clause == clause)
    }

    /// Best credit among the words of `unit` itself, without those around it.
    pub(super) fn own_credit(&self, unit: u32) -> f32 {
        self.best(|p| p.unit == unit && p.clause != CONTEXT)
    }

    /// Whether any place satisfies `which`.
    pub(super) fn is_in(&self, which: impl Fn(u32) -> bool) -> bool {
        self.units().any(which)
    }

    fn best(&self, which: impl Fn(&Posting) -> bool) -> f32 {
        let meant = self.meant.iter().filter(|p| which(p)).map(|p| around(p, SYNONYM));
        meant.fold(best(&self.places, &which), f32::max)
    }

    /// Units that have the word.
    pub(super) fn units(&self) -> impl Iterator<Item = u32> + '_ {
        self.places.iter().map(|(p, _)| p).chain(&self.meant).map(|p| p.unit)
    }
}

fn best(places: &[(Posting, f32)], which: impl Fn(&Posting) -> bool) -> f32 {
    let all = places.iter().filter(|(p, _)| which(p)).map(|(p, credit)| around(p, *credit));
    all.fold(0.0, f32::max)
}

fn around(place: &Posting, credit: f32) -> f32 {
    if place.clause == CONTEXT { credit * AROUND } else { credit }
}

/// The content words of a sentence. Words that belong to literals are left out: they are checked to
/// the letter elsewhere.
pub(super) fn words(
    text: &str,
    tokens: &[Token],
    literals: &[Found],
    evidence: &Evidence,
    locale: &Locale,
) -> Vec<Word> {
    let language = locale.language();
    let thesaurus = Thesaurus::of(language);
    let mut out = Vec::new();
    for reading in Analyzer::new(locale).readings(text) {
        if reading.stop || reading.kind != TermKind::Word {
            continue;
        }
        let at = tokens.partition_point(|t| t.end <= reading.range.start);
        if literals.iter().any(|f| (f.first..f.last).contains(&at)) {
            continue;
        }
        let Some(token) = tokens.get(at) else { continue };
        if polarity::is_negator(token, language) {
            continue;
        }
        let keys = forms(&reading, language);
        let mut places: Vec<(Posting, f32)> = Vec::new();
        let exact = keys.iter().flat_map(|k| evidence.places(k));
        places.extend(exact.map(|p| (*p, 1.0)));
        let rare: Vec<Posting> = places.iter().map(|(p, _)| *p).collect();
        let known = !places.is_empty();
        let alike = keys.iter().flat_map(|k| thesaurus.others(k));
        places.extend(alike.flat_map(|k| evidence.places(k)).map(|p| (*p, SYNONYM)));
        let meanings = reading.concepts.iter().map(|concept| meaning_key(concept));
        let meant: Vec<Posting> = meanings.flat_map(|key| evidence.places(&key).to_vec()).collect();
        places.extend(evidence.near(&fold(&reading.folded)).into_iter().map(|p| (p, NEAR)));
        let light = keys.iter().any(|k| thesaurus.is_light(k));
        let weight = match (light, known, places.is_empty() && meant.is_empty()) {
            (true, false, _) => LIGHT,
            (true, true, _) => LIGHT * 2.0,
            (false, true, _) => evidence.weight(&rare),
            (false, false, false) => 1.2,
            (false, false, true) => UNKNOWN,
        };
        let capital = matches!(token.lex, Lex::Word { capital: true, .. });
        let name = capital && language != "de" && !light && !starts_phrase(tokens, at);
        let subject = !light && thesaurus::is_subject(&reading.concepts);
        out.push(Word { token: at, weight, places, meant, name, subject });
    }
    out
}

/// Whether a capital at this place says nothing: the first word of a sentence, quotation or item.
fn starts_phrase(tokens: &[Token], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|i| &tokens[i].lex) else { return true };
    matches!(before, Lex::Mark(m) if !matches!(m, ',' | '-' | '/' | '&' | '(' | ')' | '+' | '\''))
}

/// Weighted share of `words` that satisfy the credit function, [0, 1]; 1 for no words.
pub(super) fn share(words: &[&Word], credit: impl Fn(&Word) -> f32) -> f32 {
    let total: f32 = words.iter().map(|w| w.weight).sum();
    if total <= 0.0 {
        return 1.0;
    }
    words.iter().map(|w| w.weight * credit(w)).sum::<f32>() / total
}

/// Score of every unit that has any of `words`, best first: `(unit, share)`.
pub(super) fn ranked(words: &[&Word], admits: impl Fn(u32) -> bool) -> Vec<(u32, f32)> {
    let mut units: Vec<u32> = words.iter().flat_map(|w| w.units()).filter(|u| admits(*u)).collect();
    units.sort_unstable();
    units.dedup();
    let mut scored: Vec<(u32, f32)> =
        units.into_iter().map(|u| (u, share(words, |w| w.credit(u)))).collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scored
}
