//! Where an article is read: addresses relative to the server. For citations, hits and links between
//! articles; the one place that says which articles have a page.

use indexer::model::{Audience, DocumentMeta};

/// The page of an article at a heading; empty where there is none. Pages are read without a proof of who
/// reads them, so only what is public has one: a link to another would lead nowhere.
pub fn page_url(meta: &DocumentMeta, anchor: &str) -> String {
    match meta.audience {
        Audience::Public => at("/kb/", meta, anchor),
        Audience::Customer | Audience::Internal => String::new(),
    }
}

/// The article itself at a heading, for programs of a reader whom it is for.
pub fn article_url(meta: &DocumentMeta, anchor: &str) -> String {
    at("/v1/articles/", meta, anchor)
}

fn at(place: &str, meta: &DocumentMeta, anchor: &str) -> String {
    let slug = &meta.slug;
    if anchor.is_empty() { format!("{place}{slug}") } else { format!("{place}{slug}#{anchor}") }
}

#[cfg(test)]
mod tests {
    use indexer::model::Locale;

    use super::*;

    #[test]
    fn only_what_is_public_has_a_page() {
        let meta = |audience| DocumentMeta {
            title: "Returns".to_owned(),
            description: None,
            slug: "lv/returns".to_owned(),
            locale: Locale::undetermined(),
            tags: Vec::new(),
            product: None,
            audience,
            draft: false,
            last_updated: None,
            valid_from: None,
            valid_until: None,
            canonical_url: None,
        };
        for (audience, page) in [
            (Audience::Public, "/kb/lv/returns#time"),
            (Audience::Customer, ""),
            (Audience::Internal, ""),
        ] {
            assert_eq!(page_url(&meta(audience), "time"), page, "{audience:?}");
            assert_eq!(article_url(&meta(audience), "time"), "/v1/articles/lv/returns#time");
        }
        assert_eq!(page_url(&meta(Audience::Public), ""), "/kb/lv/returns");
        assert_eq!(article_url(&meta(Audience::Customer), ""), "/v1/articles/lv/returns");
    }
}
