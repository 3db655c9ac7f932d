//! How a language writes numbers, dates, times and money, by the patterns of its pack.

use jiff::civil::{Date, Time};
use serde::Deserialize;

use super::fill;

/// `[format]` of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    decimal: String,
    group: String,
    /// With `{day}`, `{month}`, `{year}`.
    date: String,
    /// With `{hour}`, `{minute}`.
    time: String,
    /// With `{amount}`, `{currency}`.
    money: String,
    /// In the form that a date wants, January first.
    months: Vec<String>,
}

impl Format {
    /// # Errors
    /// What is wrong, for the one who wrote the pack.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.months.len() {
            12 => Ok(()),
            n => Err(format!("`format.months` has {n} names instead of 12")),
        }
    }

    /// A whole number with its thousands apart; four digits stay together.
    pub fn number(&self, n: u64) -> String {
        let digits = n.to_string();
        if digits.len() <= 4 {
            return digits;
        }
        let mut out = String::with_capacity(digits.len() + 4);
        for (at, digit) in digits.char_indices() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                out.push_str(&self.group);
            }
            out.push(digit);
        }
        out
    }

    /// With one digit behind the decimal sign: `4.0`.
    pub fn tenths(&self, value: f64) -> String {
        format!("{value:.1}").replace('.', &self.decimal)
    }

    /// An amount in cents with the sign or code of its currency.
    pub fn money(&self, cents: u64, currency: &str) -> String {
        let amount = format!("{}{}{:02}", self.number(cents / 100), self.decimal, cents % 100);
        fill(&self.money, &[("amount", &amount), ("currency", currency)])
    }

    /// `20 October 2026`.
    pub fn date(&self, date: Date) -> String {
        let month = usize::try_from(date.month() - 1).ok().and_then(|m| self.months.get(m));
        fill(
            &self.date,
            &[
                ("day", &date.day().to_string()),
                ("month", month.map_or("", String::as_str)),
                ("year", &date.year().to_string()),
            ],
        )
    }

    /// `09:30`.
    pub fn time(&self, time: Time) -> String {
        let (hour, minute) = (format!("{:02}", time.hour()), format!("{:02}", time.minute()));
        fill(&self.time, &[("hour", &hour), ("minute", &minute)])
    }
}
