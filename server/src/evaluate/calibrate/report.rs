//! What a calibration says: the promise in plain words, what it rests on, and what would make it surer.
//!
//! Called by `calibrate`; the command prints it.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::assistant::calibration::{Calibration, Provenance};

/// What was fitted and where it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrateOutcome {
    /// For people, with its line end.
    pub text: String,
    /// For programs.
    pub json: Value,
}

/// Tells of `calibration`, saved as `file`; `decided` is what happens to the golden cases by the shipped
/// coefficients and by these: answered rightly, answered wrongly, handed over.
pub(super) fn outcome(
    calibration: &Calibration,
    file: PathBuf,
    decided: ([usize; 3], [usize; 3]),
) -> CalibrateOutcome {
    let p = &calibration.provenance;
    let mut text = format!(
        "{}\n\nAsked {} titles and headings, {} questions with their articles held out, {} questions of \
         other domains, {} golden cases.\n",
        statement(p),
        p.made,
        p.held_out,
        p.other_domains,
        p.judged,
    );
    if p.judged > 0 {
        let told = |[right, wrong, person]: [usize; 3]| {
            format!(
                "{right} answered from a right page, {wrong} answered wrongly, {person} handed over"
            )
        };
        let _ = writeln!(text, "Golden cases before: {}.", told(decided.0));
        let _ = writeln!(text, "Golden cases now:    {}.", told(decided.1));
    }
    let _ = writeln!(
        text,
        "Threshold {:.3}. Written to {}; a server over this data folder uses it from its next start.",
        calibration.threshold,
        file.display()
    );
    let json = json!({
        "threshold": calibration.threshold,
        "intercept": calibration.intercept,
        "weights": calibration.weights,
        "provenance": p,
        "statement": statement(p),
        "file": file.display().to_string(),
        "golden_before": decided.0,
        "golden_after": decided.1,
    });
    CalibrateOutcome { text, json }
}

/// How sure it is, in plain words.
fn statement(p: &Provenance) -> String {
    let per_cent = |share: f64| format!("{:.1} %", share * 100.0);
    let sure = format!("{:.0} %", p.certainty * 100.0);
    let wish = per_cent(p.max_error);
    if p.promised {
        return format!(
            "With {sure} certainty at most {} of the answers are wrong (asked for: {wish}): {} of {} \
             judged answers were. This holds for questions like the golden cases.",
            per_cent(p.bound),
            p.wrong,
            p.answered
        );
    }
    let more = match p.more_needed {
        Some(more) => format!(
            "Some {more} more judged questions that are answered, going as well as those so far, would \
             let it be promised."
        ),
        None => {
            "More questions alone would not help: too many answers were wrong. Look at the worst \
                 ones with `atbilde eval --html`."
                .to_owned()
        }
    };
    if p.answered == 0 {
        return format!(
            "Nothing can be promised: no answer was judged. The coefficients are the shipped ones, moved \
             to the share of questions that the articles answer (--answerable); the threshold is at \
             least where questions made of the articles themselves keep {wish}, and customers ask \
             harder ones. {more} Write golden cases and give them with --golden."
        );
    }
    format!(
        "At most {wish} wrong answers cannot be promised with {sure} certainty: {} of {} judged answers \
         were wrong, so it may be up to {}. {more}",
        p.wrong,
        p.answered,
        per_cent(p.bound)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provenance() -> Provenance {
        Provenance {
            max_error: 0.05,
            certainty: 0.95,
            answered: 184,
            wrong: 2,
            bound: 0.042,
            judged: 247,
            promised: true,
            ..Provenance::default()
        }
    }

    #[test]
    fn a_promise_is_made_or_not_in_plain_words() {
        let kept = statement(&provenance());
        assert!(kept.contains("With 95 % certainty at most 4.2 %") && kept.contains("2 of 184"));
        let open = Provenance {
            promised: false,
            answered: 40,
            wrong: 0,
            bound: 0.097,
            more_needed: Some(40),
            ..provenance()
        };
        let open = statement(&open);
        assert!(open.contains("cannot be promised") && open.contains("40 more judged"), "{open}");
        let bad = Provenance { promised: false, more_needed: None, ..provenance() };
        assert!(statement(&bad).contains("--html"));
        let none = Provenance { promised: false, answered: 0, ..provenance() };
        assert!(statement(&none).contains("--golden"));
    }
}
