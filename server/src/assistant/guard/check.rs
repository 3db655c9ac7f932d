//! The order of the rules for one sentence.
//!
//! Called by `Guard`. Cheap and certain rules first; each rule lives in a room of its own. Returns the
//! clean text with its citations, or the first reason against it.

use std::ops::Range;

use super::evidence::{CONTEXT, UnitEvidence, plain};
use super::literal::{Found, Token, lex, scan};
use super::polarity::{self, Clause};
use super::promise::{self, Promise};
use super::support::{self, Word};
use super::text::visible;
use super::{Doubt, Guard, Reason, hygiene, injection, literals, markers};

/// What is known of the likeness of a sentence and its source.
pub(super) enum Likeness {
    Unknown,
    /// It would decide.
    Wanted(Doubt),
    /// They say the same.
    Enough,
}

pub(super) struct Released {
    pub(super) text: String,
    pub(super) citations: Vec<u32>,
}

/// A sentence with everything that the rules look at.
pub(super) struct Claim<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
    pub(super) literals: Vec<Found>,
    pub(super) words: Vec<Word>,
    pub(super) clauses: Vec<Clause>,
}

/// Share of a clause's words by which its source clause is known, and by which it is certain.
const ALIGNED: f32 = 0.55;
const SURE: f32 = 0.7;
/// What a unit gains that has the sentence's literals, when its like is looked for.
const PROVEN: f32 = 0.4;
const OWN: f32 = 0.15;
/// What the words of a sentence with a literal must have more.
const FIGURES: f32 = 0.1;
/// Most tokens of a sentence.
const MOST_TOKENS: usize = 160;

pub(super) fn sentence(
    guard: &Guard<'_>,
    raw: &str,
    likeness: &mut Likeness,
) -> Result<Released, Reason> {
    if raw.len() > guard.settings.max_bytes {
        return Err(Reason::TooLong);
    }
    let raw = visible(raw);
    if let Some(code) = fenced(&raw) {
        return verbatim_code(guard, code);
    }
    if let Some(reason) = hygiene::check(&raw) {
        return Err(reason);
    }
    let unmarked = markers::strip(&raw);
    let text = unmarked.text.trim();
    if !text.chars().any(char::is_alphanumeric) {
        return Err(Reason::NothingSaid);
    }
    if guard.protected.is_in(text) {
        return Err(Reason::SystemText);
    }
    if injection::gives_orders(text) {
        return Err(Reason::Injection);
    }
    let claim = claim(guard, text);
    if claim.tokens.len() > MOST_TOKENS {
        return Err(Reason::TooLong);
    }
    let cited = if unmarked.numbers.is_empty() {
        vec![attributed(guard, &claim)?]
    } else {
        resolved(guard, &unmarked.numbers)?
    };
    supported(guard, &claim, &cited, likeness)?;
    let citations = used(guard, &claim, cited);
    Ok(Released { text: text.to_owned(), citations })
}

fn claim<'a>(guard: &Guard<'_>, text: &'a str) -> Claim<'a> {
    let language = guard.locale.language();
    let body = item_body(text);
    let tokens = lex(&text[body.clone()]);
    let literals = scan(&tokens, language);
    let body = &text[body];
    let words = support::words(body, &tokens, &literals, &guard.evidence, &guard.locale);
    let clauses = polarity::clauses(&tokens, language);
    Claim { text: body, tokens, literals, words, clauses }
}

/// The text behind `- `, `1. ` or `2) `: the number of an item needs no proof.
fn item_body(text: &str) -> Range<usize> {
    let bullet = text.trim_start_matches(['-', '*', '•', '–', '#', '>', ' ']);
    let digits = bullet.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &bullet[digits..];
    let numbered = (1..=2).contains(&digits)
        && rest.starts_with(['.', ')'])
        && rest[1..].starts_with(' ')
        && !next_is_month(&rest[1..]);
    let body = if numbered { &rest[1..] } else { bullet };
    text.len() - body.len()..text.len()
}

/// "24. decembrī" starts a sentence, not an item.
fn next_is_month(rest: &str) -> bool {
    let tokens = lex(&rest[..rest.char_indices().nth(20).map_or(rest.len(), |(i, _)| i)]);
    let mut probe =
        vec![Token { start: 0, end: 0, spaced: true, lex: super::literal::Lex::Mark(' ') }];
    probe.extend(tokens.into_iter().take(1));
    ["de", "lv", "fi", "lt", "pl"].iter().any(|language| {
        scan(&probe, language)
            .iter()
            .any(|f| matches!(f.literal, super::literal::Literal::Month(_)))
    }) || probe.get(1).and_then(Token::word).is_some_and(|w| w.starts_with("dien") || w == "tag")
}

