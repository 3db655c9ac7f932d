//! The filter, applied to every passage before it can become a candidate.
//!
//! Used by `top`, which asks for each passage that would enter the best ones: so the filter costs
//! a few look-ups per search instead of an intersection with lists that hold nearly every passage
//! (three times the search time at 10,000 passages). Means exactly what [`Filter::admits`] means;
//! a value that is missing admits nothing.

use std::sync::Arc;

use jiff::civil::Date;
use tantivy::columnar::{Column, ColumnValues};
use tantivy::{DocId, SegmentReader};

use super::schema::{AUDIENCE, DRAFT, LANGUAGE, TAGS, VALID_FROM, VALID_UNTIL, rank};
use crate::model::{Filter, day_number};

/// One filter against one segment's values.
pub(super) struct Admit {
    audience: Arc<dyn ColumnValues<u64>>,
    highest: u64,
    draft: Option<Arc<dyn ColumnValues<u64>>>,
    validity: Option<Days>,
    language: Option<AnyOf>,
    tags: Option<AnyOf>,
}

struct Days {
    day: i64,
    from: Arc<dyn ColumnValues<i64>>,
    until: Arc<dyn ColumnValues<i64>>,
}

impl Admit {
    pub(super) fn new(filter: &Filter, segment: &SegmentReader) -> tantivy::Result<Self> {
        let fast = segment.fast_fields();
        let published = || -> tantivy::Result<_> { Ok(fast.u64(DRAFT)?.first_or_default_col(1)) };
        let days = |day: Date| -> tantivy::Result<_> {
            Ok(Days {
                day: day_number(day),
                from: fast.i64(VALID_FROM)?.first_or_default_col(i64::MAX),
                until: fast.i64(VALID_UNTIL)?.first_or_default_col(i64::MIN),
            })
        };
        let languages = filter.languages.as_ref();
        let languages = languages.map(|all| all.iter().map(|l| l.language()));
        let tags = (!filter.tags.is_empty()).then(|| filter.tags.iter().map(String::as_str));
        Ok(Self {
            audience: fast.u64(AUDIENCE)?.first_or_default_col(u64::MAX),
            highest: rank(filter.audience),
            draft: (!filter.drafts).then(published).transpose()?,
            validity: filter.valid_on.map(days).transpose()?,
            language: languages.map(|l| AnyOf::new(segment, LANGUAGE, l)).transpose()?,
            tags: tags.map(|t| AnyOf::new(segment, TAGS, t)).transpose()?,
        })
    }

    pub(super) fn admits(&self, doc: DocId) -> bool {
        self.audience.get_val(doc) <= self.highest
            && self.draft.as_ref().is_none_or(|d| d.get_val(doc) == 0)
            && self
                .validity
                .as_ref()
                .is_none_or(|v| v.from.get_val(doc) <= v.day && v.day <= v.until.get_val(doc))
            && self.language.as_ref().is_none_or(|l| l.holds(doc))
            && self.tags.as_ref().is_none_or(|t| t.holds(doc))
    }
}

/// At least one of some texts, by their ordinals in the segment's dictionary.
struct AnyOf {
    column: Option<Column<u64>>,
    ordinals: Vec<u64>,
}

impl AnyOf {
    fn new<'a>(
        segment: &SegmentReader,
        field: &str,
        texts: impl Iterator<Item = &'a str>,
    ) -> tantivy::Result<Self> {
        let Some(column) = segment.fast_fields().str(field)? else {
            return Ok(Self { column: None, ordinals: Vec::new() });
        };
        let mut ordinals = Vec::new();
        for text in texts {
            ordinals.extend(column.dictionary().term_ord(text.as_bytes())?);
        }
        Ok(Self { column: Some(column.ords().clone()), ordinals })
    }

    fn holds(&self, doc: DocId) -> bool {
        self.column.as_ref().is_some_and(|column| {
            column.values_for_doc(doc).any(|ordinal| self.ordinals.contains(&ordinal))
        })
    }
}
