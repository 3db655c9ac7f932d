//! Golden cases: a company's own questions with what must happen to each, as YAML files.
//!
//! ```yaml
//! version: 1
//! cases:
//!   - id: en-return-window
//!     question: "return window?"
//!     locale: en                     # optional, detected otherwise
//!     history:                       # optional, oldest first
//!       - {role: user, text: "..."}
//!       - {role: assistant, text: "..."}
//!     expect: answer                 # answer, refuse, hand_over
//!     must_cite: [policies/returns.md]   # any of these pages must be cited
//!     must_say: ["60 days"]          # all of these words must stand in the answer
//!     must_not_say: ["75"]
//!     kind: short                    # what makes the case hard, for the report
//! ```
//!
//! Called by `golden_run`. Promises that every case it returns can be checked: unknown and missing
//! keys, repeated ids, and pages that the knowledge base lacks are errors naming file and case.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use indexer::model::{Audience, Locale};
use serde::Deserialize;
use serde_json::Value;

use super::EvalError;
use crate::domain::{Question, Role, Turn};
use crate::privacy::CustomerText;

/// What must happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Expect {
    /// Answered from a right page with the right words.
    Answer,
    /// Not answered: the knowledge base has no answer for this asker.
    Refuse,
    /// Handed over because of what the customer said: asked for a person, threatened with a lawyer, despaired.
    HandOver,
}

impl Expect {
    pub(super) const ALL: [Self; 3] = [Self::Answer, Self::Refuse, Self::HandOver];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Refuse => "refuse",
            Self::HandOver => "hand_over",
        }
    }
}

