//! Names of headings in the address of a page, the way GitHub makes them.
//!
//! Called by `outline` for citations and by the article page of the server, so that both agree:
//! feed all headings of a document in order. Leaves HTML attributes and escaping to the caller.

use std::collections::HashMap;

use unicode_normalization::char::is_combining_mark;

/// Longest anchor in characters; a heading of a megabyte is a broken document, not an address.
const MAX_CHARS: usize = 200;

/// Heading anchors of one document.
#[derive(Debug, Default)]
pub struct Anchors {
    /// Anchor to the last number given to a repetition of it.
    taken: HashMap<String, u32>,
}

impl Anchors {
    pub fn new() -> Self {
        Self::default()
    }

    /// Anchor of the next heading with this visible text: lower case, spaces to `-`, punctuation
    /// dropped, letters of every script kept; a repetition gets `-1`, `-2`. Never empty: a heading
    /// without any letter is `section`.
    pub fn anchor(&mut self, heading_text: &str) -> String {
        let mut base: String = heading_text
            .trim()
            .chars()
            .flat_map(char::to_lowercase)
            .filter_map(|c| match c {
                c if c.is_alphanumeric() || is_combining_mark(c) || c == '_' || c == '-' => Some(c),
                c if c.is_whitespace() => Some('-'),
                _ => None,
            })
            .take(MAX_CHARS)
            .collect();
        if base.is_empty() {
            base.push_str("section");
        }
        let mut number = self.taken.get(&base).copied();
        let mut anchor = base.clone();
        while let Some(n) = number {
            let next = n + 1;
            anchor = format!("{base}-{next}");
            number = self.taken.contains_key(&anchor).then_some(next);
            self.taken.insert(base.clone(), next);
        }
        self.taken.insert(anchor.clone(), 0);
        anchor
    }

    /// Anchor of the next heading when the author named it (`## Title {#id}`): taken as written, and
    /// remembered so that no generated anchor equals it.
    pub fn custom(&mut self, id: &str) -> String {
        let id: String = id.chars().take(MAX_CHARS).collect();
        self.taken.entry(id.clone()).or_insert(0);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_github() {
        let mut anchors = Anchors::new();
        let got: Vec<String> = [
            "Returns & refunds",
            "Returns & refunds",
            "returns--refunds-1",
            "Returns & refunds",
            "  Kā atgriezt preci? ",
            "A_b-c 1.2",
            "日本語 ヘルプ",
            "🎉",
            "!!",
        ]
        .iter()
        .map(|h| anchors.anchor(h))
        .collect();
        assert_eq!(
            got,
            [
                "returns--refunds",
                "returns--refunds-1",
                "returns--refunds-1-1",
                "returns--refunds-2",
                "kā-atgriezt-preci",
                "a_b-c-12",
                "日本語-ヘルプ",
                "section",
                "section-1",
            ]
        );
    }

    #[test]
    fn an_authors_id_is_kept_and_reserved() {
        let mut anchors = Anchors::new();
        assert_eq!(anchors.custom("My-ID"), "My-ID");
        assert_eq!(anchors.custom("faq"), "faq");
        assert_eq!(anchors.anchor("FAQ"), "faq-1");
    }

    #[test]
    fn many_equal_headings_stay_distinct() {
        let mut anchors = Anchors::new();
        let all: std::collections::HashSet<String> =
            (0..20_000).map(|_| anchors.anchor("Same")).collect();
        assert_eq!(all.len(), 20_000);
    }
}
