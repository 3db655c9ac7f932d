//! `GET /kb`: the articles by folder in one language, and a search that works without JavaScript.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use indexer::model::{Filter, Hit, Locale};
use jiff::Zoned;
use serde::Deserialize;

use super::{admitted, translations};
use crate::domain::page_url;
use crate::http::State;
use crate::http::error::Problem;
use crate::http::pages::{Site, page};
use crate::http::search::query_of;
use crate::locale::Pack;

/// Articles of one folder that are listed; the rest is found by searching.
const LISTED: usize = 200;
const HITS: usize = 20;
/// Characters of a passage under a hit.
const EXCERPT: usize = 220;

/// Unknown parameters are ignored here: people paste addresses that trackers have added to.
#[derive(Debug, Default, Deserialize)]
struct Params {
    #[serde(default)]
    q: String,
    #[serde(default)]
    lang: String,
}

#[derive(Template)]
#[template(path = "index.html")]
struct IndexPage<'a> {
    site: Site<'a>,
    words: &'a Pack,
    /// What was searched for, as the text wants it.
    found_for: [(&'a str, &'a str); 1],
    query: &'a str,
    language: &'a str,
    languages: Vec<(String, String)>,
    folders: Vec<Folder>,
    found: Option<Vec<Found>>,
    /// How many were found, in words.
    counted: String,
}

struct Folder {
    name: String,
    articles: Vec<Article>,
    /// How many articles are not listed, in words; empty for none.
    more: String,
}

struct Article {
    url: String,
    title: String,
    description: String,
}

struct Found {
    url: String,
    title: String,
    heading: String,
    excerpt: String,
    language: String,
}

/// The list, or the passages that a search found.
pub(in crate::http) async fn index(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    state.readiness.check()?;
    let params = web::Query::<Params>::from_query(request.query_string())
        .map(web::Query::into_inner)
        .unwrap_or_default();
    let snapshot = state.knowledge.snapshot();
    let filter = Filter::public(Zoned::now().date());
    let mut languages: BTreeMap<&str, usize> = BTreeMap::new();
    for document in admitted(&snapshot, &filter) {
        *languages.entry(translations::language(document)).or_default() += 1;
    }
    let language = choose(&params.lang, accepted(&request), &languages);

    let shown = Locale::parse(&language).unwrap_or_else(Locale::undetermined);
    let words = state.locales.pack(&shown);
    let found: Option<Vec<Found>> = match query_of(&params.q, None, HITS) {
        Ok(mut query) => {
            state.doors.limits.address(state.client(&request))?;
            query.locale = Locale::parse(&params.lang);
            let hits = state.find(state.unnamed(query)).await?.retrieved.hits;
            // The nearest passage of all is near to nothing when not one word of the query is anywhere.
            let known = hits.iter().any(|hit| hit.keyword_rank.is_some());
            Some(hits.iter().filter(|_| known).map(Found::from).collect())
        }
        Err(_) => None,
    };
    let mut folders: BTreeMap<String, Vec<Article>> = BTreeMap::new();
    if found.is_none() {
        let shown = admitted(&snapshot, &filter).filter(|d| translations::language(d) == language);
        for document in shown {
            let place = translations::place(document.path.as_str(), &language);
            let folder = place.rsplit_once('/').map_or("", |(folder, _)| folder);
            folders.entry(folder_name(folder, words)).or_default().push(Article {
                url: page_url(&document.meta, ""),
                title: document.meta.title.clone(),
                description: document.meta.description.clone().unwrap_or_default(),
            });
        }
    }
    let folders = folders.into_iter().map(|(name, mut articles)| {
        articles.sort_by_cached_key(|a| a.title.to_lowercase());
        let hidden = articles.len().saturating_sub(LISTED);
        articles.truncate(LISTED);
        let more =
            if hidden == 0 { String::new() } else { words.count("more_articles", hidden as u64) };
        Folder { name, articles, more }
    });
    page(&IndexPage {
        site: Site::of(&state),
        words,
        counted: words.count("results", found.as_ref().map_or(0, |f| f.len() as u64)),
        found_for: [("query", params.q.as_str())],
        query: &params.q,
        language: &language,
        languages: languages
            .keys()
            .filter(|l| **l != "und")
            .map(|l| ((*l).to_owned(), translations::name_of(l)))
            .collect(),
        folders: folders.collect(),
        found,
    })
}

