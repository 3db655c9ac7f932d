//! What a conversation is about and why it was handed over, for the person who takes over: made of the
//! conversation's own redacted words and of figures, never of anything else. A model may word it anew
//! later (`summarising`).

use indexer::search::SearchOutcome;

use super::confidence::Confidence;
use super::talking::CustomerAction;
use super::triggers::{self, TriggerSettings};
use crate::domain::{Author, Message, ReasonCode};
use crate::privacy::RedactedText;

/// Messages of the customer that a summary quotes: the first that says something, and the last ones.
const QUOTED: usize = 3;
/// Characters of each.
const CHARS: usize = 220;
/// Words of a clause that is nothing but the wish for a person, at most.
const WISH: usize = 7;
/// Words of which a message may consist that says nothing of what it is about: thanks, greetings, a nod.
const IDLE: &str = " thank thanks thx ty you very much a lot so many ok okay please hi hello hey yes no great super \
    danke dankeschön schön vielen dank bitte hallo ja nein gut alles klar \
    paldies liels jums lūdzu sveiki labdien jā nē labi skaidrs čau \
    gracias muchas grazie mille merci beaucoup dziękuję bardzo спасибо большое пожалуйста да нет привет \
    tack så mycket kiitos paljon aitäh suur ačiū labai hola ciao salut bonjour cześć tere moi hej labas ";

/// The customer's words, the newest last, and how often the assistant has answered.
pub(super) fn of(
    before: &[Message],
    (asked, wording): (Option<&RedactedText>, Option<&str>),
) -> RedactedText {
    let earlier = before.iter().filter(|m| m.author == Author::Customer).map(|m| &m.text);
    let said: Vec<&RedactedText> = earlier.chain(asked).collect();
    let quotes = quoted(&said);
    let answers =
        before.iter().filter(|m| m.author == Author::Assistant && !m.is_small_talk()).count();
    let unhelpful = before.iter().filter(|m| m.helpful == Some(false)).count();
    let mut summary = match quotes.as_str() {
        "" => "The customer has not written anything yet.".to_owned(),
        quotes => format!("The customer wrote: {quotes}."),
    };
    summary.push_str(&searched_as(wording));
    match answers {
        0 => {}
        1 => summary.push_str(" The assistant has answered once."),
        n => summary.push_str(&format!(" The assistant has answered {n} times.")),
    }
    if unhelpful > 0 {
        summary.push_str(&format!(" Called unhelpful: {unhelpful}."));
    }
    RedactedText::joined(summary)
}

/// What gives a ticket its sense: the first message that says something, then the last ones that do. Where
/// none does, the last ones as they are.
fn quoted(said: &[&RedactedText]) -> String {
    let says = |at: &usize| says_something(said[*at]);
    let mut chosen: Vec<usize> = (0..said.len()).rev().filter(says).take(QUOTED - 1).collect();
    let first = (0..said.len()).find(says);
    if let Some(first) = first.filter(|first| !chosen.contains(first)) {
        chosen.push(first);
    }
    chosen.reverse();
    if chosen.is_empty() {
        chosen = (said.len().saturating_sub(QUOTED)..said.len()).collect();
    }
    let mut quotes = String::new();
    for (place, at) in chosen.iter().enumerate() {
        if let Some(before) = place.checked_sub(1).map(|p| chosen[p]) {
            quotes.push_str(if before + 1 == *at { ", then " } else { ", later " });
        }
        quotes.push_str(&format!("\u{201c}{}\u{201d}", shortened(said[*at].as_str())));
    }
    quotes
}

/// Whether a message is more than a wish for a person, thanks or a greeting. A clause with a figure or a
/// placeholder always is.
fn says_something(message: &RedactedText) -> bool {
    message.as_str().split(['.', '!', '?', ',', ';', '\n']).any(|clause| {
        let plain = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let words: Vec<String> =
            clause.split_whitespace().map(plain).filter(|w| !w.is_empty()).collect();
        let idle = |word: &String| IDLE.contains(&format!(" {word} "));
        let wish = || words.len() <= WISH && wishes_person(clause);
        clause.contains(|c: char| c.is_ascii_digit()) || !(words.iter().all(idle) || wish())
    })
}

fn wishes_person(clause: &str) -> bool {
    let clause = RedactedText::joined(clause.to_owned());
    triggers::before_search(&clause, &TriggerSettings::default())
        .is_some_and(|trigger| trigger.reason == ReasonCode::CustomerRequested)
}

/// A model's summary of redacted words, checked against them, and what the question was searched as.
pub(super) fn by_model(text: String, wording: Option<&str>) -> RedactedText {
    RedactedText::joined(text + &searched_as(wording))
}

/// A model's wording of the question as one sentence more, where there is one.
fn searched_as(wording: Option<&str>) -> String {
    let sentence = |wording| format!(" Searched as \u{201c}{}\u{201d}.", shortened(wording));
    wording.map_or_else(String::new, sentence)
}

/// One sentence on why, where the search decided it.
pub(super) fn doubt(
    reason: ReasonCode,
    found: &SearchOutcome,
    (confidence, threshold): (Option<&Confidence>, f64),
) -> String {
    let best = found.retrieved.hits.first().map(|h| h.meta.title.as_str());
    match (reason, best, confidence) {
        (ReasonCode::NoEvidence, Some(title), Some(_)) => format!(
            "Nothing in the articles covers the question; the nearest is \u{201c}{title}\u{201d}."
        ),
        (_, Some(title), Some(confidence)) => format!(
            "The articles found, first \u{201c}{title}\u{201d}, answer the question with a \
             probability of {:.0} %, and {:.0} % are needed.",
            confidence.probability * 100.0,
            threshold * 100.0
        ),
        _ => "No article touches the question.".to_owned(),
    }
}

