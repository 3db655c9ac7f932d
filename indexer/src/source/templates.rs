//! Template tags inside Markdown: Liquid `{% %}` and `{{ }}`, Hugo shortcodes, MDX comments and JSX
//! tags, HTML comments. The words between tags stay.
//!
//! Called by `document` after `extensions`. Nothing inside code spans and code blocks is touched
//! (except that a comment which starts outside takes what it encloses). Every search goes forward
//! only once or is paid from a budget, so the work is linear.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};

use super::markdown::OPTIONS;

/// Stands for a removed tag until its line is finished; `decode` lets no such character in.
const GONE: char = '\u{fdd0}';
/// Longest tag in bytes.
const MAX_TAG: usize = 2000;

/// `body` without template tags.
pub(super) fn strip(body: &str) -> String {
    if !body.contains(['{', '<']) {
        return body.to_owned();
    }
    let mut scan = Scan::new(body);
    let mut out = String::with_capacity(body.len());
    let mut at = 0;
    for code in code_ranges(body) {
        at = scan.plain(at, code.start, &mut out);
        if at < code.end {
            out.push_str(body.get(at.max(code.start)..code.end).unwrap_or_default());
            at = code.end;
        }
    }
    scan.plain(at, body.len(), &mut out);
    tidy(&out)
}

fn code_ranges(body: &str) -> Vec<Range<usize>> {
    Parser::new_ext(body, OPTIONS)
        .into_offset_iter()
        .filter(|(event, _)| matches!(event, Event::Code(_) | Event::Start(Tag::CodeBlock(_))))
        .map(|(_, range)| range)
        .collect()
}

/// Positions of one closing mark; each byte is searched once.
struct Closer {
    mark: &'static str,
    next: usize,
}

impl Closer {
    fn after(&mut self, text: &str, from: usize) -> Option<usize> {
        if self.next < from {
            let found = text.get(from..).and_then(|rest| rest.find(self.mark));
            self.next = found.map_or(usize::MAX, |i| from + i);
        }
        (self.next != usize::MAX).then_some(self.next)
    }
}

struct Scan<'a> {
    text: &'a str,
    liquid: Closer,
    braces: Closer,
    mdx_comment: Closer,
    html_comment: Closer,
    end_comment: Closer,
    /// Bytes that unsuccessful looks at `<` may still cost.
    budget: usize,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        let closer = |mark| Closer { mark, next: 0 };
        let mut scan = Self {
            text,
            liquid: closer("%}"),
            braces: closer("}}"),
            mdx_comment: closer("*/}"),
            html_comment: closer("-->"),
            end_comment: closer("endcomment"),
            budget: text.len() * 8 + 65_536,
        };
        // Position 0 has not been searched yet.
        for closer in [
            &mut scan.liquid,
            &mut scan.braces,
            &mut scan.mdx_comment,
            &mut scan.html_comment,
            &mut scan.end_comment,
        ] {
            closer.next = text.find(closer.mark).unwrap_or(usize::MAX);
        }
        scan
    }

    /// Copies `from..to` without tags; returns where copying ended, which lies behind `to` only when
    /// a comment reaches further.
    fn plain(&mut self, from: usize, to: usize, out: &mut String) -> usize {
        let mut at = from;
        while at < to {
            let rest = self.text.get(at..to).unwrap_or_default();
            let Some(offset) = rest.find(['{', '<']) else {
                out.push_str(rest);
                return to;
            };
            out.push_str(rest.get(..offset).unwrap_or_default());
            at += offset;
            match self.tag_end(at, to) {
                Some(end) => {
                    out.push(GONE);
                    at = end;
                }
                None => {
                    out.push_str(self.text.get(at..at + 1).unwrap_or_default());
                    at += 1;
                }
            }
        }
        at
    }

    fn tag_end(&mut self, at: usize, to: usize) -> Option<usize> {
        let text = self.text;
        let rest = text.get(at..)?;
        let window = to.min(at.saturating_add(MAX_TAG));
        if rest.starts_with("<!--") {
            let short = ["<!-->", "<!--->"].iter().find(|s| rest.starts_with(**s));
            return short
                .map(|s| at + s.len())
                .or_else(|| Some(self.html_comment.after(text, at + 4)? + 3));
        }
        if rest.starts_with("{%") {
            let end = self
                .liquid
                .after(text, at + 2)
                .filter(|e| *e < window && one_paragraph(text, at, *e))?
                + 2;
            let name = text.get(at + 2..end).unwrap_or_default().trim_matches(['-', ' ', '%', '}']);
            if name == "comment" {
                let close = self.end_comment.after(text, end)?;
                return self.liquid.after(text, close).map(|e| e + 2).filter(|e| *e <= to);
            }
            return Some(end);
        }
        if rest.starts_with("{{") {
            let end = self
                .braces
                .after(text, at + 2)
                .filter(|e| *e < window && one_paragraph(text, at, *e))?
                + 2;
            return Some(
                end + usize::from(
                    text.get(end..).is_some_and(|r| r.starts_with('}')) && rest.starts_with("{{{"),
                ),
            );
        }
        if rest.starts_with("{/*") {
            return self.mdx_comment.after(text, at + 3).map(|e| e + 3).filter(|e| *e <= to);
        }
        if rest.starts_with('<') { self.jsx_end(at, window) } else { None }
    }

    /// End of a JSX tag: a fragment, a component (`<Tabs>`, `<a.B>`), or any tag with a `={` attribute.
    fn jsx_end(&mut self, at: usize, window: usize) -> Option<usize> {
        let bytes = self.text.as_bytes().get(at + 1..window)?;
        let closing = usize::from(bytes.first() == Some(&b'/'));
        let name_length = bytes
            .iter()
            .skip(closing)
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
            .count();
        let name = bytes.get(closing..closing + name_length)?;
        let mut i = closing + name_length;
        match bytes.get(i)? {
            b'>' if name.is_empty() => return Some(at + 1 + i + 1),
            b'>' | b'/' | b' ' | b'\n' | b'\t'
                if name.first().is_some_and(u8::is_ascii_alphabetic) => {}
            _ => return None,
        }
        let component = name.iter().any(u8::is_ascii_uppercase)
            && name.first().is_some_and(|b| b.is_ascii_uppercase() || name.contains(&b'.'))
            && name.iter().any(u8::is_ascii_lowercase);
        let (mut depth, mut quote, mut expression) = (0_usize, None, false);
        let mut before = b' ';
        let mut end = None;
        while self.budget > 0 {
            let Some(&b) = bytes.get(i) else { break };
            self.budget -= 1;
            i += 1;
            match (quote, b) {
                (Some(q), b) if q == b => quote = None,
                (None, b'"' | b'\'') => quote = Some(b),
                (None, b'`') if depth > 0 => quote = Some(b),
                (None, b'{') => {
                    expression |= before == b'=';
                    depth += 1;
                }
                (None, b'}') => depth = depth.saturating_sub(1),
                (None, b'>') if depth == 0 => {
                    end = Some(at + 1 + i);
                    break;
                }
                (None, b'<') if depth == 0 => break,
                (_, b'\n') if depth == 0 && before == b'\n' => break,
                _ => {}
            }
            before = b;
        }
        let end = end.filter(|_| component || expression)?;
        self.budget += i;
        Some(end)
    }
}