/// The language asked for, else the browser's first that exists, else the one with most articles.
fn choose(asked: &str, accepted: &str, languages: &BTreeMap<&str, usize>) -> String {
    let preferred = std::iter::once(asked)
        .chain(accepted.split(','))
        .map(|range| range.split(['-', ';']).next().unwrap_or_default().trim())
        .find(|language| languages.contains_key(language));
    let largest =
        || languages.iter().max_by_key(|(_, count)| **count).map(|(language, _)| *language);
    preferred.or_else(largest).unwrap_or("en").to_owned()
}

fn accepted(request: &HttpRequest) -> &str {
    request.headers().get("accept-language").and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// `help-center/orders` to `Help center › Orders`. Folders that every help center has are named in the
/// reader's language.
fn folder_name(folder: &str, words: &Pack) -> String {
    let parts = folder.split('/').filter(|f| !f.is_empty()).map(|part| match part {
        "help-center" => words.text("page.folder_help_center").to_owned(),
        "policies" => words.text("page.folder_policies").to_owned(),
        other => {
            let other = other.replace(['-', '_'], " ");
            let mut chars = other.chars();
            chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
        }
    });
    let name = parts.collect::<Vec<_>>().join(" › ");
    if name.is_empty() { words.text("page.articles").to_owned() } else { name }
}

/// A passage on one line, without the lines of tables and the signs of lists.
fn plain(text: &str) -> String {
    let drawn = |word: &&str| word.chars().all(|c| matches!(c, '|' | '-' | ':' | '*' | '#' | '>'));
    text.split_whitespace().filter(|word| !drawn(word)).collect::<Vec<_>>().join(" ")
}

impl From<&Hit> for Found {
    fn from(hit: &Hit) -> Self {
        let text = plain(&hit.text);
        let cut: String = text.chars().take(EXCERPT).collect();
        let excerpt = if cut.len() < text.len() { format!("{cut}…") } else { cut };
        Self {
            url: page_url(&hit.meta, &hit.anchor),
            title: hit.meta.title.clone(),
            heading: hit.heading_path.join(" › "),
            excerpt,
            language: hit.meta.locale.as_str().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_the_list() {
        let languages = BTreeMap::from([("de", 3), ("en", 9)]);
        assert_eq!(choose("", "", &languages), "en");
        assert_eq!(choose("de", "en", &languages), "de");
        assert_eq!(choose("", "lv-LV,lv;q=0.9,de;q=0.8", &languages), "de");
        assert_eq!(choose("xx", "", &languages), "en");
        assert_eq!(choose("", "", &BTreeMap::new()), "en");
    }

    #[test]
    fn an_excerpt_has_no_lines_of_tables() {
        let table = "| Blinks | Meaning |\n|---|--:|\n| 2 | Too hot |\n- let it cool\n- a-b | c";
        assert_eq!(plain(table), "Blinks Meaning 2 Too hot let it cool a-b c");
    }

    #[test]
    fn folders_are_named_for_people() {
        let locales = crate::locale::Locales::load(None).unwrap();
        let name = |folder, tag| folder_name(folder, locales.pack(&Locale::parse(tag).unwrap()));
        assert_eq!(name("help-center/my_orders", "en"), "Help center › My orders");
        assert_eq!(name("", "en"), "Articles");
        assert_eq!(name("policies", "de"), "Richtlinien");
        assert_eq!(name("help-center/my_orders", "lv"), "Palīdzības centrs › My orders");
    }
}
