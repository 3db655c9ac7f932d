//! From tokens to literals: numbers find their units, days their months, ranges share a unit.
//!
//! Called with the tokens of a sentence (what must be proven) or of a passage (what proves). A passage
//! also gives spare readings of what can be meant in two ways; a sentence must prove each literal once.

use super::lex::{Lex, Token};
use super::number::{self, Readings};
use super::unit::{self, Unit};
use super::{Found, Literal, Relation, calendar, relation};

/// Literals of `tokens` in order, `language` is that of the text.
pub(in crate::assistant::guard) fn scan(tokens: &[Token], language: &str) -> Vec<Found> {
    let mut parser = Parser { tokens, language, numbers: Vec::new(), out: Vec::new() };
    let mut at = 0;
    while at < tokens.len() {
        at = parser.step(at).max(at + 1);
    }
    parser.share_units();
    parser.finish()
}

/// A number whose unit may come from a neighbour.
struct Number {
    value: Readings,
    unit: Option<(Unit, i128)>,
    first: usize,
    last: usize,
    /// In words: "a", "one", "two".
    worded: bool,
    article: bool,
    clock: Option<u16>,
}

struct Parser<'a> {
    tokens: &'a [Token],
    language: &'a str,
    numbers: Vec<Number>,
    out: Vec<Found>,
}

