//! The redactor: raw words in, [`RedactedText`] out. The only place that makes one. Called by the HTTP
//! layer before anything else sees a message, and by `atbilde redact`.
//!
//! A text is made plain ([`normalize`](super::normalize)), read once for words and cues, searched by
//! every detector, and what overlaps is merged. Where something was found the rest is searched again
//! with placeholders in place, so that redacting redacted words changes nothing.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use regex::Regex;

use super::PersonalDataKind;
use super::cues::CueFinder;
use super::detectors::{Regions, Schemes, find_all};
use super::merge::{merge, overlaps_any};
use super::normalize::View;
use super::numbering::Numbering;
use super::scan::Scan;
use super::settings::{RedactionError, RedactionSettings};
use super::text::{Reader, RedactedText};

/// Searches after the first; each can only find what the placeholders before it laid open.
const REPEATS: usize = 3;

/// Personal data at a place of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Bytes of the original text, on character boundaries.
    pub range: Range<usize>,
    pub kind: PersonalDataKind,
    /// The sort in detail: `LV_PERSONAS_KODS`; for an own pattern its label.
    pub entity: Cow<'static, str>,
}

impl Finding {
    pub(super) fn new(range: Range<usize>, kind: PersonalDataKind, entity: &'static str) -> Self {
        Self { range, kind, entity: Cow::Borrowed(entity) }
    }

    /// The word in its placeholder.
    pub fn label(&self) -> &str {
        if self.kind == PersonalDataKind::Custom { &self.entity } else { self.kind.label() }
    }
}

/// A value that was replaced, for the vault alone: it holds the original.
#[derive(Clone, PartialEq, Eq)]
pub struct Original {
    /// `[EMAIL_1]`.
    pub placeholder: String,
    pub kind: PersonalDataKind,
    /// The value as the customer wrote it.
    pub value: String,
}

impl std::fmt::Debug for Original {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} for {} characters", self.placeholder, self.value.chars().count())
    }
}

/// A redacted text with what it lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    pub text: RedactedText,
    /// In the order of the text; a value that occurs twice is here twice.
    pub originals: Vec<Original>,
}

/// Finds personal data and puts placeholders in its place. Cheap to share, slow to build: make one.
pub struct Redactor {
    cues: CueFinder,
    schemes: Schemes,
    home: Regions,
    custom: Vec<(String, Regex)>,
    allow: Vec<Regex>,
    settings: RedactionSettings,
}

impl Redactor {
    /// # Errors
    /// [`RedactionError`] naming the pattern, label or country that cannot be used.
    pub fn new(settings: &RedactionSettings) -> Result<Self, RedactionError> {
        let compile = |key: &'static str, pattern: &str| {
            Regex::new(pattern).map_err(|source| RedactionError::Pattern {
                key,
                pattern: pattern.to_owned(),
                source: Box::new(source),
            })
        };
        let custom = settings.patterns.iter().map(|own| {
            let label = &own.label;
            let good = (2..=32).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
            if !good {
                return Err(RedactionError::Label(label.clone()));
            }
            Ok((label.clone(), compile("patterns", &own.pattern)?))
        });
        Ok(Self {
            cues: CueFinder::new()?,
            schemes: Schemes::new(),
            home: Regions::new(&settings.countries)?,
            custom: custom.collect::<Result<_, _>>()?,
            allow: settings.allow.iter().map(|a| compile("allow", a)).collect::<Result<_, _>>()?,
            settings: settings.clone(),
        })
    }

    /// The text with placeholders. `locale` is the customer's language, such as `lv` or `de-AT`: it
    /// tells which local phone numbers to expect. Equal values get equal numbers within `numbering`.
    pub fn redact(
        &self,
        text: impl AsRef<str>,
        locale: Option<&str>,
        numbering: &mut Numbering,
    ) -> RedactedText {
        self.redact_keeping(text, locale, numbering).text
    }

    /// As [`redact`](Self::redact), with the originals for the vault.
    pub fn redact_keeping(
        &self,
        text: impl AsRef<str>,
        locale: Option<&str>,
        numbering: &mut Numbering,
    ) -> Redaction {
        self.redact_for((text.as_ref(), Reader::Customer), locale, numbering)
    }

    /// As [`redact_keeping`](Self::redact_keeping); what colleagues write to each other gets
    /// placeholders apart.
    pub(crate) fn redact_for(
        &self,
        (text, reader): (&str, Reader),
        locale: Option<&str>,
        numbering: &mut Numbering,
    ) -> Redaction {
        let findings = self.find(text, locale);
        let mut redacted = String::with_capacity(text.len());
        let mut originals = Vec::with_capacity(findings.len());
        let mut at = 0;
        for finding in &findings {
            let value = &text[finding.range.clone()];
            let plain = normalised(finding.kind, value);
            let label = match reader {
                Reader::Customer => finding.label().to_owned(),
                Reader::Colleagues => numbering.label_in_note(finding.label(), &plain),
            };
            let number = numbering.number(&label, &plain);
            let placeholder = format!("[{label}_{number}]");
            redacted.push_str(&text[at..finding.range.start]);
            redacted.push_str(&placeholder);
            at = finding.range.end;
            originals.push(Original { placeholder, kind: finding.kind, value: value.to_owned() });
        }
        redacted.push_str(&text[at..]);
        Redaction { text: RedactedText::made(redacted), originals }
    }

    /// Where personal data is, sorted and disjoint.
    pub fn find(&self, text: &str, locale: Option<&str>) -> Vec<Finding> {
        let regions = self.home.with_locale(locale);
        let mut all = self.find_once(text, &regions);
        for _ in 0..REPEATS {
            if all.is_empty() {
                break;
            }
            let masked = Masked::new(text, &all);
            let more = self.find_once(&masked.text, &regions);
            if more.is_empty() {
                break;
            }
            all.extend(more.into_iter().map(|mut finding| {
                finding.range = masked.original(finding.range);
                finding
            }));
            all = merge(all);
        }
        all
    }

    fn find_once(&self, text: &str, regions: &Regions) -> Vec<Finding> {
        let view = View::new(text);
        let scan = Scan::new(&view, &self.cues);
        let mut found = find_all(&scan, &self.schemes, regions, &self.settings);
        self.drop_allowed(&scan, &mut found);
        for (label, pattern) in &self.custom {
            found.extend(pattern.find_iter(scan.text).map(|hit| Finding {
                range: hit.range(),
                kind: PersonalDataKind::Custom,
                entity: Cow::Owned(label.clone()),
            }));
        }
        for finding in &mut found {
            if matches!(finding.kind, PersonalDataKind::Link | PersonalDataKind::Secret) {
                finding.range.end = scan.end_before_placeholder(&finding.range);
            }
        }
        found.retain(|f| !scan.is_protected(&f.range));
        let mut merged = merge(found);
        for finding in &mut merged {
            finding.range = view.original(finding.range.clone());
        }
        // Two ranges of the view can share an original character.
        let mut all = merge(merged);
        let again = said_again(text, &all);
        if again.is_empty() {
            return all;
        }
        all.extend(again);
        merge(all)
    }

    /// Takes out what the operator wants to read, unless a check digit or its form proves it personal.
    fn drop_allowed(&self, scan: &Scan<'_>, found: &mut Vec<Finding>) {
        use PersonalDataKind::{Card, Email, Iban, Secret, Wallet};
        if self.allow.is_empty() || found.is_empty() {
            return;
        }
        let mut open: Vec<Range<usize>> =
            self.allow.iter().flat_map(|a| a.find_iter(scan.text)).map(|hit| hit.range()).collect();
        open.sort_by_key(|range| (range.start, range.end));
        open.dedup_by(|next, last| {
            let touching = next.start <= last.end;
            if touching {
                last.end = last.end.max(next.end);
            }
            touching
        });
        found.retain(|f| {
            matches!(f.kind, Card | Email | Iban | Secret | Wallet)
                || !overlaps_any(&open, &f.range)
        });
    }
}

