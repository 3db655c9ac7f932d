//! Blocks under their headings: the sections of a document.
//!
//! Called by `document`. Promises one section for every stretch of text between two headings, with
//! the headings above it and the anchor of the nearest one. A heading without text of its own makes
//! no section; it stands in the paths of those below it.

use super::anchors::Anchors;
use super::blocks::{Block, BlockKind, Item};

/// Longer headings are shortened in paths, and their full text stays as a paragraph. Characters.
const MAX_HEADING: usize = 300;

#[derive(Debug)]
pub(super) struct Section {
    pub(super) anchor: String,
    pub(super) heading_path: Vec<String>,
    pub(super) blocks: Vec<Block>,
}

/// Text of the first heading of level 1.
pub(super) fn first_title(items: &[Item]) -> Option<&str> {
    items.iter().find_map(|item| match item {
        Item::Heading { level: 1, text, .. } if text.chars().count() <= MAX_HEADING => {
            Some(text.as_str())
        }
        _ => None,
    })
}

/// Sections in reading order. The document's `title` is left out of the paths when it is the first
/// heading of a path.
pub(super) fn sections(items: Vec<Item>, title: &str) -> Vec<Section> {
    let mut anchors = Anchors::new();
    let mut above: Vec<(u8, String)> = Vec::new();
    let mut sections: Vec<Section> = Vec::new();
    let mut current =
        Section { anchor: String::new(), heading_path: Vec::new(), blocks: Vec::new() };
    for item in items {
        match item {
            Item::Block(block) => current.blocks.push(block),
            Item::Heading { level, id, text } => {
                let anchor = match id {
                    Some(id) => anchors.custom(&id),
                    None => anchors.anchor(&text),
                };
                above.truncate(above.iter().position(|(l, _)| *l >= level).unwrap_or(above.len()));
                let long = text.chars().count() > MAX_HEADING;
                let shown = if long { shorten(&text) } else { text.clone() };
                above.push((level, shown));
                let path = above.iter().map(|(_, t)| t.clone());
                let next = Section {
                    anchor,
                    heading_path: path
                        .enumerate()
                        .filter(|(i, t)| *i > 0 || t != title)
                        .map(|(_, t)| t)
                        .collect(),
                    blocks: Vec::new(),
                };
                let done = std::mem::replace(&mut current, next);
                if !done.blocks.is_empty() {
                    sections.push(done);
                }
                if long {
                    current.blocks.push(Block {
                        kind: BlockKind::Paragraph,
                        text,
                        group: u32::MAX,
                    });
                }
            }
        }
    }
    if !current.blocks.is_empty() {
        sections.push(current);
    }
    sections
}

fn shorten(text: &str) -> String {
    let cut: String = text.chars().take(MAX_HEADING - 1).collect();
    let end = cut.rfind(' ').filter(|at| *at > cut.len() / 2).unwrap_or(cut.len());
    format!("{}…", cut.get(..end).unwrap_or(&cut))
}
