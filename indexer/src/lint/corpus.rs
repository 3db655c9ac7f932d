//! All articles of a folder, and the ways to look one up.
//!
//! Made once for a run; the rules borrow it. Reads files with a thread for each core.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rayon::prelude::*;

use super::article::Article;
use super::settings::LintSettings;
use crate::model::DocumentMeta;
use crate::source::{self, Skipped, SourceFile, SourceRules};

/// What a run looks at.
#[derive(Debug)]
pub(super) struct Corpus<'a> {
    pub(super) root: PathBuf,
    pub(super) settings: &'a LintSettings,
    pub(super) rules: &'a SourceRules,
    pub(super) today: Date,
    /// By path.
    pub(super) articles: Vec<Article>,
    /// Entries that the walk left out.
    pub(super) skipped: Vec<Skipped>,
    /// Files that could not become documents, with the reason.
    pub(super) unread: Vec<(String, String)>,
    /// Language that the others are translated from.
    pub(super) main_language: String,
    by_path: HashMap<String, usize>,
    by_address: HashMap<String, usize>,
    by_place: HashMap<String, Vec<usize>>,
    by_file_name: HashMap<String, Vec<usize>>,
}

impl<'a> Corpus<'a> {
    pub(super) fn read(
        root: &Path,
        rules: &'a SourceRules,
        settings: &'a LintSettings,
        today: Date,
    ) -> Self {
        let walk = source::walk(root);
        let mut articles = Vec::new();
        let mut unread = Vec::new();
        let read = |file| read_one(file, rules);
        let outcomes: Vec<_> = walk.files.par_iter().map(read).collect();
        for (file, outcome) in walk.files.iter().zip(outcomes) {
            match outcome {
                Ok(article) => articles.push(article),
                Err(reason) => unread.push((file.path.as_str().to_owned(), reason)),
            }
        }
        let mut corpus = Self {
            root: root.to_owned(),
            settings,
            rules,
            today,
            main_language: main_language(&articles, rules),
            articles,
            skipped: walk.skipped,
            unread,
            by_path: HashMap::new(),
            by_address: HashMap::new(),
            by_place: HashMap::new(),
            by_file_name: HashMap::new(),
        };
        corpus.index();
        corpus
    }

    fn index(&mut self) {
        let default = self.rules.default_locale.as_ref().map_or("en", |l| l.language());
        for (i, article) in self.articles.iter().enumerate() {
            self.by_path.insert(article.path().to_owned(), i);
            let slug = &article.document.meta.slug;
            let language = article.language();
            let address = if language == default || language == "und" {
                slug.clone()
            } else {
                format!("{language}/{slug}")
            };
            self.by_address.entry(address).or_insert(i);
            if let Some(place) = &article.place {
                self.by_place.entry(place.clone()).or_default().push(i);
            }
            let name = article.document.path.file_name().to_lowercase();
            self.by_file_name.entry(name).or_default().push(i);
        }
    }

    pub(super) fn by_path(&self, path: &str) -> Option<&Article> {
        self.articles.get(*self.by_path.get(path)?)
    }

    /// The article with this public address (`returns`, `lv/returns`).
    pub(super) fn by_address(&self, address: &str) -> Option<&Article> {
        self.articles.get(*self.by_address.get(address)?)
    }

    /// Articles whose file has this name, case ignored.
    pub(super) fn by_file_name(&self, name: &str) -> impl Iterator<Item = &Article> {
        let found = self.by_file_name.get(&name.to_lowercase());
        found.into_iter().flatten().filter_map(|i| self.articles.get(*i))
    }

    /// The article in another language.
    pub(super) fn twin(&self, article: &Article, language: &str) -> Option<&Article> {
        let place = self.by_place.get(article.place.as_ref()?)?;
        place.iter().filter_map(|i| self.articles.get(*i)).find(|a| a.language() == language)
    }

    pub(super) fn expired(&self, meta: &DocumentMeta) -> bool {
        meta.valid_until.is_some_and(|until| until < self.today)
    }
}

/// The configured language, else the one that most articles with a language in their path have.
fn main_language(articles: &[Article], rules: &SourceRules) -> String {
    if let Some(locale) = &rules.default_locale {
        return locale.language().to_owned();
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for article in articles.iter().filter(|a| a.place.is_some()) {
        *counts.entry(article.language()).or_default() += 1;
    }
    let most = counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0)));
    most.map_or_else(|| "en".to_owned(), |(language, _)| language.to_owned())
}

fn read_one(file: &SourceFile, rules: &SourceRules) -> Result<Article, String> {
    let bytes = source::read_bytes(file, rules).map_err(|e| e.to_string())?;
    let document = source::parse_document(&file.path, &bytes, rules).map_err(|e| e.to_string())?;
    Ok(Article::new(&bytes, document))
}
