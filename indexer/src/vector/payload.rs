//! What is stored beside a vector, and a filter in terms of it: the same for both engines.
//!
//! Used by `edge` and `server`, which write the rules in their engine's types. A field `view` joins
//! audience, draft and "has dates", so that the usual filter is a single keyword match.

use serde_json::{Map, Value, json};

use crate::model::{Audience, DocumentMeta, Filter, Validity, day_number};

pub(super) const VIEW: &str = "view";
pub(super) const LANGUAGE: &str = "lang";
pub(super) const TAGS: &str = "tags";
pub(super) const FROM_DAY: &str = "from";
pub(super) const UNTIL_DAY: &str = "until";

/// What a payload index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
}

/// Every field that filters look at; each has a payload index.
pub(super) const FIELDS: [(&str, Kind); 5] = [
    (VIEW, Kind::Word),
    (LANGUAGE, Kind::Word),
    (TAGS, Kind::Word),
    (FROM_DAY, Kind::Number),
    (UNTIL_DAY, Kind::Number),
];

/// One point's payload.
pub(super) struct Payload<'a> {
    pub view: String,
    pub language: &'a str,
    pub tags: &'a [String],
    pub validity: Validity,
}

impl<'a> Payload<'a> {
    pub(super) fn of(meta: &'a DocumentMeta) -> Self {
        let validity = Validity::of(meta);
        Self {
            view: view(meta.audience, meta.draft, validity != Validity::FOREVER),
            language: meta.locale.language(),
            tags: &meta.tags,
            validity,
        }
    }
}

/// A payload as JSON, by field.
pub(super) type Fields = Map<String, Value>;

/// The payload of a passage of a document with `meta`.
pub(super) fn fields(meta: &DocumentMeta) -> Fields {
    let payload = Payload::of(meta);
    [
        (VIEW, json!(payload.view)),
        (LANGUAGE, json!(payload.language)),
        (TAGS, json!(payload.tags)),
        (FROM_DAY, json!(payload.validity.from_day)),
        (UNTIL_DAY, json!(payload.validity.until_day)),
    ]
    .into_iter()
    .map(|(field, value)| (field.to_owned(), value))
    .collect()
}

/// Whether filters take what is `stored` for a passage of a document with `meta`. What else is stored
/// does not count.
pub(super) fn is_filed_as(stored: &Fields, meta: &DocumentMeta) -> bool {
    let right = fields(meta);
    FIELDS.iter().all(|(field, _)| stored.get(*field) == right.get(*field))
}

/// A condition over payload fields.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rule {
    /// The field has one of the words.
    AnyOf(&'static str, Vec<String>),
    AtMost(&'static str, i64),
    AtLeast(&'static str, i64),
    /// One of the groups holds; a group holds when all of its rules do.
    OneOf(Vec<Vec<Rule>>),
}

/// Rules that must all hold; they agree with [`Filter::admits`].
pub(super) fn rules(filter: &Filter) -> Vec<Rule> {
    let drafts: &[bool] = if filter.drafts { &[false, true] } else { &[false] };
    let views = |dated: bool| -> Vec<String> {
        Audience::ALL
            .into_iter()
            .filter(|a| *a <= filter.audience)
            .flat_map(|a| drafts.iter().map(move |draft| view(a, *draft, dated)))
            .collect()
    };
    let mut rules = Vec::new();
    match filter.valid_on.map(day_number) {
        None => {
            rules.push(Rule::AnyOf(VIEW, views(false).into_iter().chain(views(true)).collect()));
        }
        Some(day) => rules.push(Rule::OneOf(vec![
            vec![Rule::AnyOf(VIEW, views(false))],
            vec![
                Rule::AnyOf(VIEW, views(true)),
                Rule::AtMost(FROM_DAY, day),
                Rule::AtLeast(UNTIL_DAY, day),
            ],
        ])),
    }
    if let Some(languages) = &filter.languages {
        let languages = languages.iter().map(|l| l.language().to_owned()).collect();
        rules.push(Rule::AnyOf(LANGUAGE, languages));
    }
    if !filter.tags.is_empty() {
        rules.push(Rule::AnyOf(TAGS, filter.tags.clone()));
    }
    rules
}

/// `public`, `public+draft`, `public+dated`, `public+draft+dated` and so on.
fn view(audience: Audience, draft: bool, dated: bool) -> String {
    let mut out = audience.as_str().to_owned();
    if draft {
        out.push_str("+draft");
    }
    if dated {
        out.push_str("+dated");
    }
    out
}
