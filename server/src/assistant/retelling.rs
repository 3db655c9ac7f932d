//! The stored sentences of a ticket, taken apart again: a code with figures and quotes, so that the inbox can
//! word them in the language of whoever reads. The sentences themselves are those of `rules` and `summary`,
//! in English, as tickets of all versions, webhooks and mails have them. What this does not know (a model's
//! summary) is shown as it is stored.

use std::collections::BTreeMap;

use serde::Serialize;

use super::summary::{NO_MACHINE, failed, plain};
use super::talking::CustomerAction;
use crate::domain::ReasonCode;

/// One sentence, or one quote of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Told {
    pub(crate) code: String,
    /// What stands in it, by name: figures, a title, redacted words.
    pub(crate) values: BTreeMap<&'static str, String>,
}

fn told<const N: usize>(code: &str, values: [(&'static str, &str); N]) -> Told {
    let values = values.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    Told { code: code.to_owned(), values }
}

const ACTIONS: [(CustomerAction, &str); 2] =
    [(CustomerAction::Erase, "failed_erase"), (CustomerAction::Export, "failed_export")];

/// What the sentence on why says; `None` for one that this version does not make.
pub(crate) fn reasoning_parts(text: &str) -> Option<Told> {
    if let Some(reason) = ReasonCode::ALL.into_iter().find(|reason| plain(*reason) == text) {
        return Some(told(&format!("why_{}", reason.as_str()), []));
    }
    if let Some((_, code)) = ACTIONS.into_iter().find(|(action, _)| failed(*action) == text) {
        return Some(told(code, []));
    }
    if text == NO_MACHINE {
        return Some(told("no_machine", []));
    }
    let within =
        |before: &'static str, after: &'static str| text.strip_prefix(before)?.strip_suffix(after);
    if let Some(rest) = within("The articles found, first \u{201c}", " % are needed.") {
        let (title, figures) =
            rest.rsplit_once("\u{201d}, answer the question with a probability of ")?;
        let (n, needed) = figures.split_once(" %, and ")?;
        return Some(told("doubtful", [("title", title), ("n", n), ("needed", needed)]));
    }
    for (code, name, before, after) in [
        (
            "nearest",
            "title",
            "Nothing in the articles covers the question; the nearest is \u{201c}",
            "\u{201d}.",
        ),
        ("sensitive", "topic", "The message touches the sensitive topic ", "."),
        ("unhelpful_row", "n", "The customer called the last ", " answers unhelpful."),
        ("answered_many", "n", "The assistant has answered ", " times in this conversation."),
    ] {
        if let Some(value) = within(before, after) {
            return Some(told(code, [(name, value)]));
        }
    }
    let ordinal = within(
        "The customer asks the same for the ",
        " time in other words, although it was answered.",
    )?;
    let n = match ordinal {
        "second" => "2",
        "third" => "3",
        other => other.strip_suffix("th")?,
    };
    Some(told("rephrased", [("n", n)]))
}

/// What a summary made of the conversation's own words says, in its order; empty for any other.
pub(crate) fn summary_parts(text: &str) -> Vec<Told> {
    parts_of(text).unwrap_or_default()
}

fn parts_of(text: &str) -> Option<Vec<Told>> {
    let (rest, mut tail) = tail_of(text);
    let (rest, mut parts) = front_of(rest);
    if rest != "The customer has not written anything yet." {
        let quotes =
            rest.strip_prefix("The customer wrote: \u{201c}")?.strip_suffix("\u{201d}.")?;
        parts.extend(quotes_of(quotes));
    } else {
        parts.push(told("nothing_written", []));
    }
    parts.append(&mut tail);
    Some(parts)
}

/// Which actions failed, and what follows.
fn front_of(text: &str) -> (&str, Vec<Told>) {
    let (mut rest, mut parts) = (text, Vec::new());
    while let Some((after, code)) =
        ACTIONS.iter().find_map(|(action, code)| Some((rest.strip_prefix(failed(*action))?, *code)))
    {
        parts.push(told(code, []));
        rest = after.trim_start();
    }
    (rest, parts)
}

/// The sentences behind the quotes, and what stands before them.
fn tail_of(text: &str) -> (&str, Vec<Told>) {
    let (mut rest, mut parts) = (text, Vec::new());
    if let Some((head, n)) = last(rest, " Called unhelpful: ", ".").filter(is_figure) {
        parts.push(told("unhelpful", [("n", n)]));
        rest = head;
    }
    if let Some(head) = rest.strip_suffix(" The assistant has answered once.") {
        parts.push(told("answered_once", []));
        rest = head;
    } else if let Some((head, n)) =
        last(rest, " The assistant has answered ", " times.").filter(is_figure)
    {
        parts.push(told("answered", [("n", n)]));
        rest = head;
    }
    if let Some((head, words)) = last(rest, " Searched as \u{201c}", "\u{201d}.") {
        parts.push(told("searched", [("words", words)]));
        rest = head;
    }
    parts.reverse();
    (rest, parts)
}

/// What stands before the last sentence of that form, and what it says.
fn last<'a>(text: &'a str, before: &str, after: &str) -> Option<(&'a str, &'a str)> {
    text.strip_suffix(after)?.rsplit_once(before)
}

fn is_figure((_, value): &(&str, &str)) -> bool {
    value.parse::<u32>().is_ok()
}

/// The customer's words, one part a quote. Who writes such a seam into a message only parts their own words.
fn quotes_of(quotes: &str) -> Vec<Told> {
    const SEAMS: [(&str, &str); 2] =
        [("then", "\u{201d}, then \u{201c}"), ("later", "\u{201d}, later \u{201c}")];
    let (mut rest, mut code, mut parts) = (quotes, "wrote", Vec::new());
    loop {
        let next = SEAMS
            .iter()
            .filter_map(|(code, seam)| Some((rest.find(*seam)?, *code, seam.len())))
            .min();
        let Some((at, following, length)) = next else {
            parts.push(told(code, [("words", rest)]));
            return parts;
        };
        parts.push(told(code, [("words", &rest[..at])]));
        (rest, code) = (&rest[at + length..], following);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assistant::summary;
    use crate::privacy::RedactedText;

    fn codes(parts: &[Told]) -> Vec<&str> {
        parts.iter().map(|part| part.code.as_str()).collect()
    }

    #[test]
    fn every_plain_reason_is_known_again() {
        for reason in ReasonCode::ALL {
            let told = reasoning_parts(plain(reason)).unwrap();
            assert_eq!(told.code, format!("why_{}", reason.as_str()));
        }
        for (action, code) in ACTIONS {
            assert_eq!(reasoning_parts(failed(action)).unwrap().code, code);
        }
    }

    #[test]
    fn figures_and_titles_are_taken_out() {
        let doubt = "The articles found, first \u{201c}Gift \u{201c}cards\u{201d}\u{201d}, answer the \
                     question with a probability of 43 %, and 60 % are needed.";
        let values = reasoning_parts(doubt).unwrap().values;
        assert_eq!(values["title"], "Gift \u{201c}cards\u{201d}");
        assert_eq!((values["n"].as_str(), values["needed"].as_str()), ("43", "60"));
        for (text, code, value) in [
            ("The message touches the sensitive topic legal threat.", "sensitive", "legal threat"),
            ("The customer called the last 2 answers unhelpful.", "unhelpful_row", "2"),
            ("The assistant has answered 9 times in this conversation.", "answered_many", "9"),
            (
                "The customer asks the same for the 4th time in other words, although it was answered.",
                "rephrased",
                "4",
            ),
        ] {
            let told = reasoning_parts(text).unwrap();
            assert_eq!(told.code, code);
            assert_eq!(told.values.into_values().collect::<Vec<_>>(), [value]);
        }
        assert_eq!(reasoning_parts("Something of another version."), None);
    }

    #[test]
    fn a_summary_is_taken_apart_as_it_was_made() {
        let made = summary::of(&[], (None, None));
        assert_eq!(codes(&summary_parts(made.as_str())), ["nothing_written"]);
        let asked = RedactedText::of_the_house("Where is [ORDER_1]? It is late.");
        let made = summary::of(&[], (Some(&asked), Some("Where is the order?")));
        let failed = summary::with_failed(CustomerAction::Export, &made).unwrap();
        let parts = summary_parts(failed.as_str());
        assert_eq!(codes(&parts), ["failed_export", "wrote", "searched"]);
        assert_eq!(parts[1].values["words"], "Where is [ORDER_1]? It is late");
        let all = "The customer wrote: \u{201c}a\u{201d}, later \u{201c}b\u{201d}, then \u{201c}c\u{201d}. \
                   The assistant has answered 3 times. Called unhelpful: 1.";
        let parts = summary_parts(all);
        assert_eq!(codes(&parts), ["wrote", "later", "then", "answered", "unhelpful"]);
        assert_eq!(parts[3].values["n"], "3");
        let once = "The customer wrote: \u{201c}a\u{201d}. The assistant has answered once.";
        assert_eq!(codes(&summary_parts(once)), ["wrote", "answered_once"]);
    }

    #[test]
    fn a_models_summary_stays_as_it_is() {
        let summary = "The customer asks for a refund. Searched as \u{201c}x\u{201d}.";
        assert!(summary_parts(summary).is_empty());
    }
}
