//! Sanitised HTML as a row of tags and texts. Reads only what the sanitiser wrote: balanced tags,
//! attributes in double quotes. Not an HTML parser.

/// A stretch of HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Escaped as it stood.
    Text(&'a str),
    Start {
        name: &'a str,
        raw: &'a str,
    },
    End {
        name: &'a str,
        raw: &'a str,
    },
}

/// The pieces of `html` in order; joined they are `html` again.
pub(super) fn pieces(html: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = if rest.starts_with('<') {
            end_of_tag(rest)
        } else {
            rest.find('<').unwrap_or(rest.len())
        };
        let (raw, tail) = rest.split_at(end);
        rest = tail;
        Some(match raw.strip_prefix('<') {
            None => Piece::Text(raw),
            Some(inner) => match inner.strip_prefix('/') {
                Some(inner) => Piece::End { name: name(inner), raw },
                None => Piece::Start { name: name(inner), raw },
            },
        })
    })
}

/// Value of an attribute of a start tag, unescaped.
pub(super) fn attribute(raw: &str, wanted: &str) -> Option<String> {
    let mut rest = raw.get(1 + name(raw.get(1..)?).len()..)?;
    while let Some((key, tail)) = rest.split_once("=\"") {
        let (value, tail) = tail.split_once('"')?;
        if key.trim() == wanted {
            return Some(unescape(value));
        }
        rest = tail;
    }
    None
}

/// Visible text without tags, unescaped.
pub(super) fn text_of(html: &str) -> String {
    let texts = pieces(html).filter_map(|p| match p {
        Piece::Text(text) => Some(text),
        Piece::Start { name: "br", .. } => Some(" "),
        _ => None,
    });
    unescape(&texts.collect::<String>())
}

/// For text and for attribute values in double quotes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The five names that the sanitiser writes.
fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
}

fn name(inner: &str) -> &str {
    inner.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default()
}

/// Length of the tag at the start of `html`; `>` within quotes does not end it.
fn end_of_tag(html: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in html.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    html.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn attributes_and_text() {
        let raw = "<a title=\"a > b &amp; &quot;c&quot;\" href=\"x?a=1&amp;b=2\">";
        assert_eq!(attribute(raw, "href").unwrap(), "x?a=1&b=2");
        assert_eq!(attribute(raw, "title").unwrap(), "a > b & \"c\"");
        assert_eq!(attribute(raw, "id"), None);
        assert_eq!(pieces(raw).count(), 1);
        assert_eq!(text_of("a <em>b</em><br>&amp;lt; c"), "a b &lt; c");
    }

    proptest! {
        #[test]
        fn pieces_lose_nothing(html in "[<>/a-c\"= &é]{0,40}") {
            let joined: String = pieces(&html).map(|p| match p {
                Piece::Text(raw) | Piece::Start { raw, .. } | Piece::End { raw, .. } => raw,
            }).collect();
            prop_assert_eq!(joined, html);
        }
    }
}
