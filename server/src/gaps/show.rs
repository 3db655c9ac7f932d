//! The review queue for people (a table) and for spreadsheets (CSV).
//!
//! Called by whoever lists the gaps: the command line, the export.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use super::{Gap, Gaps};

impl Gap {
    /// The example, or else the words; of customers who share not one word, the article that came nearest.
    pub fn subject(&self) -> String {
        let words = Some(self.words.join(", ")).filter(|words| !words.is_empty());
        let named = self.example.clone().or(words).or_else(|| self.nearest.clone());
        named.unwrap_or_else(|| "…".to_owned())
    }

    /// What went wrong, in a line: `no_evidence: 4; uncertain: 1`.
    pub fn troubles(&self) -> String {
        pairs(&self.reasons)
    }

    pub fn tongues(&self) -> String {
        pairs(&self.languages)
    }
}

impl Gaps {
    /// A table with a line below it that says what is not shown.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header([
                "id",
                "customers",
                "questions",
                "subject",
                "confidence",
                "nearest article",
                "last",
            ]);
        for gap in &self.gaps {
            table.add_row([
                gap.id.clone(),
                gap.askers.to_string(),
                gap.questions.to_string(),
                gap.subject(),
                format!("{:.2}", gap.confidence),
                gap.nearest.clone().unwrap_or_default(),
                gap.last.strftime("%Y-%m-%d").to_string(),
            ]);
        }
        let mut out = if self.gaps.is_empty() { String::new() } else { format!("{table}\n") };
        let _ = writeln!(out, "{}", self.rest());
        out
    }

    /// What is looked at and not shown, in a sentence.
    pub fn rest(&self) -> String {
        format!(
            "{} questions; {} of subjects with fewer than {} customers are not shown, {} are resolved, \
             {} subjects are dismissed.",
            self.questions,
            self.hidden,
            self.k,
            self.resolved,
            self.dismissed.len()
        )
    }

    /// Comma-separated values with a header (RFC 4180). No cell is a formula.
    pub fn csv(&self) -> String {
        let mut out = String::from(
            "id,customers,questions,weight,confidence,example,words,nearest,reasons,languages,first,last\r\n",
        );
        for gap in &self.gaps {
            let row = [
                gap.id.clone(),
                gap.askers.to_string(),
                gap.questions.to_string(),
                format!("{:.4}", gap.weight),
                format!("{:.4}", gap.confidence),
                gap.example.clone().unwrap_or_default(),
                gap.words.join(" "),
                gap.nearest.clone().unwrap_or_default(),
                gap.troubles(),
                gap.tongues(),
                gap.first.to_string(),
                gap.last.to_string(),
            ];
            out.push_str(&row.map(|value| cell(&value)).join(","));
            out.push_str("\r\n");
        }
        out
    }
}

fn pairs(map: &BTreeMap<String, usize>) -> String {
    map.iter().map(|(k, n)| format!("{k}: {n}")).collect::<Vec<_>>().join("; ")
}

/// A cell in quotes. What a spreadsheet would take for a formula begins with an apostrophe: also after
/// spaces, with a full-width sign, and behind a line break, where some programs begin anew.
fn cell(value: &str) -> String {
    let is_formula = |line: &str| {
        line.starts_with('\t')
            || line
                .trim_start()
                .starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
    };
    let lines: Vec<String> = value
        .replace("\r\n", "\n")
        .split(['\r', '\n'])
        .map(|line| if is_formula(line) { format!("'{line}") } else { line.to_owned() })
        .collect();
    format!("\"{}\"", lines.join(" ").replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::super::{gaps, tests::asked};
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_cell_is_a_formula() {
        assert_eq!(cell("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(cell("plain"), "\"plain\"");
        for hostile in
            ["=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", " =1", "＝1", "a\r\n=1"]
        {
            let safe = cell(hostile);
            let inner = safe.trim_matches('"');
            assert!(inner.starts_with('\'') || inner.starts_with("a '="), "{hostile:?}: {safe}");
            assert!(!safe.contains(['\r', '\n']));
        }
    }

    #[test]
    fn table_and_csv_show_the_same_subjects() {
        let all = (0..4).map(|i| asked(&i.to_string(), "do you sell kayaks", i)).collect();
        let gaps = gaps(all, 3);
        let (table, csv) = (gaps.table(), gaps.csv());
        assert!(table.contains("do you sell kayaks") && table.contains("2023-11-14"), "{table}");
        assert_eq!(csv.lines().count(), 2);
        assert!(
            csv.contains("\"no_evidence: 4\"") && csv.contains(",\"4\",\"4\",\"3.2000\","),
            "{csv}"
        );
        assert!(super::super::gaps(Vec::new(), 3).table().starts_with("0 questions"));
    }
}