/// The inside of a fenced block.
fn fenced(raw: &str) -> Option<&str> {
    let inner = raw.trim().strip_prefix("```")?;
    // The first line names the language, where it is not all there is.
    let inner = inner.split_once('\n').map_or(inner, |(_, code)| code);
    Some(inner.trim_end().trim_end_matches('`').trim())
}

/// Code leaves verbatim or not at all.
fn verbatim_code(guard: &Guard<'_>, code: &str) -> Result<Released, Reason> {
    if code.is_empty() {
        return Err(Reason::NothingSaid);
    }
    let found = guard.evidence.sources.iter().find(|s| has_code(&s.text, code));
    let source = found.ok_or(Reason::Code)?;
    Ok(Released { text: format!("```\n{code}\n```"), citations: vec![source.number] })
}

/// Whether `code` stands in `text` as lines of their own or between marks of code or quotation: part of a
/// sentence may be the opposite of it.
fn has_code(text: &str, code: &str) -> bool {
    text.match_indices(code).any(|(at, _)| {
        let mark = |c: char| matches!(c, '\n' | '`' | '"' | '“' | '”' | '„' | '«' | '»');
        let before = text[..at].trim_end_matches([' ', '\t']).chars().next_back();
        let after = text[at + code.len()..].trim_start_matches([' ', '\t', '\r']).chars().next();
        before.is_none_or(mark) && after.is_none_or(mark)
    })
}

/// Indexes of the sources that the markers name.
fn resolved(guard: &Guard<'_>, numbers: &[u32]) -> Result<Vec<usize>, Reason> {
    let find = |n: &u32| guard.evidence.sources.iter().position(|s| s.number == *n);
    numbers.iter().map(|n| find(n).ok_or(Reason::CitationUnknown)).collect()
}

/// The source that clearly supports a sentence without a marker.
fn attributed(guard: &Guard<'_>, claim: &Claim<'_>) -> Result<usize, Reason> {
    let words: Vec<&Word> = claim.words.iter().collect();
    if words.is_empty() && claim.literals.iter().all(|l| l.spare) {
        return Err(Reason::NothingSaid);
    }
    let score = |source: usize| {
        let has = |u: u32| guard.evidence.units[u as usize].source == source;
        let whole = support::share(&words, |w| f32::from(u8::from(w.is_in(has))));
        let best = support::ranked(&words, has).first().map_or(0.0, |(_, s)| *s);
        let proven = literals::all_in(claim, &guard.evidence, &[source]);
        (whole, best, proven)
    };
    let mut best: Option<(usize, f32, f32)> = None;
    for source in 0..guard.evidence.sources.len() {
        let (whole, unit, proven) = score(source);
        let rank = unit + if proven { 1.0 } else { 0.0 };
        if best.is_none_or(|(_, _, r)| rank > r) {
            best = Some((source, whole, rank));
        }
    }
    match best {
        Some((source, whole, _)) if whole >= guard.settings.min_clear => Ok(source),
        _ => Err(Reason::CitationMissing),
    }
}

/// The rules that need the cited passages.
fn supported(
    guard: &Guard<'_>,
    claim: &Claim<'_>,
    cited: &[usize],
    likeness: &mut Likeness,
) -> Result<(), Reason> {
    let evidence = &guard.evidence;
    let verbatim = plain(claim.text);
    let verbatim = verbatim.trim_end_matches([' ', '.', '!', '?', ':', ';']).trim_start();
    let copied = cited.iter().any(|s| {
        // From the start of a unit on: "Do not post the cartridge." has "Post the cartridge." in it.
        claim.tokens.len() >= 3 && evidence.sources[*s].folded.contains(&format!("  {verbatim} "))
    });
    let language = guard.locale.language();
    let foreign = cited.iter().all(|s| evidence.sources[*s].language != language);
    if foreign && claim.tokens.len() >= 4 {
        wrong_language(guard, claim)?;
    }
    if copied {
        return Ok(());
    }
    let words: Vec<&Word> = claim.words.iter().collect();
    let is_cited = |u: u32| cited.contains(&evidence.units[u as usize].source);
    let ranked = support::ranked(&words, is_cited);
    let top = |share: f32| -> Vec<&UnitEvidence> {
        let best = ranked.first().map_or(0.0, |(_, s)| *s);
        ranked
            .iter()
            .take_while(|(_, s)| *s >= best * share && *s > 0.0)
            .map(|(u, _)| &evidence.units[*u as usize])
            .collect()
    };
    match promise::of(claim.text, &claim.tokens, language) {
        Promise::None => {}
        Promise::Own => return Err(Reason::Promise),
        Promise::Actions { tense, actions } => {
            let said =
                top(0.75).iter().any(|u| promise::is_said_by(&u.tokens, language, tense, &actions));
            if !said {
                return Err(Reason::Promise);
            }
        }
    }
    literals::check(claim, evidence, cited)?;
    if claim.words.iter().any(|w| w.name && !w.is_in(is_cited)) {
        wrong_language(guard, claim)?;
        return Err(Reason::Name);
    }
    if claim.words.iter().any(|w| w.subject && !w.is_in(is_cited)) {
        wrong_language(guard, claim)?;
        return Err(Reason::Unsupported);
    }
    enough_words(guard, claim, &words, &ranked, (cited, likeness))?;
    agrees(guard, claim, &ranked)
}

