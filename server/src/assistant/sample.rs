//! A found passage for the tests of this folder.

use std::sync::Arc;

use indexer::model::{Audience, DocPath, DocumentMeta, Generation, Hit, Locale, PassageId, Unit};
use uuid::Uuid;

/// A passage in English at the top of the public article `title`.
pub(super) fn hit(title: &str, text: &str, units: Vec<Unit>) -> Hit {
    let meta = DocumentMeta {
        title: title.to_owned(),
        description: None,
        slug: title.to_lowercase().replace(' ', "-"),
        locale: Locale::parse("en").unwrap(),
        tags: Vec::new(),
        product: None,
        audience: Audience::Public,
        draft: false,
        last_updated: None,
        valid_from: None,
        valid_until: None,
        canonical_url: None,
    };
    Hit {
        id: PassageId(Uuid::nil()),
        path: DocPath::new(format!("{title}.md")),
        meta: Arc::new(meta),
        document_version: Generation(1),
        ordinal: 0,
        anchor: String::new(),
        heading_path: Vec::new(),
        text: text.to_owned(),
        units,
        score: 1.0,
        keyword_rank: None,
        keyword_score: None,
        dense_rank: None,
        dense_score: None,
    }
}
