//! Runs a question set: its documents become a knowledge base of their own, every question is looked
//! up there.
//!
//! Called by `command`. The base of a set lives in a folder of its own below the data folder, so that
//! a set never replaces the documents of a company; a second run finds it there and embeds nothing.

use std::path::Path;

use futures::{StreamExt, TryStreamExt};
use indexer::model::{Audience, DocPath, Document, DocumentMeta, Locale};
use indexer::publish::BuildReport;
use sha2::{Digest, Sha256};

use super::base::{Base, Source};
use super::figures::SetFigures;
use super::metrics::Places;
use super::output::Prediction;
use super::probe::Probe;
use super::rows::{Row, Shown};
use super::sets::{self, Query, QuestionSet, Record, SetFiles};
use super::{EvalError, progress};
use crate::domain::Question;
use crate::settings::Settings;

/// Whether the language that the set notes is given to the assistant, as a page in that language
/// would, or is left to detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Languages {
    Detected,
    Given,
}

/// Everything that came of a set.
pub(super) struct SetResult {
    pub(super) figures: SetFigures,
    pub(super) predictions: Vec<Prediction>,
    /// Every question that is not vague.
    pub(super) rows: Vec<Row>,
    pub(super) report: BuildReport,
    /// Names the vector space.
    pub(super) fingerprint: String,
    /// Probability below which a person takes over.
    pub(super) threshold: f64,
    /// Questions that were left out as vague.
    pub(super) vague: usize,
    /// Questions that the assistant does not accept (no letter, too long).
    pub(super) refused: usize,
    /// Seconds for all questions.
    pub(super) seconds: f64,
}

/// Indexes the corpus of `files` below `data` and looks up all questions.
///
/// # Errors
/// When the base cannot be made or a search fails.
pub(super) async fn run(
    (files, set): (&SetFiles, QuestionSet),
    data: &Path,
    languages: Languages,
    settings: &Settings,
) -> Result<SetResult, EvalError> {
    let ids: std::collections::HashMap<DocPath, String> =
        set.corpus.iter().map(|r| (path_of(&r.id), r.id.clone())).collect();
    let documents = set.corpus.iter().map(|r| document(r, settings)).collect();
    let base = Base::open(&folder_of(data, &files.corpus)?, Source::Documents(documents), settings)
        .await?;

    let started = std::time::Instant::now();
    let bar = progress::bar("asking", set.queries.len() as u64);
    let asked: Vec<Option<Probe>> = futures::stream::iter(&set.queries)
        .map(|query| {
            let (base, bar) = (&base, &bar);
            async move {
                let probe = look_up(base, query, languages).await;
                bar.inc(1);
                probe
            }
        })
        .buffered(settings.eval.concurrent.max(1))
        .try_collect()
        .await?;
    bar.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();

    let refused = asked.iter().filter(|p| p.is_none()).count();
    let mut rows = Vec::new();
    let mut predictions = Vec::new();
    for (query, probe) in set.queries.iter().zip(asked) {
        let probe = probe.unwrap_or_default();
        let ranking: Vec<String> =
            probe.ranking.iter().filter_map(|p| ids.get(p).cloned()).collect();
        let mut row = row(query, &probe, &ranking);
        for found in &mut row.shown.found {
            if let Some(id) = ids.get(&DocPath::new(found.path.as_str())) {
                found.path.clone_from(id);
            }
        }
        let mut passages = probe.passages();
        for passage in &mut passages {
            if let Some(id) = ids.get(&DocPath::new(passage.document.as_str())) {
                passage.document.clone_from(id);
            }
        }
        predictions.push(Prediction {
            id: query.id.clone(),
            question: query.text.clone(),
            passages,
            ranking,
            confidence: probe.confidence,
            features: probe.features,
            language: row.language.clone(),
            kind: row.kind.clone(),
            answerable: query.answerable,
            hit_at_5: row.right(),
            vague: query.vague,
        });
        if !query.vague {
            rows.push(row);
        }
    }
    let judged: Vec<_> = rows.iter().filter_map(Row::judged).collect();
    let result = SetResult {
        figures: SetFigures::of(&judged, &settings.eval),
        predictions,
        rows,
        report: base.report.clone(),
        fingerprint: base.fingerprint(),
        threshold: base.threshold,
        vague: set.queries.iter().filter(|q| q.vague).count(),
        refused,
        seconds,
    };
    base.close().await;
    Ok(result)
}

