//! The flat list of blocks that a document is made of, and the builder that both Markdown events and
//! HTML tags feed.
//!
//! Called by `markdown` and `html` (writing), `outline` and `chunk` (reading). Promises: no recursion
//! at any depth, white space collapsed, every visible word in exactly one block. The text of a block
//! is already in the format of `Passage::text`.

use super::table;

/// A heading or a block of text, in reading order.
#[derive(Debug, PartialEq)]
pub(super) enum Item {
    Heading { level: u8, id: Option<String>, text: String },
    Block(Block),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    pub(super) text: String,
    /// Items of one list and rows of one table share it.
    pub(super) group: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    Paragraph,
    Bullet,
    Step,
    Header,
    Row,
    Code,
}

/// Where a construct comes from: HTML tags need not be closed in order, Markdown events always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Markdown,
    Html,
}

/// Deeper list levels are indented no further.
const MAX_INDENT: usize = 8;
/// An HTML heading that is longer was never closed.
const MAX_HTML_HEADING: usize = 300;
/// Base64 payloads from this length on are left out of the text.
const MIN_PAYLOAD: usize = 64;

#[derive(Default)]
pub(super) struct Builder {
    items: Vec<Item>,
    text: String,
    space: bool,
    lists: Vec<List>,
    group: u32,
    heading: Option<(u8, Option<String>, Origin)>,
    table: Option<(table::Table, Origin)>,
    hidden: Option<Hidden>,
}

struct List {
    origin: Origin,
    /// Number of the next step; `None` in a bullet list.
    next: Option<u64>,
    item: Option<ListItem>,
}

struct ListItem {
    marker: String,
    /// Stands before the text of the item, or alone when the item goes on with another block.
    lead: String,
    step: bool,
    /// Index of the item's block once it has text.
    block: Option<usize>,
}

struct Hidden {
    tag: String,
    inline: bool,
}

impl Builder {
    /// Appends visible text; runs of white space count as one space.
    pub(super) fn text(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        for (i, word) in text.split(char::is_whitespace).enumerate() {
            self.space |= i > 0;
            if word.is_empty() {
                continue;
            }
            if self.space && !self.text.is_empty() && !self.text.ends_with('\n') {
                self.text.push(' ');
            }
            self.space = false;
            self.text.push_str(word);
        }
    }

