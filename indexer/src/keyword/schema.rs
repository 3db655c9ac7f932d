//! The stored format: fields, version, and the rules for opening a folder.
//!
//! Used by `writer` and `reader`. Text fields are fed with terms of our own analyzer, so that one
//! field holds every language. A change of fields or of how terms are made must raise
//! [`VERSION`].

use std::io::Write;
use std::path::Path;

use tantivy::Index;
use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing,
    TextOptions,
};

use super::KeywordError;
use crate::model::Audience;

/// Version of fields and terms.
pub(super) const VERSION: u32 = 2;
/// File that holds the version, beside the engine's files.
const VERSION_FILE: &str = "atbilde-keyword.version";
/// The engine's file that makes a folder an index.
const ENGINE_FILE: &str = "meta.json";

/// Fast fields are read by name.
pub(super) const ID_HIGH: &str = "id_high";
pub(super) const ID_LOW: &str = "id_low";
pub(super) const AUDIENCE: &str = "audience";
pub(super) const LANGUAGE: &str = "language";
pub(super) const DRAFT: &str = "draft";
pub(super) const VALID_FROM: &str = "valid_from";
pub(super) const VALID_UNTIL: &str = "valid_until";
pub(super) const TAGS: &str = "tags";

/// Handles of all fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// 16 bytes, for deletion.
    pub(super) id: Field,
    /// The id's halves, for reading hits back.
    pub(super) id_high: Field,
    pub(super) id_low: Field,
    /// Stems.
    pub(super) title: Field,
    pub(super) headings: Field,
    pub(super) body: Field,
    /// Title, headings and body without stemming and diacritics.
    pub(super) folded: Field,
    /// Concepts of title, headings and body, by their gloss.
    pub(super) concepts: Field,
    /// Codes and long numbers, exact.
    pub(super) code: Field,
    /// Rank of the audience, 0 public.
    pub(super) audience: Field,
    /// Language without region.
    pub(super) language: Field,
    /// 1 for drafts.
    pub(super) draft: Field,
    /// Days since 1970-01-01.
    pub(super) valid_from: Field,
    pub(super) valid_until: Field,
    pub(super) tags: Field,
}

/// Rank under which an audience is stored; a reader sees its own rank and all below.
pub(super) fn rank(audience: Audience) -> u64 {
    match audience {
        Audience::Public => 0,
        Audience::Customer => 1,
        Audience::Internal => 2,
    }
}

/// Opens the folder's index, or creates one in an absent or empty folder.
pub(super) fn open_or_create(dir: &Path) -> Result<(Index, Fields), KeywordError> {
    let unusable = |reason: &dyn std::fmt::Display| KeywordError::unusable(dir, reason);
    let (schema, fields) = schema();
    if let Some(found) = version(dir)? {
        if found != VERSION.to_string() {
            return Err(KeywordError::Version { folder: dir.to_owned(), found, expected: VERSION });
        }
    } else {
        create_marked_folder(dir)?;
    }
    // The version is written first: a crash in between leaves a folder that is only marked.
    if !dir.join(ENGINE_FILE).exists() {
        let others = entries(dir)?.into_iter().any(|name| name != VERSION_FILE);
        if others {
            return Err(unusable(&"its meta.json is missing"));
        }
        let index = Index::create_in_dir(dir, schema).map_err(|e| unusable(&e))?;
        return Ok((index, fields));
    }
    let index = Index::open_in_dir(dir).map_err(|e| unusable(&e))?;
    if index.schema() != schema {
        return Err(unusable(&"its fields are not the ones of its version"));
    }
    Ok((index, fields))
}

/// What the version file says; `None` where there is none.
fn version(dir: &Path) -> Result<Option<String>, KeywordError> {
    match fs_err::read_to_string(dir.join(VERSION_FILE)) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(KeywordError::unusable(dir, e)),
    }
}

fn create_marked_folder(dir: &Path) -> Result<(), KeywordError> {
    let write = || -> std::io::Result<()> {
        fs_err::create_dir_all(dir)?;
        let draft = dir.join(format!("{VERSION_FILE}.new"));
        let mut file = fs_err::File::create(&draft)?;
        writeln!(file, "{VERSION}")?;
        file.sync_all()?;
        fs_err::rename(draft, dir.join(VERSION_FILE))
    };
    let strangers =
        dir.exists() && entries(dir)?.iter().any(|name| !name.starts_with(VERSION_FILE));
    if strangers {
        return Err(KeywordError::Version {
            folder: dir.to_owned(),
            found: "none".to_owned(),
            expected: VERSION,
        });
    }
    write().map_err(|e| KeywordError::unusable(dir, e))
}

fn entries(dir: &Path) -> Result<Vec<String>, KeywordError> {
    let unusable = |e| KeywordError::unusable(dir, e);
    fs_err::read_dir(dir)
        .map_err(unusable)?
        .map(|entry| Ok(entry.map_err(unusable)?.file_name().to_string_lossy().into_owned()))
        .collect()
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let terms = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::WithFreqs),
    );
    // Matched or not: no frequencies, no lengths.
    let exact = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::Basic),
    );
    let fast = NumericOptions::default().set_fast();
    let label = TextOptions::from(FAST);
    let fields = Fields {
        id: builder.add_bytes_field("id", BytesOptions::default().set_indexed()),
        id_high: builder.add_u64_field(ID_HIGH, fast.clone()),
        id_low: builder.add_u64_field(ID_LOW, fast.clone()),
        title: builder.add_text_field("title", terms.clone()),
        headings: builder.add_text_field("headings", terms.clone()),
        body: builder.add_text_field("body", terms.clone()),
        folded: builder.add_text_field("folded", terms.clone()),
        concepts: builder.add_text_field("concepts", terms),
        code: builder.add_text_field("code", exact),
        audience: builder.add_u64_field(AUDIENCE, fast.clone()),
        language: builder.add_text_field(LANGUAGE, label.clone()),
        draft: builder.add_u64_field(DRAFT, fast.clone()),
        valid_from: builder.add_i64_field(VALID_FROM, fast.clone()),
        valid_until: builder.add_i64_field(VALID_UNTIL, fast),
        tags: builder.add_text_field(TAGS, label),
    };
    (builder.build(), fields)
}
