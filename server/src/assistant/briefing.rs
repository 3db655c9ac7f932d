//! What one generator is told about a question: as many passages and turns as its context holds.
//!
//! Called by `writing` for each generator of the chain. The passages come first, in the order that is
//! the same for everybody who asks about them; history and question come last and are private.

use indexer::model::Hit;

use super::prompt::{AnswerParts, Budget, PromptPassage, Prompts, Segment, Speaker, Tone};
use super::writing::Subject;
use crate::domain::Said;
use crate::generate::{Generator, Message, PrivateFrom};

/// Tokens that a chat template puts around the messages, at most.
pub(super) const TEMPLATE: usize = 64;
/// Tokens of the tags around a passage and around a turn.
const PASSAGE_TAGS: usize = 24;
const TURN_TAGS: usize = 16;

/// See the module's documentation.
pub(super) struct Briefing<'a> {
    pub(super) messages: Vec<Message>,
    pub(super) private_from: Option<PrivateFrom>,
    /// The passages as the messages number them: place 0 is number 1.
    pub(super) numbered: Vec<&'a Hit>,
}

/// Bounds of the configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) passages: usize,
    pub(super) max_tokens: usize,
}

/// `None`, with a log entry, when not even the question with its best passage fits, or a template fails.
pub(super) fn brief<'a>(
    prompts: &Prompts,
    generator: &dyn Generator,
    subject: &Subject<'a>,
    bounds: Bounds,
) -> Option<Briefing<'a>> {
    let mut hits: Vec<&'a Hit> = subject.hits.iter().take(bounds.passages).collect();
    let mut passages: Vec<PromptPassage> = hits.iter().map(|hit| passage(hit)).collect();
    let mut turns: &[Said] = subject.turns;
    if let Some(context) = generator.context() {
        let bare = prompts.answer(&parts(&[], &[], subject)).ok()?;
        let count = |text: &str| generator.count(text);
        let size = |p: &PromptPassage| {
            let headings = p.heading_path.join(" > ");
            count(&p.text) + count(&p.title) + count(&headings) + PASSAGE_TAGS
        };
        let budget = Budget {
            limit: context.saturating_sub(bounds.max_tokens),
            fixed: bare.segments.iter().map(|s| count(&s.text)).sum::<usize>() + TEMPLATE,
            passages: passages.iter().map(size).collect(),
            turns: turns.iter().map(|t| count(t.text.as_str()) + TURN_TAGS).collect(),
        };
        let fitted =
            budget.fit().inspect_err(|error| tracing::error!(%error, "prompt.too_large")).ok()?;
        hits.truncate(fitted.passages);
        passages.truncate(fitted.passages);
        turns = &turns[turns.len() - fitted.turns..];
    }
    let prompt = prompts
        .answer(&parts(&passages, turns, subject))
        .inspect_err(|error| tracing::error!(%error, "prompt.failed"))
        .ok()?;
    let find = |id| hits.iter().copied().find(|hit| hit.id == id);
    let numbered = prompt.numbered.iter().filter_map(|id| find(*id)).collect();
    let (messages, private_from) = messages(&prompt.segments);
    Some(Briefing { messages, private_from, numbered })
}

/// The segments of a prompt as messages, and where the words of one customer begin in them.
pub(super) fn messages(segments: &[Segment]) -> (Vec<Message>, Option<PrivateFrom>) {
    let mut messages: Vec<Message> = Vec::new();
    let mut private_from = None;
    for segment in segments {
        let role = if segment.speaker == Speaker::System { "system" } else { "user" };
        let joins = messages.last().is_some_and(|m| m.role == role);
        if !joins {
            messages.push(Message { role, content: String::new() });
        }
        let index = messages.len() - 1;
        let content = &mut messages[index].content;
        if !segment.shared && private_from.is_none() {
            private_from = Some(PrivateFrom { message: index, byte: content.len() });
        }
        if joins {
            content.push_str("\n\n");
        }
        content.push_str(&segment.text);
    }
    (messages, private_from)
}

fn parts<'b>(
    passages: &'b [PromptPassage],
    turns: &'b [Said],
    subject: &'b Subject<'_>,
) -> AnswerParts<'b> {
    AnswerParts {
        passages,
        turns,
        question: subject.asked,
        locale: subject.locale,
        tone: Tone::Formal,
    }
}

fn passage(hit: &Hit) -> PromptPassage {
    PromptPassage {
        id: hit.id,
        title: hit.meta.title.clone(),
        heading_path: hit.heading_path.clone(),
        text: hit.text.clone(),
    }
}