/// Why, where the customer has said that no machine may answer.
pub(super) const NO_MACHINE: &str = "The customer does not want answers of a machine.";

/// One sentence on why, where neither a trigger nor a figure says more.
pub(super) fn plain(reason: ReasonCode) -> &'static str {
    match reason {
        ReasonCode::CustomerRequested => "The customer asked for a person.",
        ReasonCode::LowConfidence => "The assistant is not sure enough of its answer.",
        ReasonCode::NoEvidence => "No article touches the question.",
        ReasonCode::PolicySensitive => "The topic is one that people handle.",
        ReasonCode::RepeatedFailure => "The assistant has failed several times in a row.",
        ReasonCode::NegativeSentiment => "The customer is upset.",
        ReasonCode::ActionFailed => "An action for the customer failed.",
        ReasonCode::TurnLimit => "The conversation has become long.",
        ReasonCode::Overload => "The assistant could not look at the question in time.",
        ReasonCode::Error => "The search failed; the server's log says why.",
        ReasonCode::AgentSteppedIn => "A person of the team stepped in.",
    }
}

/// One sentence on what the customer asked for and did not get.
pub(super) fn failed(action: CustomerAction) -> &'static str {
    match action {
        CustomerAction::Erase => {
            "The customer asked to erase this conversation, and that failed; the server's log says why."
        }
        CustomerAction::Export => {
            "The customer asked for what is stored of this conversation, and that failed; the server's log \
             says why."
        }
    }
}

/// The summary of a ticket that was there before, with what failed since; `None` when it says so already.
pub(super) fn with_failed(action: CustomerAction, summary: &RedactedText) -> Option<RedactedText> {
    let (failed, summary) = (failed(action), summary.as_str());
    (!summary.contains(failed)).then(|| RedactedText::joined(format!("{failed} {summary}")))
}

/// One line, cut at a word.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= CHARS {
        return line.trim_end_matches('.').to_owned();
    }
    let cut: String = line.chars().take(CHARS).collect();
    let end = cut.rfind(' ').filter(|at| *at > CHARS / 2).unwrap_or(cut.len());
    format!("{} …", cut[..end].trim_end_matches(['.', ',', ';', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> RedactedText {
        RedactedText::of_the_house(text)
    }

    #[test]
    fn a_summary_quotes_the_customer_and_cuts_at_words() {
        assert!(of(&[], (None, None)).as_str().contains("not written"));
        let asked = words("My order\n[ORDER_1] is late.");
        assert_eq!(
            of(&[], (Some(&asked), None)).as_str(),
            "The customer wrote: \u{201c}My order [ORDER_1] is late\u{201d}."
        );
        let long = words(&"word ".repeat(200));
        let summary = of(&[], (Some(&long), None));
        assert!(summary.as_str().ends_with("word …\u{201d}.") && summary.as_str().len() < 300);
        let unbroken = words(&"ā".repeat(5000));
        assert!(of(&[], (Some(&unbroken), None)).as_str().chars().count() < 300);
    }

    fn wrote(messages: &[&str]) -> String {
        let messages: Vec<RedactedText> = messages.iter().map(|m| words(m)).collect();
        quoted(&messages.iter().collect::<Vec<_>>())
    }

    #[test]
    fn the_first_question_and_the_last_ones_are_quoted_and_no_bare_wish() {
        let said = [
            "Hello",
            "My tent from order [ORDER_1] leaks",
            "How long does a repair take?",
            "And what does it cost?",
            "Is the zip included?",
            "Thanks a lot!",
            "I want to talk to a human, please",
        ];
        assert_eq!(
            wrote(&said),
            "\u{201c}My tent from order [ORDER_1] leaks\u{201d}, later \
             \u{201c}And what does it cost?\u{201d}, then \u{201c}Is the zip included?\u{201d}"
        );
        assert_eq!(
            wrote(&["Wo ist mein Paket?", "Vielen Dank", "Ich möchte mit einem Menschen sprechen"]),
            "\u{201c}Wo ist mein Paket?\u{201d}"
        );
    }

    #[test]
    fn a_wish_that_says_why_is_quoted_and_a_bare_one_where_there_is_nothing_else() {
        let why = "My parcel came broken, I want to talk to a human";
        assert_eq!(wrote(&["Hello", why]), format!("\u{201c}{why}\u{201d}"));
        assert_eq!(wrote(&["talk to a human"]), "\u{201c}talk to a human\u{201d}");
        assert!(wrote(&["Hi", "talk to a human about [ORDER_1]"]).contains("[ORDER_1]"));
    }

    #[test]
    fn what_failed_is_said_once_and_first() {
        let summary = words("The customer wrote: hello.");
        let told = with_failed(CustomerAction::Erase, &summary).unwrap();
        assert!(told.as_str().starts_with("The customer asked to erase"), "{told}");
        assert!(told.as_str().ends_with(summary.as_str()), "{told}");
        assert_eq!(with_failed(CustomerAction::Erase, &told), None);
        assert!(with_failed(CustomerAction::Export, &told).is_some());
    }

    #[test]
    fn a_models_summary_says_what_was_searched_as_the_first_one_did() {
        let wording = Some("How much is delivery to Germany?");
        let searched = " Searched as \u{201c}How much is delivery to Germany?\u{201d}.";
        assert!(of(&[], (None, wording)).as_str().ends_with(searched));
        let summary = by_model("The customer asks.".to_owned(), wording);
        assert_eq!(summary.as_str(), format!("The customer asks.{searched}"));
        assert_eq!(by_model("The customer asks.".to_owned(), None).as_str(), "The customer asks.");
    }

    #[test]
    fn every_reason_has_a_sentence() {
        for reason in ReasonCode::ALL {
            assert!(plain(reason).ends_with('.'));
        }
    }
}
