//! Literals: what must be right to the letter. Numbers with their units, money, percentages, dates,
//! times, weekdays, addresses, phone numbers and codes, in one spelling for all locales.
//!
//! Called by the preparation of passages and by the check of a sentence. [`scan`] reads a text;
//! [`Literal::proves`] compares. Values are equal only after exact conversion: 2 weeks are 14 days and
//! 36 months are 3 years, but 14 days are not 14 working days and a month is no number of days.

mod calendar;
mod lex;
mod number;
mod number_words;
mod parse;
mod relation;
mod unit;

pub(super) use lex::{Lex, Token, lex};
pub(super) use number::Readings;
pub(super) use parse::scan;
pub(super) use relation::Relation;
pub(super) use unit::Unit;
pub(super) use unit::of_words as unit_of_words;

/// One literal of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    /// A number with what it counts.
    Quantity {
        value: Readings,
        unit: Unit,
    },
    /// A day of a month; the year is a [`Literal::Quantity`] of its own. The second reading is the
    /// one with day and month exchanged, for dates in digits.
    Day {
        month: u8,
        day: u8,
        swapped: bool,
    },
    Month(u8),
    /// 0 is Monday.
    Weekday(u8),
    /// Minutes since midnight.
    Clock(u16),
    /// Host in lower case without `www.`, and the rest of the address.
    Url {
        host: String,
        rest: String,
    },
    Email(String),
    /// Phone numbers and long numbers, digits alone.
    Digits(String),
    /// Letters with digits, in lower case.
    Code(String),
}

/// A literal where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) literal: Literal,
    /// How it is limited: "within", "after", "at least".
    pub(super) relation: Relation,
    /// Tokens `first..last` of the scanned text.
    pub(super) first: usize,
    pub(super) last: usize,
    /// A second reading of tokens that are read already; it proves, but needs no proof.
    pub(super) spare: bool,
}

impl Found {
    /// Whether `claim` limits the same literal the other way. A day or an hour after "from" starts a
    /// range and limits nothing.
    pub(super) fn contradicts(&self, claim: &Self) -> bool {
        let pair = [self.relation, claim.relation];
        let counted = matches!(claim.literal, Literal::Quantity { .. });
        if !counted && pair.contains(&Relation::Least) {
            return false;
        }
        self.relation.contradicts(claim.relation)
    }
}

/// Phone numbers may lack their country code, but not more.
const SHORTEST_PHONE: usize = 7;

impl Literal {
    /// Whether this literal of a passage proves `claim`.
    pub(super) fn proves(&self, claim: &Self) -> bool {
        match (self, claim) {
            (Self::Quantity { value, unit }, Self::Quantity { value: v, unit: u }) => {
                unit == u && value.meet(*v)
            }
            (Self::Day { month, day, .. }, Self::Day { month: m, day: d, swapped }) => {
                (month == m && day == d) || (*swapped && month == d && day == m)
            }
            (Self::Day { month, .. }, Self::Month(m)) => month == m,
            (Self::Digits(own), Self::Digits(other)) => {
                own == other
                    || (other.len() >= SHORTEST_PHONE && own.ends_with(other.as_str()))
                    || (own.len() >= SHORTEST_PHONE && other.ends_with(own.as_str()) && {
                        other.len() <= own.len() + 4
                    })
            }
            (a, b) => a == b,
        }
    }

    /// Whether `other` could stand in the place of this literal: a number where a number is.
    pub(super) fn rivals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Quantity { unit, .. }, Self::Quantity { unit: u, .. }) => unit.is_like(*u),
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }
}
