//! `atbilde redact`: takes personal data out of texts, as the server does before anything else.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::ConfigFlag;
use crate::privacy::{CustomerText, Numbering, RedactedText, Redactor};

/// Flags of `redact`.
#[derive(Debug, Args)]
pub(super) struct Redact {
    /// Read a JSON object a line, `{"_id","text","lang"?}`, and write `{"_id","redacted","spans"}`;
    /// else every line is a text
    #[arg(long)]
    jsonl: bool,
    /// Language of the texts, which tells local phone numbers and addresses
    #[arg(long, value_name = "TAG")]
    lang: Option<String>,
    #[command(flatten)]
    config: ConfigFlag,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "_id", default)]
    id: serde_json::Value,
    text: String,
    lang: Option<String>,
}

#[derive(Serialize)]
struct Redacted<'a> {
    #[serde(rename = "_id")]
    id: &'a serde_json::Value,
    redacted: RedactedText,
    spans: Vec<Span<'a>>,
}

/// In code points of the text.
#[derive(Serialize)]
struct Span<'a> {
    start: usize,
    end: usize,
    #[serde(rename = "type")]
    entity: &'a str,
}

impl Redact {
    pub(super) fn run(self) -> Result<ExitCode> {
        let redactor = Redactor::new(&self.config.load()?.redaction)?;
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        for (number, line) in std::io::stdin().lock().lines().enumerate() {
            let line = line.context("standard input is not UTF-8 text")?;
            if self.jsonl {
                if line.trim().is_empty() {
                    continue;
                }
                let record: Record = serde_json::from_str(&line)
                    .with_context(|| format!("line {} of standard input", number + 1))?;
                serde_json::to_writer(&mut out, &self.object(&redactor, &record)?)?;
                writeln!(out)?;
            } else {
                let text = CustomerText::new(line);
                let mut numbering = Numbering::default();
                writeln!(out, "{}", redactor.redact(&text, self.lang.as_deref(), &mut numbering))?;
            }
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }

    fn object(&self, redactor: &Redactor, record: &Record) -> Result<serde_json::Value> {
        let lang = record.lang.as_deref().or(self.lang.as_deref());
        let text = record.text.as_str();
        let found = redactor.find(text, lang);
        let mut spans = Vec::with_capacity(found.len());
        let (mut bytes, mut points) = (0, 0);
        for finding in &found {
            points += text[bytes..finding.range.start].chars().count();
            let start = points;
            points += text[finding.range.clone()].chars().count();
            bytes = finding.range.end;
            spans.push(Span { start, end: points, entity: &finding.entity });
        }
        let redacted = redactor.redact(text, lang, &mut Numbering::default());
        Ok(serde_json::to_value(Redacted { id: &record.id, redacted, spans })?)
    }
}
