//! When a person takes over whatever the search finds: the one place where triggers are asked.
//!
//! [`before`] sees the question and what was said, and is asked before anything is searched; [`after`]
//! also knows how sure the search makes, and may only make the assistant more careful. Each trigger
//! gives a [`Trigger`]: the reason code and the sentence that the person who takes over reads.

use std::collections::BTreeSet;

use indexer::language::Analyzer;
use indexer::model::Locale;

use super::person_request;
use super::settings::ConversationSettings;
use crate::domain::{Author, Message, ReasonCode};
use crate::privacy::RedactedText;

/// Share of common terms from which on two questions are the same in other words.
const SAME: f64 = 0.7;
/// Questions with fewer terms say too little to be compared.
const FEW_TERMS: usize = 2;

/// Why a person takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trigger {
    pub(super) reason: ReasonCode,
    /// One English sentence without a word of the customer.
    pub(super) reasoning: String,
}

/// What the triggers look at.
pub(super) struct Situation<'a> {
    pub(super) asked: &'a RedactedText,
    pub(super) locale: &'a Locale,
    /// What was said before, oldest first.
    pub(super) before: &'a [Message],
    pub(super) settings: &'a ConversationSettings,
}

/// Asked before the search.
pub(super) fn before(situation: &Situation<'_>) -> Option<Trigger> {
    let trigger = |reason, reasoning: String| Some(Trigger { reason, reasoning });
    if person_request::asks_for_person(situation.asked.as_str()) {
        let reasoning = "The customer asked for a person.".to_owned();
        return trigger(ReasonCode::CustomerRequested, reasoning);
    }
    let Situation { before, settings, .. } = situation;
    let unhelpful = unhelpful_in_a_row(before);
    if settings.unhelpful > 0 && unhelpful >= settings.unhelpful {
        let reasoning = format!("The customer called the last {unhelpful} answers unhelpful.");
        return trigger(ReasonCode::RepeatedFailure, reasoning);
    }
    let rephrased = times_asked(situation);
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

/// Asked when the search is done and would be answered with this probability.
pub(super) fn after(_: &Situation<'_>, _probability: f64) -> Option<Trigger> {
    None
}

/// Answers at the end of the conversation that the customer called unhelpful, one after the other.
fn unhelpful_in_a_row(before: &[Message]) -> u32 {
    let answers = before.iter().rev().filter(|m| m.author == Author::Assistant);
    answers.take_while(|m| m.helpful == Some(false)).count() as u32
}

/// How often the customer has asked the same right before and got an answer of the assistant.
fn times_asked(situation: &Situation<'_>) -> u32 {
    let analyzer = Analyzer::new(situation.locale);
    let terms = |text: &RedactedText| -> BTreeSet<String> {
        let terms = analyzer.terms(&text.without_placeholders());
        terms.into_iter().filter(|t| !t.stop).map(|t| t.text).collect()
    };
    let asked = terms(situation.asked);
    if asked.len() < FEW_TERMS {
        return 0;
    }
    let answered = |m: &&Message| {
        situation.before.iter().any(|a| a.author == Author::Assistant && a.reply_to == Some(m.seq))
    };
    let earlier = situation.before.iter().rev().filter(|m| m.author == Author::Customer);
    earlier
        .take_while(answered)
        .take_while(|m| {
            let other = terms(&m.text);
            let common = asked.intersection(&other).count();
            let all = asked.union(&other).count();
            all > 0 && common as f64 / all as f64 >= SAME
        })
        .count() as u32
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

    use super::*;

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

    fn asked(question: &str, before: &[Message]) -> Option<ReasonCode> {
        let settings = ConversationSettings { turn_limit: 5, ..ConversationSettings::default() };
        let (asked, locale) = (RedactedText::of_the_house(question), Locale::parse("en").unwrap());
        let situation = Situation { asked: &asked, locale: &locale, before, settings: &settings };
        super::before(&situation).map(|t| t.reason)
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
}
