//! What every vector index promises, as one suite that each implementation passes.

use std::collections::HashSet;
use std::io::Write;

use jiff::civil::date;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use super::{VectorIndex, VectorPoint};
use crate::model::{Audience, DocumentMeta, Filter, Locale, PassageId};

pub(crate) const DIMENSIONS: usize = 8;

/// Runs the suite. `reopen` closes the index and opens it again on the same storage.
pub(crate) async fn check<I: VectorIndex>(index: I, reopen: impl AsyncFnOnce(I) -> I) {
    let points = points();
    let metas: Vec<(PassageId, Vec<f32>, DocumentMeta)> = points.clone();
    upsert(&index, &points).await;
    nearest_are_exact_and_filtered_as_the_model_says(&index, &metas).await;
    points_are_read_back_as_they_were_stored(&index, &points).await;

    let gone: Vec<PassageId> = points.iter().step_by(3).map(|p| p.0).collect();
    index.delete(&gone).await.unwrap();
    index.delete(&gone).await.unwrap();
    let left: HashSet<PassageId> =
        points.iter().map(|p| p.0).filter(|id| !gone.contains(id)).collect();
    assert_eq!(index.ids().await.unwrap(), left, "deleted points are gone, twice is no error");

    index.flush().await.unwrap();
    let index = reopen(index).await;
    assert_eq!(index.ids().await.unwrap(), left, "what was flushed survives");

    upsert(&index, &points).await;
    index.flush().await.unwrap();
    assert_eq!(index.ids().await.unwrap().len(), points.len(), "known ids are overwritten");
    nearest_are_exact_and_filtered_as_the_model_says(&index, &metas).await;
}

async fn upsert(index: &impl VectorIndex, points: &[(PassageId, Vec<f32>, DocumentMeta)]) {
    let points: Vec<VectorPoint<'_>> = points
        .iter()
        .map(|(id, vector, meta)| VectorPoint { id: *id, vector: vector.clone(), meta })
        .collect();
    index.upsert(&points).await.unwrap();
}

async fn points_are_read_back_as_they_were_stored(
    index: &impl VectorIndex,
    points: &[(PassageId, Vec<f32>, DocumentMeta)],
) {
    let unknown = PassageId(Uuid::from_u128(1 << 90));
    let asked: Vec<PassageId> = points.iter().map(|p| p.0).chain([unknown]).collect();
    let stored = index.stored(&asked).await.unwrap();
    assert_eq!(stored.len(), points.len());
    for (id, vector, meta) in points {
        let found = &stored[id];
        assert_eq!(found.vector.len(), vector.len());
        let near = found.vector.iter().zip(vector).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(near, "{:?} for {vector:?}", found.vector);
        assert!(found.is_filed_as(meta), "{found:?} for {meta:?}");
        let day = Some(date(2031, 5, 6));
        for other in [
            DocumentMeta { draft: !meta.draft, ..meta.clone() },
            DocumentMeta { audience: next_audience(meta.audience), ..meta.clone() },
            DocumentMeta { locale: Locale::parse("de").unwrap(), ..meta.clone() },
            DocumentMeta { tags: vec!["other".to_owned()], ..meta.clone() },
            DocumentMeta { valid_from: day, ..meta.clone() },
            DocumentMeta { valid_until: day, ..meta.clone() },
        ] {
            assert!(!found.is_filed_as(&other), "{found:?} for {other:?}");
        }
    }
}

fn next_audience(audience: Audience) -> Audience {
    let at = Audience::ALL.iter().position(|a| *a == audience).unwrap();
    Audience::ALL[(at + 1) % Audience::ALL.len()]
}

async fn nearest_are_exact_and_filtered_as_the_model_says(
    index: &impl VectorIndex,
    points: &[(PassageId, Vec<f32>, DocumentMeta)],
) {
    let mut runner = TestRunner::deterministic();
    let strategy = (0..points.len(), filter(), 1..40_usize);
    for _ in 0..48 {
        let (query, filter, limit) = strategy.new_tree(&mut runner).unwrap().current();
        let query = &points[query].1;
        let mut expected: Vec<(PassageId, f32)> = points
            .iter()
            .filter(|(_, _, meta)| filter.admits(meta))
            .map(|(id, v, _)| (*id, v.iter().zip(query).map(|(a, b)| a * b).sum()))
            .collect();
        expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        expected.truncate(limit);
        let found = index.search(query, &filter, limit).await.unwrap();
        let scores = |list: &[(PassageId, f32)]| -> Vec<i64> {
            list.iter().map(|(_, s)| (s * 1e4).round() as i64).collect()
        };
        let found: Vec<(PassageId, f32)> = found.iter().map(|h| (h.id, h.cosine)).collect();
        assert_eq!(scores(&found), scores(&expected), "{filter:?} limit {limit}");
        let ids = |list: &[(PassageId, f32)]| list.iter().map(|h| h.0).collect::<Vec<_>>();
        assert_eq!(ids(&found), ids(&expected), "ties by id: {filter:?} limit {limit}");
        for (id, _) in found {
            let meta = points.iter().find(|p| p.0 == id).map(|p| &p.2);
            assert!(meta.is_some_and(|m| filter.admits(m)), "{filter:?} let {meta:?} through");
        }
    }
}

/// Two hundred points over every mix of filter fields, from a fixed sequence; three in a row have
/// the same vector.
pub(crate) fn points() -> Vec<(PassageId, Vec<f32>, DocumentMeta)> {
    let mut state = 7_u64;
    let mut next = move |bound: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let mut raw: Vec<f32> = Vec::new();
    (0..200_u128)
        .map(|i| {
            if i % 3 == 0 {
                raw = (0..DIMENSIONS).map(|_| next(2001) as f32 / 1000.0 - 1.0).collect();
            }
            let norm = raw.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-6);
            let vector = raw.iter().map(|x| x / norm).collect();
            let day = |n: u64| date(2026, 1 + (n % 12) as i8, 1 + (n % 28) as i8);
            let from = (next(3) == 0).then(|| day(next(300)));
            let until = (next(3) == 0).then(|| day(next(300)));
            let meta = DocumentMeta {
                title: String::new(),
                description: None,
                slug: format!("d{i}"),
                locale: Locale::parse(["en", "lv", "pt-br"][next(3) as usize]).unwrap(),
                tags: [vec![], vec!["a".to_owned()], vec!["a".to_owned(), "b".to_owned()]]
                    [next(3) as usize]
                    .clone(),
                product: None,
                audience: Audience::ALL[next(3) as usize],
                draft: next(4) == 0,
                last_updated: None,
                valid_from: from,
                valid_until: until,
                canonical_url: None,
            };
            (PassageId(Uuid::from_u128(i + 1)), vector, meta)
        })
        .collect()
}

fn filter() -> impl Strategy<Value = Filter> {
    let languages = prop::option::of(prop::collection::vec(
        prop::sample::select(vec!["en", "lv", "pt", "de"]),
        1..3,
    ));
    let day = prop::option::of((1..12_i8, 1..28_i8).prop_map(|(m, d)| date(2026, m, d)));
    let tags = prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 0..2);
    (0..3_usize, languages, any::<bool>(), day, tags).prop_map(
        |(a, languages, drafts, day, tags)| Filter {
            audience: Audience::ALL[a],
            languages: languages.map(|ls| ls.iter().filter_map(|l| Locale::parse(l)).collect()),
            drafts,
            valid_on: day,
            tags: tags.into_iter().map(str::to_owned).collect(),
        },
    )
}

/// Says on standard error, past the test runner's capture, that a test did not run.
pub(crate) fn skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}
