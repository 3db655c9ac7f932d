//! When a person takes over whatever the search finds: the one place where triggers are asked.
//!
//! [`before`] sees the question and what was said, and is asked before anything is searched. Each rule
//! that holds gives a [`Trigger`]: the reason code and the sentence that the person who takes over reads.

use indexer::model::Locale;

use super::settings::ConversationSettings;
use super::summary;
use super::triggers::{self, TriggerSettings};
use crate::domain::{Author, Message, ReasonCode, SystemKind};
use crate::privacy::RedactedText;

/// Why a person takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trigger {
    pub(super) reason: ReasonCode,
    /// One English sentence without a word of the customer.
    pub(super) reasoning: String,
    /// Name of the sensitive topic, which may have words of its own for the customer.
    pub(super) topic: Option<String>,
}

impl Trigger {
    pub(super) fn new(reason: ReasonCode, reasoning: String) -> Self {
        Self { reason, reasoning, topic: None }
    }
}

/// What the triggers look at.
pub(super) struct Situation<'a> {
    pub(super) asked: &'a RedactedText,
    pub(super) locale: &'a Locale,
    /// What was said before, oldest first.
    pub(super) before: &'a [Message],
    pub(super) settings: &'a ConversationSettings,
    pub(super) triggers: &'a TriggerSettings,
}

/// Asked before the search.
pub(super) fn before(situation: &Situation<'_>) -> Option<Trigger> {
    let trigger = |reason, reasoning: String| Some(Trigger::new(reason, reasoning));
    let Situation { asked, locale, before, settings, triggers } = situation;
    if let Some(found) = triggers::before_search(asked, triggers) {
        let reasoning = match &found.topic {
            Some(name) => {
                format!("The message touches the sensitive topic {}.", name.replace('_', " "))
            }
            None => summary::plain(found.reason).to_owned(),
        };
        return Some(Trigger { topic: found.topic, ..Trigger::new(found.reason, reasoning) });
    }
    let before = since_returned(before);
    let asked_before =
        || before.iter().rev().filter(|m| m.author == Author::Customer).map(|m| &m.text);
    if triggers::stays_angry(asked, asked_before(), triggers) {
        let reason = ReasonCode::NegativeSentiment;
        return trigger(reason, summary::plain(reason).to_owned());
    }
    let unhelpful = unhelpful_in_a_row(before);
    if settings.unhelpful > 0 && unhelpful >= settings.unhelpful {
        let reasoning = format!("The customer called the last {unhelpful} answers unhelpful.");
        return trigger(ReasonCode::RepeatedFailure, reasoning);
    }
    let answered = answered_in_a_row(before);
    let rephrased = triggers::times_asked(asked, asked_before().take(answered), locale) as u32;
    if settings.rephrased > 0 && rephrased >= settings.rephrased {
        let reasoning = format!(
            "The customer asks the same for the {} time in other words, although it was answered.",
            ordinal(rephrased + 1)
        );
        return trigger(ReasonCode::RepeatedFailure, reasoning);
    }
    let answers = before.iter().filter(|m| m.author == Author::Assistant).count();
    if settings.turn_limit > 0 && answers >= settings.turn_limit as usize {
        let reasoning = format!("The assistant has answered {answers} times in this conversation.");
        return trigger(ReasonCode::TurnLimit, reasoning);
    }
    None
}

/// What was said since the assistant answers again: behind the last return, reopening or word of an agent. What
/// went wrong before them has had its person, who gave the conversation back.
fn since_returned(before: &[Message]) -> &[Message] {
    let people = |m: &Message| {
        matches!(
            m.author,
            Author::Agent(_) | Author::System(SystemKind::Returned | SystemKind::Reopened)
        )
    };
    let from = before.iter().rposition(people).map_or(0, |last| last + 1);
    &before[from..]
}

/// Answers at the end of the conversation that the customer called unhelpful, one after the other.
fn unhelpful_in_a_row(before: &[Message]) -> u32 {
    let answers = before.iter().rev().filter(|m| m.author == Author::Assistant);
    answers.take_while(|m| m.helpful == Some(false)).count() as u32
}

/// Questions at the end of the conversation that the assistant answered, one after the other.
fn answered_in_a_row(before: &[Message]) -> usize {
    let answers = |m: &&Message| {
        before.iter().any(|a| a.author == Author::Assistant && a.reply_to == Some(m.seq))
    };
    before.iter().rev().filter(|m| m.author == Author::Customer).take_while(answers).count()
}