/// `None` for a question that the assistant does not accept.
async fn look_up(
    base: &Base,
    query: &Query,
    languages: Languages,
) -> Result<Option<Probe>, EvalError> {
    let locale = query.language.as_deref().filter(|_| languages == Languages::Given);
    let Ok(question) = Question::parse(&query.text, locale, None, Audience::Public) else {
        return Ok(None);
    };
    let parts = (&*base.assistant, &*base.knowledge);
    Ok(Some(Probe::of(parts, &question, &query.history).await?))
}

fn row(query: &Query, probe: &Probe, ranking: &[String]) -> Row {
    let gold = !query.gold.is_empty();
    let evidence = |k| probe.evidence(&query.evidence, k);
    Row {
        id: query.id.clone(),
        language: query.language.clone().unwrap_or_else(|| "und".to_owned()),
        kind: query.kind.clone(),
        group: query.group.as_ref().unwrap_or(&query.id).clone(),
        answerable: query.answerable,
        gold: gold.then_some(query.gold.len()),
        places: if gold { Places::of(ranking, &query.gold).taken() } else { Vec::new() },
        confidence: probe.confidence,
        evidence: evidence(5).zip(evidence(10)).map(|(five, ten)| [five, ten]),
        shown: Shown {
            question: query.text.clone(),
            wanted: query.gold.clone(),
            found: probe.found(),
            ..Shown::default()
        },
        ..Row::default()
    }
}

/// The documents of a `corpus.jsonl`.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn documents(corpus: &Path, settings: &Settings) -> Result<Vec<Document>, EvalError> {
    Ok(sets::corpus(corpus)?.iter().map(|record| document(record, settings)).collect())
}

/// A record as an article of a public help center.
fn document(record: &Record, settings: &Settings) -> Document {
    let locale = record
        .lang
        .as_deref()
        .and_then(Locale::parse)
        .or_else(|| indexer::language::detect(&format!("{}\n{}", record.title, record.text)))
        .or_else(|| settings.indexer.source.default_locale.clone())
        .unwrap_or_else(Locale::undetermined);
    let meta = DocumentMeta {
        title: record.title.clone(),
        description: None,
        slug: short_hash(&record.id),
        locale,
        tags: Vec::new(),
        product: None,
        audience: Audience::Public,
        draft: false,
        last_updated: None,
        valid_from: None,
        valid_until: None,
        canonical_url: None,
    };
    indexer::source::document_from_text(path_of(&record.id), meta, &record.text)
}

/// Ids of a set may hold anything; paths may not.
fn path_of(id: &str) -> DocPath {
    DocPath::new(format!("{}.md", short_hash(id)))
}

/// `eval/<folder of the corpus>-<hash of its whole path>` below the data folder.
pub(super) fn folder_of(data: &Path, corpus: &Path) -> Result<std::path::PathBuf, EvalError> {
    let corpus = fs_err::canonicalize(corpus)?;
    let name: String = corpus
        .parent()
        .and_then(Path::file_name)
        .map(|n| {
            n.to_string_lossy().chars().filter(|c| c.is_ascii_alphanumeric()).take(40).collect()
        })
        .unwrap_or_default();
    Ok(data.join("eval").join(format!("{name}-{}", short_hash(&corpus.to_string_lossy()))))
}

fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_id_becomes_a_path_of_its_own() {
        let ids = ["a", "../a", "A (1)/ö", "a\n", ""];
        let mut paths: Vec<_> = ids.iter().map(|i| path_of(i)).collect();
        assert!(paths.iter().all(|p| p.as_str().len() == 19));
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), ids.len());
    }
}
