//! Questions for a calibration without labels: made of titles and headings, which their articles answer;
//! the same and golden ones with these articles held out, which nothing answers; questions of other
//! domains; and golden questions with their own truth.
//!
//! Called by `calibrate`. Deterministic: which titles are asked of a large base depends on their paths
//! alone.

use std::collections::HashSet;

use indexer::model::{Audience, DocPath, Filter};
use indexer::search::{KnowledgeBase, LiveDocument, Snapshot};
use sha2::{Digest, Sha256};

use super::other_domains;
use crate::domain::{Question, Turn};
use crate::evaluate::EvalError;
use crate::evaluate::golden::{Case, Expect};

/// Titles and headings that are asked at most, each.
const MOST: usize = 300;
/// Headings of one article that are asked at most.
const HEADINGS: usize = 3;
/// A heading of fewer words is asked behind its title.
const WORDS: usize = 3;

/// Where a question comes from, which says what its answer should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Made of an article that is there.
    Made,
    /// Its articles are held out.
    HeldOut,
    OtherDomain,
    /// A golden case with its truth.
    Judged,
}

/// A question that is asked for the fit.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) group: Group,
    pub(super) question: Question,
    /// Oldest first.
    pub(super) turns: Vec<Turn>,
    /// Articles that answer it; empty where none should.
    pub(super) gold: Vec<DocPath>,
    /// Articles that are left out of the search.
    pub(super) without: Vec<DocPath>,
    /// Questions of one subject: never in the fit and in its test at once.
    pub(super) subject: String,
}

/// All questions for the base that `knowledge` shows, in a fixed order.
///
/// # Errors
/// When an article cannot be read from the catalog.
pub(super) async fn make(
    knowledge: &KnowledgeBase,
    cases: &[Case],
    filter: &Filter,
) -> Result<Vec<Ask>, EvalError> {
    let snapshot = knowledge.snapshot();
    let mut made = Vec::new();
    for (document, words, headings) in titles(knowledge, &snapshot, filter).await? {
        let language = document.meta.locale.as_str();
        for text in [words].into_iter().chain(headings) {
            let locale = (language != "und").then_some(language);
            let Ok(question) = Question::parse(&text, locale, None, Audience::Public) else {
                continue;
            };
            made.push(Ask {
                group: Group::Made,
                question,
                turns: Vec::new(),
                gold: vec![document.path.clone()],
                without: Vec::new(),
                subject: place(&document.path),
            });
        }
    }
    let golden = cases.iter().filter_map(judged);
    let mut asks: Vec<Ask> = made.into_iter().chain(golden).collect();
    let held: Vec<Ask> = asks.iter().filter_map(|ask| held_out(ask, &snapshot)).collect();
    asks.extend(held);
    asks.extend(other_domains::QUESTIONS.iter().filter_map(|(language, text)| {
        Some(Ask {
            group: Group::OtherDomain,
            question: Question::parse(text, Some(language), None, Audience::Public).ok()?,
            turns: Vec::new(),
            gold: Vec::new(),
            without: Vec::new(),
            subject: (*text).to_owned(),
        })
    }));
    Ok(asks)
}

/// Articles with their title and some headings.
async fn titles<'a>(
    knowledge: &KnowledgeBase,
    snapshot: &'a Snapshot,
    filter: &Filter,
) -> Result<Vec<(&'a LiveDocument, String, Vec<String>)>, EvalError> {
    let mut documents: Vec<&LiveDocument> =
        snapshot.documents.iter().filter(|d| filter.admits(&d.meta)).collect();
    documents.sort_by_key(|d| shuffled(d.path.as_str()));
    documents.truncate(MOST);
    let mut out = Vec::with_capacity(documents.len());
    let mut asked = 0;
    for document in documents {
        let mut headings = Vec::new();
        if asked < MOST
            && let Some(stored) = knowledge.document(&document.path).await?
        {
            let parsed =
                indexer::source::document_from_text(stored.path, stored.meta, &stored.body);
            headings =
                headings_of(&document.meta.title, parsed.passages.iter().map(|p| &p.heading_path));
            asked += headings.len();
        }
        out.push((document, document.meta.title.clone(), headings));
    }
    Ok(out)
}

