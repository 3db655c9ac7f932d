//! The worst questions, with what was found for each: the list that a content team works through.
//!
//! Called by the page of the report.

use std::fmt::Write as _;

use crate::evaluate::rows::Row;
use crate::html::escaped;

/// Questions that the page lists; the rest is counted.
const SHOWN: usize = 40;

/// How bad the outcome of a question is; worse ones come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Harm {
    /// Somebody would be told something that no right page says.
    WrongAnswer,
    /// A golden case failed in another way.
    Failed,
    /// A person is asked although the answer was found.
    Needless,
}

/// Writes the questions that went wrong, worst first.
pub(super) fn list(out: &mut String, rows: &[Row], threshold: f64) {
    let mut bad: Vec<(Harm, f64, &Row)> =
        rows.iter().filter_map(|row| harm(row, threshold)).collect();
    bad.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.id.cmp(&b.2.id)));
    let _ = writeln!(out, "<h2>The worst questions</h2>");
    if bad.is_empty() {
        out.push_str("<p>None: every question went as it should.</p>\n");
        return;
    }
    let count = |harm| bad.iter().filter(|b| b.0 == harm).count();
    let _ = writeln!(
        out,
        "<p>{} would be answered from a wrong page or without an answer in the articles, {} fail otherwise, \
         {} would go to a person although a right page was found.</p>",
        count(Harm::WrongAnswer),
        count(Harm::Failed),
        count(Harm::Needless)
    );
    for (harm, _, row) in bad.iter().take(SHOWN) {
        case(out, *harm, row);
    }
    if bad.len() > SHOWN {
        let _ = writeln!(out, "<p class=\"soft\">... and {} more.</p>", bad.len() - SHOWN);
    }
}

/// Kind and size of the harm; `None` for a question that went well.
fn harm(row: &Row, threshold: f64) -> Option<(Harm, f64, &Row)> {
    let answered = match row.shown.outcome {
        "" => row.confidence >= threshold,
        outcome => outcome == "answered",
    };
    if row.passed == Some(true) {
        return None;
    }
    let right = row.decided_right(threshold);
    match (row.passed, right, answered) {
        (_, _, true) if !row.answerable => Some((Harm::WrongAnswer, row.confidence, row)),
        (_, Some(false), true) => Some((Harm::WrongAnswer, row.confidence, row)),
        (Some(false), _, true) => Some((Harm::Failed, row.confidence, row)),
        (Some(false), _, false) | (_, Some(false), false) => {
            Some((Harm::Needless, 1.0 - row.confidence, row))
        }
        _ => None,
    }
}

fn case(out: &mut String, harm: Harm, row: &Row) {
    let shown = &row.shown;
    let what = match harm {
        Harm::WrongAnswer if row.answerable => "answered from a wrong page",
        Harm::WrongAnswer => "answered although the articles have no answer",
        Harm::Failed => "answered, and not as expected",
        Harm::Needless => "handed to a person",
    };
    let rank = match (row.gold, row.rank()) {
        (None, _) => String::new(),
        (_, None) => "; right page not among the first ten".to_owned(),
        (_, Some(rank)) => format!("; right page at {rank}"),
    };
    let _ = writeln!(
        out,
        "<article class=\"case\"><h3>{}</h3><p class=\"soft\">{} ({}, {}): <span class=\"bad\">{what}</span>, \
         confidence {:.2}{rank}</p>",
        escaped(&shown.question),
        escaped(&row.id),
        escaped(&row.language),
        escaped(&row.kind),
        row.confidence
    );
    if let Some(problem) = &shown.problem {
        let _ = writeln!(out, "<p>Problem: {}</p>", escaped(problem));
    }
    if !shown.wanted.is_empty() {
        let _ = writeln!(out, "<p>Wanted: {}</p>", escaped(&shown.wanted.join(", ")));
    }
    if !shown.answer.is_empty() {
        let _ = writeln!(out, "<p>Answer: {}</p>", escaped(&shown.answer));
    }
    if !shown.found.is_empty() {
        out.push_str("<p>Found:</p><ol>");
        for found in &shown.found {
            let _ = write!(
                out,
                "<li>{} <span class=\"soft\">{}</span><br><span class=\"words\">{}</span></li>",
                escaped(&found.place),
                escaped(&found.path),
                escaped(&found.words)
            );
        }
        out.push_str("</ol>");
    }
    out.push_str("</article>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::rows::Shown;

    fn row(answerable: bool, rank: Option<usize>, confidence: f64) -> Row {
        Row {
            answerable,
            gold: answerable.then_some(1),
            places: rank.into_iter().collect(),
            confidence,
            ..Row::default()
        }
    }

    #[test]
    fn a_wrong_answer_is_worse_than_a_needless_ticket() {
        let kind = |row: &Row| harm(row, 0.5).map(|h| h.0);
        assert_eq!(kind(&row(true, Some(1), 0.9)), None);
        assert_eq!(kind(&row(false, None, 0.2)), None);
        assert_eq!(kind(&row(true, Some(9), 0.9)), Some(Harm::WrongAnswer));
        assert_eq!(kind(&row(false, None, 0.9)), Some(Harm::WrongAnswer));
        assert_eq!(kind(&row(true, Some(1), 0.2)), Some(Harm::Needless));
        assert!(Harm::WrongAnswer < Harm::Needless);
    }

    #[test]
    fn a_golden_case_is_judged_by_what_happened() {
        let golden = |passed, outcome| Row {
            passed: Some(passed),
            shown: Shown { outcome, ..Shown::default() },
            ..row(true, Some(1), 0.2)
        };
        assert_eq!(harm(&golden(true, "answered"), 0.5), None);
        let failed = golden(false, "answered");
        assert_eq!(harm(&failed, 0.1).map(|h| h.0), Some(Harm::Failed));
        let handed = golden(false, "handed_off");
        assert_eq!(harm(&handed, 0.5).map(|h| h.0), Some(Harm::Needless));
    }
}