impl Parser<'_> {
    /// Reads what starts at token `at`; returns where to go on.
    fn step(&mut self, at: usize) -> usize {
        match &self.tokens[at].lex {
            Lex::Url { host, rest } => {
                self.add(Literal::Url { host: host.clone(), rest: rest.clone() }, at, at + 1)
            }
            Lex::Email(address) => self.add(Literal::Email(address.clone()), at, at + 1),
            Lex::Digits(digits) => self.add(Literal::Digits(digits.clone()), at, at + 1),
            Lex::Code(code) => self.add(Literal::Code(code.clone()), at, at + 1),
            Lex::Clock(minutes) => {
                let (minutes, last) = self.half_day(*minutes, at + 1);
                self.add(Literal::Clock(minutes), at, last)
            }
            Lex::Date { year, month, day, swapped } => {
                let (month, day, swapped) = (*month, *day, *swapped);
                if let Some(year) = year {
                    let value = Readings::whole(i128::from(*year));
                    self.add(Literal::Quantity { value, unit: Unit::Bare }, at, at + 1);
                }
                self.add(Literal::Day { month, day, swapped }, at, at + 1)
            }
            Lex::Number { value, clock, year } => self.number(*value, *clock, *year, at),
            Lex::Word { text, capital } => self.word(text, *capital, at),
            Lex::Mark(_) => at + 1,
        }
    }

    fn number(&mut self, value: Readings, clock: Option<u16>, year: bool, at: usize) -> usize {
        let mut next = at + 1;
        if let Some(day) = value.small(31).filter(|d| *d > 0 && !year)
            && let Some((month, last)) = self.month_after(next)
            && let Ok(day) = u8::try_from(day)
        {
            return self.add(Literal::Day { month, day, swapped: false }, at, last);
        }
        if let Some((minutes, last)) = self.hour(value, clock, at) {
            return self.add(Literal::Clock(minutes), at, last);
        }
        if self.ordinal_suffix(next) {
            next += 1;
        }
        let (value, next) = self.multiplied(value, next);
        self.with_unit(value, at, next, |n| Number { clock, ..n })
    }

    /// A number without its unit, kept until the whole text is read.
    fn with_unit(
        &mut self,
        value: Readings,
        first: usize,
        next: usize,
        more: impl Fn(Number) -> Number,
    ) -> usize {
        let mut at = next;
        let mut pointed = false;
        while self.mark(at, '-') && self.tokens.get(at + 1).is_some_and(|t| t.word().is_some()) {
            at += 1;
        }
        if self.mark(at, '.') && self.tokens.get(at + 1).is_some_and(|t| t.spaced) {
            pointed = true;
            at += 1;
        }
        let found = unit::at(self.tokens, at).filter(|(u, factor, _)| {
            // "2026. gada" is a year, "15. dienai" a day.
            let year_of_date = pointed && (*u, *factor) == (Unit::Months, 12);
            !year_of_date && !self.is_small_word(at)
        });
        let before = first.checked_sub(1).and_then(|b| self.currency_at(b));
        let last = match (found, before) {
            (Some((.., len)), _) => at + len,
            _ => next,
        };
        let unit = found.map(|(u, f, _)| (u, f)).or(before);
        let start = if found.is_none() && before.is_some() { first - 1 } else { first };
        let number =
            Number { value, unit, first: start, last, worded: false, article: false, clock: None };
        self.numbers.push(more(number));
        last
    }

    /// "€12 an hour", "20 ar karti": words that are a unit in another language.
    fn is_small_word(&self, at: usize) -> bool {
        match self.tokens.get(at).and_then(Token::word) {
            Some("an") => self.language != "fr",
            Some("ar") => self.language != "sv",
            _ => false,
        }
    }

    fn word(&mut self, text: &str, capital: bool, at: usize) -> usize {
        if let Some(day) = calendar::weekday(text, self.language) {
            return self.add(Literal::Weekday(day), at, at + 1);
        }
        if let Some((month, sure)) = calendar::month(text, self.language) {
            let next = at + 1 + usize::from(self.mark(at + 1, '.'));
            if let Some(Lex::Number { value, year, .. }) = self.tokens.get(next).map(|t| &t.lex) {
                let day = value.small(31).and_then(|d| u8::try_from(d).ok()).filter(|d| *d > 0);
                if let Some(day) = day.filter(|_| capital && self.language == "en") {
                    return self.add(Literal::Day { month, day, swapped: false }, at, next + 1);
                }
                if *year {
                    return self.add(Literal::Month(month), at, at + 1);
                }
            }
            if sure && (capital || !matches!(self.language, "en" | "de")) {
                return self.add(Literal::Month(month), at, at + 1);
            }
        }
        if let Some(next) = self.half(text, at) {
            return next;
        }
        if self.is_article(text)
            && let Some((unit, factor, len)) = unit::at(self.tokens, at + 1)
            && matches!(unit, Unit::Seconds | Unit::Months | Unit::WorkingDays)
            && self.tokens.get(at + 1).is_some_and(|t| {
                // "a second exchange" is no time.
                t.word().is_some_and(|w| w.len() > 1 && w != "second")
            })
        {
            self.numbers.push(Number {
                value: Readings::whole(1),
                unit: Some((unit, factor)),
                first: at,
                last: at + 1 + len,
                worded: true,
                article: text != "one",
                clock: None,
            });
            return at + 1 + len;
        }
        let Some(mut value) = number::word(text, self.language) else { return at + 1 };
        let mut next = at + 1;
        // "twenty-four", "divdesmit četri"
        let joint = next + usize::from(self.mark(next, '-'));
        if value >= 20
            && value % 10 == 0
            && let Some(ones) = self
                .tokens
                .get(joint)
                .and_then(Token::word)
                .and_then(|w| number::word(w, self.language))
                .filter(|v| (1..10).contains(v))
        {
            value += ones;
            next = joint + 1;
        }
        let (value, next) = self.multiplied(Readings::whole(value), next);
        self.with_unit(value, at, next, |n| Number { worded: true, ..n })
    }

    /// "half a year", "pusgads", "eine halbe Stunde".
    fn half(&mut self, text: &str, at: usize) -> Option<usize> {
        let (unit_at, glued) = match (self.language, text) {
            ("en", "half") => (at + 1 + usize::from(self.word_is(at + 1, &["a", "an"])), None),
            ("de", t) if t.starts_with("halb") && t.len() <= 7 => match t.strip_prefix("halb") {
                Some("jahr") => (at + 1, Some((Unit::Months, 12))),
                _ => (at + 1, None),
            },
            ("lv", t) if t.starts_with("pusgad") => (at + 1, Some((Unit::Months, 12))),
            ("lv", t) if t.starts_with("pusstund") => (at + 1, Some((Unit::Seconds, 3600))),
            _ => return None,
        };
        let (unit, factor, last) = match glued {
            Some((unit, factor)) => (unit, factor, unit_at),
            None => {
                let (unit, factor, len) = unit::at(self.tokens, unit_at)?;
                (unit, factor, unit_at + len)
            }
        };
        let value = Readings::millionths(500_000).times(factor);
        Some(self.add(Literal::Quantity { value, unit }, at, last))
    }

    fn multiplied(&self, value: Readings, next: usize) -> (Readings, usize) {
        let Some(word) = self.tokens.get(next).and_then(Token::word) else { return (value, next) };
        match word {
            "thousand" | "tausend" | "tukst" | "tukstosi" | "tukstosu" | "тыс" | "tys" => {
                (value.times(1000), next + 1)
            }
            "hundred" | "hundert" | "simti" => (value.times(100), next + 1),
            "million" | "millions" | "millionen" | "mio" | "miljoni" | "miljonu" => {
                (value.times(1_000_000), next + 1)
            }
            _ => (value, next),
        }
    }

    /// Numbers without a unit take that of the number they are joined to: "1–3 days", "€20 to 500".
    fn share_units(&mut self) {
        for i in (0..self.numbers.len().saturating_sub(1)).rev() {
            let (now, next) = (&self.numbers[i], &self.numbers[i + 1]);
            if now.unit.is_none() && next.unit.is_some() && self.joined(now.last, next.first) {
                self.numbers[i].unit = next.unit;
            }
        }
        for i in 1..self.numbers.len() {
            let (before, now) = (&self.numbers[i - 1], &self.numbers[i]);
            let money = before.unit.is_some_and(|(u, _)| u.is_like(Unit::Euro));
            if now.unit.is_none() && money && self.joined(before.last, now.first) {
                self.numbers[i].unit = before.unit;
            }
        }
        // "from 26 to 30 November": the day before a full date.
        let days: Vec<(usize, u8)> = self
            .out
            .iter()
            .filter_map(|f| match f.literal {
                Literal::Day { month, .. } => Some((f.first, month)),
                _ => None,
            })
            .collect();
        let mut dated = Vec::new();
        for (i, number) in self.numbers.iter().enumerate() {
            let near = days.iter().find(|(first, _)| {
                *first >= number.last
                    && *first - number.last <= 2
                    && self.joined(number.last, *first)
            });
            if let (None, Some((_, month)), Some(day)) = (number.unit, near, number.value.small(31))
                && let Ok(day) = u8::try_from(day)
            {
                dated.push((i, *month, day));
            }
        }
        for (i, month, day) in dated.into_iter().rev() {
            let number = self.numbers.remove(i);
            self.add(Literal::Day { month, day, swapped: false }, number.first, number.last);
        }
    }

    /// Whether only a connector is between two numbers.
    fn joined(&self, from: usize, to: usize) -> bool {
        const WORDS: &[&str] = &[
            "to", "and", "or", "lidz", "un", "vai", "bis", "und", "oder", "a", "et", "ou", "y",
            "o", "e", "i", "lub", "до", "и", "или", "do", "iki", "ir", "arba", "kuni", "ja", "voi",
            "till", "och", "eller", "tot", "en", "of", "by", "x", "through", "day", "der", "dem",
            "zum",
        ];
        if from > to || to - from > 3 {
            return false;
        }
        let between = &self.tokens[from..to];
        !between.is_empty()
            && between.iter().all(|t| match &t.lex {
                Lex::Mark(m) => matches!(m, '-' | '×' | '/' | ',' | '+' | '.'),
                Lex::Word { text, .. } => WORDS.contains(&text.as_str()),
                _ => false,
            })
    }

    fn finish(mut self) -> Vec<Found> {
        for number in std::mem::take(&mut self.numbers) {
            let (unit, factor) = number.unit.unwrap_or((Unit::Bare, 1));
            let value = number.value.times(factor);
            // "one of the stores", "ein Paket": no number that needs a proof.
            let one = number.worded && number.value.small(1).is_some();
            let counted = number.unit.is_some();
            let spare = (one && !counted) || (number.article && !self.limited(number.first));
            self.found(Literal::Quantity { value, unit }, number.first, number.last, spare);
            if number.unit.is_some() {
                let bare = Literal::Quantity { value: number.value, unit: Unit::Bare };
                self.found(bare, number.first, number.last, true);
            } else if let Some((unit, factor, _)) = self.unit_before(number.first) {
                // "day 15"
                let value = number.value.times(factor);
                self.found(Literal::Quantity { value, unit }, number.first, number.last, true);
            }
            if let Some(minutes) = number.clock {
                self.found(Literal::Clock(minutes), number.first, number.last, true);
            }
        }
        let (tokens, language) = (self.tokens, self.language);
        for found in &mut self.out {
            found.relation = relation::of(tokens, found.first, found.last, language);
        }
        self.out.sort_by_key(|f| (f.first, f.spare));
        self.out
    }

    /// Whether an article before a unit counts: "within a week", not "a day".
    fn limited(&self, first: usize) -> bool {
        relation::of(self.tokens, first, first, self.language) != Relation::None
            || self.word_is(first.wrapping_sub(1), &["up", "to", "about", "zu", "lidz"])
    }

    fn unit_before(&self, first: usize) -> Option<(Unit, i128, usize)> {
        let word = self.tokens.get(first.checked_sub(1)?)?.word()?;
        let (unit, factor) = unit::one_word(word)?;
        (unit.is_like(Unit::Seconds)).then_some((unit, factor, 1))
    }

    fn add(&mut self, literal: Literal, first: usize, last: usize) -> usize {
        self.found(literal, first, last, false);
        last
    }

    fn found(&mut self, literal: Literal, first: usize, last: usize, spare: bool) {
        self.out.push(Found { literal, relation: Relation::None, first, last, spare });
    }

    /// The month at `at`, after a point or an ordinal ending.
    fn month_after(&self, at: usize) -> Option<(u8, usize)> {
        let mut at = at;
        if self.mark(at, '.') || self.ordinal_suffix(at) {
            at += 1;
        }
        if self.word_is(at, &["of", "de", "di"]) {
            at += 1;
        }
        let (month, _) = calendar::month(self.tokens.get(at)?.word()?, self.language)?;
        Some((month, at + 1))
    }

    fn ordinal_suffix(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|t| {
            !t.spaced
                && t.word().is_some_and(|w| {
                    matches!(w, "st" | "nd" | "rd" | "th" | "er" | "e" | "eme" | "го" | "й" | "и")
                })
        })
    }

    /// "2 pm", "14 Uhr", "plkst. 14".
    fn hour(&self, value: Readings, clock: Option<u16>, at: usize) -> Option<(u16, usize)> {
        let minutes = match clock {
            Some(minutes) => minutes,
            None => u16::try_from(value.small(24)?).ok()? * 60,
        };
        let mut last = at + 1;
        let (half, after) = self.half_day(minutes, last);
        if after > last {
            return Some((half, after));
        }
        if self.word_is(last, &["uhr", "o'clock", "oclock"]) {
            return Some((minutes, last + 1));
        }
        let mut before = at.checked_sub(1)?;
        if self.mark(before, '.') {
            before = before.checked_sub(1)?;
        }
        let named = self.word_is(before, &["plkst", "kl", "klo", "godz", "kell", "pulksten"]);
        if self.word_is(last, &["h"]) && clock.is_some() {
            last += 1;
        }
        named.then_some((minutes, last))
    }

    /// Applies "am" and "pm" that follow at `at`.
    fn half_day(&self, minutes: u16, at: usize) -> (u16, usize) {
        let (name, last) = match self.tokens.get(at).and_then(Token::word) {
            Some(w @ ("am" | "pm")) if self.language == "en" => (w, at + 1),
            Some(w @ ("a" | "p")) if self.mark(at + 1, '.') && self.word_is(at + 2, &["m"]) => {
                (w, at + 3)
            }
            _ => return (minutes, at),
        };
        let hour = minutes % (12 * 60);
        (if name.starts_with('p') { hour + 12 * 60 } else { hour }, last)
    }

    fn is_article(&self, text: &str) -> bool {
        match self.language {
            "en" => matches!(text, "a" | "an" | "one"),
            "de" => matches!(text, "ein" | "eine" | "einer" | "einem" | "einen" | "eines"),
            "lv" => text.starts_with("vien") && text.len() <= 7,
            "fr" => matches!(text, "un" | "une"),
            "es" | "it" => matches!(text, "un" | "una" | "uno"),
            "nl" => matches!(text, "een" | "één"),
            "ru" => text.starts_with("одн") || text.starts_with("один"),
            "pl" => text.starts_with("jed"),
            "lt" => text.starts_with("vien"),
            "sv" => matches!(text, "en" | "ett"),
            "fi" => text.starts_with("yhde"),
            "et" => matches!(text, "uhe" | "uks"),
            _ => false,
        }
    }

    fn mark(&self, at: usize, mark: char) -> bool {
        self.tokens.get(at).is_some_and(|t| t.is_mark(mark))
    }

    fn word_is(&self, at: usize, words: &[&str]) -> bool {
        self.tokens.get(at).and_then(Token::word).is_some_and(|w| words.contains(&w))
    }

    /// The currency that token `at` is, right before an amount.
    fn currency_at(&self, at: usize) -> Option<(Unit, i128)> {
        let (unit, factor, _) = unit::at(self.tokens.get(at..=at)?, 0)?;
        unit.is_like(Unit::Euro).then_some((unit, factor))
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
