//! How far the words of a sentence are those of its passages.
//!
//! Called by the check. Every content word looks for its places: exact stem or folded form, a word of
//! the same meaning, nearly the same word. A unit's score is the weighted share of words that it has;
//! a word of its title, heading or introduction counts nearly as much as one of its own.

use indexer::language::{Analyzer, TermKind};
use indexer::model::Locale;

use super::evidence::{CONTEXT, Evidence, Posting, without_negation};
use super::literal::{Found, Lex, Token};
use super::polarity;
use super::text::fold;
use super::thesaurus::Thesaurus;

/// A content word of a sentence and where the passages have it.
pub(super) struct Word {
    /// Token of the sentence.
    pub(super) token: usize,
    pub(super) weight: f32,
    places: Vec<(Posting, f32)>,
    /// Starts with a capital inside the sentence, in a language where that makes a name.
    pub(super) name: bool,
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
        self.places.iter().any(|(p, _)| which(p.unit))
    }

    fn best(&self, which: impl Fn(&Posting) -> bool) -> f32 {
        self.places
            .iter()
            .filter(|(p, _)| which(p))
            .map(|(p, credit)| if p.clause == CONTEXT { credit * AROUND } else { *credit })
            .fold(0.0, f32::max)
    }

    /// Units that have the word.
    pub(super) fn units(&self) -> impl Iterator<Item = u32> + '_ {
        self.places.iter().map(|(p, _)| p.unit)
    }
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
    let analyzer = Analyzer::new(locale);
    let language = locale.language();
    let thesaurus = Thesaurus::of(language);
    let terms = analyzer.terms(text);
    let folded = analyzer.folded(text);
    let mut out = Vec::new();
    for (i, term) in terms.iter().enumerate() {
        if term.variant || term.stop || term.kind != TermKind::Word {
            continue;
        }
        let at = tokens.partition_point(|t| t.end <= term.range.start);
        if literals.iter().any(|f| (f.first..f.last).contains(&at)) {
            continue;
        }
        let Some(token) = tokens.get(at) else { continue };
        if polarity::is_negator(token, language) {
            continue;
        }
        let mut keys = vec![fold(&term.text)];
        let variants = terms[i + 1..].iter().take_while(|t| t.range.start == term.range.start);
        keys.extend(variants.filter(|t| t.kind == TermKind::Word).map(|t| fold(&t.text)));
        let whole = folded.iter().find(|t| t.range == term.range && !t.variant);
        let whole = whole.map_or_else(|| keys[0].clone(), |t| fold(&t.text));
        keys.push(whole.clone());
        let positive: Vec<String> =
            keys.iter().filter_map(|k| without_negation(k, language).map(str::to_owned)).collect();
        keys.extend(positive);
        let mut places: Vec<(Posting, f32)> = Vec::new();
        let exact = keys.iter().flat_map(|k| evidence.places(k));
        places.extend(exact.map(|p| (*p, 1.0)));
        let rare: Vec<Posting> = places.iter().map(|(p, _)| *p).collect();
        let known = !places.is_empty();
        let meant = keys.iter().flat_map(|k| thesaurus.others(k));
        places.extend(meant.flat_map(|k| evidence.places(k)).map(|p| (*p, SYNONYM)));
        places.extend(evidence.near(&whole).into_iter().map(|p| (p, NEAR)));
        let light = keys.iter().any(|k| thesaurus.is_light(k));
        let weight = match (light, known, places.is_empty()) {
            (true, false, _) => LIGHT,
            (true, true, _) => LIGHT * 2.0,
            (false, true, _) => evidence.weight(&rare),
            (false, false, false) => 1.2,
            (false, false, true) => UNKNOWN,
        };
        let capital = matches!(token.lex, Lex::Word { capital: true, .. });
        let name = capital && language != "de" && !light && !starts_phrase(tokens, at);
        out.push(Word { token: at, weight, places, name });
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
