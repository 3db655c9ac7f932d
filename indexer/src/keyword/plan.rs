//! Turns the question's terms into one query of the engine.
//!
//! Used by `reader`. OR over terms; per term the best field counts, plus a share of the others: a
//! word that stands in title, headings and body is one word of evidence, not three, and the folded
//! copy of a stem must not count twice. Function words add to the score of what the terms found and
//! find nothing themselves. The filter is `admit`'s.

use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur, Query, TermQuery,
};
use tantivy::schema::IndexRecordOption;

use super::KeywordSettings;
use super::query::{Form, Terms};
use super::schema::Fields;

/// The whole query; `None` when no term of the question occurs in the index.
pub(super) fn plan(
    asked: Terms,
    fields: &Fields,
    settings: &KeywordSettings,
) -> Option<Box<dyn Query>> {
    let content = asked.content.into_iter().map(|w| w.forms);
    let content = union(content.filter(|forms| !forms.is_empty()), fields, settings)?;
    if settings.function_boost <= 0.0 {
        return Some(content);
    }
    let Some(function) = union(asked.function.into_iter(), fields, settings) else {
        return Some(content);
    };
    let function = Box::new(BoostQuery::new(function, settings.function_boost));
    Some(Box::new(BooleanQuery::new(vec![(Occur::Must, content), (Occur::Should, function)])))
}

/// OR over terms, each with its forms.
fn union(
    terms: impl Iterator<Item = Vec<Form>>,
    fields: &Fields,
    settings: &KeywordSettings,
) -> Option<Box<dyn Query>> {
    let mut terms: Vec<Box<dyn Query>> =
        terms.map(|forms| one_term(forms, fields, settings)).collect();
    match terms.len() {
        0 => None,
        1 => Some(terms.remove(0)),
        _ => Some(Box::new(BooleanQuery::union(terms))),
    }
}

fn one_term(forms: Vec<Form>, fields: &Fields, settings: &KeywordSettings) -> Box<dyn Query> {
    let mut queries: Vec<Box<dyn Query>> =
        forms.into_iter().map(|form| one_form(form, fields, settings)).collect();
    if queries.len() == 1 {
        return queries.remove(0);
    }
    Box::new(DisjunctionMaxQuery::with_tie_breaker(queries, settings.tie_breaker))
}

fn one_form(form: Form, fields: &Fields, settings: &KeywordSettings) -> Box<dyn Query> {
    let field = form.term.field();
    if field == fields.code {
        // Codes have no useful frequency or length: found or not, by rarity.
        let found = Box::new(TermQuery::new(form.term, IndexRecordOption::Basic));
        return Box::new(ConstScoreQuery::new(found, settings.code_boost * form.idf * form.share));
    }
    let boost = if field == fields.title {
        settings.title_boost
    } else if field == fields.headings {
        settings.headings_boost
    } else if field == fields.folded {
        settings.folded_boost
    } else if field == fields.concepts {
        settings.concept_boost
    } else {
        settings.body_boost
    };
    let found = Box::new(TermQuery::new(form.term, IndexRecordOption::WithFreqs));
    Box::new(BoostQuery::new(found, boost * form.share))
}
