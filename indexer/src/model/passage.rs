//! A passage: the piece of a document that is found, quoted and cited.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{DocPath, DocumentMeta};

/// Name space of passage ids (a random v4, fixed for ever).
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_25b6_0c0e_4c0f_9a52_41b4_5f0f_9d1e);

/// UUIDv5 over (document path, anchor, ordinal, content hash). The content hash covers everything
/// that is stored of a passage: text, units, title, headings and filter fields. So an id never
/// changes its meaning, and no entry of catalog or index ever has to be updated in place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PassageId(pub Uuid);

impl fmt::Display for PassageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PassageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// SHA-256 of language and text of what is embedded: the key of a vector in the catalog, so that
/// equal texts share a vector and a renamed file keeps its vectors.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmbedHash(pub [u8; 32]);

impl fmt::Debug for EmbedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// What one unit of a passage is, and so what may be quoted as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// A sentence of running text.
    Sentence,
    /// A bullet of an unordered list (its text starts with `- `, indented by two spaces a level).
    Bullet,
    /// A step of an ordered list (its text starts with `1. `).
    Step,
    /// A row of a table (`| a | b |`); `header` is the range of the header row in the same passage.
    Row,
    /// The header row of a table.
    Header,
    /// A block of code, verbatim.
    Code,
}

/// A piece of `Passage::text` that is quoted whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    pub kind: UnitKind,
    /// Byte range in `Passage::text`.
    pub range: Range<u32>,
    /// For `Row`: the header row's range in the same text.
    pub header: Option<Range<u32>>,
    /// Counts blocks (paragraphs, lists, tables, code) within the passage from 0: units of one
    /// block belong together.
    pub block: u16,
}

impl Unit {
    /// The unit's text within its passage.
    pub fn text<'a>(&self, passage: &'a str) -> &'a str {
        passage.get(self.range.start as usize..self.range.end as usize).unwrap_or_default()
    }
}

/// A piece of a document of about 150 to 250 words that never crosses a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// Position within the document, from 0.
    pub ordinal: u32,
    /// GitHub-style anchor of the nearest heading above; empty for text before the first heading.
    pub anchor: String,
    /// Headings from H1/H2 down to the nearest one; the document's title is not repeated here.
    pub heading_path: Vec<String>,
    /// Visible text: paragraphs, `- ` bullets, `1. ` steps, `| a | b |` table rows, code verbatim;
    /// blocks are separated by a blank line.
    pub text: String,
    pub units: Vec<Unit>,
}

impl Passage {
    /// The text that is embedded: title, heading path, body.
    pub fn embed_text(&self, title: &str) -> String {
        let mut out = String::with_capacity(title.len() + self.text.len() + 64);
        out.push_str(title);
        for heading in &self.heading_path {
            if heading != title {
                out.push_str(" > ");
                out.push_str(heading);
            }
        }
        out.push('\n');
        out.push_str(&self.text);
        out
    }

    /// Key of this passage's vector.
    pub fn embed_hash(&self, meta: &DocumentMeta) -> EmbedHash {
        let mut hash = Sha256::new();
        hash.update(meta.locale.language());
        hash.update([0]);
        hash.update(self.embed_text(&meta.title));
        EmbedHash(hash.finalize().into())
    }

    /// Stable id, see [`PassageId`]. `filter` fields of the document take part, so that a changed
    /// audience or date makes new index entries instead of a window in which old ones still match.
    pub fn id(&self, path: &DocPath, meta: &DocumentMeta) -> PassageId {
        let mut hash = Sha256::new();
        let mut field = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        field(path.as_str().as_bytes());
        field(self.anchor.as_bytes());
        field(&self.ordinal.to_le_bytes());
        field(self.embed_text(&meta.title).as_bytes());
        for unit in &self.units {
            field(&[unit.kind as u8]);
            field(&unit.range.start.to_le_bytes());
            field(&unit.range.end.to_le_bytes());
        }
        field(meta.locale.as_str().as_bytes());
        field(meta.audience.as_str().as_bytes());
        field(&[u8::from(meta.draft)]);
        field(meta.product.as_deref().unwrap_or_default().as_bytes());
        for tag in &meta.tags {
            field(tag.as_bytes());
        }
        for date in [meta.valid_from, meta.valid_until].into_iter().flatten() {
            field(date.to_string().as_bytes());
        }
        field(&[u8::from(meta.valid_from.is_some()), u8::from(meta.valid_until.is_some())]);
        PassageId(Uuid::new_v5(&NAMESPACE, &hash.finalize()))
    }
}