/// One case, checked.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) question: Question,
    /// As written, for the report.
    pub(super) words: String,
    /// Oldest first.
    pub(super) history: Vec<Turn>,
    pub(super) expect: Expect,
    pub(super) must_cite: Vec<String>,
    pub(super) must_say: Vec<String>,
    pub(super) must_not_say: Vec<String>,
    pub(super) kind: String,
    /// Language of the question, `und` when the case does not say.
    pub(super) language: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRecord {
    version: u32,
    cases: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseRecord {
    id: String,
    question: String,
    locale: Option<String>,
    #[serde(default)]
    history: Vec<TurnRecord>,
    expect: Expect,
    #[serde(default)]
    must_cite: Vec<String>,
    #[serde(default)]
    must_say: Vec<String>,
    #[serde(default)]
    must_not_say: Vec<String>,
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TurnRecord {
    role: RoleRecord,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RoleRecord {
    User,
    Assistant,
}

/// Reads all `*.yaml` files of `folder`, in the order of their names. `must_cite` is looked up below
/// `kb`.
///
/// # Errors
/// [`EvalError::Input`] naming file and case, [`EvalError::File`] for what cannot be read.
pub(super) fn read(folder: &Path, kb: &Path) -> Result<Vec<Case>, EvalError> {
    let mut files: Vec<PathBuf> =
        fs_err::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.retain(|f| f.extension().is_some_and(|e| e == "yaml" || e == "yml"));
    files.sort();
    let mut cases = Vec::new();
    let mut owners: HashMap<String, PathBuf> = HashMap::new();
    for file in files {
        let text = fs_err::read_to_string(&file)?;
        for case in parse(&file, &text, kb)? {
            if let Some(first) = owners.insert(case.id.clone(), file.clone()) {
                let reason = format!("the id is taken by a case of {}", first.display());
                return Err(EvalError::input(&file, format!("case {}", case.id), reason));
            }
            cases.push(case);
        }
    }
    if cases.is_empty() {
        return Err(EvalError::input(folder, "", "there is no case in any *.yaml file here"));
    }
    Ok(cases)
}

fn parse(file: &Path, text: &str, kb: &Path) -> Result<Vec<Case>, EvalError> {
    let record: FileRecord =
        serde_saphyr::from_str(text).map_err(|e| EvalError::input(file, "", e))?;
    if record.version != 1 {
        let reason =
            format!("version {} is not known; this program reads version 1", record.version);
        return Err(EvalError::input(file, "", reason));
    }
    (1..)
        .zip(record.cases)
        .map(|(number, value)| {
            let place = match value.get("id").and_then(Value::as_str) {
                Some(id) => format!("case {id}"),
                None => format!("case number {number}"),
            };
            case(value, kb).map_err(|reason| EvalError::input(file, place, reason))
        })
        .collect()
}

fn case(value: Value, kb: &Path) -> Result<Case, String> {
    let record: CaseRecord = serde_json::from_value(value).map_err(|e| e.to_string())?;
    let locale = record.locale.as_deref();
    let question = Question::parse(&record.question, locale, None, Audience::Public)
        .map_err(|e| e.to_string())?;
    if record.expect == Expect::Answer && record.must_cite.is_empty() {
        return Err("expect: answer needs must_cite, the pages that hold the answer".to_owned());
    }
    if record.expect != Expect::Answer
        && !(record.must_cite.is_empty() && record.must_say.is_empty())
    {
        return Err("must_cite and must_say go with expect: answer alone".to_owned());
    }
    if let Some(lost) = record.must_cite.iter().find(|path| !kb.join(path).is_file()) {
        return Err(format!("must_cite: {lost} is not in the knowledge base {}", kb.display()));
    }
    let language = question.locale.as_ref().map_or("und", Locale::language).to_owned();
    Ok(Case {
        id: record.id,
        question,
        words: record.question,
        history: record.history.into_iter().map(turn).collect(),
        expect: record.expect,
        must_cite: record.must_cite,
        must_say: record.must_say,
        must_not_say: record.must_not_say,
        kind: record.kind,
        language,
    })
}

fn turn(record: TurnRecord) -> Turn {
    let role = match record.role {
        RoleRecord::User => Role::User,
        RoleRecord::Assistant => Role::Assistant,
    };
    Turn { role, text: CustomerText::new(record.text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(yaml: &str) -> Result<Vec<Case>, String> {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("returns.md"), "# Returns").unwrap();
        let golden = folder.path().join("golden");
        fs_err::create_dir_all(&golden).unwrap();
        fs_err::write(golden.join("en.yaml"), yaml).unwrap();
        fs_err::write(golden.join("notes.txt"), "not a case").unwrap();
        read(&golden, folder.path()).map_err(|e| e.to_string())
    }

    const GOOD: &str = r#"
version: 1
cases:
  - id: a
    question: "and in store?"
    locale: en
    history:
      - {role: user, text: "return window?"}
      - {role: assistant, text: "60 days."}
    expect: answer
    must_cite: [returns.md]
    must_say: ["60 days"]
    kind: follow_up
  - id: b
    question: "who won the match"
    expect: refuse
    kind: far
"#;

    #[test]
    fn cases_with_history_are_read() {
        let cases = read_text(GOOD).unwrap();
        assert_eq!(cases.len(), 2);
        assert_eq!(cases[0].history.len(), 2);
        assert_eq!(cases[0].history[1].role, Role::Assistant);
        assert_eq!((cases[0].language.as_str(), cases[1].language.as_str()), ("en", "und"));
        assert_eq!(cases[1].expect, Expect::Refuse);
    }

    #[test]
    fn what_is_wrong_is_named_with_file_and_case() {
        for (from, to, named) in [
            ("must_say", "must_tell", "must_tell"),
            ("    kind: far\n", "", "kind"),
            ("[returns.md]", "[refunds.md]", "refunds.md"),
            ("expect: refuse", "expect: shrug", "shrug"),
            ("id: b", "id: a", "taken"),
            ("question: \"who won the match\"", "question: \"?\"", "empty"),
            ("role: assistant", "role: agent", "agent"),
            ("expect: refuse", "expect: answer", "must_cite"),
        ] {
            let error = read_text(&GOOD.replace(from, to)).unwrap_err();
            assert!(error.contains("en.yaml: case ") && error.contains(named), "{to}: {error}");
        }
        for (yaml, named) in [
            ("version: 2\ncases: []\n", "version 2"),
            ("version: 1\ncases: []\n", "no case"),
            ("version: 1\ncases: [\n", "en.yaml"),
            ("version: 1\ncases:\n  - {question: hi there}\n", "case number 1"),
        ] {
            let error = read_text(yaml).unwrap_err();
            assert!(error.contains(named), "{yaml}: {error}");
        }
    }
}