/// Some headings as one would ask for them: a short one behind the title.
fn headings_of<'a>(title: &str, paths: impl Iterator<Item = &'a Vec<String>>) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut all: Vec<String> = paths
        .filter_map(|path| path.last())
        .filter(|heading| *heading != title && seen.insert(heading.as_str()))
        .map(|heading| match heading.split_whitespace().count() {
            0..WORDS => format!("{title}: {heading}"),
            _ => heading.clone(),
        })
        .collect();
    all.sort_by_key(|heading| shuffled(heading));
    all.truncate(HEADINGS);
    all
}

fn judged(case: &Case) -> Option<Ask> {
    let gold: Vec<DocPath> = case.must_cite.iter().map(DocPath::new).collect();
    (case.expect != Expect::HandOver).then(|| Ask {
        group: Group::Judged,
        question: case.question.clone(),
        turns: case.history.clone(),
        subject: gold.first().map_or_else(|| case.id.clone(), place),
        gold,
        without: Vec::new(),
    })
}

/// The same question in a base that lacks its articles, their translations and their namesakes.
fn held_out(ask: &Ask, snapshot: &Snapshot) -> Option<Ask> {
    if ask.gold.is_empty() {
        return None;
    }
    let places: HashSet<String> = ask.gold.iter().map(place).collect();
    let titles: HashSet<String> = snapshot
        .documents
        .iter()
        .filter(|d| ask.gold.contains(&d.path))
        .map(|d| d.meta.title.to_lowercase())
        .collect();
    let kin = |d: &&LiveDocument| {
        places.contains(&place(&d.path)) || titles.contains(&d.meta.title.to_lowercase())
    };
    let without = snapshot.documents.iter().filter(kin).map(|d| d.path.clone()).collect();
    Some(Ask { group: Group::HeldOut, gold: Vec::new(), without, ..ask.clone() })
}

/// The path without its language: `help/lv/returns.md` and `help/returns.en.md` are one place.
fn place(path: &DocPath) -> String {
    let is_language = |part: &str| {
        (2..=5).contains(&part.len())
            && indexer::model::Locale::parse(part).is_some_and(|l| l.language().len() == 2)
    };
    let mut parts: Vec<&str> = path.as_str().split('/').collect();
    let name = parts.pop().unwrap_or_default();
    let name: Vec<&str> = name
        .split('.')
        .enumerate()
        .filter(|(i, part)| *i == 0 || !is_language(part) || *part == "md")
        .map(|(_, part)| part)
        .collect();
    let folders: Vec<&str> = parts.into_iter().filter(|part| !is_language(part)).collect();
    format!("{}/{}", folders.join("/"), name.join("."))
}

/// An order that follows no alphabet and is the same on every machine.
pub(super) fn shuffled(text: &str) -> [u8; 8] {
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn translations_are_of_one_place() {
        let of = |path: &str| place(&DocPath::new(path));
        assert_eq!(of("help/lv/returns.md"), of("help/en/returns.md"));
        assert_eq!(of("help/returns.de.md"), of("help/returns.md"));
        assert_eq!(of("help/pt-br/returns.md"), of("help/returns.md"));
        assert_ne!(of("help/lv/returns.md"), of("policies/lv/returns.md"));
        assert_ne!(of("help/faq.md"), of("help/tax.md"));
    }

    #[test]
    fn short_headings_are_asked_behind_their_title_and_few_of_them() {
        let path = |h: &str| vec!["Returns".to_owned(), h.to_owned()];
        let paths = ["Returns", "Costs", "Costs", "How long does a refund take"].map(path);
        let mut got = headings_of("Returns", paths.iter());
        got.sort();
        assert_eq!(got, ["How long does a refund take", "Returns: Costs"]);
        let many: Vec<_> = (0..9).map(|i| path(&format!("a heading number {i}"))).collect();
        assert_eq!(headings_of("Returns", many.iter()).len(), HEADINGS);
    }
}
