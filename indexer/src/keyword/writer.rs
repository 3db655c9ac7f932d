//! Writing: passages become terms, ids and filter fields.
//!
//! Called by `KeywordIndex`. The engine's writer, and with it the lock on the folder, is taken by
//! the first change. One indexing thread and one merging thread: a help center's commits are small.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tantivy::directory::error::LockError;
use tantivy::indexer::IndexWriterOptions;
use tantivy::schema::Field;
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, IndexWriter, TantivyDocument, TantivyError, Term};

use super::schema::{Fields, rank};
use super::{KeywordError, KeywordSettings};
use crate::language::{self, Analysed, Analyzer, TermKind};
use crate::model::{DocumentMeta, Generation, Passage, PassageId, Validity};
use crate::patience::patiently;

/// A number of fewer digits is too common to be looked up as a code.
pub(super) const CODE_DIGITS: usize = 4;

/// One passage to add.
#[derive(Debug, Clone, Copy)]
pub struct KeywordPassage<'a> {
    pub id: PassageId,
    pub meta: &'a DocumentMeta,
    pub passage: &'a Passage,
}

pub(super) struct Writer {
    index: Index,
    fields: Fields,
    memory: usize,
    folder: PathBuf,
    open: Mutex<Option<IndexWriter>>,
}

impl Writer {
    pub(super) fn new(
        index: Index,
        fields: Fields,
        settings: &KeywordSettings,
        folder: PathBuf,
    ) -> Self {
        Self { index, fields, memory: settings.writer_memory_bytes, folder, open: Mutex::new(None) }
    }

    pub(super) fn add(&self, passages: &[KeywordPassage<'_>]) -> Result<(), KeywordError> {
        let mut analyzers: HashMap<&str, Analyzer> = HashMap::new();
        let mut documents = Vec::with_capacity(passages.len());
        for one in passages {
            let analyzer = analyzers
                .entry(one.meta.locale.language())
                .or_insert_with(|| Analyzer::new(&one.meta.locale));
            documents.push((one.id, self.document(one, analyzer)));
        }
        self.change(|writer| {
            for (id, document) in documents {
                writer.delete_term(self.id_term(id));
                writer.add_document(document)?;
            }
            Ok(())
        })
    }

    pub(super) fn delete(&self, ids: &[PassageId]) -> Result<(), KeywordError> {
        if ids.is_empty() {
            return Ok(());
        }
        self.change(|writer| {
            for id in ids {
                writer.delete_term(self.id_term(*id));
            }
            Ok(())
        })
    }

    pub(super) fn commit(&self, generation: Generation) -> Result<(), KeywordError> {
        self.change(|writer| {
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&generation.0.to_string());
            prepared.commit()?;
            Ok(())
        })
    }

    fn change(
        &self,
        work: impl FnOnce(&mut IndexWriter) -> Result<(), TantivyError>,
    ) -> Result<(), KeywordError> {
        let mut open: MutexGuard<'_, Option<IndexWriter>> =
            self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = match open.as_mut() {
            Some(writer) => writer,
            None => open.insert(self.lock_folder()?),
        };
        let done = work(writer);
        if done.is_err() {
            // A writer that failed once refuses everything after; the next change opens a new one,
            // from the last commit.
            *open = None;
        }
        done.map_err(|e| KeywordError::engine(&self.folder, e))
    }

    fn lock_folder(&self) -> Result<IndexWriter, KeywordError> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(self.memory)
            .build();
        let lock = || self.index.writer_with_options(options.clone());
        let busy =
            |e: &TantivyError| matches!(e, TantivyError::LockFailure(LockError::LockBusy, _));
        patiently(lock, busy).map_err(|e| KeywordError::engine(&self.folder, e))
    }

    fn id_term(&self, id: PassageId) -> Term {
        Term::from_field_bytes(self.fields.id, id.0.as_bytes())
    }

    fn document(&self, one: &KeywordPassage<'_>, analyzer: &Analyzer) -> TantivyDocument {
        let KeywordPassage { id, meta, passage } = *one;
        let fields = &self.fields;
        let mut document = TantivyDocument::default();
        let (high, low) = id.0.as_u64_pair();
        document.add_bytes(fields.id, id.0.as_bytes());
        document.add_u64(fields.id_high, high);
        document.add_u64(fields.id_low, low);

        let mut folded = Vec::new();
        let mut codes = Vec::new();
        let mut concepts = Vec::new();
        let mut feed = |field: Field, text: &str, document: &mut TantivyDocument| {
            let analysed = analyzer.analyse(text);
            folded.extend(analysed.iter().map(|a| a.folded.clone()));
            codes.extend(analysed.iter().filter_map(code_of));
            let found = analyzer.concepts(&analysed);
            concepts.extend(found.into_iter().map(|c| c.gloss.to_owned()));
            let stems = language::stems(analysed).into_iter().map(|t| t.text);
            document.add_pre_tokenized_text(field, tokens(stems));
        };
        feed(fields.title, &meta.title, &mut document);
        feed(fields.headings, &passage.heading_path.join("\n"), &mut document);
        feed(fields.body, &passage.text, &mut document);
        codes.sort_unstable();
        codes.dedup();
        document.add_pre_tokenized_text(fields.folded, tokens(folded.into_iter()));
        document.add_pre_tokenized_text(fields.concepts, tokens(concepts.into_iter()));
        document.add_pre_tokenized_text(fields.code, tokens(codes.into_iter()));

        let validity = Validity::of(meta);
        document.add_u64(fields.audience, rank(meta.audience));
        document.add_text(fields.language, meta.locale.language());
        document.add_u64(fields.draft, u64::from(meta.draft));
        document.add_i64(fields.valid_from, validity.from_day);
        document.add_i64(fields.valid_until, validity.until_day);
        for tag in &meta.tags {
            document.add_text(fields.tags, tag);
        }
        document
    }
}

/// What the code field holds of a term: codes in every spelling, and long numbers.
pub(super) fn code_of(one: &Analysed) -> Option<String> {
    let code = match one.term.kind {
        TermKind::Code => true,
        TermKind::Number => one.folded.len() >= CODE_DIGITS,
        TermKind::Word => false,
    };
    code.then(|| one.folded.clone())
}

/// The engine reads only the tokens' texts; no field keeps positions.
fn tokens(texts: impl Iterator<Item = String>) -> PreTokenizedString {
    let tokens = texts
        .enumerate()
        .map(|(position, text)| Token {
            offset_from: 0,
            offset_to: 0,
            position,
            position_length: 1,
            text,
        })
        .collect();
    PreTokenizedString { text: String::new(), tokens }
}