fn one_paragraph(text: &str, from: usize, to: usize) -> bool {
    text.get(from..to).is_some_and(|tag| !tag.contains("\n\n"))
}

/// Lines that held nothing but tags become empty, or vanish inside a table; elsewhere a removed tag
/// separates the words at its sides.
fn tidy(text: &str) -> String {
    if !text.contains(GONE) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut in_table = false;
    for line in text.split_inclusive('\n') {
        if !line.contains(GONE) {
            out.push_str(line);
            in_table = line.trim_start().starts_with('|');
            continue;
        }
        if line.chars().all(|c| c == GONE || c.is_whitespace()) {
            if !in_table && line.ends_with('\n') {
                out.push('\n');
            }
            continue;
        }
        let mut gone = false;
        for c in line.chars() {
            if c == GONE {
                gone = true;
                continue;
            }
            if gone
                && c.is_alphanumeric()
                && out.chars().next_back().is_some_and(char::is_alphanumeric)
            {
                out.push(' ');
            }
            gone = false;
            out.push(c);
        }
        in_table = line.trim_start_matches([GONE, ' ']).starts_with('|');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_words_stay() {
        for (body, expected) in [
            ("{% data x.y %} costs {{ site.price }} word", " costs  word"),
            ("{% note %}\nword\n{% endnote %}\n", "\nword\n\n"),
            ("{{< alert >}}word{{< /alert >}}", "word"),
            ("{{% x %}}a{{% /x %}}b", "a b"),
            ("a{{{ raw }}}b", "a b"),
            ("{/* note\n\nmore */}a", "a"),
            ("x {% comment %}hidden{% endcomment %} y", "x  y"),
            (
                "<Tabs>\n<TabItem value=\"a\" label={x > 1}>one</TabItem><TabItem>two</TabItem>\n</Tabs>",
                "\none two\n",
            ),
            ("<><div className={a}>b</div></>", "b</div>"),
            ("a <!-- x\n\ny --> b <!--> c", "a  b  c"),
            (
                "<DIV>x</DIV> <b>y</b> <Foo@bar.com> 1 <2 {a} $x$",
                "<DIV>x</DIV> <b>y</b> <Foo@bar.com> 1 <2 {a} $x$",
            ),
            ("open {{ never\n\nclosed }} {% nor this", "open {{ never\n\nclosed }} {% nor this"),
            (
                "| a |\n|---|\n{% if x %}\n| b |\n{% endif %}\n| c |\n",
                "| a |\n|---|\n| b |\n| c |\n",
            ),
        ] {
            assert_eq!(strip(body), expected, "{body:?}");
        }
    }

    #[test]
    fn code_is_left_alone() {
        for body in
            ["`{{ x }}` and `<Foo>`", "```\n{% raw %}\n<!-- x -->\n```\n", "text\n\n    {{ y }}\n"]
        {
            assert_eq!(strip(body), body);
        }
        assert_eq!(strip("{{ a }}`{{ b }}`{{ c }}"), "`{{ b }}`");
    }

    #[test]
    fn hostile_repetition_is_linear() {
        for unit in ["{{", "{%", "<A {", "<A \"", "{/*", "<!--", "{{a\n\n", "{% comment %}", "<"] {
            let body = unit.repeat(1_000_000 / unit.len());
            assert!(strip(&body).len() <= body.len());
        }
    }
}
