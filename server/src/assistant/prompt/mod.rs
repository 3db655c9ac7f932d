//! What a model is told: rules, passages, history, question, in this order.
//!
//! Called by the assistant before a generator. [`Prompts`] holds the files of `prompts/`, compiled in
//! and replaceable by a folder; [`Prompts::answer`] renders one answer as [`Segment`]s. The shared
//! segments (rules, then passages ordered by id) come first and are equal to the byte for every
//! question about the same passages, whatever its language, so that an engine can keep their state;
//! history, question and reply language are private and come last.
//!
//! Customers' words and passages are data: they stand between tags, and `escape` takes from them every
//! character by which they could close a tag, open one, or spell a token of a chat template. So no
//! random fence is needed and equal inputs give equal prompts. Rules are not what keeps an answer
//! honest: the guard is.

mod budget;
mod escape;
mod file;
mod reply;

use std::path::Path;

use indexer::model::{Locale, PassageId};
use minijinja::{Environment, context};
use serde::Serialize;

use crate::domain::{Role, Said};
use crate::privacy::RedactedText;

pub use budget::{Budget, Fitted, TooSmall};
pub use file::PromptError;
pub use reply::Tone;

use file::PromptFile;

/// Which prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptKind {
    Answer,
    Condense,
    Summary,
}

/// Who speaks in a chat template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    System,
    User,
}

/// A piece of a prompt. Segments of one speaker in a row are one message.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Segment {
    pub speaker: Speaker,
    /// Equal for every question about the same passages; holds nothing of a customer.
    pub shared: bool,
    pub text: String,
}

impl std::fmt::Debug for Segment {
    /// Customers' words are never printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown: &str = if self.shared { &self.text } else { "[private]" };
        f.debug_struct("Segment").field("speaker", &self.speaker).field("text", &shown).finish()
    }
}

/// A passage on its way into a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptPassage {
    pub id: PassageId,
    pub title: String,
    pub heading_path: Vec<String>,
    pub text: String,
}

/// Everything that an answer's prompt is made of.
#[derive(Debug, Clone, Copy)]
pub struct AnswerParts<'a> {
    /// Most useful first.
    pub passages: &'a [PromptPassage],
    /// Oldest first.
    pub turns: &'a [Said],
    pub question: &'a RedactedText,
    /// Language of the reply.
    pub locale: &'a Locale,
    pub tone: Tone,
}

/// A rendered prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// `answer/1`: file and version, for the record of an answer.
    pub version: String,
    pub segments: Vec<Segment>,
    /// The passages as they are numbered: place 0 is number 1.
    pub numbered: Vec<PassageId>,
}

/// The prompts of one process.
pub struct Prompts {
    answer: PromptFile,
    condense: PromptFile,
    summary: PromptFile,
}

impl Prompts {
    /// Those that are compiled in.
    ///
    /// # Errors
    /// When a compiled-in file is broken; a test makes sure that none is.
    pub fn built_in() -> Result<Self, PromptError> {
        Ok(Self {
            answer: PromptFile::parse("answer", include_str!("../../../../prompts/answer.md"))?,
            condense: PromptFile::parse(
                "condense",
                include_str!("../../../../prompts/condense.md"),
            )?,
            summary: PromptFile::parse("summary", include_str!("../../../../prompts/summary.md"))?,
        })
    }

    /// Those of `folder` where it has a file, the compiled-in ones for the rest.
    ///
    /// # Errors
    /// When there is no such folder; names the file that cannot be read or is no prompt.
    pub fn of(folder: Option<&Path>) -> Result<Self, PromptError> {
        let mut out = Self::built_in()?;
        let Some(folder) = folder else { return Ok(out) };
        if !folder.is_dir() {
            return Err(PromptError::NoFolder(folder.display().to_string()));
        }
        for (name, slot) in [
            ("answer", &mut out.answer),
            ("condense", &mut out.condense),
            ("summary", &mut out.summary),
        ] {
            if let Some(file) = PromptFile::read(folder, name)? {
                *slot = file;
            }
        }
        Ok(out)
    }

    /// The rules of a prompt, which must not appear in an answer (see the guard's `Protected`).
    pub fn rules(&self, kind: PromptKind) -> &str {
        &self.file(kind).system
    }

