//! What a searcher may see and wants to see. Both indexes apply it inside their query.

use jiff::civil::Date;

use super::{Audience, DocumentMeta, Locale};

/// Conditions that every candidate must meet. Built by the server from who is asking, never from
/// request fields alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// Sees this level and all below it.
    pub audience: Audience,
    /// Only these languages (compared without region); `None` for all.
    pub languages: Option<Vec<Locale>>,
    /// Whether drafts are candidates (previews of content teams only).
    pub drafts: bool,
    /// Documents must be valid on this day; `None` turns the check off (content teams).
    pub valid_on: Option<Date>,
    /// At least one of these tags; empty for no condition.
    pub tags: Vec<String>,
}

impl Filter {
    /// What an anonymous customer sees on `today`.
    pub fn public(today: Date) -> Self {
        Self {
            audience: Audience::Public,
            languages: None,
            drafts: false,
            valid_on: Some(today),
            tags: Vec::new(),
        }
    }

    /// The reference meaning of the filter; the indexes must agree with it.
    pub fn admits(&self, meta: &DocumentMeta) -> bool {
        meta.audience <= self.audience
            && (self.drafts || !meta.draft)
            && self
                .languages
                .as_ref()
                .is_none_or(|ls| ls.iter().any(|l| l.language() == meta.locale.language()))
            && self.valid_on.is_none_or(|day| Validity::of(meta).contains(day))
            && (self.tags.is_empty() || self.tags.iter().any(|t| meta.tags.contains(t)))
    }
}

/// First and last valid day as numbers that an index can compare: `days` since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub from_day: i64,
    pub until_day: i64,
}

impl Validity {
    /// Stored where a document has no bound.
    pub const FOREVER: Self = Self { from_day: -1_000_000, until_day: 10_000_000 };

    pub fn of(meta: &DocumentMeta) -> Self {
        Self {
            from_day: meta.valid_from.map_or(Self::FOREVER.from_day, day_number),
            until_day: meta.valid_until.map_or(Self::FOREVER.until_day, day_number),
        }
    }

    pub fn contains(self, day: Date) -> bool {
        (self.from_day..=self.until_day).contains(&day_number(day))
    }
}

/// Days since 1970-01-01.
pub(crate) fn day_number(date: Date) -> i64 {
    const EPOCH: Date = jiff::civil::date(1970, 1, 1);
    i64::from((date - EPOCH).get_days())
}
