//! One walk over the Markdown of an article: headings, links, pictures, tables and runs of text, each
//! with its place.
//!
//! Used by `article`; the rules look at the result. Reads what the product reads (`Document::body`,
//! the same extensions, the same anchors), so that a heading found here is one that a link can reach.
//! Iterates over events: nesting costs no stack.

use std::collections::HashSet;
use std::ops::Range;

use pulldown_cmark::{BrokenLink, CowStr, Event, LinkType, Parser, Tag, TagEnd};

use super::html;
use super::text::Run;
use crate::source::{Anchors, MARKDOWN_OPTIONS};

/// Stands for the address of a reference that is defined nowhere.
const UNDEFINED: &str = "\u{fdd0}";

#[derive(Debug)]
pub(super) struct Heading {
    pub(super) level: u8,
    pub(super) text: String,
    pub(super) anchor: String,
    /// Byte of the body.
    pub(super) at: usize,
    /// Whether text, a table, code or a picture stands below it before the next heading.
    pub(super) filled: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Address(String),
    /// A reference without a definition; its label.
    Undefined(String),
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) target: Target,
    pub(super) picture: bool,
    pub(super) at: usize,
}

#[derive(Debug)]
pub(super) struct Picture {
    pub(super) source: String,
    pub(super) described: bool,
    pub(super) at: usize,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) at: usize,
    pub(super) header: Vec<Run>,
    pub(super) rows: Vec<Vec<Run>>,
    /// Index of the heading above it.
    pub(super) heading: Option<usize>,
}

/// A paragraph or list item.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) run: Run,
    pub(super) heading: Option<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Markup {
    pub(super) headings: Vec<Heading>,
    pub(super) links: Vec<Link>,
    pub(super) pictures: Vec<Picture>,
    pub(super) tables: Vec<Table>,
    pub(super) blocks: Vec<Block>,
    /// Everything that `#...` can name.
    pub(super) anchors: HashSet<String>,
}

pub(super) fn read(body: &str) -> Markup {
    let mut walk = Walk::default();
    let undefined = |link: BrokenLink<'_>| {
        let full = matches!(
            link.link_type,
            LinkType::Reference
                | LinkType::ReferenceUnknown
                | LinkType::Collapsed
                | LinkType::CollapsedUnknown
        );
        // A footnote and a task box look like references, and so does a word in brackets.
        let label = &link.reference;
        (full && !label.starts_with('^') && label.trim() != "x")
            .then(|| (CowStr::from(format!("{UNDEFINED}{label}")), CowStr::from("")))
    };
    let parser = Parser::new_with_broken_link_callback(body, MARKDOWN_OPTIONS, Some(undefined));
    for (event, range) in parser.into_offset_iter() {
        walk.event(event, range);
    }
    walk.flush();
    let anchors = walk.out.headings.iter().map(|h| h.anchor.clone()).collect::<Vec<_>>();
    walk.out.anchors.extend(anchors);
    walk.out
}

#[derive(Default)]
struct Walk {
    out: Markup,
    anchors: Anchors,
    run: Run,
    /// Level, own id and place of the open heading.
    heading: Option<(u8, Option<String>, usize)>,
    table: Option<Table>,
    row: Vec<Run>,
    /// Source, place and start in `run` of the open pictures.
    pictures: Vec<(String, usize, usize)>,
    html: Option<(String, usize)>,
    code: bool,
}

