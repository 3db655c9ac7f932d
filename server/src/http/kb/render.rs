//! Markdown of an article to HTML that is safe to show.
//!
//! The steps: Markdown to HTML with the extensions that the indexer reads; everything that is not on
//! the list of allowed elements and attributes removed; then headings get the anchors that citations
//! name, links between files become links between pages, and tables a frame to scroll in. Headings
//! are named last and from what is left, so that those written as HTML count too, as they do for the
//! indexer.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use indexer::source::{Anchors, MARKDOWN_OPTIONS};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::tags::{Piece, attribute, escape, pieces, text_of};

/// A safe page body.
#[derive(Debug)]
pub(super) struct Rendered {
    /// The heading of the first level that the body starts with; empty where it starts otherwise.
    pub(super) title: String,
    /// The rest.
    pub(super) html: String,
    pub(super) headings: Vec<Heading>,
}

/// A heading in the body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) level: u8,
    pub(super) anchor: String,
    pub(super) text: String,
}

/// What becomes of a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// As the author wrote it.
    Keep,
    /// Another address.
    Page(String),
    /// Its words stay, the link goes.
    Nowhere,
}

/// Renders `markdown`; `target` is asked about every link.
pub(super) fn render(markdown: &str, target: &dyn Fn(&str) -> Target) -> Rendered {
    let mut raw = String::with_capacity(markdown.len() * 2);
    pulldown_cmark::html::push_html(
        &mut raw,
        Parser::new_ext(markdown, MARKDOWN_OPTIONS).map(picture),
    );
    // Styles are not allowed; the alignment of table columns becomes a class.
    for side in ["left", "center", "right"] {
        raw = raw.replace(&format!(" style=\"text-align: {side}\""), &format!(" class=\"{side}\""));
    }
    let clean = SANITIZER.clean(&raw).to_string();
    finish(&clean, target)
}

/// Pictures are not served: their description is shown in their place.
fn picture(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Start(Tag::Image { .. }) => Event::InlineHtml("<span class=\"picture\">".into()),
        Event::End(TagEnd::Image) => Event::InlineHtml("</span>".into()),
        event => event,
    }
}

const ELEMENTS: [&str; 47] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "input",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "ul",
    "var",
];
const TABLE_ELEMENTS: [&str; 5] = ["td", "tfoot", "th", "thead", "tr"];

