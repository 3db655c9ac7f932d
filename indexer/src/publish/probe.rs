//! Probe queries: does a new vector space find what is live, before it takes over.
//!
//! Two things are asked, with documents and passages spread evenly over the base, the same in every
//! run. A passage's own vector must find that passage: the vectors are in the index, each under its
//! passage. A document's title must find the document, in each index by itself, about as often as the
//! old space finds it: that holds for a base whose titles say little, too. Called by `shadow`.

use std::collections::HashMap;
use std::sync::Arc;

use super::apply::blocking;
use super::{Indexes, PublishError};
use crate::catalog::{Catalog, SnapshotRows};
use crate::embed::{self, Embedder};
use crate::keyword::KeywordQuery;
use crate::model::{Audience, EmbedHash, Filter, Locale, PassageId};

/// Documents and passages that are asked for.
const PROBES: usize = 48;
/// A title must find its document among the first so many.
const FIRST: usize = 10;
/// Passages looked at to find so many documents.
const PASSAGES: usize = 60;
/// Least cosine of a passage's vector with itself; engines round.
const SAME: f32 = 0.99;
/// This share of the passages, in percent, must be found by their own vector. Not all: a model that
/// reads the beginning of a text alone gives equal vectors to texts that begin alike.
const SELF_SHARE: usize = 90;
/// Of the titles that the old space finds, the new one must find this share, in percent: two good
/// models differ by less, a wrong pooling or prefix by more.
const SHARE: usize = 80;
/// The same of all titles where the old model is gone and cannot be compared with.
const SHARE_ALONE: usize = 50;

/// One vector space that can be asked.
pub(super) struct Side {
    pub(super) embedder: Arc<dyn Embedder>,
    pub(super) indexes: Indexes,
}

/// Titles that found their document, by index.
struct Found {
    keyword: usize,
    /// `None` where the model is gone.
    dense: Option<usize>,
}

/// Asks the new space, and the old one where it is open. The inner error is a sentence that says which
/// probe the new one failed.
pub(super) async fn check(
    rows: &SnapshotRows,
    catalog: &dyn Catalog,
    (new, old): (Side, Option<Side>),
) -> Result<Result<(), String>, PublishError> {
    if let Some(lost) = lost_passages(rows, catalog, &new).await? {
        return Ok(Err(lost));
    }
    let titles = titles(rows);
    if titles.is_empty() {
        return Ok(Ok(()));
    }
    let now = found(rows, &titles, &new).await?;
    let before = match &old {
        Some(old) => Some(found(rows, &titles, old).await?),
        None => None,
    };
    let alone = titles.len() * SHARE_ALONE / 100;
    let least = |old: Option<usize>| old.map_or(alone, |found| found * SHARE / 100);
    let lists = [
        ("by meaning", now.dense.unwrap_or(0), least(before.as_ref().and_then(|b| b.dense))),
        ("by keyword", now.keyword, least(before.as_ref().map(|b| b.keyword))),
    ];
    for (how, found, least) in lists {
        if found < least {
            return Ok(Err(format!(
                "{found} of {} titles find their article {how}, at least {least} should",
                titles.len()
            )));
        }
    }
    Ok(Ok(()))
}

/// `count` places spread evenly over a list of `length`.
fn spread(length: usize, count: usize) -> impl Iterator<Item = usize> {
    let count = count.min(length);
    (0..count).map(move |i| i * length / count)
}

/// Passages whose own vector does not find them, in words.
async fn lost_passages(
    rows: &SnapshotRows,
    catalog: &dyn Catalog,
    side: &Side,
) -> Result<Option<String>, PublishError> {
    let hash_of: HashMap<PassageId, EmbedHash> =
        rows.passages.iter().map(|p| (p.id, p.embed_hash)).collect();
    let hashes: Vec<EmbedHash> =
        spread(rows.passages.len(), PROBES).map(|i| rows.passages[i].embed_hash).collect();
    let vectors: HashMap<EmbedHash, Vec<f32>> =
        catalog.vectors(&side.indexes.fingerprint, &hashes).await?.into_iter().collect();
    let mut lost = 0;
    for hash in &hashes {
        let Some(vector) = vectors.get(hash) else {
            lost += 1;
            continue;
        };
        let hits = side.indexes.vectors.search(vector, &everything(), FIRST).await?;
        let itself = hits.iter().any(|h| h.cosine >= SAME && hash_of.get(&h.id) == Some(hash));
        // Ten equal neighbours: vectors that tell nothing apart.
        lost += usize::from(!itself);
    }
    Ok((lost * 100 > hashes.len() * (100 - SELF_SHARE))
        .then(|| format!("{lost} of {} passages are not found by their own vector", hashes.len())))
}

/// Title and language of documents that have passages.
fn titles(rows: &SnapshotRows) -> Vec<(&str, &Locale)> {
    let mut indexed = vec![false; rows.documents.len()];
    for passage in &rows.passages {
        if let Some(seen) = indexed.get_mut(passage.document as usize) {
            *seen = true;
        }
    }
    let documents: Vec<_> = rows
        .documents
        .iter()
        .zip(indexed)
        .filter(|((_, meta, _), indexed)| *indexed && !meta.title.trim().is_empty())
        .map(|((_, meta, _), _)| (meta.title.as_str(), &meta.locale))
        .collect();
    spread(documents.len(), PROBES).map(|i| documents[i]).collect()
}

async fn found(
    rows: &SnapshotRows,
    titles: &[(&str, &Locale)],
    side: &Side,
) -> Result<Found, PublishError> {
    let document_of: HashMap<PassageId, u32> =
        rows.passages.iter().map(|p| (p.id, p.document)).collect();
    let finds = |ids: &[PassageId], title: &str| {
        let mut seen: Vec<u32> = Vec::with_capacity(FIRST);
        for document in ids.iter().filter_map(|id| document_of.get(id)) {
            if !seen.contains(document) {
                seen.push(*document);
            }
        }
        // Two articles of the same title stand for each other.
        seen.iter().take(FIRST).any(|d| rows.documents[*d as usize].1.title == title)
    };
    let mut out = Found { keyword: 0, dense: (!side.embedder.is_lost()).then_some(0) };
    for (title, locale) in titles {
        let keyword = Arc::clone(&side.indexes.keyword);
        let query = KeywordQuery {
            text: (*title).to_owned(),
            locale: (*locale).clone(),
            earlier: Vec::new(),
        };
        let hits = blocking(move || keyword.search(&query, &everything(), PASSAGES)).await??.hits;
        let ids: Vec<PassageId> = hits.iter().map(|h| h.id).collect();
        out.keyword += usize::from(finds(&ids, title));
        if let Some(dense) = &mut out.dense {
            let input = embed::input(&*side.embedder, locale, title);
            let vector = side.embedder.embed_query(&input).await?;
            let hits = side.indexes.vectors.search(&vector, &everything(), PASSAGES).await?;
            let ids: Vec<PassageId> = hits.iter().map(|h| h.id).collect();
            *dense += usize::from(finds(&ids, title));
        }
    }
    Ok(out)
}

/// Lets every passage through.
fn everything() -> Filter {
    Filter {
        audience: Audience::Internal,
        languages: None,
        drafts: true,
        valid_on: None,
        tags: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_spread_over_the_whole_list() {
        assert_eq!(spread(3, 48).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(spread(0, 48).count(), 0);
        let places: Vec<_> = spread(1000, 4).collect();
        assert_eq!(places, [0, 250, 500, 750]);
    }
}
