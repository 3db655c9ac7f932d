//! A run of visible text that knows where each part of it stands in the Markdown.

/// Text of a paragraph, list item, heading or table cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Run {
    text: String,
    /// Start in `text` and start in the Markdown of each part, in order. Bytes.
    parts: Vec<(usize, usize)>,
}

impl Run {
    pub(super) fn push(&mut self, text: &str, at: usize) {
        self.parts.push((self.text.len(), at));
        self.text.push_str(text);
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Whether a letter or digit stands at or behind a byte of the text.
    pub(super) fn says_something_after(&self, from: usize) -> bool {
        self.text.get(from..).is_some_and(|t| t.contains(char::is_alphanumeric))
    }

    /// Text with white space joined.
    pub(super) fn collapsed(&self) -> String {
        self.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Byte of the Markdown that a byte of the text comes from.
    pub(super) fn source(&self, offset: usize) -> usize {
        let part = self.parts.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
        self.parts.get(part).map_or(0, |(start, at)| at + offset.saturating_sub(*start))
    }
}

/// Number of words; of scripts without spaces two characters count as one word.
pub(super) fn count_words(text: &str) -> usize {
    let (mut words, mut dense) = (0, 0_usize);
    for word in text.split_whitespace() {
        let letters = word.chars().filter(|c| is_dense(*c)).count();
        dense += letters;
        words += usize::from(letters == 0 && word.contains(char::is_alphanumeric));
    }
    words + dense.div_ceil(2)
}

fn is_dense(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}')
}

/// 64-bit FNV-1a of the parts, with a mark between them. Stable between runs and platforms.
pub(super) fn hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut value: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            value = (value ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    value
}

/// `1 word`, `2 words`.
pub(super) fn counted(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// At most `chars` characters, with a mark where something was cut.
pub(super) fn short(text: &str, chars: usize) -> String {
    let mut out: String = text.chars().take(chars).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_the_markdown() {
        let mut run = Run::default();
        run.push("ab ", 10);
        run.push("cd", 20);
        assert_eq!((run.source(0), run.source(2), run.source(3), run.source(4)), (10, 12, 20, 21));
        assert_eq!(run.text(), "ab cd");
    }

    #[test]
    fn words_and_hashes() {
        assert_eq!(count_words("one – two-three  4"), 3);
        assert_eq!(count_words("退货政策"), 2);
        assert_ne!(hash(["ab", "c"]), hash(["a", "bc"]));
        assert_eq!(short("abc", 2), "ab…");
    }
}