static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let set = |names: &[&'static str]| names.iter().copied().collect::<HashSet<_>>();
    let mut builder = Builder::empty();
    builder
        .tags(ELEMENTS.into_iter().chain(TABLE_ELEMENTS).collect())
        .clean_content_tags(set(&[
            "script", "style", "template", "textarea", "title", "iframe", "noscript",
        ]))
        .generic_attributes(set(&["lang", "dir"]))
        .tag_attributes(HashMap::from([
            ("a", set(&["href", "id", "title"])),
            ("abbr", set(&["title"])),
            ("details", set(&["open"])),
            ("div", set(&["id"])),
            ("h1", set(&["id"])),
            ("h2", set(&["id"])),
            ("h3", set(&["id"])),
            ("h4", set(&["id"])),
            ("h5", set(&["id"])),
            ("h6", set(&["id"])),
            ("input", set(&["checked"])),
            ("li", set(&["id"])),
            ("ol", set(&["start"])),
            ("td", set(&["colspan", "rowspan"])),
            ("th", set(&["colspan", "rowspan", "scope"])),
        ]))
        .set_tag_attribute_values(HashMap::from([(
            // The only field an article may hold is the box of a task.
            "input",
            HashMap::from([("type", "checkbox"), ("disabled", "")]),
        )]))
        .allowed_classes(HashMap::from([
            (
                "blockquote",
                set(&[
                    "markdown-alert-note",
                    "markdown-alert-tip",
                    "markdown-alert-important",
                    "markdown-alert-warning",
                    "markdown-alert-caution",
                ]),
            ),
            ("div", set(&["footnote-definition"])),
            ("sup", set(&["footnote-reference", "footnote-definition-label"])),
            ("span", set(&["picture"])),
            ("td", set(&["left", "center", "right"])),
            ("th", set(&["left", "center", "right"])),
        ]))
        .url_schemes(set(&["http", "https", "mailto", "tel"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None);
    builder
});

/// Names headings, resolves links, frames tables. `clean` is what the sanitiser wrote.
fn finish(clean: &str, target: &dyn Fn(&str) -> Target) -> Rendered {
    let mut out = String::with_capacity(clean.len() + clean.len() / 8);
    let mut anchors = Anchors::new();
    let mut headings: Vec<Heading> = Vec::new();
    // Start of the open heading in `out`, and its own id.
    let mut open: Option<(usize, Option<String>)> = None;
    let mut linked = false;
    // Whether the first visible thing is a heading of the first level, once that is known.
    let mut titled = None;
    let mut title = String::new();
    for piece in pieces(clean) {
        match piece {
            Piece::Text(text) => {
                if !text.trim().is_empty() {
                    titled.get_or_insert(false);
                }
                out.push_str(text);
            }
            Piece::Start { name: "table", raw } => {
                out.push_str(
                    "<div class=\"table\" role=\"group\" aria-label=\"Table\" tabindex=\"0\">",
                );
                out.push_str(raw);
            }
            Piece::End { name: "table", raw } => {
                out.push_str(raw);
                out.push_str("</div>");
            }
            Piece::Start { name: "a", raw } => linked = link(raw, target, &mut out),
            Piece::End { name: "a", raw } => {
                if std::mem::take(&mut linked) {
                    out.push_str(raw);
                }
            }
            Piece::Start { name, raw } if level(name).is_some() => {
                titled.get_or_insert(name == "h1");
                open = Some((out.len(), attribute(raw, "id")));
            }
            Piece::End { name, raw } if level(name).is_some() => {
                let Some((start, id)) = open.take() else {
                    continue;
                };
                let inner = out.split_off(start);
                let text = text_of(&inner);
                let anchor = match id {
                    Some(id) => anchors.custom(&id),
                    None => anchors.anchor(&text),
                };
                let href = escape(&anchor);
                out.push_str(&format!(
                    "<{name} id=\"{href}\" tabindex=\"-1\">{inner}<a class=\"anchor\" href=\"#{href}\" \
                     aria-label=\"Link to this section\">#</a>{raw}"
                ));
                if titled == Some(true) && headings.is_empty() {
                    title = std::mem::take(&mut out);
                }
                headings.push(Heading { level: level(name).unwrap_or(6), anchor, text });
            }
            Piece::Start { raw, .. } | Piece::End { raw, .. } => out.push_str(raw),
        }
    }
    Rendered { title, html: out, headings }
}

/// Writes the start of a link; `false` when only its words stay.
fn link(raw: &str, target: &dyn Fn(&str) -> Target, out: &mut String) -> bool {
    let Some(href) = attribute(raw, "href") else {
        // A named place stays a place.
        let named = attribute(raw, "id").is_some();
        if named {
            out.push_str(raw);
        }
        return named;
    };
    let address = match target(&href) {
        Target::Keep => href,
        Target::Page(address) => address,
        Target::Nowhere => return false,
    };
    let outside = address.contains("://") || address.starts_with("//");
    let rel = if outside { " rel=\"noopener noreferrer nofollow\"" } else { "" };
    let title =
        attribute(raw, "title").map_or_else(String::new, |t| format!(" title=\"{}\"", escape(&t)));
    out.push_str(&format!("<a href=\"{}\"{title}{rel}>", escape(&address)));
    true
}

fn level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(markdown: &str) -> String {
        render(markdown, &|_| Target::Keep).html
    }

    #[test]
    fn headings_get_the_anchors_of_citations() {
        let page = render(
            "# Returns\n\n## Cost & *time*\n\n<h2>In `HTML`</h2>\n\n## Cost & time\n\n## Own {#mine}\n",
            &|_| Target::Keep,
        );
        let anchors: Vec<_> = page.headings.iter().map(|h| h.anchor.as_str()).collect();
        assert_eq!(anchors, ["returns", "cost--time", "in-html", "cost--time-1", "mine"]);
        assert!(page.title.starts_with("<h1 id=\"returns\""), "{}", page.title);
        assert!(!page.html.contains("<h1"));
        assert!(
            page.html.contains("<h2 id=\"cost--time\" tabindex=\"-1\">Cost &amp; <em>time</em>")
        );
        assert_eq!(render("Text\n\n# Late\n", &|_| Target::Keep).title, "");
    }

    #[test]
    fn anchors_agree_with_the_indexer() {
        use indexer::model::{Audience, DocPath, DocumentMeta, Locale};
        let body = "# T\n\nx\n\n## A `b` [c](d.md) ![e](f.png)\n\ny\n\n<h3 id=\"k\">K</h3>\n\nz\n\n### A b c e\n\nw\n";
        let meta = DocumentMeta {
            title: "T".to_owned(),
            description: None,
            slug: "t".to_owned(),
            locale: Locale::undetermined(),
            tags: Vec::new(),
            product: None,
            audience: Audience::Public,
            draft: false,
            last_updated: None,
            valid_from: None,
            valid_until: None,
            canonical_url: None,
        };
        let document = indexer::source::document_from_text(DocPath::new("t.md"), meta, body);
        let cited: Vec<_> = document.passages.iter().map(|p| p.anchor.clone()).collect();
        let page = render(&document.body, &|_| Target::Keep);
        let shown: Vec<_> = page.headings.iter().map(|h| h.anchor.clone()).collect();
        assert_eq!(cited, shown);
    }

    #[test]
    fn nothing_in_an_article_can_run() {
        let page = html(concat!(
            "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[a](javascript:alert(1))\n\n",
            "<a href=\"java&#115;cript:alert(1)\" onclick=\"x()\">b</a>\n\n<svg onload=alert(1)>\n\n",
            "<iframe src=\"//evil\"></iframe>\n\n<div style=\"x\" id=\"y\">c</div>\n\n",
            "<form action=\"//evil\"><input type=password name=p></form>\n\n",
            "[d](data:text/html;base64,AAAA) [e](vbscript:x) ![f\" onload=\"x](g.png)\n\n",
            "<h2 id='\"><script>alert(2)</script>'>h</h2>\n\n<style>*{}</style><base href=//evil>\n\n",
            "`<script>` &lt;script&gt;\n",
        ));
        let lower = page.to_lowercase();
        for bad in [
            "<script",
            "<img",
            "javascript:",
            "vbscript:",
            "data:",
            "<svg",
            "<iframe",
            "style=",
            "<form",
            "password",
            "<base",
            "<style",
        ] {
            assert!(!lower.contains(bad), "{bad} in {page}");
        }
        // Handlers may stand in visible text, never in a tag.
        for piece in pieces(&page) {
            if let Piece::Start { raw, .. } = piece {
                for handler in ["onclick", "onload", "onerror"] {
                    assert_eq!(attribute(raw, handler), None, "{raw}");
                }
            }
        }
        assert!(page.contains("&lt;script&gt;"));
    }

    #[test]
    fn tables_alerts_tasks_and_pictures() {
        let page = html(
            "> [!NOTE]\n> Mind.\n\n| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n- [x] done\n\n![A map](m.png)\n",
        );
        assert!(page.contains("<blockquote class=\"markdown-alert-note\">"), "{page}");
        assert!(page.contains("<th class=\"center\">a</th>"), "{page}");
        assert!(page.contains("tabindex=\"0\"><table>") && page.contains("</table></div>"));
        assert!(page.contains("type=\"checkbox\"") && page.contains("disabled"), "{page}");
        assert!(page.contains("<span class=\"picture\">A map</span>"), "{page}");
    }

    #[test]
    fn links_are_asked_about() {
        let page = render(
            "[a](x.md \"T & U\") [b](secret.md) <a href=\"x.md\">c</a> [d](https://e.example/?a=1&b=2)",
            &|href| match href {
                "x.md" => Target::Page("/kb/x".to_owned()),
                "secret.md" => Target::Nowhere,
                _ => Target::Keep,
            },
        );
        assert_eq!(
            page.html.trim(),
            "<p><a href=\"/kb/x\" title=\"T &amp; U\">a</a> b <a href=\"/kb/x\">c</a> \
             <a href=\"https://e.example/?a=1&amp;b=2\" rel=\"noopener noreferrer nofollow\">d</a></p>"
        );
    }
}
