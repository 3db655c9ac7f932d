//! Links between Markdown files to links between pages. An article for customers has no page: to those who
//! may read it, it is given as an article for programs, which the widget opens.

use indexer::model::{DocPath, Filter};
use indexer::search::{LiveDocument, Snapshot};
use indexer::source::link_path::{EXTENSIONS, join, percent_decode};

use super::render::Target;
use crate::domain::{article_url, page_url};

/// Resolves the links of one document.
pub(super) struct Links<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// The document that holds the links.
    pub(super) from: &'a DocPath,
    /// What the reader may see.
    pub(super) filter: &'a Filter,
}

impl Links<'_> {
    /// What becomes of a link to `href`. A link to a document that the reader may not see, and one to
    /// nothing, lose their address: their words stay.
    pub(super) fn target(&self, href: &str) -> Target {
        if href.starts_with('#') || is_absolute(href) {
            return Target::Keep;
        }
        let (path, fragment) = href.split_once('#').unwrap_or((href, ""));
        let path = path.split('?').next().unwrap_or_default();
        match self.document(&percent_decode(path)).filter(|d| self.filter.admits(&d.meta)) {
            Some(found) => Target::Page(match page_url(&found.meta, fragment) {
                page if page.is_empty() => article_url(&found.meta, fragment),
                page => page,
            }),
            None => Target::Nowhere,
        }
    }

    fn document(&self, path: &str) -> Option<&LiveDocument> {
        let folder = self.from.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
        // An article's own address, as it stands in the browser.
        if let Some(slug) = path.strip_prefix("/kb/")
            && let Some(found) = self.snapshot.document_by_slug(slug.trim_end_matches('/'))
        {
            return Some(found);
        }
        let full = join(folder, path)?;
        EXTENSIONS
            .iter()
            .find_map(|extension| self.snapshot.document_by_path(&format!("{full}{extension}")))
    }
}

/// Has a scheme or a host.
fn is_absolute(href: &str) -> bool {
    let scheme = href.split([':', '/', '?', '#']).next().unwrap_or_default();
    href.starts_with("//")
        || (href[scheme.len()..].starts_with(':')
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_addresses_are_told_from_paths() {
        for href in ["https://a.example", "mailto:a@b.example", "//a.example/x", "tel:+371"] {
            assert!(is_absolute(href), "{href}");
        }
        for href in ["a.md", "a/b:c.md", "../x", "?q=a:b", "#x:y", "", ":x"] {
            assert!(!is_absolute(href), "{href}");
        }
    }
}
