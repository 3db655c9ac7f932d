//! Markdown to a flat list of blocks.
//!
//! Called by `document` with plain Markdown (see `extensions` and `templates`). Promises every visible
//! word of CommonMark and of the extensions in [`OPTIONS`], with formatting removed: link texts,
//! picture descriptions, code verbatim, HTML as text. Addresses of links and numbers of footnotes are
//! no visible words; struck-out text is.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::blocks::{Builder, Item, Origin};
use super::html;

/// Extensions that documents may use. The article page must use the same.
pub const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_HEADING_ATTRIBUTES)
    .union(Options::ENABLE_GFM)
    .union(Options::ENABLE_DEFINITION_LIST);

/// Reads `body` into blocks; iterates over events, so nesting costs no stack.
pub(super) fn read(body: &str) -> Vec<Item> {
    let mut reader = Reader::default();
    for event in Parser::new_ext(body, OPTIONS) {
        reader.event(event);
    }
    reader.out.finish()
}

#[derive(Default)]
struct Reader {
    out: Builder,
    /// Raw text of the HTML block or code block at hand.
    html: Option<String>,
    code: Option<String>,
    /// Term of a definition list that waits for its definition.
    term: Option<String>,
}

impl Reader {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.out.text(&text),
            },
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.out.text(&text);
            }
            Event::Html(text) => match &mut self.html {
                Some(html) => html.push_str(&text),
                None => html::feed(&text, false, &mut self.out),
            },
            Event::InlineHtml(text) => html::feed(&text, true, &mut self.out),
            Event::SoftBreak => self.out.text(" "),
            Event::HardBreak => self.out.line_break(),
            Event::Rule => self.out.interrupt(),
            Event::TaskListMarker(done) => self.out.task(done),
            Event::FootnoteReference(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let out = &mut self.out;
        match tag {
            Tag::Heading { level, id, .. } => {
                out.open_heading(Origin::Markdown, level as u8, id.map(String::from));
            }
            Tag::Paragraph | Tag::BlockQuote(_) => out.boundary(),
            Tag::HtmlBlock => self.html = Some(String::new()),
            Tag::CodeBlock(_) => self.code = Some(String::new()),
            Tag::List(start) => {
                out.interrupt();
                out.open_list(Origin::Markdown, start);
            }
            Tag::DefinitionList => {
                out.interrupt();
                out.open_list(Origin::Markdown, None);
            }
            Tag::Item => out.open_item(Origin::Markdown, ""),
            Tag::DefinitionListTitle => {
                self.lone_term();
                self.out.boundary();
            }
            Tag::DefinitionListDefinition => {
                let lead = self.term.take().map_or_else(String::new, |t| format!("{t}: "));
                out.open_item(Origin::Markdown, &lead);
            }
            Tag::FootnoteDefinition(_) => out.interrupt(),
            Tag::Table(_) => out.open_table(Origin::Markdown),
            Tag::TableHead => out.open_row(true),
            Tag::TableRow => out.open_row(false),
            Tag::TableCell => out.open_cell(false),
            Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Superscript
            | Tag::Subscript
            | Tag::Link { .. }
            | Tag::Image { .. }
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        let out = &mut self.out;
        match tag {
            TagEnd::Heading(_) => {
                out.close_heading(Origin::Markdown);
                out.show_inline();
            }
            TagEnd::Paragraph => {
                out.boundary();
                out.show_inline();
            }
            TagEnd::BlockQuote(_) => out.boundary(),
            TagEnd::HtmlBlock => {
                let html = self.html.take().unwrap_or_default();
                html::feed(&html, false, out);
                out.boundary();
            }
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                out.code(&code);
            }
            TagEnd::List(_) => {
                out.interrupt();
                out.close_list(Origin::Markdown);
            }
            TagEnd::DefinitionList => {
                self.lone_term();
                self.out.close_list(Origin::Markdown);
            }
            TagEnd::Item | TagEnd::DefinitionListDefinition => out.close_item(),
            TagEnd::DefinitionListTitle => self.term = Some(out.take_text()),
            TagEnd::FootnoteDefinition => out.interrupt(),
            TagEnd::TableCell => {
                out.end_cell();
                out.show_inline();
            }
            TagEnd::Table => out.close_table(Origin::Markdown),
            TagEnd::TableHead | TagEnd::TableRow => {}
            TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::Link
            | TagEnd::Image
            | TagEnd::MetadataBlock(_) => {}
        }
    }

    /// A term without a definition is an item of its own.
    fn lone_term(&mut self) {
        if let Some(term) = self.term.take() {
            self.out.open_item(Origin::Markdown, "");
            self.out.text(&term);
            self.out.close_item();
        }
    }
}
