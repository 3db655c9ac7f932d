//! What the base has for a question and how sure that makes: search and confidence, and nothing decided.

use std::sync::Arc;

use indexer::model::{Audience, Filter, Locale};
use indexer::search::{SearchError, SearchOutcome, SearchQuery, Snapshot};
use jiff::Zoned;

use super::Assistant;
use super::condense::{self, Asking};
use super::confidence::Confidence;
use crate::domain::{Question, Said, Turn};
use crate::privacy::{CustomerText, Numbering};

/// Passages that are looked at for an answer.
const HITS: usize = 12;

/// What was found for a question and how sure that makes: everything before the decision.
#[derive(Debug)]
pub struct Assessment {
    pub found: SearchOutcome,
    /// `None` when nothing was found.
    pub confidence: Option<Confidence>,
    /// A model's wording of the question that joined the search, without personal data.
    pub wording: Option<String>,
}

impl Assistant {
    /// Looks for passages and weighs them, and goes no further: nothing is decided, stored or
    /// remembered. What [`Assistant::ask`] decides by, so that evaluation measures the same.
    ///
    /// # Errors
    /// When the search fails.
    pub async fn assess(
        &self,
        question: &Question,
        turns: &[Turn],
    ) -> Result<Assessment, SearchError> {
        self.assess_in(question, turns, self.knowledge.snapshot()).await
    }

    /// As [`Self::assess`], in a snapshot that the caller holds.
    ///
    /// # Errors
    /// When the search fails.
    pub async fn assess_in(
        &self,
        question: &Question,
        turns: &[Turn],
        snapshot: Arc<Snapshot>,
    ) -> Result<Assessment, SearchError> {
        let locale = self.locale_of(question);
        let mut numbering = Numbering::default();
        let mut redact =
            |text: &CustomerText| self.redactor.redact(text, Some(locale.as_str()), &mut numbering);
        let turns: Vec<Said> =
            turns.iter().map(|t| Said { role: t.role, text: redact(&t.text) }).collect();
        let asked = redact(&question.text);
        let Question { audience, visitor, .. } = *question;
        let asking = Asking { asked: &asked, turns: &turns, audience, visitor };
        self.look_up(&asking, &locale, snapshot).await
    }

    /// Words to search by, without personal data; nothing of it is kept.
    pub fn searchable(&self, text: &CustomerText, locale: Option<&Locale>) -> String {
        let mut numbering = Numbering::default();
        let redacted = self.redactor.redact(text, locale.map(Locale::as_str), &mut numbering);
        let words = redacted.without_placeholders();
        if words.chars().any(char::is_alphanumeric) { words } else { redacted.into_string() }
    }

    pub(super) async fn look_up(
        &self,
        asking: &Asking<'_>,
        locale: &Locale,
        snapshot: Arc<Snapshot>,
    ) -> Result<Assessment, SearchError> {
        let question = asking.asked.without_placeholders();
        let earlier = condense::earlier(asking.turns);
        let with = (&self.writer, &*self.metrics);
        let rewrite = self.condenser.wording(asking, locale, with).await;
        let before = rewrite.clone().or_else(|| condense::leans_on(&question, &earlier));
        let query = self.query((question, asking.audience), locale);
        let query = SearchQuery { earlier, rewrite, ..query };
        let mut assessed = self.search_for(query, snapshot).await?;
        if let Some(before) = before {
            assessed.found.query = format!("{before} {}", assessed.found.query);
        }
        Ok(assessed)
    }

    /// A search for one text alone.
    pub(super) fn query(
        &self,
        (text, audience): (String, Audience),
        locale: &Locale,
    ) -> SearchQuery {
        SearchQuery {
            text,
            earlier: Vec::new(),
            rewrite: None,
            locale: Some(locale.clone()),
            filter: Filter { audience, ..Filter::public(Zoned::now().date()) },
            limit: HITS,
        }
    }

    pub(super) async fn search_for(
        &self,
        query: SearchQuery,
        snapshot: Arc<Snapshot>,
    ) -> Result<Assessment, SearchError> {
        let found = self.knowledge.search_in(&query, snapshot).await?;
        let confidence = (!found.retrieved.hits.is_empty())
            .then(|| Confidence::of(&found, &self.settings.confidence));
        Ok(Assessment { found, confidence, wording: query.rewrite })
    }
}
