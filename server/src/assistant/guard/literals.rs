//! Every literal of a sentence stands in a cited passage, and says the same thing there.
//!
//! Called by the check. Two questions: does a unit of a cited passage have the literal, with its unit
//! and in an agreeing relation ("within", "at least"); and is there another unit with another value
//! that fits the sentence clearly better, so that the value was taken from the wrong place.

use super::Reason;
use super::check::Claim;
use super::evidence::{Evidence, UnitEvidence};
use super::literal::{Found, Literal};
use super::pairing;
use super::support::{self, Word};

/// A rival must fit better by this factor and this difference.
const BETTER: f32 = 1.2;
const CLEARLY: f32 = 0.12;

/// Whether the passages `cited` have every literal of `claim`.
pub(super) fn all_in(claim: &Claim<'_>, evidence: &Evidence, cited: &[usize]) -> bool {
    needed(claim).all(|f| {
        let mut units = evidence.units.iter().filter(|u| cited.contains(&u.source));
        units.any(|u| has(u, f))
    })
}

/// Share of the literals of `claim` that `unit` has, [0, 1]; 0 for none.
pub(super) fn share_in(claim: &Claim<'_>, unit: &UnitEvidence) -> f32 {
    let all = needed(claim).count();
    let found = needed(claim).filter(|f| has(unit, f)).count();
    if all == 0 { 0.0 } else { found as f32 / all as f32 }
}

/// Checks all literals of `claim` against the passages `cited`.
pub(super) fn check(claim: &Claim<'_>, evidence: &Evidence, cited: &[usize]) -> Result<(), Reason> {
    for found in needed(claim) {
        one(claim, found, evidence, cited)?;
    }
    Ok(())
}

fn needed<'a>(claim: &'a Claim<'_>) -> impl Iterator<Item = &'a Found> {
    claim.literals.iter().filter(|f| !f.spare)
}

fn has(unit: &UnitEvidence, found: &Found) -> bool {
    unit.literals.iter().any(|own| own.literal.proves(&found.literal))
}

fn one(
    claim: &Claim<'_>,
    found: &Found,
    evidence: &Evidence,
    cited: &[usize],
) -> Result<(), Reason> {
    let units: Vec<(usize, &UnitEvidence)> =
        evidence.units.iter().enumerate().filter(|(_, u)| cited.contains(&u.source)).collect();
    let proving: Vec<&(usize, &UnitEvidence)> =
        units.iter().filter(|(_, u)| has(u, found)).collect();
    if proving.is_empty() {
        return Err(missing(&found.literal, &units));
    }
    if proving.iter().all(|(_, u)| pairing::is_mixed_up(claim, found, u)) {
        return Err(Reason::LiteralElsewhere);
    }
    let words: Vec<&Word> = claim.words.iter().collect();
    let local = local(claim, found);
    let fit = |u: usize| {
        let u = u as u32;
        let whole = support::share(&words, |w| w.credit_of_forms(u));
        let near = support::share(&local, |w| w.credit_of_forms(u));
        (whole + 2.0 * near) / 3.0 + CODES * codes(claim, evidence, u)
    };
    let best = proving.iter().map(|(u, _)| fit(*u)).fold(0.0, f32::max);
    let agreeing = proving
        .iter()
        .filter(|(_, u)| {
            let mut own = u.literals.iter().filter(|o| o.literal.proves(&found.literal));
            own.any(|o| !o.contradicts(found))
        })
        .map(|(u, _)| fit(*u))
        .fold(-1.0, f32::max);
    if agreeing < 0.0 || agreeing * BETTER + 0.05 < best {
        return Err(Reason::Modality);
    }
    if words.is_empty() {
        return Ok(());
    }
    let rivals = units.iter().filter(|(_, u)| {
        let mut own = u.literals.iter().filter(|o| !o.spare);
        !has(u, found) && own.any(|o| o.literal.rivals(&found.literal))
    });
    // Cells of one row differ by their columns alone.
    let column = |u: usize| support::share(&local, |w| w.credit_of_forms_around(u as u32));
    for (index, rival) in rivals {
        let sibling = proving.iter().find(|(_, p)| p.row.is_some() && p.row == rival.row);
        let (theirs, ours) = match sibling {
            Some((own, _)) => (column(*index), column(*own)),
            None => (fit(*index), best),
        };
        if theirs > ours * BETTER && theirs > ours + CLEARLY {
            return Err(Reason::LiteralElsewhere);
        }
    }
    Ok(())
}

/// What a unit gains that has the sentence's codes in or around it: a row about this very code.
const CODES: f32 = 0.4;

fn codes(claim: &Claim<'_>, evidence: &Evidence, unit: u32) -> f32 {
    let all: Vec<&String> = needed(claim)
        .filter_map(|f| match &f.literal {
            Literal::Code(code) => Some(code),
            _ => None,
        })
        .collect();
    let has = |code: &&&String| evidence.places(code).iter().any(|p| p.unit == unit);
    if all.is_empty() { 0.0 } else { all.iter().filter(has).count() as f32 / all.len() as f32 }
}

/// Words of the clause that holds the literal; all words when it has none.
fn local<'a>(claim: &'a Claim<'_>, found: &Found) -> Vec<&'a Word> {
    let clause = claim.clauses.iter().find(|c| c.tokens.contains(&found.first));
    let range = clause.map_or(0..claim.tokens.len(), |c| c.tokens.clone());
    let from = range.start.max(found.first.saturating_sub(REACH));
    let to = range.end.min(found.last + REACH);
    let near: Vec<&Word> = claim.words.iter().filter(|w| (from..to).contains(&w.token)).collect();
    if near.is_empty() { claim.words.iter().collect() } else { near }
}

/// Tokens around a literal that say what it is.
const REACH: usize = 6;

fn missing(literal: &Literal, units: &[(usize, &UnitEvidence)]) -> Reason {
    match literal {
        Literal::Url { host, .. } => {
            let known = units.iter().any(|(_, u)| {
                u.literals
                    .iter()
                    .any(|o| matches!(&o.literal, Literal::Url { host: own, .. } if own == host))
            });
            if known { Reason::Address } else { Reason::UrlHost }
        }
        Literal::Email(_) => Reason::Address,
        _ => Reason::Literal,
    }
}
