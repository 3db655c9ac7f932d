//! The report as one HTML file for people who were not at the terminal: what share of the questions is
//! answered and how often rightly, how far the shown confidence can be trusted, where the search is
//! weak, and the worst questions with what was found for each.
//!
//! Called by `command`, which writes the file. The page loads nothing, runs nothing, follows the
//! reader's choice of light or dark, and prints. Every word that is not ours goes through [`escaped`].

mod cases;
mod plot;

use std::fmt::Write as _;

use super::abstention::RiskPoint;
use super::compare::{Comparison, Effect, Verdict};
use super::figures::{Figures, SetFigures};
use super::report::Gate;
use super::rows::Row;
use crate::html::escaped;
use plot::percent;

/// What a page is made of.
pub(super) struct Page<'a> {
    /// Name of the set or of the folder of golden cases.
    pub(super) name: &'a str,
    /// Day of the run, `2026-11-22`.
    pub(super) day: &'a str,
    /// Documents and passages of the base.
    pub(super) size: (u64, u64),
    pub(super) figures: &'a SetFigures,
    pub(super) rows: &'a [Row],
    pub(super) gates: &'a [Gate],
    /// Probability below which a person takes over.
    pub(super) threshold: f64,
    pub(super) comparison: Option<&'a Comparison>,
}

/// Differences that the page lists; the rest is counted.
const DIFFERENCES: usize = 60;

/// Draws the page.
pub(super) fn page(page: &Page<'_>) -> String {
    let now = operating_point(page.rows, page.threshold);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Evaluation of {name}, {day}</title><style>{style}</style></head><body><main>\n\
         <h1>Evaluation of {name}</h1>\n<p class=\"soft\">{day}. {questions} questions against \
         {documents} articles ({passages} passages).</p>\n",
        name = escaped(page.name),
        day = escaped(page.day),
        style = include_str!("style.css"),
        questions = page.rows.len(),
        documents = page.size.0,
        passages = page.size.1,
    );
    summary(&mut out, page, now);
    if let Some(comparison) = page.comparison {
        changes(&mut out, comparison);
    }
    confidence(&mut out, page, now);
    retrieval(&mut out, page);
    cases::list(&mut out, page.rows, page.threshold);
    out.push_str("</main></body></html>\n");
    out
}

/// Where the threshold stands on the risk-coverage curve; `None` where no truth is known.
fn operating_point(rows: &[Row], threshold: f64) -> Option<RiskPoint> {
    let known = rows.iter().filter(|r| r.decided_right(threshold).is_some()).count();
    let answered: Vec<&Row> = rows
        .iter()
        .filter(|r| r.decided_right(threshold).is_some() && r.confidence >= threshold)
        .collect();
    let wrong = answered.iter().filter(|r| !r.right()).count();
    (known > 0).then(|| RiskPoint {
        coverage: answered.len() as f64 / known as f64,
        risk: if answered.is_empty() { 0.0 } else { wrong as f64 / answered.len() as f64 },
        threshold,
    })
}

fn summary(out: &mut String, page: &Page<'_>, now: Option<RiskPoint>) {
    if let Some(now) = now {
        let _ = writeln!(
            out,
            "<p class=\"lead\">Of every hundred of these questions the assistant would answer about \
             <strong>{:.0}</strong> and pass <strong>{:.0}</strong> on to a person. Of its answers, \
             <strong>{}</strong> would not rest on a right page.</p>",
            now.coverage * 100.0,
            (1.0 - now.coverage) * 100.0,
            percent(now.risk),
        );
    }
    out.push_str("<div class=\"tiles\">");
    let mut tile = |value: String, class: &str, words: String| {
        let _ = write!(
            out,
            "<div class=\"tile\"><b class=\"{class}\">{value}</b>{}</div>",
            escaped(&words)
        );
    };
    for gate in page.gates {
        let class = if gate.holds() { "good" } else { "bad" };
        let needed = format!("needed: {}", percent(gate.needed));
        let words = match gate.name.as_str() {
            "answer" => "of the answerable cases answered rightly",
            "refuse" => "of the cases without an answer not answered",
            "hand_over" => "of the calls for a person handed over",
            other => other,
        };
        tile(percent(gate.reached), class, format!("{words}; {needed}"));
    }
    let figure = |name| page.figures.all.get(name).map(|f| f.value);
    if let Some(value) = figure("recall1") {
        tile(percent(value), "", "of the questions find a right page first".to_owned());
    }
    if let Some(value) = figure("auroc") {
        let words = "chance that a question with an answer gets the higher confidence of two";
        tile(percent(value), "", words.to_owned());
    }
    if let Some(value) = figure("ece") {
        let words = "mean distance between the confidence shown and the share that was right";
        tile(percent(value), "", words.to_owned());
    }
    out.push_str("</div>\n");
}

