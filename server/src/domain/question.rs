//! What a customer asks. Only [`Question::parse`] and [`Question::message`] make one, so every question in
//! the system is within its limits.

use std::fmt;

use indexer::model::{Audience, Locale};
use uuid::Uuid;

use super::Identity;
use crate::privacy::{CustomerText, RedactedText};

/// Most characters of a question; longer mails are refused with a clear error.
pub const MAX_CHARS: usize = 8_000;

/// Names a conversation. Random (UUIDv4), so that it cannot be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConversationId(pub Uuid);

impl ConversationId {
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// Who asks, as far as taking turns needs it: a number that means nothing outside this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Visitor(pub u64);

/// What is wanted when a model is configured and has no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fallback {
    /// The articles' own sentences.
    #[default]
    Articles,
    /// A refusal that says when to try again.
    Refuse,
}

/// Who said something in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    User,
    Assistant,
}

/// One earlier message as a caller hands it over.
#[derive(Debug, Clone)]
pub struct Turn {
    pub role: Role,
    pub text: CustomerText,
}

/// One earlier message as it is remembered.
#[derive(Debug, Clone)]
pub struct Said {
    pub role: Role,
    pub text: RedactedText,
}

/// A question that may be answered.
#[derive(Debug, Clone)]
pub struct Question {
    pub text: CustomerText,
    /// Language the customer wants; detected when `None`.
    pub locale: Option<Locale>,
    /// Continues this conversation; a new one when `None`.
    pub conversation: Option<ConversationId>,
    /// It begins the conversation that it names. Otherwise one that is not there was erased, and stays so.
    pub begins: bool,
    /// Chosen by the client, so that a message sent twice counts once.
    pub message_id: Option<Uuid>,
    /// What the asker may see. Set by the server from who is asking, never by a request field.
    pub audience: Audience,
    pub visitor: Visitor,
    /// Who the customer proved to be.
    pub identity: Option<Identity>,
    pub fallback: Fallback,
}

/// What is wrong with a question as it was sent. The messages are for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    #[error("`question` is empty; send the customer's words")]
    Empty,
    #[error("`question` has {chars} characters; at most {MAX_CHARS} are read, send a shorter one")]
    TooLong { chars: usize },
    #[error("`locale` is not a language tag: {0:?}; send for instance \"en\" or \"lv\"")]
    Locale(String),
    #[error(
        "`conversation_id` is not an id that this server gave: {0:?}; leave it out to start a new conversation"
    )]
    Conversation(String),
}

impl Question {
    /// Checks and cleans what a client sent: control characters become spaces, white space around
    /// is dropped.
    ///
    /// # Errors
    /// [`QuestionError`] naming the field and what to send instead.
    pub fn parse(
        text: &str,
        locale: Option<&str>,
        conversation: Option<&str>,
        audience: Audience,
    ) -> Result<Self, QuestionError> {
        let text = cleaned(text)?;
        if !text.chars().any(char::is_alphanumeric) {
            return Err(QuestionError::Empty);
        }
        let conversation = conversation
            .filter(|c| !c.is_empty())
            .map(|c| {
                Uuid::try_parse(c)
                    .map(ConversationId)
                    .map_err(|_| QuestionError::Conversation(c.chars().take(64).collect()))
            })
            .transpose()?;
        Self::made(text, locale, conversation, audience)
    }

    /// What a customer says in their conversation: anything that shows, "?" and "👍" as well. A person may
    /// be there to read it.
    ///
    /// # Errors
    /// As [`Question::parse`].
    pub fn message(
        text: &str,
        locale: Option<&str>,
        conversation: ConversationId,
        audience: Audience,
    ) -> Result<Self, QuestionError> {
        let text = cleaned(text)?;
        if !text.chars().any(is_visible) {
            return Err(QuestionError::Empty);
        }
        Self::made(text, locale, Some(conversation), audience)
    }

    fn made(
        text: String,
        locale: Option<&str>,
        conversation: Option<ConversationId>,
        audience: Audience,
    ) -> Result<Self, QuestionError> {
        let locale = locale
            .filter(|l| !l.is_empty() && *l != "auto")
            .map(|l| Locale::parse(l).ok_or_else(|| QuestionError::Locale(l.to_owned())))
            .transpose()?;
        let text = CustomerText::new(text);
        let (visitor, fallback) = (Visitor::default(), Fallback::default());
        Ok(Self {
            text,
            locale,
            conversation,
            begins: false,
            message_id: None,
            audience,
            visitor,
            identity: None,
            fallback,
        })
    }
}

/// Within the limit; control characters become spaces, white space around is dropped.
fn cleaned(text: &str) -> Result<String, QuestionError> {
    let chars = text.chars().count();
    if chars > MAX_CHARS {
        return Err(QuestionError::TooLong { chars });
    }
    let cleaned: String =
        text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    Ok(cleaned.trim().to_owned())
}

/// Whether a character draws anything. What does not: white space, and what Unicode calls ignorable by
/// default (joiners, marks of direction, variation selectors, fillers), with the empty Braille cell.
fn is_visible(c: char) -> bool {
    let ignorable = matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    !(ignorable || c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Question, QuestionError> {
        Question::parse(text, None, None, Audience::Public)
    }

    #[test]
    fn limits_are_named_in_the_error() {
        assert_eq!(parse(" \n\t?!").unwrap_err(), QuestionError::Empty);
        let long = "x".repeat(MAX_CHARS + 1);
        assert!(parse(&long).unwrap_err().to_string().contains("8001"));
        assert!(Question::parse("hi", Some("no such"), None, Audience::Public).is_err());
        assert!(Question::parse("hi", None, Some("7"), Audience::Public).is_err());
    }

    #[test]
    fn a_message_is_anything_that_shows() {
        let say =
            |text: &str| Question::message(text, None, ConversationId::random(), Audience::Public);
        for text in ["👍", "?", "...", "❤\u{fe0f}", " ¿ "] {
            assert_eq!(say(text).unwrap().text.expose(), text.trim());
            assert_eq!(parse(text).unwrap_err(), QuestionError::Empty, "{text}: no question");
        }
        for blank in ["", " \n\t", "\u{200b}\u{feff}", "\u{2800}", "\u{7}\u{fe0f}", "\u{202e}"] {
            assert_eq!(say(blank).unwrap_err(), QuestionError::Empty, "{blank:?}");
        }
        let long = "?".repeat(MAX_CHARS + 1);
        assert!(say(&long).unwrap_err().to_string().contains("8001"));
    }

    #[test]
    fn control_characters_do_not_survive() {
        assert_eq!(parse("\u{7}where\u{0}is it ").unwrap().text.expose(), "where is it");
    }
}