fn wrong_language(guard: &Guard<'_>, claim: &Claim<'_>) -> Result<(), Reason> {
    match indexer::language::detect(claim.text) {
        Some(found) if found.language() != guard.locale.language() => Err(Reason::WrongLanguage),
        _ => Ok(()),
    }
}

fn enough_words(
    guard: &Guard<'_>,
    claim: &Claim<'_>,
    words: &[&Word],
    ranked: &[(u32, f32)],
    (cited, likeness): (&[usize], &mut Likeness),
) -> Result<(), Reason> {
    let (evidence, settings) = (&guard.evidence, guard.settings);
    let is_cited = |u: u32| cited.contains(&evidence.units[u as usize].source);
    let telling = words.iter().any(|w| w.is_in(is_cited));
    if !telling && (!words.is_empty() || claim.literals.iter().all(|l| l.spare)) {
        wrong_language(guard, claim)?;
        return Err(if words.is_empty() { Reason::NothingSaid } else { Reason::Unsupported });
    }
    let best = ranked.first().map_or(0.0, |(_, s)| *s);
    // A sentence may join what two units say.
    let passage = support::share(words, |w| {
        ranked.iter().take(6).map(|(u, _)| w.credit(*u)).fold(0.0, f32::max)
    });
    let unit = if words.is_empty() { 1.0 } else { best };
    // A figure is often right elsewhere: its sentence has to be nearer.
    let figures = if claim.literals.iter().any(|l| !l.spare) { FIGURES } else { 0.0 };
    let enough = |credit: f32| {
        let credit = credit - figures;
        passage + credit >= settings.min_support && unit + credit >= settings.min_unit
    };
    if enough(0.0) {
        return Ok(());
    }
    let closest = ranked.first().filter(|_| enough(settings.likeness_credit));
    if closest.is_some() && matches!(likeness, Likeness::Enough) {
        return Ok(());
    }
    wrong_language(guard, claim)?;
    if let Some((unit, _)) = closest {
        let unit = &evidence.units[*unit as usize];
        *likeness = Likeness::Wanted(Doubt {
            claim: claim.text.to_owned(),
            source: unit.text.clone(),
            language: evidence.sources[unit.source].language.clone(),
        });
    }
    Err(Reason::Unsupported)
}

/// Negation and modality against the source clause that says the same.
fn agrees(guard: &Guard<'_>, claim: &Claim<'_>, ranked: &[(u32, f32)]) -> Result<(), Reason> {
    let evidence = &guard.evidence;
    let language = guard.locale.language();
    let words: Vec<&Word> = claim.words.iter().collect();
    let mut ranked: Vec<(u32, f32)> = ranked.iter().take(24).copied().collect();
    for (u, score) in &mut ranked {
        *score += PROVEN * literals::share_in(claim, &evidence.units[*u as usize]);
        // Cells of one row share what is around them: the one that is meant has words of its own.
        *score += OWN * support::share(&words, |w| w.own_credit(*u));
    }
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let Some((_, best)) = ranked.first().copied() else { return Ok(()) };
    // A row says many things; its cells say one each.
    let near: Vec<(u32, f32)> = ranked
        .into_iter()
        .take_while(|(_, s)| *s >= best * 0.8)
        .filter(|(u, _)| !evidence.units[*u as usize].is_row)
        .collect();
    let best = near.first().map_or(best, |(_, s)| *s);
    let whole_claim = polarity::whole(&claim.tokens, language);
    let unit = |u: u32| &evidence.units[u as usize];
    let whole = |u: u32| polarity::whole(&unit(u).tokens, language);
    let closest: Vec<Clause> =
        near.iter().filter(|(_, s)| *s >= best * 0.97).map(|(u, _)| whole(*u)).collect();
    let mut differ = 0;
    let mut agree = 0;
    let found: Vec<_> =
        claim.clauses.iter().map(|clause| aligned(claim, clause, &near, evidence)).collect();
    for (clause, source) in claim.clauses.iter().zip(&found) {
        let Some((share, sources)) = source else { continue };
        if polarity::poles_clash(clause, sources, &[]) {
            return Err(Reason::Modality);
        }
        if sources.iter().any(|s| s.negative == clause.negative) {
            agree += usize::from(*share >= 0.5);
        } else if !clause.negative && is_said_beside(claim, &found, clause, sources) {
            // "We never delete data when you move, but some items ...": the other clause denies it.
            agree += 1;
        } else if claim.clauses.len() > 1 && *share >= SURE || same_words(clause, sources, *share) {
            return Err(Reason::Negation);
        } else {
            differ += 1;
        }
    }
    // What denies one thing and states another is neither as a whole.
    let mixed = |u: u32| unit(u).clauses.iter().any(|c| c.negative == whole_claim.negative);
    let mut nearest = near.iter().filter(|(_, s)| *s >= best * 0.97).map(|(u, _)| *u);
    let opposed = !closest.is_empty() && closest.iter().all(|c| c.negative != whole_claim.negative);
    let whole_differs = opposed && !nearest.any(mixed);
    let many = claim.clauses.len() > 1;
    if whole_differs && (differ > 0 || agree == 0) || (many || opposed) && differ > 0 && agree == 0
    {
        return Err(Reason::Negation);
    }
    let around: Vec<Clause> = near.iter().map(|(u, _)| whole(*u)).collect();
    let (top, all): (Vec<&Clause>, Vec<&Clause>) =
        (closest.iter().collect(), around.iter().collect());
    if polarity::poles_clash(&whole_claim, &top, &all) {
        return Err(Reason::Modality);
    }
    let unknown = |pole: &str| !around.iter().any(|c| c.poles.iter().any(|p| p[..4] == pole[..4]));
    if polarity::absolutes(&whole_claim).any(unknown) {
        return Err(Reason::Modality);
    }
    Ok(())
}

