//! `atbilde ask`: one question, answered from a data folder that no server owns, or by a running
//! server.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use indexer::catalog::CatalogError;
use indexer::model::{Audience, Generation};
use indexer::publish::PublishError;
use serde_json::{Value, json};

use super::{ConfigFlag, block_on, client, print};
use crate::assistant::Originals;
use crate::domain::Question;
use crate::http::dto::AskResponse;
use crate::settings::{LogLevel, Settings};
use crate::startup::{Base, EmbedderStart, Paths, check_kb};
use crate::telemetry;

const TIMEOUT: Duration = Duration::from_secs(120);

/// Flags of `ask`.
#[derive(Debug, Args)]
pub(super) struct Ask {
    /// The question
    question: String,
    /// Folder of the Markdown files, whose changes are published first. Without it the question is answered from
    /// what the data folder holds; one without an index is filled from the folder `kb`
    #[arg(long, value_name = "DIR")]
    kb: Option<PathBuf>,
    /// Folder that holds the index
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Language of the reply: en, lv, de, ...; the question's own by default
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
    /// Print the object of `POST /v1/ask`
    #[arg(long)]
    json: bool,
    /// Ask this running server instead: http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    #[command(flatten)]
    config: ConfigFlag,
}

impl Ask {
    pub(super) fn run(self) -> Result<ExitCode> {
        let mut settings = self.config.load()?;
        // Beside an answer on the terminal only trouble is worth a line.
        settings.log.level = LogLevel::Warn;
        telemetry::start(&settings.log);
        let answer = match &self.server {
            Some(url) => self.ask_server(url)?,
            None => block_on(self.ask_here(settings))?,
        };
        print(&if self.json { format!("{answer}\n") } else { shown(&answer) })?;
        Ok(ExitCode::SUCCESS)
    }

    fn ask_server(&self, url: &str) -> Result<Value> {
        let target = client::Target::parse(url, "/v1/ask")?;
        let body = json!({ "question": self.question, "locale": self.locale });
        let reply = client::post(&target, &body, TIMEOUT)?;
        let answer = reply.json()?;
        if reply.status != 200 {
            bail!(
                "the server refused: {} ({})",
                answer["detail"].as_str().unwrap_or("no reason given"),
                reply.status
            );
        }
        Ok(answer)
    }

    async fn ask_here(&self, settings: Settings) -> Result<Value> {
        let question =
            Question::parse(&self.question, self.locale.as_deref(), None, Audience::Public)
                .map_err(|e| anyhow!("{}", e.to_string().replace('`', "")))?;
        if let Some(kb) = &self.kb {
            check_kb(kb)?;
        }
        let kb = self.kb.clone().unwrap_or_else(|| PathBuf::from("kb"));
        let paths = Paths { kb, data: self.data.clone() };
        let base = Base::open(&settings, &paths, EmbedderStart::Lazy)
            .await
            .map_err(|e| self.owned_by_server(e, settings.server.port))?;
        self.bring_up_to_date(&base).await?;
        let originals = Originals::Kept(Arc::clone(base.rights().vault()));
        let assistant = Arc::new(base.assistant(&settings, (base.store(), originals))?);
        assistant.ready().await;
        let answer = assistant.answer(question).await.map_err(|f| anyhow!(f.message))?;
        base.close().await;
        serde_json::to_value(AskResponse::from(&answer)).context("the answer has no JSON form")
    }

    /// Publishes what has changed in the folder that `--kb` names, or that a base without an index wants.
    async fn bring_up_to_date(&self, base: &Base) -> Result<()> {
        let shared = base.shared().is_some();
        if shared {
            base.knowledge().follow().await?;
        }
        let generation = base.knowledge().snapshot().generation;
        if generation == Generation(0) {
            return base
                .publish()
                .await
                .context("the data folder has no index yet, and none could be made");
        }
        if self.kb.is_none() {
            if !shared {
                // After a restore the indexes are missing, after a crash they may lack something.
                base.publisher().recover().await?;
            }
            return Ok(());
        }
        match base.publish().await {
            // The process that may write publishes the changes; what it has published is answered from.
            Err(error @ PublishError::Catalog(CatalogError::NotWriter(_))) => {
                tracing::warn!(
                    %error, generation = generation.0,
                    "ask.not_published: the answer is of the live generation"
                );
                Ok(())
            }
            published => published.with_context(|| {
                format!(
                    "what has changed in --kb could not be published; without --kb the answer is of generation {}",
                    generation.0
                )
            }),
        }
    }

    /// A locked folder is the usual case beside a running server: say how to ask that.
    fn owned_by_server(&self, error: anyhow::Error, port: u16) -> anyhow::Error {
        if !matches!(error.downcast_ref(), Some(PublishError::InUse { .. })) {
            return error;
        }
        error.context(format!(
            "the data folder {} belongs to a running server; ask that one: \
             atbilde ask --server http://127.0.0.1:{port} \"...\"",
            self.data.display()
        ))
    }
}

/// The object of `POST /v1/ask` for a terminal.
fn shown(answer: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut out = String::new();
    if answer["outcome"] == "handed_off" {
        let _ = writeln!(out, "{}\n", text(&answer["message"]));
        let _ = writeln!(
            out,
            "Handed over: {}, ticket {}",
            text(&answer["reason"]),
            text(&answer["ticket"])
        );
    } else if answer["outcome"] == "clarify" {
        let _ = writeln!(out, "{}\n", text(&answer["message"]));
    } else {
        let _ = writeln!(out, "{}\n", text(&answer["answer"]));
    }
    for citation in answer["citations"].as_array().into_iter().flatten() {
        let (title, heading) = (text(&citation["title"]), text(&citation["heading"]));
        let heading = if heading.is_empty() { heading } else { format!(" > {heading}") };
        let _ = writeln!(out, "[{}] {title}{heading}", citation["n"]);
        let _ = writeln!(out, "    {}  {}", text(&citation["path"]), text(&citation["url"]));
        for line in text(&citation["quote"]).lines() {
            let _ = writeln!(out, "    | {line}");
        }
    }
    let confidence = answer["confidence"].as_f64().unwrap_or_default() * 100.0;
    let timings = answer["timings_ms"].as_object().into_iter().flatten();
    let timings: Vec<String> = timings
        .map(|(name, ms)| format!("{name} {:.1}", ms.as_f64().unwrap_or_default()))
        .collect();
    let _ =
        writeln!(out, "\nConfidence {confidence:.0} %; generation {}", answer["index_generation"]);
    let _ = writeln!(out, "Milliseconds: {}", timings.join(", "));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_on_the_terminal() {
        let answer = json!({
            "outcome": "answered",
            "answer": "Within 5 days.",
            "citations": [{"n": 1, "title": "Returns", "heading": "Refunds", "path": "en/returns.md",
                "url": "/kb/returns#refunds", "quote": "Within 5 days."}],
            "confidence": 0.93,
            "index_generation": 4,
            "timings_ms": {"total": 8.24},
        });
        assert_eq!(
            shown(&answer),
            "Within 5 days.\n\n[1] Returns > Refunds\n    en/returns.md  /kb/returns#refunds\n    \
             | Within 5 days.\n\nConfidence 93 %; generation 4\nMilliseconds: total 8.2\n"
        );
    }
}
