//! One file, read and taken apart for the rules.
//!
//! Made by `corpus`, many at a time. `Document` is what the product makes of the file; everything else
//! here is what only the rules need: places, links, waivers, fingerprints.

use std::collections::HashSet;

use encoding_rs::{Encoding, WINDOWS_1252};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::claims::{self, Claim};
use super::facts::{self, Frame};
use super::finding::Position;
use super::header::Header;
use super::lines::Lines;
use super::markup::{self, Markup};
use super::shingles;
use super::text::{count_words, hash};
use super::waiver::Waivers;
use crate::language::{Analyzer, Term};
use crate::model::Document;

/// Characters of a title in a report.
const MAX_SHOWN: usize = 60;

#[derive(Debug)]
pub(super) struct Article {
    pub(super) document: Document,
    /// The file's text with `\n` line ends: what places refer to.
    pub(super) raw: String,
    pub(super) header: Header,
    pub(super) markup: Markup,
    pub(super) waivers: Waivers,
    pub(super) words: usize,
    /// Path with the language left out, when the path names the language.
    pub(super) place: Option<String>,
    /// Hashes of its word sequences, sorted.
    pub(super) shingles: Vec<u64>,
    pub(super) frames: Vec<Frame>,
    pub(super) claims: Vec<Claim>,
    /// Hashes of all stems of title, headings and text, and those of the title alone.
    pub(super) vocabulary: HashSet<u64>,
    pub(super) title_stems: Vec<u64>,
    lines: Lines,
    /// Start of each line of `raw`. Bytes.
    raw_starts: Vec<usize>,
}

impl Article {
    pub(super) fn new(bytes: &[u8], document: Document) -> Self {
        let raw = raw_text(bytes);
        let lines = Lines::new(&raw, &document.body);
        let markup = markup::read(&document.body);
        let analyzer = Analyzer::new(&document.meta.locale);
        let (mut vocabulary, mut words, mut shingler) =
            (HashSet::new(), 0, shingles::Shingler::default());
        let cells =
            markup.tables.iter().flat_map(|t| t.header.iter().chain(t.rows.iter().flatten()));
        for run in markup.blocks.iter().map(|b| &b.run).chain(cells) {
            words += count_words(run.text());
            let terms = analyzer.terms(run.text());
            shingler.feed(&terms);
            vocabulary.extend(stems(&terms));
        }
        let title_stems: Vec<u64> = stems(&analyzer.terms(&document.meta.title)).collect();
        vocabulary.extend(&title_stems);
        for heading in &markup.headings {
            vocabulary.extend(stems(&analyzer.terms(&heading.text)));
        }
        let frames = facts::frames(&markup, &document.meta, &analyzer);
        let claims = claims::claims(&markup, &document.meta, &analyzer);
        Self {
            header: Header::read(&raw),
            waivers: Waivers::read(&raw),
            place: place(document.path.as_str(), document.meta.locale.language()),
            shingles: shingler.finish(),
            raw_starts: std::iter::once(0)
                .chain(raw.match_indices('\n').map(|(at, _)| at + 1))
                .collect(),
            raw,
            lines,
            markup,
            words,
            frames,
            claims,
            vocabulary,
            title_stems,
            document,
        }
    }

    pub(super) fn path(&self) -> &str {
        self.document.path.as_str()
    }

    pub(super) fn language(&self) -> &str {
        self.document.meta.locale.language()
    }

    /// Place in the file of a byte of the Markdown.
    pub(super) fn position(&self, offset: usize) -> Position {
        self.lines.position(&self.document.body, offset)
    }

    /// A line of the file, from 1.
    pub(super) fn raw_line(&self, number: usize) -> &str {
        let start = number.checked_sub(1).and_then(|i| self.raw_starts.get(i)).copied();
        let rest = start.and_then(|start| self.raw.get(start..)).unwrap_or_default();
        rest.split('\n').next().unwrap_or_default()
    }

    /// Place of a front-matter key, else of the front matter.
    pub(super) fn key(&self, keys: &[&str]) -> Position {
        Position { line: self.header.line(keys), column: 1 }
    }

    /// The title, not longer than a line of a report bears.
    pub(super) fn title(&self) -> String {
        super::text::short(&self.document.meta.title, MAX_SHOWN)
    }
}

/// Hashes of the words that say something.
pub(super) fn stems(terms: &[Term]) -> impl Iterator<Item = u64> {
    terms.iter().filter(|t| !t.stop).map(|t| hash([t.text.as_str()]))
}

/// `path` without its language folder or suffix; `None` when it has neither. The article page finds
/// translations in the same way.
fn place(path: &str, language: &str) -> Option<String> {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
    let bare = stem.strip_suffix(language).and_then(|s| s.strip_suffix('.'));
    let kept: Vec<&str> =
        folders.split('/').filter(|f| !f.is_empty() && !f.eq_ignore_ascii_case(language)).collect();
    let named = bare.is_some() || folders.split('/').any(|f| f.eq_ignore_ascii_case(language));
    named.then(|| format!("{}/{}.{extension}", kept.join("/"), bare.unwrap_or(stem)))
}

/// The file as its lines are numbered in an editor. Bytes that are no UTF-8 are read as one letter
/// each: places stay right, and the words come from `Document`.
fn raw_text(bytes: &[u8]) -> String {
    let text = match (Encoding::for_bom(bytes), std::str::from_utf8(bytes)) {
        (Some((encoding, skip)), _) => {
            encoding.decode_without_bom_handling(bytes.get(skip..).unwrap_or_default()).0
        }
        (None, Ok(text)) => text.into(),
        (None, Err(_)) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    };
    let text = if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.into_owned()
    };
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        _ => text.nfc().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_leave_the_language_out() {
        assert_eq!(place("help/lv/a.md", "lv").as_deref(), Some("help/a.md"));
        assert_eq!(place("help/a.lv.md", "lv").as_deref(), Some("help/a.md"));
        assert_eq!(place("lv/a.md", "lv").as_deref(), Some("/a.md"));
        assert_eq!(place("help/a.md", "en"), None);
    }

    #[test]
    fn any_bytes_become_lines() {
        assert_eq!(raw_text(b"\xef\xbb\xbfa\r\nb\rc"), "a\nb\nc");
        assert_eq!(raw_text(b"\xff\xfea\0\n\0b\0"), "a\nb");
        assert_eq!(raw_text(b"a\xe4\nb").split('\n').count(), 2);
    }
}