/// Whether another clause of the claim denies what `sources` deny.
fn is_said_beside(
    claim: &Claim<'_>,
    found: &[Option<(f32, Vec<&Clause>)>],
    clause: &Clause,
    sources: &[&Clause],
) -> bool {
    let others = claim.clauses.iter().zip(found).filter(|(c, _)| c.tokens != clause.tokens);
    others.filter(|(c, _)| c.negative).filter_map(|(_, found)| found.as_ref()).any(
        |(share, own)| *share >= 0.5 && own.iter().any(|one| one.negative && sources.contains(one)),
    )
}

/// Whether a clause has nearly all words of its source clauses and only the "not" differs.
fn same_words(clause: &Clause, sources: &[&Clause], share: f32) -> bool {
    share >= 0.85 && sources.iter().all(|s| s.says_not != clause.says_not)
}

/// The source clauses that share most words with `clause`; `None` when none shares enough.
fn aligned<'a>(
    claim: &Claim<'_>,
    clause: &Clause,
    near: &[(u32, f32)],
    evidence: &'a super::evidence::Evidence,
) -> Option<(f32, Vec<&'a Clause>)> {
    let words: Vec<&Word> =
        claim.words.iter().filter(|w| clause.tokens.contains(&w.token)).collect();
    if words.is_empty() {
        return None;
    }
    let mut scored: Vec<(f32, f32, &Clause)> = Vec::new();
    for (unit, whole) in near {
        for (i, source) in evidence.units[*unit as usize].clauses.iter().enumerate() {
            let index = u8::try_from(i).unwrap_or(CONTEXT - 1);
            let own = support::share(&words, |w| {
                let around = w.credit_in_clause(*unit, CONTEXT);
                w.credit_in_clause(*unit, index).max(around * 0.8)
            });
            scored.push((own + 0.3 * whole, own, source));
        }
    }
    let (best, own) =
        scored.iter().map(|(s, own, _)| (*s, *own)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    if best < ALIGNED {
        return None;
    }
    let tied = scored.into_iter().filter(|(s, ..)| *s >= best - 0.03).map(|(.., c)| c);
    Some((own, tied.collect()))
}

/// The cited sources that prove anything, by their numbers.
fn used(guard: &Guard<'_>, claim: &Claim<'_>, cited: Vec<usize>) -> Vec<u32> {
    let words: Vec<&Word> = claim.words.iter().collect();
    let evidence = &guard.evidence;
    let score = |source: usize| {
        let has = |u: u32| evidence.units[u as usize].source == source;
        support::ranked(&words, has).first().map_or(0.0, |(_, s)| *s)
    };
    let scores: Vec<f32> = cited.iter().map(|s| score(*s)).collect();
    let best = scores.iter().copied().fold(0.0, f32::max);
    let needed = |at: usize| {
        let others: Vec<usize> = cited.iter().copied().filter(|s| *s != cited[at]).collect();
        scores[at] >= best * 0.5 || !literals::all_in(claim, evidence, &others)
    };
    (0..cited.len()).filter(|i| needed(*i)).map(|i| evidence.sources[cited[i]].number).collect()
}