fn ordinal(n: u32) -> String {
    match n {
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        n => format!("{n}th"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::retelling::reasoning_parts;
    use super::*;
    use crate::domain::{AgentId, Colleague};

    fn said(seq: u64, author: Author, text: &str) -> Message {
        let reply_to = (author == Author::Assistant).then(|| seq - 1);
        Message {
            seq,
            author,
            text: RedactedText::of_the_house(text),
            at: Timestamp::UNIX_EPOCH,
            message_id: None,
            reply_to,
            proof: None,
            ticket: None,
            helpful: None,
        }
    }

    fn talk(questions: &[&str]) -> Vec<Message> {
        let turn = |(i, q): (usize, &&str)| {
            let seq = 2 * i as u64 + 1;
            [said(seq, Author::Customer, q), said(seq + 1, Author::Assistant, "An answer.")]
        };
        questions.iter().enumerate().flat_map(turn).collect()
    }

    /// The same message so much further on.
    fn later(m: Message, by: u64) -> Message {
        Message { seq: m.seq + by, reply_to: m.reply_to.map(|seq| seq + by), ..m }
    }

    fn asked(question: &str, before: &[Message]) -> Option<ReasonCode> {
        let settings = ConversationSettings { turn_limit: 5, ..ConversationSettings::default() };
        let (asked, locale) = (RedactedText::of_the_house(question), Locale::parse("en").unwrap());
        let situation = Situation {
            asked: &asked,
            locale: &locale,
            before,
            settings: &settings,
            triggers: &TriggerSettings::default(),
        };
        let trigger = super::before(&situation)?;
        // The inbox words it in the agent's language.
        assert!(reasoning_parts(&trigger.reasoning).is_some(), "{}", trigger.reasoning);
        Some(trigger.reason)
    }

    #[test]
    fn an_ordinary_question_triggers_nothing() {
        assert_eq!(asked("How long does a refund take?", &[]), None);
        let before = talk(&["What does shipping to Finland cost?", "And to Germany?"]);
        assert_eq!(asked("And to Poland?", &before), None);
    }

    #[test]
    fn a_person_is_asked_for_as_the_first_message() {
        assert_eq!(asked("talk to a human", &[]), Some(ReasonCode::CustomerRequested));
    }

    #[test]
    fn the_same_question_for_the_third_time_goes_to_a_person() {
        let same = ["How long does my refund take?", "How long will the refund take"];
        assert_eq!(asked("how long do refunds take??", &talk(&same[..1])), None);
        let third = asked("how long do refunds take??", &talk(&same));
        assert_eq!(third, Some(ReasonCode::RepeatedFailure));
        let other = talk(&[same[0], "What does shipping cost?"]);
        assert_eq!(asked("how long do refunds take??", &other), None);
    }

    #[test]
    fn answers_that_did_not_help_and_long_talks_go_to_a_person() {
        let mut before = talk(&["Where is my parcel?", "How do I return it?"]);
        before[1].helpful = Some(false);
        assert_eq!(asked("What about the warranty?", &before), None);
        before[3].helpful = Some(false);
        assert_eq!(asked("What about the warranty?", &before), Some(ReasonCode::RepeatedFailure));
        let long = talk(&["Parcel?", "Return?", "Warranty?", "Tent repair?", "Zip cost?"]);
        assert_eq!(asked("What about vouchers?", &long), Some(ReasonCode::TurnLimit));
    }

    #[test]
    fn what_a_person_has_dealt_with_counts_no_more() {
        let mut unhelpful = talk(&["Where is my parcel?", "How do I return it?"]);
        unhelpful[1].helpful = Some(false);
        unhelpful[3].helpful = Some(false);
        let same = ["How long does my refund take?", "How long will the refund take"];
        let five = ["Parcel?", "Return?", "Warranty?", "Tent repair?", "Zip cost?"];
        let stories = [
            (unhelpful, "What about the warranty?", ReasonCode::RepeatedFailure),
            (talk(&same), "how long do refunds take??", ReasonCode::RepeatedFailure),
            (talk(&five), "What about vouchers?", ReasonCode::TurnLimit),
            (talk(&["what a joke"]), "I am very annoyed now", ReasonCode::NegativeSentiment),
        ];
        let anna = || Author::Agent(Colleague { id: AgentId::random(), name: "Anna".to_owned() });
        for (story, question, reason) in stories {
            let after = |author| {
                let mut story = story.clone();
                story.push(said(story.len() as u64 + 1, author, "A line."));
                asked(question, &story)
            };
            assert_eq!(asked(question, &story), Some(reason), "{question}");
            assert_eq!(after(anna()), None, "{question}");
            for kind in [SystemKind::Returned, SystemKind::Reopened] {
                assert_eq!(after(Author::System(kind)), None, "{kind:?}: {question}");
            }
            for kind in [SystemKind::HandedOff, SystemKind::AgentJoined, SystemKind::Resolved] {
                assert_eq!(after(Author::System(kind)), Some(reason), "{kind:?}: {question}");
            }
            // What goes wrong from then on counts as ever.
            let mut again = story.clone();
            again.push(said(story.len() as u64 + 1, Author::System(SystemKind::Returned), "Back."));
            again.extend(story.iter().cloned().map(|m| later(m, story.len() as u64 + 1)));
            assert_eq!(asked(question, &again), Some(reason), "again: {question}");
        }
    }
}
