//! `atbilde escalations`: the questions that were handed to people, newest first. Works while a
//! server runs. Customers' words are stored redacted, and shown so.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use comfy_table::{Table, presets};
use serde_json::{Value, json};

use super::{ConfigFlag, block_on, print, stores};
use crate::domain::Escalation;

/// Flags of `escalations`.
#[derive(Debug, Args)]
pub(super) struct Escalations {
    /// Folder that the server writes
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// List this many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    #[command(flatten)]
    config: ConfigFlag,
}

impl Escalations {
    pub(super) fn run(self) -> Result<ExitCode> {
        let settings = self.config.load()?;
        let found = block_on(async {
            let stores = stores(&self.data, &settings).await?;
            let found = stores.conversations().escalations(self.limit).await;
            stores.close().await;
            Ok(found?)
        })?;
        print(&if self.json { as_json(&found) } else { as_table(&found) })?;
        Ok(ExitCode::SUCCESS)
    }
}

fn as_json(found: &[Escalation]) -> String {
    let all: Vec<Value> = found
        .iter()
        .map(|e| {
            json!({
                "ticket": e.ticket.as_str(),
                "at": e.at.to_string(),
                "reason": e.reason.as_str(),
                "confidence": e.confidence,
                "locale": e.locale,
                "conversation_id": e.conversation.to_string(),
                "index_generation": e.generation.0,
                "passages": e.passages,
                "status": e.status.as_str(),
                "reasoning": e.reasoning,
                "summary": e.summary.as_str(),
            })
        })
        .collect();
    format!("{}\n", json!({ "escalations": all }))
}

fn as_table(found: &[Escalation]) -> String {
    if found.is_empty() {
        return "No question was handed over yet.\n".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header([
        "ticket",
        "time (UTC)",
        "reason",
        "confidence",
        "locale",
        "first passage",
    ]);
    for e in found {
        let passage = e.passages.first().map_or_else(String::new, |p| {
            if p.anchor.is_empty() { p.path.clone() } else { format!("{}#{}", p.path, p.anchor) }
        });
        table.add_row([
            e.ticket.to_string(),
            e.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            e.reason.as_str().to_owned(),
            format!("{:.0} %", e.confidence * 100.0),
            e.locale.clone(),
            passage,
        ]);
    }
    format!("{table}\n")
}
