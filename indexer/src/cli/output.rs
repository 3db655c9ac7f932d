//! Everything that is written for people: tables, lists, advice, errors.
//!
//! A reader that has gone (`| head`) is no error: writing to it is given up quietly. Text from
//! documents loses its control characters, so that no article can drive a terminal.

use std::fmt::{Display, Write as _};
use std::io::{IsTerminal, Write as _};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

/// Entries of a list before it says how many more there are.
pub(super) const LIST: usize = 20;

/// A result, to stdout.
pub(super) fn result(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// A result for programs, as one line, to stdout.
///
/// # Errors
/// When the value does not serialise, which plain values do.
pub(super) fn json_line(value: &impl Serialize) -> anyhow::Result<()> {
    result(serde_json::to_string(value)?);
    Ok(())
}

/// Advice or progress, to stderr.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// An error with everything that led to it, to stderr.
pub(crate) fn report(error: &anyhow::Error) {
    note(chain(error));
}

/// `error: ...` and a line for each cause that says something new.
fn chain(error: &anyhow::Error) -> String {
    let mut out = format!("error: {error}");
    let mut above = error.to_string();
    for cause in error.chain().skip(1) {
        let text = cause.to_string();
        if !above.contains(&text) {
            let _ = write!(out, "\n  because: {text}");
        }
        above = text;
    }
    out
}

/// A table as wide as the terminal allows; columns in `numbers` are aligned to the right.
pub(super) fn table<R>(header: &[&str], numbers: &[usize], rows: R) -> String
where
    R: IntoIterator<Item = Vec<String>>,
{
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    for column in numbers {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// `Title (3)`, the first [`LIST`] entries, and how many more there are. Empty without entries.
pub(super) fn list(title: &str, entries: &[impl AsRef<str>]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{title} ({})", entries.len());
    for entry in entries.iter().take(LIST) {
        let _ = write!(out, "\n  {}", plain(entry.as_ref(), usize::MAX));
    }
    if entries.len() > LIST {
        let _ = write!(out, "\n  and {} more", entries.len() - LIST);
    }
    out
}

/// One line without control characters, white space joined, cut after `chars` characters.
pub(super) fn plain(text: &str, chars: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        let space = usize::from(count > 0);
        let length = word.chars().count();
        if count + space + length > chars {
            if count == 0 {
                out.extend(word.chars().take(chars));
            }
            out.push('…');
            return out;
        }
        if space == 1 {
            out.push(' ');
        }
        out.push_str(word);
        count += space + length;
    }
    out
}

/// `1 document`, `2 documents`.
pub(super) fn counted(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn every_cause_is_said_once() {
        let error = Err::<(), _>(std::io::Error::other("disk full"))
            .context("catalog: disk full")
            .context("cannot build")
            .unwrap_err();
        assert_eq!(chain(&error), "error: cannot build\n  because: catalog: disk full");
    }

    #[test]
    fn a_document_cannot_drive_the_terminal() {
        assert_eq!(plain("a\u{1b}[31mred\n\tb\u{7}", 40), "a [31mred b");
        assert_eq!(plain("one two three", 8), "one two…");
        assert_eq!(plain("extraordinary", 5), "extra…");
        assert_eq!(plain("", 5), "");
    }

    #[test]
    fn long_lists_say_how_much_they_leave_out() {
        let paths: Vec<String> = (0..23).map(|i| format!("a/{i}.md")).collect();
        let text = list("Added", &paths);
        assert!(text.starts_with("\nAdded (23)\n  a/0.md\n"), "{text}");
        assert!(text.ends_with("  a/19.md\n  and 3 more"), "{text}");
        assert_eq!(list("Added", &[] as &[String]), "");
    }
}