    /// A line that ends inside a block; a space in a cell or heading.
    pub(super) fn line_break(&mut self) {
        if self.hidden.is_some() {
            return;
        }
        if self.heading.is_some() || self.in_cell() {
            self.space = true;
        } else if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// The end of a paragraph and the like; a space in a cell or heading.
    pub(super) fn boundary(&mut self) {
        if self.heading.as_ref().is_some_and(|h| h.2 == Origin::Html)
            && self.text.len() > MAX_HTML_HEADING
        {
            self.heading = None;
        }
        if self.heading.is_some() || self.in_cell() {
            self.space = true;
        } else {
            self.flush();
        }
    }

    /// A Markdown block that cannot stand inside an HTML table or heading starts.
    pub(super) fn interrupt(&mut self) {
        self.close_heading(Origin::Html);
        self.close_table(Origin::Html);
        self.flush_lead();
    }

    pub(super) fn code(&mut self, text: &str) {
        self.interrupt();
        let text = without_payloads(text.trim_start_matches('\n').trim_end());
        if self.hidden.is_none() && !text.trim().is_empty() {
            let group = self.new_group();
            self.push(BlockKind::Code, text, group);
            // A list that goes on afterwards is a block of its own.
            self.group += 1;
        }
    }

    pub(super) fn open_list(&mut self, origin: Origin, start: Option<u64>) {
        if self.in_cell() {
            self.space = true;
            return;
        }
        self.flush_lead();
        if self.lists.is_empty() {
            self.group += 1;
        }
        self.lists.push(List { origin, next: start, item: None });
    }

    pub(super) fn close_list(&mut self, origin: Origin) {
        if self.in_cell() {
            self.space = true;
            return;
        }
        self.flush();
        match origin {
            Origin::Html => {
                self.lists.pop_if(|l| l.origin == Origin::Html);
            }
            Origin::Markdown => {
                while self.lists.pop_if(|l| l.origin == Origin::Html).is_some() {}
                self.lists.pop();
            }
        }
    }

    /// `lead` stands before the text, for instance the term of a definition.
    pub(super) fn open_item(&mut self, origin: Origin, lead: &str) {
        if self.in_cell() {
            self.space = true;
            return;
        }
        self.flush();
        if self.lists.is_empty() {
            self.open_list(origin, None);
        }
        if let Some(list) = self.lists.last_mut() {
            let step = list.next.is_some();
            let marker = match &mut list.next {
                Some(n) => {
                    let marker = format!("{n}. ");
                    *n = n.saturating_add(1);
                    marker
                }
                None => "- ".to_owned(),
            };
            list.item = Some(ListItem { marker, lead: lead.to_owned(), step, block: None });
        }
    }

    pub(super) fn close_item(&mut self) {
        if self.in_cell() {
            self.space = true;
            return;
        }
        self.flush_lead();
        self.show_inline();
        if let Some(list) = self.lists.last_mut() {
            list.item = None;
        }
    }

    pub(super) fn task(&mut self, done: bool) {
        if let Some(item) = self.lists.last_mut().and_then(|l| l.item.as_mut()) {
            item.marker.push_str(if done { "[x] " } else { "[ ] " });
        }
    }

    /// Takes the text collected so far out of the flow, for the term of a definition.
    pub(super) fn take_text(&mut self) -> String {
        self.space = false;
        std::mem::take(&mut self.text).trim().replace('\n', " ")
    }

    pub(super) fn open_heading(&mut self, origin: Origin, level: u8, id: Option<String>) {
        if origin == Origin::Html && self.in_cell() {
            self.space = true;
            return;
        }
        self.hidden = self.hidden.take().filter(|_| origin == Origin::Html);
        self.interrupt();
        if origin == Origin::Markdown {
            self.lists.retain(|l| l.origin == Origin::Markdown);
        }
        self.heading = Some((level, id, origin));
    }

    pub(super) fn close_heading(&mut self, origin: Origin) {
        let Some((level, id, _)) = self.heading.take_if(|h| h.2 == origin) else {
            return;
        };
        let text = self.take_text();
        if !text.is_empty() {
            self.items.push(Item::Heading { level, id, text });
        }
    }

    pub(super) fn open_table(&mut self, origin: Origin) {
        if origin == Origin::Html && self.table.is_some() {
            self.space = true;
            return;
        }
        self.interrupt();
        self.table = Some((table::Table::default(), origin));
    }

    pub(super) fn open_row(&mut self, header: bool) {
        self.end_cell();
        if let Some((table, _)) = &mut self.table {
            table.open_row(header);
        }
    }

    /// `heading_cell`: an HTML `<th>`.
    pub(super) fn open_cell(&mut self, heading_cell: bool) {
        self.end_cell();
        match &mut self.table {
            Some((table, _)) => table.open_cell(heading_cell),
            None => self.space = true,
        }
    }

    pub(super) fn end_cell(&mut self) {
        if self.in_cell() {
            let text = self.take_text();
            let text = without_payloads(&text);
            if let Some((table, _)) = &mut self.table {
                table.close_cell(text);
            }
        }
    }

    pub(super) fn close_table(&mut self, origin: Origin) {
        if self.table.as_ref().is_none_or(|t| t.1 != origin) {
            return;
        }
        self.end_cell();
        if let Some((table, _)) = self.table.take() {
            for part in table.lay_out() {
                let group = self.new_group();
                for (kind, text) in part {
                    self.push(kind, text, group);
                }
            }
            self.group += 1;
        }
    }

    /// Text is dropped until [`Builder::show`] with the same tag, or the end of the block when
    /// `inline`.
    pub(super) fn hide(&mut self, tag: &str, inline: bool) {
        if self.hidden.is_none() {
            self.hidden = Some(Hidden { tag: tag.to_owned(), inline });
        }
    }

    pub(super) fn show(&mut self, tag: &str) {
        self.hidden.take_if(|h| h.tag == tag);
    }

    /// A block of Markdown ended: a hidden element that it opened ends with it.
    pub(super) fn show_inline(&mut self) {
        self.hidden.take_if(|h| h.inline);
    }

    pub(super) fn finish(mut self) -> Vec<Item> {
        self.interrupt();
        self.items
    }

    fn in_cell(&self) -> bool {
        self.table.as_ref().is_some_and(|(t, _)| t.in_cell())
    }

    fn new_group(&mut self) -> u32 {
        self.group += 1;
        self.group
    }

    fn push(&mut self, kind: BlockKind, text: String, group: u32) {
        self.items.push(Item::Block(Block { kind, text, group }));
    }

    /// Flushes; an item whose text has not come before another block shows its lead alone.
    fn flush_lead(&mut self) {
        self.flush();
        let item = self.lists.last_mut().and_then(|l| l.item.as_mut());
        if let Some(item) = item.filter(|i| !i.lead.is_empty()) {
            let lead = std::mem::take(&mut item.lead);
            self.text(lead.trim_end());
            self.flush();
        }
    }

    /// Ends the collected text as a paragraph, or as (a further paragraph of) the innermost list item.
    fn flush(&mut self) {
        self.space = false;
        let collected = std::mem::take(&mut self.text);
        let text = without_payloads(collected.trim());
        if text.is_empty() {
            return;
        }
        let depth = self.lists.len().saturating_sub(1).min(MAX_INDENT);
        let next = self.items.len();
        let (pad, inner) = ("  ".repeat(depth), "  ".repeat(depth + 1));
        let text_inside = |t: &str| t.replace('\n', &format!("\n{inner}"));
        let item = self.lists.last_mut().and_then(|l| l.item.as_mut());
        let group = self.group;
        match item {
            Some(item) if item.block.is_none() => {
                let kind = if item.step { BlockKind::Step } else { BlockKind::Bullet };
                let line = format!("{pad}{}{}{}", item.marker, item.lead, text_inside(&text));
                item.lead.clear();
                item.block = Some(next);
                self.push(kind, line, group);
            }
            Some(item) if item.block.is_some_and(|b| b + 1 == next) => {
                if let Some(Item::Block(block)) = self.items.last_mut() {
                    block.text.push('\n');
                    block.text.push_str(&inner);
                    block.text.push_str(&text_inside(&text));
                }
            }
            _ => {
                let group = self.new_group();
                self.push(BlockKind::Paragraph, text, group);
                if !self.lists.is_empty() {
                    self.group += 1;
                }
            }
        }
    }
}

/// `text` without the base64 payload of data URIs.
fn without_payloads(text: &str) -> String {
    const MARK: &str = ";base64,";
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        let (before, after) = rest.split_at(at + MARK.len());
        let base64 =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-' | '%');
        let end = after.find(|c| !base64(c)).unwrap_or(after.len());
        out.push_str(before);
        if end < MIN_PAYLOAD {
            out.push_str(after.get(..end).unwrap_or_default());
        } else {
            out.push('…');
        }
        rest = after.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}
