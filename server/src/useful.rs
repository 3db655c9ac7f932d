//! The articles that helped most of late, to be offered as questions before anything is asked: counted
//! from real answers, kept for some minutes, from `gaps.k` customers on, so that no suggestion tells of one.
//!
//! Called by `http` for the widget and the front page. What is offered is a heading or a title of an
//! article that the public may see today, never a customer's words.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, Instant};

use indexer::model::{Filter, Locale};
use indexer::search::Snapshot;
use jiff::{SignedDuration, Timestamp, Zoned};
use tokio::sync::Mutex;

use crate::store::questions::{CitedAnswer, Questions};
use crate::store::{ConversationStore, StoreError};

/// Answers that are counted, the newest.
const ANSWERS: u32 = 2_000;
/// Counted anew after this.
const FRESH: Duration = Duration::from_secs(600);
/// Places that are kept, for all languages together.
const KEPT: usize = 200;
/// A customer's "it helped" counts as so many further customers.
const PRAISE: usize = 2;
/// Longer headings are no questions to choose from.
const MOST_CHARS: usize = 90;

/// A place in an article that answered customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    path: String,
    /// The last heading above the passage; empty at the top.
    heading: String,
}

/// The places of the last weeks, the most useful first.
#[derive(Default)]
pub struct Useful(Mutex<Option<(Instant, Vec<Place>)>>);

impl Useful {
    /// Up to `most` suggestions in a language, beside those that are there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn suggestions(
        &self,
        store: &dyn ConversationStore,
        (snapshot, locale): (&Snapshot, &Locale),
        wanted: &Wanted<'_>,
    ) -> Result<Vec<String>, StoreError> {
        if wanted.most == 0 {
            return Ok(Vec::new());
        }
        let mut kept = self.0.lock().await;
        let places = match &*kept {
            Some((at, places)) if at.elapsed() < FRESH => places.clone(),
            _ => {
                let back = SignedDuration::from_hours(24 * i64::from(wanted.days));
                let since = Timestamp::now().checked_sub(back).unwrap_or(Timestamp::MIN);
                let answers = Questions::cited_answers(store, since, ANSWERS).await?;
                let places = ranked(&answers, wanted.k);
                *kept = Some((Instant::now(), places.clone()));
                places
            }
        };
        drop(kept);
        Ok(worded(&places, (snapshot, locale), wanted))
    }
}

/// What suggestions are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Those that are there already.
    pub beside: &'a [String],
    pub most: usize,
    /// Customers from which on a place counts.
    pub k: usize,
    pub days: u32,
}

/// Places that at least `k` customers were answered from, and of which not more said that it did not help
/// than that it did.
fn ranked(answers: &[CitedAnswer], k: usize) -> Vec<Place> {
    #[derive(Default)]
    struct Count<'a> {
        askers: BTreeSet<&'a str>,
        praised: usize,
        blamed: usize,
    }
    let mut counts: BTreeMap<(&str, &str), Count<'_>> = BTreeMap::new();
    for answer in answers {
        let places: BTreeSet<(&str, &str)> =
            answer.places.iter().map(|(path, heading)| (path.as_str(), last(heading))).collect();
        for place in places {
            let count = counts.entry(place).or_default();
            count.askers.insert(&answer.asker);
            count.praised += usize::from(answer.helpful == Some(true));
            count.blamed += usize::from(answer.helpful == Some(false));
        }
    }
    let mut good: Vec<_> = counts
        .into_iter()
        .filter(|(_, c)| c.askers.len() >= k && c.blamed <= c.praised)
        .map(|(place, c)| (c.askers.len() + PRAISE * c.praised, place))
        .collect();
    good.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let place = |(_, (path, heading)): (usize, (&str, &str))| Place {
        path: path.to_owned(),
        heading: heading.to_owned(),
    };
    good.into_iter().take(KEPT).map(place).collect()
}

/// The last of the headings that a citation joins.
fn last(heading: &str) -> &str {
    heading.rsplit(" > ").next().unwrap_or_default().trim()
}

/// The heading where it is a question, else the title; one suggestion an article.
fn worded(
    places: &[Place],
    (snapshot, locale): (&Snapshot, &Locale),
    wanted: &Wanted<'_>,
) -> Vec<String> {
    let public = Filter::public(Zoned::now().date());
    let mut said: HashSet<String> = wanted.beside.iter().map(|s| s.to_lowercase()).collect();
    let mut articles = HashSet::new();
    let mut out = Vec::new();
    for place in places {
        if out.len() == wanted.most {
            break;
        }
        let Some(document) = snapshot.document_by_path(&place.path) else { continue };
        let own = document.meta.locale.language() == locale.language();
        if !own || !public.admits(&document.meta) {
            continue;
        }
        let asks = place.heading.ends_with('?');
        let words = if asks { &place.heading } else { &document.meta.title };
        let short = words.chars().count() <= MOST_CHARS;
        if short && articles.insert(&place.path) && said.insert(words.to_lowercase()) {
            out.push(words.clone());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(asker: &str, heading: &str, helpful: Option<bool>) -> CitedAnswer {
        let places = vec![("returns.md".to_owned(), heading.to_owned())];
        CitedAnswer { asker: asker.to_owned(), places, helpful }
    }

    fn headings(answers: &[CitedAnswer]) -> Vec<String> {
        ranked(answers, 3).into_iter().map(|place| place.heading).collect()
    }

    #[test]
    fn a_place_counts_from_three_customers_on() {
        let two: Vec<_> =
            ["a", "b", "b"].map(|who| answer(who, "Returns > How long?", None)).into();
        assert!(headings(&two).is_empty());
        let three: Vec<_> =
            ["a", "b", "c"].map(|who| answer(who, "Returns > How long?", None)).into();
        assert_eq!(headings(&three), ["How long?"]);
    }

    #[test]
    fn what_helped_comes_first_and_what_did_not_never() {
        let mut all: Vec<_> = ["a", "b", "c", "d"].map(|who| answer(who, "Costs", None)).into();
        all.extend(["a", "b", "c"].map(|who| answer(who, "How long?", Some(who == "a"))));
        assert_eq!(headings(&all), ["Costs"], "two said that it did not help");
        all.extend(["d", "e"].map(|who| answer(who, "How long?", Some(true))));
        assert_eq!(headings(&all), ["How long?", "Costs"]);
    }
}
