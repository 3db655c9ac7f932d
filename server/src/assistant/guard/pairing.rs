//! Which value belongs to what, inside one sentence: "€2.90 in the Baltics and €5.90 in Finland".
//!
//! Called by `literals`. What stands behind a value, up to the next value or "and", says whose it is.
//! A sentence that puts the words behind one value behind another has mixed them up.

use super::check::Claim;
use super::evidence::UnitEvidence;
use super::literal::{Found, Lex, Literal, Token};

/// Whether `unit`, which has the literal of `claim`, gives the words behind it to another value.
pub(super) fn is_mixed_up(claim: &Claim<'_>, found: &Found, unit: &UnitEvidence) -> bool {
    let behind = behind(&claim.tokens, &claim.literals, found);
    if behind.is_empty() {
        return false;
    }
    let meets = |other: &Found| {
        let theirs = self::behind(&unit.tokens, &unit.literals, other);
        let any = theirs.iter().any(|t| behind.iter().any(|b| are_alike(t, b)));
        (theirs.is_empty(), any)
    };
    let values = unit.literals.iter().filter(|o| !o.spare);
    let (own, others): (Vec<&Found>, Vec<&Found>) =
        values.partition(|o| o.literal.proves(&found.literal));
    let rivals = others.into_iter().filter(|o| o.literal.rivals(&found.literal));
    let own: Vec<(bool, bool)> = own.into_iter().map(meets).collect();
    !own.is_empty()
        && own.iter().all(|(nothing, any)| !nothing && !any)
        && rivals.map(meets).any(|(_, any)| any)
}

/// Long words between a literal and the next one, "and", or a pause.
fn behind<'a>(tokens: &'a [Token], literals: &[Found], found: &Found) -> Vec<&'a str> {
    const JOINTS: &[&str] =
        &["and", "or", "und", "oder", "un", "vai", "et", "y", "e", "и", "ir", "ja", "och"];
    let next = literals
        .iter()
        .filter(|l| !l.spare && l.first >= found.last)
        .filter(|l| !matches!(l.literal, Literal::Weekday(_)))
        .map(|l| l.first)
        .min()
        .unwrap_or(tokens.len());
    tokens[found.last.min(next)..next]
        .iter()
        .take_while(|t| match &t.lex {
            Lex::Mark(m) => !matches!(m, ',' | ';' | '.' | ':'),
            Lex::Word { text, .. } => !JOINTS.contains(&text.as_str()),
            _ => true,
        })
        .filter_map(Token::word)
        .filter(|w| w.chars().count() >= 4)
        .collect()
}

/// The same word but for its ending.
fn are_alike(one: &str, other: &str) -> bool {
    let shared = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    shared >= 4 && shared + 3 >= one.chars().count().max(other.chars().count())
}
