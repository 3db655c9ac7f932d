//! Files for other programs: the predictions that an independent scorer reads, the features that the
//! confidence is fitted on, and the passages that a reader is trained on. One JSON object a line.
//!
//! Called by `command`. Ids and numbers; words of the set only in the file of passages.

use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::EvalError;

/// One question of a set, ready to be written.
#[derive(Debug, Clone)]
pub(super) struct Prediction {
    pub(super) id: String,
    /// Ids of the corpus, best first.
    pub(super) ranking: Vec<String>,
    pub(super) confidence: f64,
    pub(super) features: Vec<(&'static str, f64)>,
    pub(super) language: String,
    pub(super) kind: String,
    pub(super) answerable: bool,
    pub(super) hit_at_5: bool,
    /// Left out of all figures.
    pub(super) vague: bool,
    /// Words of the question.
    pub(super) question: String,
    /// What was found for it, best first.
    pub(super) passages: Vec<Passage>,
}

/// A passage with all its words.
#[derive(Debug, Clone, serde::Serialize)]
pub(super) struct Passage {
    /// Id in the corpus, for golden cases the path.
    pub(super) document: String,
    /// Title and headings.
    pub(super) place: String,
    pub(super) text: String,
    /// Fused score and cosine.
    pub(super) score: f32,
    pub(super) cosine: Option<f32>,
}

/// Writes `{"_id","ranking","confidence"}`.
///
/// # Errors
/// When `file` cannot be written.
pub(super) fn predictions(file: &Path, list: &[Prediction]) -> Result<(), EvalError> {
    write(file, list, |p| json!({ "_id": p.id, "ranking": p.ranking, "confidence": p.confidence }))
}

/// Writes `{"_id","features":{name: value},"answerable","hit_at_5",...}`.
///
/// # Errors
/// When `file` cannot be written.
pub(super) fn features(file: &Path, list: &[Prediction]) -> Result<(), EvalError> {
    write(file, list, |p| {
        let features: Map<String, Value> =
            p.features.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({
            "_id": p.id,
            "features": features,
            "confidence": p.confidence,
            "answerable": p.answerable,
            "hit_at_5": p.hit_at_5,
            "vague": p.vague,
            "lang": p.language,
            "kind": p.kind,
        })
    })
}

/// Writes `{"_id","text","answerable","passages":[{"document","place","text","score","cosine"}],...}`.
///
/// # Errors
/// When `file` cannot be written.
pub(super) fn passages(file: &Path, list: &[Prediction]) -> Result<(), EvalError> {
    write(file, list, |p| {
        json!({
            "_id": p.id,
            "text": p.question,
            "answerable": p.answerable,
            "vague": p.vague,
            "lang": p.language,
            "kind": p.kind,
            "passages": p.passages,
        })
    })
}

fn write(
    file: &Path,
    list: &[Prediction],
    row: impl Fn(&Prediction) -> Value,
) -> Result<(), EvalError> {
    let mut out = std::io::BufWriter::new(fs_err::File::create(file)?);
    for prediction in list {
        writeln!(out, "{}", row(prediction))?;
    }
    Ok(out.flush()?)
}
