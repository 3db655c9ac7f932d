//! What rules must know of HTML inside Markdown: ids, links, pictures, headings, text.
//!
//! Used by `markup` with whole HTML blocks and with single inline tags.

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// Longer headings were never closed.
const MAX_HEADING: usize = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Block,
    /// One tag within a line of Markdown.
    Inline,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Id(String),
    Link(String),
    Picture {
        source: String,
        described: bool,
    },
    Heading {
        level: u8,
        id: Option<String>,
        text: String,
    },
    Text(String),
    /// The end of a block of text.
    Break,
}

/// The pieces of a fragment, each with the byte near which it stands.
pub(super) fn read(html: &str, place: Place) -> Vec<(Piece, usize)> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(place == Place::Block);
    let mut out: Vec<(Piece, usize)> = Vec::new();
    let mut at = 0;
    let mut heading: Option<(u8, Option<String>, String, usize)> = None;
    let mut hidden = false;
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::String(text) if !hidden => {
                let text = String::from_utf8_lossy(&text.value).into_owned();
                let found = at;
                at = after(html, at, text.trim());
                match &mut heading {
                    Some((_, _, title, _)) if title.len() < MAX_HEADING => title.push_str(&text),
                    _ => out.push((Piece::Text(text), found)),
                }
            }
            Token::StartTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).to_ascii_lowercase();
                let here = next_tag(html, at);
                at = (here + 1).min(html.len());
                hidden |= matches!(name.as_str(), "script" | "style" | "template");
                if let Some(level) = level(&name).filter(|_| place == Place::Block) {
                    heading = Some((level, attribute(&tag, b"id"), String::new(), here));
                } else {
                    pieces_of(&name, &tag, here, &mut out);
                }
            }
            Token::EndTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).to_ascii_lowercase();
                at = (next_tag(html, at) + 1).min(html.len());
                hidden &= !matches!(name.as_str(), "script" | "style" | "template");
                if level(&name).is_some()
                    && let Some((level, id, text, found)) = heading.take()
                {
                    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                    out.push((Piece::Heading { level, id, text }, found));
                } else if matches!(name.as_str(), "p" | "div" | "li" | "td" | "th" | "tr" | "table")
                {
                    out.push((Piece::Break, at));
                }
            }
            Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    out
}

fn pieces_of(name: &str, tag: &StartTag<()>, at: usize, out: &mut Vec<(Piece, usize)>) {
    if let Some(id) = attribute(tag, b"id") {
        out.push((Piece::Id(id), at));
    }
    match name {
        "a" => {
            if let Some(id) = attribute(tag, b"name") {
                out.push((Piece::Id(id), at));
            }
            if let Some(address) = attribute(tag, b"href") {
                out.push((Piece::Link(address), at));
            }
        }
        "img" => {
            let source = attribute(tag, b"src").unwrap_or_default();
            let described = attribute(tag, b"alt").is_some_and(|alt| !alt.trim().is_empty());
            out.push((Piece::Picture { source, described }, at));
        }
        "p" | "div" | "li" | "td" | "th" | "tr" | "table" => out.push((Piece::Break, at)),
        _ => {}
    }
}

fn next_tag(html: &str, at: usize) -> usize {
    html.get(at..).and_then(|rest| rest.find('<')).map_or(at, |i| at + i)
}

/// Behind the next occurrence of `text`, when it is near.
fn after(html: &str, at: usize, text: &str) -> usize {
    let end = html.len().min(at.saturating_add(text.len() + 256));
    let window = (at..end).rev().find_map(|end| html.get(at..=end)).unwrap_or_default();
    window.find(text).map_or(at, |i| at + i + text.len())
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    let value = tag.attributes.get(name)?;
    Some(String::from_utf8_lossy(&value.value).into_owned())
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

    #[test]
    fn pieces_of_a_block() {
        let html = "<div id=a><h2>T  <b>u</b></h2><p>x <a href='y.md'>z</a> <img src=p.png></div>";
        let found = read(html, Place::Block);
        assert_eq!(found[0], (Piece::Id("a".into()), 0));
        let at = |piece: &Piece| found.iter().find(|(p, _)| p == piece).map(|(_, at)| *at);
        let heading = Piece::Heading { level: 2, id: None, text: "T u".into() };
        assert_eq!(at(&heading), html.find("<h2"));
        assert_eq!(at(&Piece::Link("y.md".into())), html.find("<a"));
        let picture = Piece::Picture { source: "p.png".into(), described: false };
        assert_eq!(at(&picture), html.find("<img"));
        assert!(read("<script>alert('<a href=x>')</script>", Place::Block).is_empty());
    }

    #[test]
    fn broken_html_ends() {
        for html in ["<", "<a", "<h2>never closed", "<img src=\"", "</", "<!--", "ā<ā ā=ā>"] {
            read(html, Place::Block);
            read(html, Place::Inline);
        }
    }
}
