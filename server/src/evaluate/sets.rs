//! Question sets in the BEIR layout: documents, questions, and which documents answer which question.
//!
//! `corpus.jsonl` has `_id`, `title`, `text` (may hold Markdown headings) and maybe `lang`;
//! `SPLIT/queries.jsonl` has `_id`, `text`, and maybe `lang`, `answerable`, `vague`, `kind` (or
//! `oos_kind`, `answerability`), `evidence` (words or a list of words of the documents that hold the
//! answer), `group` (or `dialogue`, `conversation`), `history`;
//! `SPLIT/qrels.tsv` has query id, document id, grade. Dialogues are in `queries_multiturn.jsonl` and
//! `qrels_multiturn.tsv`. Other fields are ignored. Thakur et al.: "BEIR", NeurIPS 2021.
//!
//! Called by `set_run`. Promises that ids are unique and that every gold document is in the corpus.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::EvalError;
use crate::domain::{Role, Turn};
use crate::privacy::CustomerText;

/// Where the three files of a set are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SetFiles {
    pub(super) corpus: PathBuf,
    pub(super) queries: PathBuf,
    pub(super) qrels: PathBuf,
}

impl SetFiles {
    /// The files of `split` in the folder of a set.
    pub(super) fn of(set: &Path, split: &str, turns: Turns) -> Self {
        let suffix = match turns {
            Turns::Single => "",
            Turns::Multi => "_multiturn",
        };
        let part = set.join(split);
        Self {
            corpus: set.join("corpus.jsonl"),
            queries: part.join(format!("queries{suffix}.jsonl")),
            qrels: part.join(format!("qrels{suffix}.tsv")),
        }
    }
}

/// Whether questions come with the turns before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turns {
    Single,
    Multi,
}

/// A document to be found.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Record {
    #[serde(rename = "_id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) title: String,
    pub(super) text: String,
    /// Language; detected when missing.
    pub(super) lang: Option<String>,
}

/// A question with the truth about it.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) language: Option<String>,
    /// Oldest first; empty for single questions.
    pub(super) history: Vec<Turn>,
    pub(super) answerable: bool,
    /// Hardly any content; left out of all figures.
    pub(super) vague: bool,
    pub(super) kind: String,
    /// Words of the corpus that hold the answer.
    pub(super) evidence: Vec<String>,
    /// Questions of one group (a dialogue, translations of each other) are no independent evidence.
    pub(super) group: Option<String>,
    /// Ids of documents that answer it.
    pub(super) gold: Vec<String>,
}

/// A set in memory.
#[derive(Debug)]
pub(super) struct QuestionSet {
    pub(super) corpus: Vec<Record>,
    pub(super) queries: Vec<Query>,
}

#[derive(Deserialize)]
struct QueryRecord {
    #[serde(rename = "_id")]
    id: String,
    text: String,
    lang: Option<String>,
    answerable: Option<bool>,
    vague: Option<bool>,
    kind: Option<String>,
    oos_kind: Option<String>,
    answerability: Option<String>,
    evidence: Option<Words>,
    group: Option<String>,
    dialogue: Option<String>,
    conversation: Option<String>,
    #[serde(default)]
    history: Vec<TurnRecord>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct TurnRecord {
    role: String,
    text: String,
}

/// Reads the three files.
///
/// # Errors
/// [`EvalError::Input`] naming file and line, [`EvalError::File`] for what cannot be read.
pub(super) fn read(files: &SetFiles, turns: Turns) -> Result<QuestionSet, EvalError> {
    let corpus = corpus(&files.corpus)?;
    let known: HashSet<&str> = corpus.iter().map(|r| r.id.as_str()).collect();
    let records: Vec<QueryRecord> = lines(&files.queries)?;
    unique(&files.queries, records.iter().map(|r| r.id.as_str()))?;
    let mut gold = qrels(&files.qrels, &known)?;
    let queries = records
        .into_iter()
        .map(|r| {
            let gold = gold.remove(&r.id).unwrap_or_default();
            query(r, gold, turns)
        })
        .collect();
    Ok(QuestionSet { corpus, queries })
}

/// Reads the documents alone.
///
/// # Errors
/// As [`read`].
pub(super) fn corpus(file: &Path) -> Result<Vec<Record>, EvalError> {
    let corpus: Vec<Record> = lines(file)?;
    unique(file, corpus.iter().map(|r| r.id.as_str()))?;
    Ok(corpus)
}

fn query(record: QueryRecord, gold: Vec<String>, turns: Turns) -> Query {
    let answerable = record.answerable.unwrap_or(true);
    let plain = if answerable { "answerable" } else { "unanswerable" };
    Query {
        id: record.id,
        text: record.text,
        language: record.lang,
        history: match turns {
            Turns::Single => Vec::new(),
            Turns::Multi => record.history.into_iter().map(turn).collect(),
        },
        answerable,
        vague: record.vague.unwrap_or(false),
        kind: record
            .kind
            .or(record.oos_kind)
            .or(record.answerability)
            .unwrap_or_else(|| plain.to_owned()),
        evidence: match record.evidence {
            None => Vec::new(),
            Some(Words::One(words)) => vec![words],
            Some(Words::Many(words)) => words,
        },
        group: record.group.or(record.dialogue).or(record.conversation),
        gold,
    }
}

fn turn(record: TurnRecord) -> Turn {
    let role = if record.role == "user" { Role::User } else { Role::Assistant };
    Turn { role, text: CustomerText::new(record.text) }
}

fn lines<T: DeserializeOwned>(file: &Path) -> Result<Vec<T>, EvalError> {
    let rows: Vec<T> = fs_err::read_to_string(file)?
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(i, line)| {
            serde_json::from_str(line)
                .map_err(|e| EvalError::input(file, format!("line {}", i + 1), e))
        })
        .collect::<Result<_, _>>()?;
    if rows.is_empty() { Err(EvalError::input(file, "", "it is empty")) } else { Ok(rows) }
}