fn changes(out: &mut String, comparison: &Comparison) {
    let _ = writeln!(
        out,
        "<h2>What changed</h2><p>{} questions are in both runs. A change counts as better or worse when \
         chance alone would hardly make it (paired bootstrap and McNemar's test, one false alarm in \
         twenty runs).</p><div class=\"wide\"><table><tr><th></th><th class=\"n\">before</th>\
         <th class=\"n\">now</th><th class=\"n\">difference, 95 %</th><th class=\"n\">p</th><th></th></tr>",
        comparison.questions
    );
    for change in &comparison.changes {
        let interval = change
            .interval
            .map_or_else(String::new, |[low, high]| format!("{low:+.3} to {high:+.3}"));
        let (class, word) = match change.verdict {
            Verdict::Better => ("good", "better"),
            Verdict::Worse => ("bad", "worse"),
            Verdict::Same | Verdict::Neutral => ("soft", ""),
        };
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"n\">{:.3}</td><td class=\"n\">{:.3}</td>\
             <td class=\"n\">{interval}</td><td class=\"n\">{:.3}</td><td class=\"{class}\">{word}</td></tr>",
            escaped(&change.name),
            change.before,
            change.after,
            change.p
        );
    }
    out.push_str("</table></div>\n");
    if comparison.differences.is_empty() {
        out.push_str("<p>No question fares otherwise.</p>\n");
        return;
    }
    out.push_str(
        "<div class=\"wide\"><table><tr><th>question</th><th></th><th>right page at</th>\
         <th>confidence</th></tr>",
    );
    for d in comparison.differences.iter().take(DIFFERENCES) {
        let (class, word) = match d.effect {
            Effect::Broken => ("bad", "broken"),
            Effect::Mended => ("good", "mended"),
            Effect::Moved => ("soft", "moved"),
        };
        let place = |rank: Option<usize>| rank.map_or_else(|| "-".to_owned(), |r| r.to_string());
        let _ = writeln!(
            out,
            "<tr><td>{}<br><span class=\"soft\">{}</span></td><td class=\"{class}\">{word}</td>\
             <td>{} to {}</td><td>{:.2} to {:.2}</td></tr>",
            escaped(&d.question),
            escaped(&d.id),
            place(d.rank[0]),
            place(d.rank[1]),
            d.confidence[0],
            d.confidence[1]
        );
    }
    out.push_str("</table></div>\n");
    let more = comparison.differences.len().saturating_sub(DIFFERENCES);
    if more > 0 {
        let _ = writeln!(out, "<p class=\"soft\">... and {more} more.</p>");
    }
}

fn confidence(out: &mut String, page: &Page<'_>, now: Option<RiskPoint>) {
    if page.figures.bins.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<h2>Can the confidence be trusted?</h2><div class=\"plots\"><figure>{}<figcaption>Each point is a \
         fifteenth of the questions. On the dashed line, what is shown as 80 % is right in eight of ten \
         cases; below it the assistant is too sure, above it too modest.</figcaption></figure>\
         <figure>{}<figcaption>The surest questions stand on the left. The further down the curve, the \
         fewer answers are wrong; the dashed line is one in twenty, the large dot the threshold in \
         effect ({:.2}).</figcaption></figure></div>",
        plot::reliability(&page.figures.bins),
        plot::risk_coverage(&page.figures.curve, now),
        page.threshold,
    );
}

fn retrieval(out: &mut String, page: &Page<'_>) {
    const SHOWN: [&str; 3] = ["recall1", "recall5", "ndcg10"];
    let groups: Vec<_> = page
        .figures
        .by_language
        .iter()
        .filter(|(_, figures)| figures.retrieval > 0)
        .map(|(name, figures)| (name.clone(), SHOWN.map(|n| figures.get(n)).to_vec()))
        .collect();
    if !groups.is_empty() {
        let _ = writeln!(
            out,
            "<h2>Is the right page found?</h2><figure>{}<figcaption><span class=\"key\">\
             <span class=\"bar0\"></span>right page first<span class=\"bar1\"></span>share of the right \
             pages among the first five<span class=\"bar2\"></span>nDCG@10, the order of the first ten\
             </span></figcaption></figure>",
            plot::bars("Retrieval by language", &groups)
        );
    }
    out.push_str("<h2>All figures</h2>\n");
    let all = [("all".to_owned(), page.figures.all.clone())].into_iter().collect();
    for (title, slices) in
        [("", &all), ("language", &page.figures.by_language), ("kind", &page.figures.by_kind)]
    {
        if title.is_empty() || slices.len() > 1 {
            table(out, title, slices.iter());
        }
    }
    out.push_str(
        "<p class=\"soft\">recall: share of the right pages among the first 1, 5, 10. mrr10: one over the \
         place of the first right page. auroc: 0.5 is a coin, 1 tells every question with an answer from \
         every one without. coverage_at_5pct: share of questions that can be answered while at most one \
         answer in twenty is wrong. aurc: mean share of wrong answers, ece and brier: distance between \
         confidence and truth; lower is better in these three. In brackets the middle 95 % over resampled \
         questions.</p>\n",
    );
}

