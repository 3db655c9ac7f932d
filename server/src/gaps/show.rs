//! The review queue for people (a table) and for spreadsheets (CSV).
//!
//! Called by whoever lists the gaps: the command line, the export.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use super::{Gap, Gaps};

impl Gaps {
    /// A table with a line below it that says what is not shown.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header([
                "askers",
                "questions",
                "subject",
                "confidence",
                "nearest article",
                "last",
            ]);
        for gap in &self.gaps {
            table.add_row([
                gap.askers.to_string(),
                gap.questions.to_string(),
                subject(gap),
                format!("{:.2}", gap.confidence),
                gap.nearest.clone().unwrap_or_default(),
                gap.last.strftime("%Y-%m-%d").to_string(),
            ]);
        }
        let mut out = if self.gaps.is_empty() { String::new() } else { format!("{table}\n") };
        let _ = writeln!(
            out,
            "{} unanswered questions, {} of them in subjects with fewer than {} askers, which are not \
             shown",
            self.questions, self.hidden, self.k
        );
        out
    }

    /// Comma-separated values with a header (RFC 4180). A cell that a spreadsheet would take for a
    /// formula begins with an apostrophe.
    pub fn csv(&self) -> String {
        let mut out = String::from(
            "id,askers,questions,confidence,example,words,nearest,reasons,languages,first,last\r\n",
        );
        for gap in &self.gaps {
            let pairs = |map: &std::collections::BTreeMap<String, usize>| {
                map.iter().map(|(k, n)| format!("{k}: {n}")).collect::<Vec<_>>().join("; ")
            };
            let row = [
                gap.id.clone(),
                gap.askers.to_string(),
                gap.questions.to_string(),
                format!("{:.4}", gap.confidence),
                gap.example.clone().unwrap_or_default(),
                gap.words.join(" "),
                gap.nearest.clone().unwrap_or_default(),
                pairs(&gap.reasons),
                pairs(&gap.languages),
                gap.first.to_string(),
                gap.last.to_string(),
            ];
            out.push_str(&row.map(|value| cell(&value)).join(","));
            out.push_str("\r\n");
        }
        out
    }
}

fn subject(gap: &Gap) -> String {
    gap.example.clone().unwrap_or_else(|| gap.words.join(", "))
}

fn cell(value: &str) -> String {
    let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let value = if formula { format!("'{value}") } else { value.to_owned() };
    if value.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::super::{gaps, tests::asked};
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_cell_is_a_formula() {
        assert_eq!(cell("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(cell("=cmd()"), "'=cmd()");
        assert_eq!(cell("plain"), "plain");
    }

    #[test]
    fn table_and_csv_show_the_same_subjects() {
        let all = (0..4).map(|i| asked(&i.to_string(), "do you sell kayaks", i)).collect();
        let gaps = gaps(all, 3);
        let (table, csv) = (gaps.table(), gaps.csv());
        assert!(table.contains("do you sell kayaks") && table.contains("2023-11-14"), "{table}");
        assert_eq!(csv.lines().count(), 2);
        assert!(csv.contains("no_evidence: 4") && csv.contains(",4,4,0.2000,"), "{csv}");
        let none = super::super::gaps(Vec::new(), 3);
        assert!(none.table().starts_with("0 unanswered"));
    }
}
