//! What a conversation is about and why it was handed over, for the person who takes over: made of the
//! conversation's own redacted words and of figures, never of anything else.

use indexer::search::SearchOutcome;

use super::confidence::Confidence;
use crate::domain::{Author, Message, ReasonCode};
use crate::privacy::RedactedText;

/// Messages of the customer that a summary quotes.
const QUOTED: usize = 3;
/// Characters of each.
const CHARS: usize = 220;

/// The customer's last words, the newest last, and how often the assistant has answered.
pub(super) fn of(before: &[Message], asked: Option<&RedactedText>) -> RedactedText {
    let earlier = before.iter().filter(|m| m.author == Author::Customer).map(|m| &m.text);
    let said: Vec<&RedactedText> = earlier.chain(asked).collect();
    let from = said.len().saturating_sub(QUOTED);
    let quotes: Vec<String> =
        said[from..].iter().map(|t| format!("\u{201c}{}\u{201d}", shortened(t.as_str()))).collect();
    let answers = before.iter().filter(|m| m.author == Author::Assistant).count();
    let unhelpful = before.iter().filter(|m| m.helpful == Some(false)).count();
    let mut summary = match quotes.as_slice() {
        [] => "The customer has not written anything yet.".to_owned(),
        [only] => format!("The customer wrote: {only}."),
        many => format!("The customer wrote: {}.", many.join(", then ")),
    };
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
        assert!(of(&[], None).as_str().contains("not written"));
        let asked = words("My order\n[ORDER_1] is late.");
        assert_eq!(
            of(&[], Some(&asked)).as_str(),
            "The customer wrote: \u{201c}My order [ORDER_1] is late\u{201d}."
        );
        let long = words(&"word ".repeat(200));
        let summary = of(&[], Some(&long));
        assert!(summary.as_str().ends_with("word …\u{201d}.") && summary.as_str().len() < 300);
        let unbroken = words(&"ā".repeat(5000));
        assert!(of(&[], Some(&unbroken)).as_str().chars().count() < 300);
    }

    #[test]
    fn every_reason_has_a_sentence() {
        for reason in ReasonCode::ALL {
            assert!(plain(reason).ends_with('.'));
        }
    }
}
