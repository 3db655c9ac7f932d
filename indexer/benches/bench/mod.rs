//! What the benchmark programs share: sizes from the environment, texts of a seeded word model,
//! medians, and tables.

use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};
use indexer::random::SplitMix64;

/// Words with the frequencies of a natural language: the nth word comes about 1/n as often as the
/// first (Zipf).
pub(crate) struct Words {
    words: Vec<String>,
    random: SplitMix64,
}

impl Words {
    pub(crate) fn new(seed: u64) -> Self {
        const SYLLABLES: [&str; 24] = [
            "re", "turn", "ship", "pay", "ac", "count", "or", "der", "can", "cel", "in", "voice",
            "de", "liv", "er", "tax", "card", "mem", "ber", "sta", "tus", "con", "firm", "log",
        ];
        let mut random = SplitMix64::new(1);
        let words = (0..8_000)
            .map(|_| {
                let syllables = 1 + random.number() % 4;
                (0..syllables).map(|_| SYLLABLES[random.number() as usize % 24]).collect()
            })
            .collect();
        Self { words, random: SplitMix64::new(seed) }
    }

    /// A sentence of `length` words.
    pub(crate) fn sentence(&mut self, length: usize) -> String {
        let mut out = String::new();
        for i in 0..length {
            // The inverse of Zipf's distribution with exponent 1: N to the power of a uniform share.
            let place = (self.words.len() as f64).powf(self.random.share()) as usize - 1;
            if i > 0 {
                out.push(' ');
            }
            out.push_str(&self.words[place.min(self.words.len() - 1)]);
        }
        out
    }

    /// A paragraph of about `length` words.
    pub(crate) fn paragraph(&mut self, length: usize) -> String {
        let mut out = String::new();
        for _ in 0..length.div_ceil(12) {
            out.push_str(&self.sentence(12));
            out.push_str(". ");
        }
        out
    }
}

/// Writes articles of ten sections, about `passages` passages in all.
pub(crate) fn write_articles(folder: &Path, passages: usize) -> anyhow::Result<()> {
    let mut words = Words::new(3);
    for number in 0..passages.div_ceil(10) {
        let mut text = format!("# {} {number}\n", words.sentence(4));
        for _ in 0..10.min(passages - number * 10) {
            text.push_str(&format!("\n## {}\n\n{}\n", words.sentence(4), words.paragraph(130)));
        }
        fs_err::write(folder.join(format!("article-{number:05}.md")), text)?;
    }
    Ok(())
}

/// A number from the environment, so that a quick look can be had.
pub(crate) fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// The value below which `share` of all lie.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = ((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1));
    values.get(place).copied().unwrap_or(f64::NAN)
}

/// Prints a title and a table with numbers to the right.
pub(crate) fn print_table(title: &str, header: &[&str], rows: Vec<Vec<String>>) {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    for column in 1..header.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    say(format!("\n{title}\n{}", table.trim_fmt()));
}

pub(crate) fn say(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
