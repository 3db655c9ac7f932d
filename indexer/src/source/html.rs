//! HTML inside Markdown to visible text.
//!
//! Called by `markdown` with whole HTML blocks and with single inline tags. Scripts, styles,
//! templates and comments are dropped; lists, tables and headings keep their structure; of pictures
//! the alternative text stays. Makes nothing safe to show: pages sanitise on their own.

use html5gum::{DefaultEmitter, HtmlString, StartTag, Token, Tokenizer};

use super::blocks::{Builder, Origin};

const HIDDEN: [&str; 3] = ["script", "style", "template"];

/// Feeds a fragment of HTML. `inline`: one tag within a line of Markdown.
pub(super) fn feed(html: &str, inline: bool, out: &mut Builder) {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(!inline);
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::String(text) => out.text(&String::from_utf8_lossy(&text.value)),
            Token::StartTag(tag) => start(&tag, inline, out),
            Token::EndTag(tag) => end(&name_of(&tag.name), out),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
}

fn name_of(name: &HtmlString) -> String {
    String::from_utf8_lossy(name).to_ascii_lowercase()
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    let value = tag.attributes.get(name)?;
    Some(String::from_utf8_lossy(&value.value).into_owned())
}

fn start(tag: &StartTag<()>, inline: bool, out: &mut Builder) {
    let name = name_of(&tag.name);
    match name.as_str() {
        n if HIDDEN.contains(&n) && !tag.self_closing => out.hide(n, inline),
        "br" => out.line_break(),
        "img" | "area" => {
            if let Some(alt) = attribute(tag, b"alt") {
                out.text(&alt);
            }
        }
        "ul" | "menu" => out.open_list(Origin::Html, None),
        "ol" => {
            let start = attribute(tag, b"start").and_then(|s| s.trim().parse().ok());
            out.open_list(Origin::Html, Some(start.unwrap_or(1)));
        }
        "li" => out.open_item(Origin::Html, ""),
        "table" => out.open_table(Origin::Html),
        "tr" => out.open_row(false),
        "td" => out.open_cell(false),
        "th" => out.open_cell(true),
        n => match heading_level(n) {
            Some(level) if !inline => out.open_heading(Origin::Html, level, attribute(tag, b"id")),
            _ if is_block(n) => out.boundary(),
            _ => {}
        },
    }
}

fn end(name: &str, out: &mut Builder) {
    match name {
        n if HIDDEN.contains(&n) => out.show(n),
        "ul" | "ol" | "menu" => out.close_list(Origin::Html),
        "table" => out.close_table(Origin::Html),
        "td" | "th" => out.end_cell(),
        n if heading_level(n).is_some() => out.close_heading(Origin::Html),
        n if is_block(n) => out.boundary(),
        _ => {}
    }
}

fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

fn is_block(name: &str) -> bool {
    heading_level(name).is_some()
        || matches!(
            name,
            "address"
                | "article"
                | "aside"
                | "blockquote"
                | "button"
                | "caption"
                | "center"
                | "dd"
                | "details"
                | "dialog"
                | "div"
                | "dl"
                | "dt"
                | "fieldset"
                | "figcaption"
                | "figure"
                | "footer"
                | "form"
                | "header"
                | "hgroup"
                | "hr"
                | "iframe"
                | "legend"
                | "li"
                | "main"
                | "nav"
                | "option"
                | "p"
                | "pre"
                | "section"
                | "select"
                | "summary"
                | "textarea"
                | "title"
                | "tr"
                | "video"
        )
}
