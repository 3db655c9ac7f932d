//! An article's sanitised HTML as a tree for the widget, which makes elements of it by name and never
//! reads HTML.

use serde::Serialize;
use serde::ser::{SerializeTuple, Serializer};
use std::collections::BTreeMap;

use super::tags::{Piece, attribute, pieces, text_of};

/// Elements deeper than this become children of the last one above.
const DEEPEST: usize = 48;
/// What the widget may set on an element.
const ATTRIBUTES: [&str; 11] = [
    "id", "class", "lang", "dir", "start", "colspan", "rowspan", "scope", "title", "href",
    "checked",
];
/// Elements without an end.
const VOID: [&str; 3] = ["br", "hr", "input"];

/// Text, or an element: `["p", {"id": "a"}, [children]]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Node {
    Text(String),
    Element(Element),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element {
    name: String,
    attributes: BTreeMap<&'static str, String>,
    children: Vec<Node>,
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Element(element) => {
                let mut tuple = serializer.serialize_tuple(3)?;
                tuple.serialize_element(&element.name)?;
                tuple.serialize_element(&element.attributes)?;
                tuple.serialize_element(&element.children)?;
                tuple.end()
            }
        }
    }
}

/// The tree of `html`, which the sanitiser wrote.
pub(super) fn tree(html: &str) -> Vec<Node> {
    let mut root: Vec<Node> = Vec::new();
    let mut open: Vec<Element> = Vec::new();
    // Ends of elements that were too deep to open.
    let mut skipped = 0_usize;
    for piece in pieces(html) {
        match piece {
            Piece::Text(raw) => push(&mut root, &mut open, Node::Text(text_of(raw))),
            Piece::Start { name, raw } => {
                let attributes = ATTRIBUTES
                    .into_iter()
                    .filter_map(|key| attribute(raw, key).map(|value| (key, value)))
                    .collect();
                let element = Element { name: name.to_owned(), attributes, children: Vec::new() };
                if VOID.contains(&name) {
                    push(&mut root, &mut open, Node::Element(element));
                } else if open.len() < DEEPEST {
                    open.push(element);
                } else {
                    skipped += 1;
                }
            }
            Piece::End { .. } if skipped > 0 => skipped -= 1,
            Piece::End { .. } => {
                if let Some(element) = open.pop() {
                    push(&mut root, &mut open, Node::Element(element));
                }
            }
        }
    }
    while let Some(element) = open.pop() {
        push(&mut root, &mut open, Node::Element(element));
    }
    root
}

fn push(root: &mut Vec<Node>, open: &mut [Element], node: Node) {
    match open.last_mut() {
        Some(parent) => parent.children.push(node),
        None => root.push(node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(html: &str) -> String {
        serde_json::to_string(&tree(html)).unwrap()
    }

    #[test]
    fn elements_texts_and_attributes_are_kept() {
        assert_eq!(
            json("a &lt; b<p id=\"x\" onclick=\"y\">c<br>d <a href=\"/kb/e\">f</a></p>"),
            r#"["a < b",["p",{"id":"x"},["c",["br",{},[]],"d ",["a",{"href":"/kb/e"},["f"]]]]]"#
        );
    }

    #[test]
    fn deep_nesting_ends_flat_and_loses_no_text() {
        let html = format!("{}x{}", "<div>".repeat(5000), "</div>".repeat(5000));
        let json = json(&html);
        assert!(json.contains("\"x\"") && json.matches("div").count() == DEEPEST);
    }
}
