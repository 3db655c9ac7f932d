//! One file of `prompts/`: a header with id and version, then parts.
//!
//! ```text
//! ---
//! id: answer
//! version: 1
//! ---
//! === system
//! ...
//! === question
//! ...
//! ```
//! Parts are minijinja templates but `system`, which is taken as it is: it may hold nothing of one
//! question. Read once at start, so that a broken file stops the start and not an answer.

use std::path::Path;

use minijinja::Environment;

/// What is wrong with a prompt.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    #[error("there is no folder {0}; correct generator.prompts_dir, or leave it out")]
    NoFolder(String),
    #[error("the prompt {name}.md cannot be read: {problem}; check the folder's permissions")]
    Unreadable { name: String, problem: String },
    #[error("the prompt {name}.md: {problem}; compare it with the one in prompts/ of the source")]
    Malformed { name: String, problem: String },
    #[error("prompt {file}, part {part}: {problem}")]
    Template { file: String, part: &'static str, problem: String },
}

/// A prompt before it is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PromptFile {
    id: String,
    version: u32,
    /// The rules, taken as they are.
    pub(super) system: String,
    pub(super) passages: String,
    pub(super) question: String,
}

/// Larger files are no prompts. Bytes.
const LARGEST: u64 = 64 * 1024;

impl PromptFile {
    /// `answer/1`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.id, self.version)
    }

    /// The file `name`.md of `folder`, `None` where there is none.
    pub(super) fn read(folder: &Path, name: &str) -> Result<Option<Self>, PromptError> {
        let path = folder.join(format!("{name}.md"));
        let unreadable =
            |problem: String| PromptError::Unreadable { name: name.to_owned(), problem };
        let size = match fs_err::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(unreadable(e.to_string())),
        };
        if size > LARGEST {
            return Err(unreadable(format!("it has {size} bytes, the limit is {LARGEST}")));
        }
        let text = fs_err::read_to_string(&path).map_err(|e| unreadable(e.to_string()))?;
        Self::parse(name, &text).map(Some)
    }

    pub(super) fn parse(name: &str, text: &str) -> Result<Self, PromptError> {
        let text = text.replace("\r\n", "\n");
        let malformed = |problem: &str| PromptError::Malformed {
            name: name.to_owned(),
            problem: problem.to_owned(),
        };
        let body =
            text.strip_prefix("---\n").ok_or_else(|| malformed("the first line is not ---"))?;
        let (header, body) =
            body.split_once("\n---\n").ok_or_else(|| malformed("the header has no end ---"))?;
        let field = |key: &str| {
            header
                .lines()
                .find_map(|l| l.strip_prefix(key)?.trim().strip_prefix(':').map(str::trim))
        };
        if field("id") != Some(name) {
            return Err(malformed("id is not the name of the file"));
        }
        let version = field("version").and_then(|v| v.parse().ok());
        let version = version.ok_or_else(|| malformed("version is no number"))?;
        let part = |wanted: &str| {
            let start = format!("=== {wanted}\n");
            let at =
                if body.starts_with(&start) { 0 } else { body.find(&format!("\n{start}"))? + 1 };
            let rest = &body[at + start.len()..];
            let end = rest.find("\n=== ").unwrap_or(rest.len());
            Some(rest[..end].trim().to_owned())
        };
        let required = |wanted: &str| {
            part(wanted).ok_or_else(|| malformed(&format!("it has no part \"=== {wanted}\"")))
        };
        let file = Self {
            id: name.to_owned(),
            version,
            system: required("system")?,
            passages: if name == "answer" { required("passages")? } else { String::new() },
            question: required("question")?,
        };
        for (part, template) in [("passages", &file.passages), ("question", &file.question)] {
            Environment::empty().template_from_str(template).map_err(|e| {
                PromptError::Template { file: file.name(), part, problem: e.to_string() }
            })?;
        }
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_says_what_is_wrong() {
        for (text, want) in [
            ("", "first line"),
            ("---\nid: answer\nversion: 1\n", "no end"),
            ("---\nid: other\nversion: 1\n---\n", "name of the file"),
            ("---\nid: answer\nversion: x\n---\n", "version"),
            ("---\nid: answer\nversion: 2\n---\n=== system\na\n=== question\nb\n", "passages"),
            (
                "---\nid: answer\nversion: 2\n---\n=== system\na\n=== passages\n{% for\n=== question\nb\n",
                "part passages",
            ),
        ] {
            let error = PromptFile::parse("answer", text).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
    }
}