impl Walk {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text, range.start),
            Event::Code(text) => self.text(&text, range.start + 1),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.text(&text, range.start),
            Event::SoftBreak | Event::HardBreak => self.text(" ", range.start),
            Event::Html(text) => match &mut self.html {
                Some((html, _)) => html.push_str(&text),
                None => self.html(&text, range.start, html::Place::Inline),
            },
            Event::InlineHtml(text) => self.html(&text, range.start, html::Place::Inline),
            Event::Rule => self.flush(),
            Event::TaskListMarker(_) | Event::FootnoteReference(_) => {}
        }
    }

    fn text(&mut self, text: &str, at: usize) {
        if self.code {
            self.fill();
        } else {
            self.run.push(text, at);
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Heading { level, id, .. } => {
                self.flush();
                self.heading = Some((level as u8, id.map(String::from), range.start));
            }
            Tag::CodeBlock(_) => {
                self.flush();
                self.code = true;
            }
            Tag::HtmlBlock => {
                self.flush();
                self.html = Some((String::new(), range.start));
            }
            Tag::Table(_) => {
                self.flush();
                let heading = self.out.headings.len().checked_sub(1);
                self.table = Some(Table { at: range.start, heading, ..Table::default() });
            }
            Tag::Link { dest_url, .. } => self.link(&dest_url, range.start, false),
            Tag::Image { dest_url, .. } => {
                self.link(&dest_url, range.start, true);
                self.pictures.push((dest_url.to_string(), range.start, self.run.len()));
            }
            Tag::TableHead | Tag::TableRow | Tag::TableCell => {}
            Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Superscript
            | Tag::Subscript => {}
            Tag::Paragraph if self.heading.is_some() => {}
            _ => self.flush(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => self.close_heading(),
            TagEnd::CodeBlock => self.code = false,
            TagEnd::HtmlBlock => {
                if let Some((html, at)) = self.html.take() {
                    self.html(&html, at, html::Place::Block);
                }
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.run);
                self.row.push(cell);
            }
            TagEnd::TableHead => {
                let row = std::mem::take(&mut self.row);
                if let Some(table) = &mut self.table {
                    table.header = row;
                }
            }
            TagEnd::TableRow => {
                let row = std::mem::take(&mut self.row);
                if let Some(table) = &mut self.table {
                    table.rows.push(row);
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    self.fill();
                    self.out.tables.push(table);
                }
            }
            TagEnd::Image => {
                if let Some((source, at, from)) = self.pictures.pop() {
                    let described = self.run.says_something_after(from);
                    self.fill();
                    self.out.pictures.push(Picture { source, described, at });
                }
            }
            TagEnd::Link
            | TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript => {}
            _ => self.flush(),
        }
    }

    fn link(&mut self, address: &str, at: usize, picture: bool) {
        let target = match address.strip_prefix(UNDEFINED) {
            Some(label) => Target::Undefined(label.to_owned()),
            None => Target::Address(address.to_owned()),
        };
        self.out.links.push(Link { target, picture, at });
    }

    /// Ends the run of text at hand.
    fn flush(&mut self) {
        if self.heading.is_some() || self.table.is_some() {
            return;
        }
        let run = std::mem::take(&mut self.run);
        if run.is_blank() {
            return;
        }
        self.fill();
        let heading = self.out.headings.len().checked_sub(1);
        self.out.blocks.push(Block { run, heading });
    }

    fn fill(&mut self) {
        if let Some(heading) = self.out.headings.last_mut() {
            heading.filled = true;
        }
    }

    fn close_heading(&mut self) {
        let Some((level, id, at)) = self.heading.take() else {
            return;
        };
        let run = std::mem::take(&mut self.run);
        self.add_heading(level, id, (run.collapsed(), at));
    }

    fn add_heading(&mut self, level: u8, id: Option<String>, (text, at): (String, usize)) {
        let anchor = match id {
            Some(id) => self.anchors.custom(&id),
            None => self.anchors.anchor(&text),
        };
        self.out.headings.push(Heading { level, text, anchor, at, filled: false });
    }

    fn html(&mut self, text: &str, at: usize, place: html::Place) {
        for (piece, offset) in html::read(text, place) {
            let at = at + offset;
            match piece {
                html::Piece::Id(id) => {
                    self.out.anchors.insert(id);
                }
                html::Piece::Link(address) => self.link(&address, at, false),
                html::Piece::Picture { source, described } => {
                    self.fill();
                    self.link(&source, at, true);
                    self.out.pictures.push(Picture { source, described, at });
                }
                html::Piece::Heading { level, id, text } => {
                    self.flush();
                    self.add_heading(level, id, (text, at));
                }
                html::Piece::Text(text) if place == html::Place::Block => {
                    self.run.push(&text, at);
                }
                html::Piece::Text(_) => {}
                html::Piece::Break => self.flush(),
            }
        }
        if place == html::Place::Block {
            self.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_anchors_of_markdown_and_html() {
        let m = read(
            "# A `b` [c](d.md)\n\nx\n\n## A b c\n\n<h3 id=\"k\">K</h3>\n\n<a id=\"old\"></a>\n\n## {#own}\n",
        );
        let got: Vec<_> =
            m.headings.iter().map(|h| (h.level, h.text.as_str(), h.anchor.as_str())).collect();
        assert_eq!(
            got,
            [(1, "A b c", "a-b-c"), (2, "A b c", "a-b-c-1"), (3, "K", "k"), (2, "", "own")]
        );
        assert!(m.anchors.contains("old") && m.anchors.contains("own"));
        assert_eq!(m.headings.iter().map(|h| h.filled).collect::<Vec<_>>()[..2], [true, false]);
    }

    #[test]
    fn links_pictures_and_undefined_references() {
        let m = read(
            "[a](x.md) [b][one] [c][two] [d][] [e] [f][] ![g](g.png) ![](h.png) <img src=\"i.png\">\n\n\
             <img src='j.png' alt='J'>\n\n[one]: y.md\n[d]: z.md\n",
        );
        let targets: Vec<String> = m
            .links
            .iter()
            .map(|l| match &l.target {
                Target::Address(a) => a.clone(),
                Target::Undefined(label) => format!("?{label}"),
            })
            .collect();
        assert_eq!(
            targets,
            ["x.md", "y.md", "?two", "z.md", "?f", "g.png", "h.png", "i.png", "j.png"]
        );
        let described: Vec<bool> = m.pictures.iter().map(|p| p.described).collect();
        assert_eq!(described, [true, false, false, true]);
    }

    #[test]
    fn tables_and_blocks_have_places() {
        let body = "para *one*\nline\n\n- item\n- two\n\n| a | b |\n|---|---|\n| 1 | €5 |\n";
        let m = read(body);
        let texts: Vec<&str> = m.blocks.iter().map(|b| b.run.text()).collect();
        assert_eq!(texts, ["para one line", "item", "two"]);
        let cell = &m.tables[0].rows[0][1];
        assert_eq!((cell.text(), cell.source(0)), ("€5", body.find('€').unwrap()));
        let para = &m.blocks[0].run;
        assert_eq!(para.source(para.text().find("line").unwrap()), body.find("line").unwrap());
    }
}