fn unique<'a>(file: &Path, ids: impl Iterator<Item = &'a str>) -> Result<(), EvalError> {
    let mut seen = HashSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(EvalError::input(file, format!("_id {id}"), "it occurs twice"));
        }
    }
    Ok(())
}

/// Gold documents by query; grades above 0 are all gold, as the metrics are binary.
fn qrels(file: &Path, known: &HashSet<&str>) -> Result<HashMap<String, Vec<String>>, EvalError> {
    let mut gold: HashMap<String, Vec<String>> = HashMap::new();
    for (i, line) in fs_err::read_to_string(file)?.lines().enumerate() {
        let wrong = |reason: String| EvalError::input(file, format!("line {}", i + 1), reason);
        let fields: Vec<&str> = line.split('\t').collect();
        if line.is_empty() || fields[0] == "query-id" {
            continue;
        }
        let [query, document, grade, ..] = fields[..] else {
            return Err(wrong("needs query id, document id and grade, tab-separated".to_owned()));
        };
        let grade: f64 = grade.trim().parse().map_err(|e| wrong(format!("{grade:?}: {e}")))?;
        if grade > 0.0 {
            if !known.contains(document) {
                return Err(wrong(format!("the corpus has no document {document:?}")));
            }
            let documents = gold.entry(query.to_owned()).or_default();
            if !documents.iter().any(|d| d == document) {
                documents.push(document.to_owned());
            }
        }
    }
    Ok(gold)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORPUS: &str =
        "{\"_id\":\"a (1)/ö\",\"title\":\"A\",\"text\":\"x\"}\n\n{\"_id\":\"b\",\"text\":\"y\"}\n";
    const QUERIES: &str = concat!(
        r#"{"_id":"q1","text":"one","lang":"en","evidence":["x","y"],"dialogue":"d","history":[{"role":"user","text":"h"},{"role":"agent","text":"i"}]}"#,
        "\n",
        r#"{"_id":"q2","text":"two","answerable":false,"vague":true,"oos_kind":"far"}"#,
    );
    const QRELS: &str = "query-id\tcorpus-id\tscore\nq1\ta (1)/ö\t2\nq1\tb\t0\nq1\ta (1)/ö\t1\n";

    fn read_texts(corpus: &str, queries: &str, qrels: &str) -> Result<QuestionSet, String> {
        let folder = tempfile::tempdir().unwrap();
        let files = SetFiles::of(folder.path(), "public", Turns::Multi);
        fs_err::create_dir_all(folder.path().join("public")).unwrap();
        fs_err::write(&files.corpus, corpus).unwrap();
        fs_err::write(&files.queries, queries).unwrap();
        fs_err::write(&files.qrels, qrels).unwrap();
        read(&files, Turns::Multi).map_err(|e| e.to_string())
    }

    #[test]
    fn a_set_is_read() {
        let set = read_texts(CORPUS, QUERIES, QRELS).unwrap();
        assert_eq!(set.corpus.len(), 2);
        let [one, two] = &set.queries[..] else { panic!("two queries") };
        assert_eq!(one.gold, ["a (1)/ö"]);
        assert_eq!(one.evidence, ["x", "y"]);
        assert_eq!(one.history[1].role, Role::Assistant);
        assert_eq!((one.kind.as_str(), one.group.as_deref()), ("answerable", Some("d")));
        assert!(!two.answerable && two.vague && two.gold.is_empty());
        assert_eq!(two.kind, "far");
    }

    #[test]
    fn what_is_wrong_is_named_with_file_and_line() {
        let twice = CORPUS.replace("\"b\"", "\"a (1)/ö\"");
        for (corpus, queries, qrels, named) in [
            (twice.as_str(), QUERIES, QRELS, "twice"),
            ("", QUERIES, QRELS, "corpus.jsonl: it is empty"),
            (CORPUS, "{\"_id\":\"q\"}\n", QRELS, "queries_multiturn.jsonl: line 1"),
            (CORPUS, QUERIES, "q1\tc\t1\n", "no document \"c\""),
            (CORPUS, QUERIES, "q1\tb\n", "qrels_multiturn.tsv: line 1"),
            (CORPUS, QUERIES, "q1\tb\tmuch\n", "much"),
        ] {
            let error = read_texts(corpus, queries, qrels).unwrap_err();
            assert!(error.contains(named), "{named}: {error}");
        }
    }
}
