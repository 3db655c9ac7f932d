//! `inspect --path`: one document, passage by passage, unit by unit, as it is stored.

use std::fmt::Write as _;

use anyhow::bail;
use indexer::catalog::{Catalog, StoredDocument, StoredPassage};
use indexer::model::{DocPath, Unit, UnitKind};
use serde::Serialize;

use super::inspect::visibility;
use super::output::{self, plain};

#[derive(Serialize)]
struct Shown<'a> {
    path: &'a str,
    title: &'a str,
    slug: &'a str,
    locale: &'a str,
    visibility: String,
    version: u64,
    warnings: &'a [String],
    passages: Vec<ShownPassage<'a>>,
}

#[derive(Serialize)]
struct ShownPassage<'a> {
    id: String,
    ordinal: u32,
    anchor: &'a str,
    heading_path: &'a [String],
    text: &'a str,
    units: &'a [Unit],
}

/// Prints the document `path` with its passages.
///
/// # Errors
/// When no live document has this path; the message offers those that look like it.
pub(super) async fn show(catalog: &dyn Catalog, path: &str, json: bool) -> anyhow::Result<()> {
    let doc_path = DocPath::new(path);
    let Some(document) = catalog.document(&doc_path).await? else {
        bail!("{}", unknown(catalog, path).await?);
    };
    let ids = catalog.passage_ids(std::slice::from_ref(&doc_path)).await?;
    let mut passages = catalog.passages(&ids).await?;
    passages.sort_by_key(|p| p.passage.ordinal);
    if json {
        output::json_line(&shown(&document, &passages))
    } else {
        output::result(text(&document, &passages));
        Ok(())
    }
}

async fn unknown(catalog: &dyn Catalog, path: &str) -> anyhow::Result<String> {
    let wanted = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let near: Vec<String> = catalog
        .documents()
        .await?
        .into_iter()
        .map(|d| d.path.as_str().to_owned())
        .filter(|p| p.to_lowercase().contains(&wanted))
        .take(5)
        .collect();
    Ok(if near.is_empty() {
        format!("no live document is called {path}; `atbilde-indexer inspect` lists all")
    } else {
        format!("no live document is called {path}; did you mean {}?", near.join(", "))
    })
}

fn shown<'a>(document: &'a StoredDocument, passages: &'a [StoredPassage]) -> Shown<'a> {
    Shown {
        path: document.path.as_str(),
        title: &document.meta.title,
        slug: &document.meta.slug,
        locale: document.meta.locale.as_str(),
        visibility: visibility(&document.meta),
        version: document.version.0,
        warnings: &document.warnings,
        passages: passages
            .iter()
            .map(|p| ShownPassage {
                id: p.id.to_string(),
                ordinal: p.passage.ordinal,
                anchor: &p.passage.anchor,
                heading_path: &p.passage.heading_path,
                text: &p.passage.text,
                units: &p.passage.units,
            })
            .collect(),
    }
}

fn text(document: &StoredDocument, passages: &[StoredPassage]) -> String {
    let mut out = format!(
        "{}: {} ({}, {}), version {}, {}",
        document.path,
        plain(&document.meta.title, 120),
        document.meta.locale,
        visibility(&document.meta),
        document.version.0,
        output::counted(passages.len() as u64, "passage"),
    );
    for warning in &document.warnings {
        let _ = write!(out, "\n  remark: {}", plain(warning, 400));
    }
    for stored in passages {
        let p = &stored.passage;
        let _ = write!(out, "\n\n{} #{} {}", p.ordinal, p.anchor, stored.id);
        if !p.heading_path.is_empty() {
            let _ = write!(out, "\n  {}", plain(&p.heading_path.join(" > "), 200));
        }
        let mut block = None;
        for unit in &p.units {
            if block.replace(unit.block).is_some_and(|before| before != unit.block) {
                out.push('\n');
            }
            let _ = write!(out, "\n  {:<8} {}", kind(unit.kind), plain(unit.text(&p.text), 400));
        }
    }
    out
}

fn kind(kind: UnitKind) -> &'static str {
    match kind {
        UnitKind::Sentence => "sentence",
        UnitKind::Bullet => "bullet",
        UnitKind::Step => "step",
        UnitKind::Row => "row",
        UnitKind::Header => "header",
        UnitKind::Code => "code",
    }
}