fn table<'a>(
    out: &mut String,
    title: &str,
    slices: impl Iterator<Item = (&'a String, &'a Figures)> + Clone,
) {
    let mut names: Vec<&str> = Vec::new();
    for figure in slices.clone().flat_map(|(_, f)| &f.list) {
        if !names.contains(&figure.name) {
            names.push(figure.name);
        }
    }
    let _ = write!(out, "<div class=\"wide\"><table><tr><th>{}</th>", escaped(title));
    for (name, figures) in slices.clone() {
        let _ = write!(
            out,
            "<th class=\"n\">{}<br>{} questions</th>",
            escaped(name),
            figures.questions
        );
    }
    out.push_str("</tr>\n");
    for name in names {
        let _ = write!(out, "<tr><td>{}</td>", escaped(name));
        for (_, figures) in slices.clone() {
            let cell = figures.get(name).map_or_else(String::new, |f| {
                let interval = f.interval.map_or_else(String::new, |i| {
                    format!("<br><span class=\"soft\">[{:.3}, {:.3}]</span>", i.low, i.high)
                });
                format!("{:.3}{interval}", f.value)
            });
            let _ = write!(out, "<td class=\"n\">{cell}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table></div>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::EvalSettings;
    use crate::evaluate::probe::Found;
    use crate::evaluate::rows::Shown;

    fn row(id: &str, rank: usize, confidence: f64) -> Row {
        Row {
            id: id.to_owned(),
            language: "en".to_owned(),
            kind: "short".to_owned(),
            group: id.to_owned(),
            answerable: true,
            gold: Some(1),
            places: vec![rank],
            confidence,
            shown: Shown {
                question: format!("<script>alert({id})</script>"),
                wanted: vec!["right.md".to_owned()],
                found: vec![Found {
                    path: "other.md".to_owned(),
                    place: "Other & more".to_owned(),
                    words: "It says \"this\".".to_owned(),
                }],
                ..Shown::default()
            },
            ..Row::default()
        }
    }

    fn drawn(rows: &[Row], comparison: Option<&Comparison>) -> String {
        let judged: Vec<_> = rows.iter().filter_map(Row::judged).collect();
        let gates = [Gate { name: "answer".to_owned(), needed: 0.9, reached: 0.5 }];
        page(&Page {
            name: "golden",
            day: "2026-01-02",
            size: (3, 9),
            figures: &SetFigures::of(&judged, &EvalSettings::default()),
            rows,
            gates: &gates,
            threshold: 0.5,
            comparison,
        })
    }

    #[test]
    fn the_page_shows_everything_and_nothing_of_it_runs() {
        let html = drawn(&[row("1", 1, 0.9), row("2", 7, 0.8), row("3", 1, 0.2)], None);
        for part in [
            "about <strong>67</strong>",
            "<strong>50 %</strong> would not rest",
            "<b class=\"bad\">50 %</b>",
            "Reliability diagram",
            "Risk-coverage curve",
            "Retrieval by language",
            "right.md",
            "Other &amp; more",
            "prefers-color-scheme",
            "@media print",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        for bad in ["<script", "http://", "https://", "src=", "url("] {
            assert!(!html.contains(bad), "{bad}");
        }
    }

    #[test]
    fn elements_that_open_close() {
        let rows = [row("1", 1, 0.9), row("2", 7, 0.8)];
        let before = super::super::compare::Run {
            questions: vec![row("1", 2, 0.9), row("2", 1, 0.8)],
            threshold: None,
        };
        let comparison =
            super::super::compare::compare(&before, (&rows, 0.5), &EvalSettings::default());
        let html = drawn(&rows, Some(&comparison.unwrap()));
        for element in ["table", "tr", "td", "div", "figure", "svg", "p", "article", "ol", "main"] {
            let open = html.matches(&format!("<{element}>")).count()
                + html.matches(&format!("<{element} ")).count();
            assert_eq!(open, html.matches(&format!("</{element}>")).count(), "{element}");
        }
        assert!(html.contains("What changed") && html.contains("7"));
    }
}