/// Values of a text that are looked for again in it.
const SAID_AGAIN: usize = 16;

/// The places where a value stands a second time, without the cue that it was found by: "my name is Anna
/// Ozola ... regards, Anna Ozola". Single names and short values may be ordinary words and are left.
fn said_again(text: &str, found: &[Finding]) -> Vec<Finding> {
    let telling = |f: &&Finding| {
        let value = &text[f.range.clone()];
        let (words, digits) = (value.split_whitespace().count(), value.contains(char::is_numeric));
        value.len() >= 6 && if f.kind == PersonalDataKind::Person { words > 1 } else { digits }
    };
    let taken: Vec<Range<usize>> = found.iter().map(|f| f.range.clone()).collect();
    let mut values = HashSet::new();
    let mut again = Vec::new();
    for finding in found.iter().filter(telling) {
        let value = &text[finding.range.clone()];
        if values.len() == SAID_AGAIN {
            break;
        }
        if !values.insert(value) {
            continue;
        }
        for (at, _) in text.match_indices(value) {
            let end = at + value.len();
            let whole = !text[..at]
                .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '[' | '_'))
                && !text[end..]
                    .starts_with(|c: char| c.is_alphanumeric() || matches!(c, ']' | '_'));
            if whole && !overlaps_any(&taken, &(at..end)) {
                again.push(Finding { range: at..end, ..finding.clone() });
            }
        }
    }
    again
}

/// A text in which findings are replaced by something that looks like a placeholder.
struct Masked {
    text: String,
    /// Where a piece of the original begins in the masked text and in the original.
    pieces: Vec<(usize, usize)>,
}

impl Masked {
    fn new(text: &str, findings: &[Finding]) -> Self {
        let mut masked = Self { text: String::with_capacity(text.len()), pieces: vec![(0, 0)] };
        let mut at = 0;
        for finding in findings {
            masked.text.push_str(&text[at..finding.range.start]);
            masked.text.push('[');
            masked.text.push_str(finding.label());
            masked.text.push_str("_1]");
            at = finding.range.end;
            masked.pieces.push((masked.text.len(), at));
        }
        masked.text.push_str(&text[at..]);
        masked
    }

    /// Bytes of the original behind a range that touches no placeholder or spans whole ones.
    fn original(&self, range: Range<usize>) -> Range<usize> {
        let place = |at: usize| {
            let piece = self.pieces.partition_point(|(masked, _)| *masked <= at).saturating_sub(1);
            let (masked, original) = self.pieces.get(piece).copied().unwrap_or_default();
            original + (at - masked)
        };
        place(range.start)..place(range.end)
    }
}

/// What makes two spellings the same value: letters and digits alone, folded, for numbers; without
/// blanks and case for the rest.
pub(super) fn normalised(kind: PersonalDataKind, value: &str) -> String {
    use PersonalDataKind::{Address, Email, Link, Person, Secret, Wallet};
    let view = View::new(value);
    let plain = view.text();
    match kind {
        Secret | Wallet => plain.to_owned(),
        Email => {
            plain.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
        }
        Link => plain.to_lowercase(),
        Person | Address => {
            let words: Vec<String> = plain.split_whitespace().map(str::to_lowercase).collect();
            words.join(" ")
        }
        _ => {
            let letters =
                plain.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase);
            let all: String = letters.collect();
            all.strip_prefix("00").map_or(all.clone(), str::to_owned)
        }
    }
}
