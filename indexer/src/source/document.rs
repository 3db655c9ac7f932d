//! From bytes to a `Document`: the order in which the parts of this module work.
//!
//! Called by `publish`, tests and evaluation. [`parse_document`] is pure; only [`read_document`]
//! opens a file.

use std::io::Read;

use sha2::{Digest, Sha256};

use super::blocks::Item;
use super::fields::Fields;
use super::locale::{self, PathLocale};
use super::{
    PassageWords, SourceFile, SourceRules, chunk, decode, extensions, fields, front_matter,
    markdown, naming, outline, templates,
};
use crate::model::{Audience, DocPath, Document, DocumentMeta, Locale};

/// Visible characters that language detection listens to.
const SAMPLE_CHARS: usize = 2000;

/// Why a file did not become a document. The text is a whole sentence for the content team.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SkipReason {
    #[error(
        "the file has {bytes} bytes and the limit is {limit}; split it, or raise source.max_file_bytes"
    )]
    TooLarge { bytes: u64, limit: u64 },
    #[error("the file holds {kind}, not text; remove it or give it its true file extension")]
    Binary { kind: &'static str },
    #[error("the file cannot be read ({problem}); check that it still exists and its permissions")]
    Unreadable { problem: String },
}

/// Reads and parses one file.
///
/// # Errors
/// The reason why the file cannot be a document; others are not affected.
pub fn read_document(file: &SourceFile, rules: &SourceRules) -> Result<Document, SkipReason> {
    parse_document(&file.path, &read_bytes(file, rules)?, rules)
}

/// Reads one file whole, never more than the limit.
///
/// # Errors
/// The file is too large or cannot be read.
pub fn read_bytes(file: &SourceFile, rules: &SourceRules) -> Result<Vec<u8>, SkipReason> {
    let limit = rules.max_file_bytes;
    if file.bytes > limit {
        return Err(SkipReason::TooLarge { bytes: file.bytes, limit });
    }
    let unreadable = |e: std::io::Error| SkipReason::Unreadable { problem: e.kind().to_string() };
    let handle = fs_err::File::open(&file.absolute).map_err(unreadable)?;
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that has grown since the walk.
    handle.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Parses the bytes of one file.
///
/// # Errors
/// The content is too large or is not text.
pub fn parse_document(
    path: &DocPath,
    bytes: &[u8],
    rules: &SourceRules,
) -> Result<Document, SkipReason> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > rules.max_file_bytes {
        return Err(SkipReason::TooLarge { bytes: size, limit: rules.max_file_bytes });
    }
    let path_locale = locale::of_path(path);
    let hint = match &path_locale {
        PathLocale::Certain(l) | PathLocale::Possible(l) => Some(l),
        PathLocale::Silent => rules.default_locale.as_ref(),
    };
    let decoded = decode::decode(bytes, hint.map(Locale::language))
        .map_err(|decode::Binary(kind)| SkipReason::Binary { kind })?;
    let (header, rest) = front_matter::split(&decoded.text);
    let (fields, header_warnings) = fields::read(header);
    let mut warnings = decoded.warnings;
    warnings.extend(header_warnings);

    let body = plain_markdown(rest);
    if let Some(line) = unclosed_comment(&body) {
        warnings.push(format!(
            "an HTML comment is never closed (\"{line}\"); the text after it is not indexed, end it with -->"
        ));
    }
    let items = markdown::read(&body);
    let meta = describe(path, fields, &items, (path_locale, rules), &mut warnings);
    let document = assemble(path, meta, body, (items, rules.passage_words));
    if document.passages.is_empty() {
        warnings.push(
            "the document has no text under its headings; nothing of it can be found".to_owned(),
        );
    }
    Ok(Document { content_hash: sha256(bytes), warnings, ..document })
}

/// Makes a document of a Markdown text whose metadata is known already, as in a corpus of titles and
/// texts. Cut like a file.
pub fn document_from_text(path: DocPath, meta: DocumentMeta, markdown_body: &str) -> Document {
    let body = plain_markdown(&decode::clean(markdown_body));
    let items = markdown::read(&body);
    let document = assemble(&path, meta, body, (items, PassageWords::default()));
    Document { content_hash: sha256(markdown_body.as_bytes()), ..document }
}

pub(super) fn plain_markdown(text: &str) -> String {
    templates::strip(&extensions::rewrite(text))
}

fn assemble(
    path: &DocPath,
    meta: DocumentMeta,
    body: String,
    (items, words): (Vec<Item>, PassageWords),
) -> Document {
    let sections = outline::sections(items, &meta.title);
    let passages = chunk::passages(sections, &meta.locale, words);
    Document {
        path: path.clone(),
        meta,
        content_hash: String::new(),
        body,
        passages,
        warnings: Vec::new(),
    }
}

fn describe(
    path: &DocPath,
    fields: Fields,
    items: &[Item],
    (path_locale, rules): (PathLocale, &SourceRules),
    warnings: &mut Vec<String>,
) -> DocumentMeta {
    let first_heading = || outline::first_title(items).map(str::to_owned);
    let title = fields.title.or_else(first_heading).unwrap_or_else(|| naming::title_of(path));
    let rule = rules.audience_of(path, &title);
    let audience = match (fields.audience, rule) {
        (Some(own), Some(least)) if own < least => {
            warnings.push(format!(
                "front matter audience: {} is below what the rules demand of this document; it is \
                 treated as {}",
                own.as_str(),
                least.as_str()
            ));
            least
        }
        (own, rule) => own.max(rule).unwrap_or(Audience::Public),
    };
    let locale = fields.locale.unwrap_or_else(|| {
        locale::decide(path_locale, &sample(items), rules.default_locale.as_ref())
    });
    DocumentMeta {
        slug: fields.slug.map_or_else(|| naming::slug_of(path), |s| naming::slugify(&s)),
        title,
        description: fields.description,
        locale,
        tags: fields.tags,
        product: fields.product,
        audience,
        draft: fields.draft,
        last_updated: fields.last_updated,
        valid_from: fields.valid_from,
        valid_until: fields.valid_until,
        canonical_url: fields.canonical_url,
    }
}

/// Beginning of the visible text without code.
fn sample(items: &[Item]) -> String {
    let mut sample = String::new();
    for item in items {
        let text = match item {
            Item::Heading { text, .. } => text,
            Item::Block(block) if block.kind != super::blocks::BlockKind::Code => &block.text,
            Item::Block(_) => continue,
        };
        sample.extend(text.chars().take(SAMPLE_CHARS));
        sample.push('\n');
        if sample.len() > SAMPLE_CHARS {
            break;
        }
    }
    sample
}

/// First characters of a line that opens a comment without an end. Closed comments are gone already.
fn unclosed_comment(body: &str) -> Option<String> {
    let at =
        body.find("\n<!--").map(|i| i + 1).or_else(|| body.starts_with("<!--").then_some(0))?;
    let rest = body.get(at..).filter(|r| !r.contains("-->"))?;
    Some(rest.lines().next().unwrap_or_default().chars().take(40).collect())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
