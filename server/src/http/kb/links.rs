//! Links between Markdown files to links between pages.

use indexer::model::{DocPath, Filter};
use indexer::search::{LiveDocument, Snapshot};

use super::render::Target;
use crate::http::dto::article_url;

/// Extensions that a link may leave out.
const EXTENSIONS: [&str; 4] = ["", ".md", ".markdown", ".mdx"];

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
            Some(found) => Target::Page(article_url(&found.meta.slug, fragment)),
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
        EXTENSIONS.iter().find_map(|extension| {
            let wanted = format!("{full}{extension}");
            self.snapshot.documents.iter().find(|d| d.path.as_str() == wanted)
        })
    }
}

/// `path` as seen from `folder`, both `/`-separated; `None` when it leaves the root. A leading `/` is
/// the root.
fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> =
        if path.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    parts.retain(|p| !p.is_empty());
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Has a scheme or a host.
fn is_absolute(href: &str) -> bool {
    let scheme = href.split([':', '/', '?', '#']).next().unwrap_or_default();
    href.starts_with("//")
        || (href[scheme.len()..].starts_with(':')
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// `%C4%93` to `ē`; what does not decode stays as it is.
fn percent_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| tail.get(..2)).flatten();
        let value = escaped
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(value.unwrap_or(byte));
        rest = if value.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_resolve_within_the_root() {
        for (folder, path, joined) in [
            ("help/en", "returns.md", Some("help/en/returns.md")),
            ("help/en", "./a/../b.md", Some("help/en/b.md")),
            ("help/de", "../en/x.md", Some("help/en/x.md")),
            ("help/de", "/policies/en/x.md", Some("policies/en/x.md")),
            ("", "x.md", Some("x.md")),
            ("help", "../../etc/passwd", None),
        ] {
            assert_eq!(join(folder, path).as_deref(), joined, "{folder} {path}");
        }
    }

    #[test]
    fn absolute_addresses_are_told_from_paths() {
        for href in ["https://a.example", "mailto:a@b.example", "//a.example/x", "tel:+371"] {
            assert!(is_absolute(href), "{href}");
        }
        for href in ["a.md", "a/b:c.md", "../x", "?q=a:b", "#x:y", "", ":x"] {
            assert!(!is_absolute(href), "{href}");
        }
    }

    #[test]
    fn escapes_decode_once() {
        assert_eq!(percent_decode("a%20b%C4%93%2520%"), "a bē%20%");
        assert_eq!(percent_decode("%zz%ff"), "%zz%ff");
    }
}