    /// The prompt of an answer, everything in it.
    ///
    /// # Errors
    /// When a template of an operator's own fails.
    pub fn answer(&self, parts: &AnswerParts<'_>) -> Result<Prompt, PromptError> {
        let mut passages: Vec<&PromptPassage> = parts.passages.iter().collect();
        passages.sort_by_key(|p| p.id);
        passages.dedup_by_key(|p| p.id);
        let values: Vec<PassageValue> = passages
            .iter()
            .enumerate()
            .map(|(i, p)| PassageValue {
                n: i + 1,
                title: escape::attribute(&titled(p)),
                text: escape::passage(&p.text),
            })
            .collect();
        let file = &self.answer;
        let data = render(file, "passages", context! { passages => values })?;
        let private =
            self.private(file, parts.turns, Some(parts.question), (parts.locale, parts.tone))?;
        let segments = vec![
            Segment { speaker: Speaker::System, shared: true, text: file.system.clone() },
            Segment { speaker: Speaker::System, shared: true, text: data },
            Segment { speaker: Speaker::User, shared: false, text: private },
        ];
        let numbered = passages.iter().map(|p| p.id).collect();
        Ok(Prompt { version: file.name(), segments, numbered })
    }

    /// The prompt that makes a follow-up a stand-alone query.
    ///
    /// # Errors
    /// When a template of an operator's own fails.
    pub fn condense(
        &self,
        turns: &[Said],
        question: &RedactedText,
        locale: &Locale,
    ) -> Result<Prompt, PromptError> {
        self.plain(&self.condense, turns, Some(question), locale)
    }

    /// The prompt that summarises a conversation for a colleague who reads `locale`.
    ///
    /// # Errors
    /// When a template of an operator's own fails.
    pub fn summary(&self, turns: &[Said], locale: &Locale) -> Result<Prompt, PromptError> {
        self.plain(&self.summary, turns, None, locale)
    }

    fn plain(
        &self,
        file: &PromptFile,
        turns: &[Said],
        question: Option<&RedactedText>,
        locale: &Locale,
    ) -> Result<Prompt, PromptError> {
        let private = self.private(file, turns, question, (locale, Tone::Formal))?;
        let segments = vec![
            Segment { speaker: Speaker::System, shared: true, text: file.system.clone() },
            Segment { speaker: Speaker::User, shared: false, text: private },
        ];
        Ok(Prompt { version: file.name(), segments, numbered: Vec::new() })
    }

    fn private(
        &self,
        file: &PromptFile,
        turns: &[Said],
        question: Option<&RedactedText>,
        (locale, tone): (&Locale, Tone),
    ) -> Result<String, PromptError> {
        let turns: Vec<TurnValue> = turns.iter().map(TurnValue::of).collect();
        let question = question.map_or_else(String::new, |q| escape::customer(q.as_str()));
        let values = context! {
            turns => turns,
            question => question,
            lang => locale.language(),
            language => reply::instruction(locale, tone),
        };
        render(file, "question", values)
    }

    fn file(&self, kind: PromptKind) -> &PromptFile {
        match kind {
            PromptKind::Answer => &self.answer,
            PromptKind::Condense => &self.condense,
            PromptKind::Summary => &self.summary,
        }
    }
}

#[derive(Serialize)]
struct PassageValue {
    n: usize,
    title: String,
    text: String,
}

#[derive(Serialize)]
struct TurnValue {
    by: &'static str,
    text: String,
}

impl TurnValue {
    fn of(turn: &Said) -> Self {
        let by = match turn.role {
            Role::User => "customer",
            Role::Assistant => "assistant",
        };
        Self { by, text: escape::customer(turn.text.as_str()) }
    }
}

/// Title and headings: "Returns > What does a return cost?".
fn titled(passage: &PromptPassage) -> String {
    let headings = passage.heading_path.iter().filter(|h| **h != passage.title);
    headings.fold(passage.title.clone(), |text, heading| format!("{text} > {heading}"))
}

fn render(
    file: &PromptFile,
    part: &'static str,
    values: minijinja::Value,
) -> Result<String, PromptError> {
    let template = if part == "passages" { &file.passages } else { &file.question };
    let environment = Environment::empty();
    let rendered = environment.render_str(template, values).map_err(|e| PromptError::Template {
        file: file.name(),
        part,
        problem: e.to_string(),
    })?;
    Ok(rendered.trim_end().to_owned())
}

#[cfg(test)]
#[path = "prompt_tests.rs"]
mod tests;
