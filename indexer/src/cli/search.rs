//! `atbilde-indexer search`: what a question finds, with the evidence of both retrievers.

use std::sync::Arc;

use anyhow::bail;
use clap::{Args, ValueEnum};
use indexer::embed::{Embedder, FastEmbedder};
use indexer::model::{Audience, Filter, Generation, Hit, Locale, SearchTimings};
use indexer::search::{KnowledgeBase, Reranker, SearchOutcome, SearchQuery};
use indexer::settings::IndexerSettings;
use serde::Serialize;

use super::knowledge_base::DataFlag;
use super::{Exit, output};

/// Search the knowledge base and show why each passage was found
#[derive(Debug, Args)]
pub(super) struct Search {
    /// The question, in quotes
    words: String,
    #[command(flatten)]
    data: DataFlag,
    /// Passages to show
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// Language of the question (en, lv, pt-br); detected when left out
    #[arg(long, value_name = "TAG", value_parser = locale)]
    locale: Option<Locale>,
    /// Whose eyes to search with
    #[arg(long, value_enum, default_value_t = Eyes::Public)]
    audience: Eyes,
    /// Print the result as one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Eyes {
    Public,
    Customer,
    Internal,
}

impl From<Eyes> for Audience {
    fn from(eyes: Eyes) -> Self {
        match eyes {
            Eyes::Public => Self::Public,
            Eyes::Customer => Self::Customer,
            Eyes::Internal => Self::Internal,
        }
    }
}

fn locale(tag: &str) -> Result<Locale, String> {
    Locale::parse(tag).ok_or_else(|| "not a language tag such as en, lv or pt-br".to_owned())
}

#[derive(Serialize)]
struct Found<'a> {
    hits: Vec<Row<'a>>,
    index_generation: Generation,
    locale: &'a Locale,
    timings_ms: SearchTimings,
}

#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    title: &'a str,
    heading: String,
    url: Option<&'a str>,
    anchor: &'a str,
    text: &'a str,
    score: f32,
    keyword_rank: Option<u32>,
    keyword_score: Option<f32>,
    dense_rank: Option<u32>,
    dense_score: Option<f32>,
    audience: Audience,
    document_version: Generation,
}

impl Search {
    pub(super) async fn run(self, settings: IndexerSettings) -> anyhow::Result<Exit> {
        if self.words.trim().is_empty() {
            bail!("there is nothing to search for; give the question in quotes");
        }
        let data = self.data.open_existing(&settings).await?;
        let embedder = Arc::new(FastEmbedder::start(settings.embedder.clone()).await?);
        let identity = embedder.identity().clone();
        let Some(latest) = data.catalog().latest().await? else {
            bail!(
                "data folder {}: nothing has been indexed yet; run `atbilde-indexer build`",
                data.path().display()
            );
        };
        if latest.fingerprint != identity.fingerprint {
            bail!(
                "data folder {}: it was built with another embedding model than {}; run \
                 `atbilde-indexer build` to move to this one, or configure the old one again",
                data.path().display(),
                identity.name
            );
        }
        let indexes = data.indexes(&identity, &settings.keyword).await?;
        let reranker = Reranker::configured(&settings.reranker).await?;
        let base = KnowledgeBase::open(data.catalog(), embedder, indexes, settings.search.clone())
            .await?
            .with_reranker(reranker);
        if data.shared().is_some() {
            base.follow().await?;
        }
        let mut filter = Filter::public(jiff::Zoned::now().date());
        filter.audience = self.audience.into();
        let query = SearchQuery {
            text: self.words,
            earlier: Vec::new(),
            rewrite: None,
            locale: self.locale,
            filter,
            limit: self.limit,
        };
        let outcome = base.search(&query).await?;
        if self.json {
            output::json_line(&found(&outcome))?;
        } else {
            output::result(text(&outcome));
        }
        Ok(Exit::Done)
    }
}

fn found(outcome: &SearchOutcome) -> Found<'_> {
    Found {
        hits: outcome.retrieved.hits.iter().map(row).collect(),
        index_generation: outcome.retrieved.generation,
        locale: &outcome.locale,
        timings_ms: outcome.retrieved.timings,
    }
}

fn row(hit: &Hit) -> Row<'_> {
    Row {
        path: hit.path.as_str(),
        title: &hit.meta.title,
        heading: hit.heading_path.join(" > "),
        url: hit.meta.canonical_url.as_deref(),
        anchor: &hit.anchor,
        text: &hit.text,
        score: hit.score,
        keyword_rank: hit.keyword_rank,
        keyword_score: hit.keyword_score,
        dense_rank: hit.dense_rank,
        dense_score: hit.dense_score,
        audience: hit.meta.audience,
        document_version: hit.document_version,
    }
}

fn text(outcome: &SearchOutcome) -> String {
    let found = &outcome.retrieved;
    let t = found.timings;
    let footer = format!(
        "Generation {}, language {}: {:.1} ms (embed {:.1}, keyword {:.1}, dense {:.1}, fetch {:.1})",
        found.generation.0,
        outcome.locale,
        t.total_ms,
        t.embed_ms,
        t.keyword_ms,
        t.dense_ms,
        t.fetch_ms
    );
    if found.hits.is_empty() {
        return format!(
            "Nothing was found. `atbilde-indexer inspect` lists what is indexed; --audience \
             internal also searches what customers do not see.\n{footer}"
        );
    }
    let rows = (1..).zip(&found.hits).map(|(rank, hit)| {
        vec![
            format!("{rank}"),
            format!("{:.3}", hit.score),
            evidence(hit.keyword_rank, hit.keyword_score),
            evidence(hit.dense_rank, hit.dense_score),
            output::plain(&place(hit), 120),
            output::plain(&hit.heading_path.join(" > "), 60),
            output::plain(&hit.text, 60),
        ]
    });
    let header =
        ["#", "score", "keyword: rank, BM25", "dense: rank, cosine", "where", "heading", "begins"];
    format!("{}\n{footer}", output::table(&header, &[0, 1], rows))
}

fn place(hit: &Hit) -> String {
    let path = hit.path.as_str();
    if hit.anchor.is_empty() { path.to_owned() } else { format!("{path}#{}", hit.anchor) }
}

/// `3, 12.41`, or a dash where that list lacks the passage.
fn evidence(rank: Option<u32>, score: Option<f32>) -> String {
    match (rank, score) {
        (Some(rank), Some(score)) => format!("{rank}, {score:.3}"),
        _ => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indexer::model::Retrieved;

    #[test]
    fn nothing_found_says_what_to_look_at() {
        let outcome = SearchOutcome {
            retrieved: Retrieved {
                generation: Generation(2),
                hits: Vec::new(),
                timings: SearchTimings::default(),
            },
            fingerprint: String::new(),
            query: String::new(),
            locale: Locale::undetermined(),
            embedder_knows: true,
            own_language: true,
            terms: Vec::new(),
            candidates: Vec::new(),
        };
        let text = text(&outcome);
        assert!(text.contains("inspect") && text.contains("Generation 2"), "{text}");
        assert_eq!(evidence(Some(3), Some(1.5)), "3, 1.500");
        assert_eq!(evidence(None, None), "-");
    }

    #[test]
    fn a_locale_is_checked_on_the_command_line() {
        assert_eq!(locale("pt_BR").unwrap().as_str(), "pt-br");
        assert!(locale("english please").is_err());
    }
}
