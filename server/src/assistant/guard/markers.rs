//! Citation markers: `[1]`, `[1][2]`, `[1, 2]`, `[1-3]`, `【1】`, `[^1]`, `[Source 1]`.
//!
//! Called by the assembler (a marker stays with its sentence) and by the check (numbers out, text
//! clean). Linear: a marker is at most [`LONGEST`] bytes.

/// Bytes of a marker from bracket to bracket.
pub(super) const LONGEST: usize = 32;
/// Numbers that one marker may name.
const MOST: u32 = 20;

/// A text without its markers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unmarked {
    /// The words alone; white space before a removed marker is removed with it.
    pub(super) text: String,
    /// Numbers that the markers name, in order, each once.
    pub(super) numbers: Vec<u32>,
    /// For every marker: where it stood in `text`, and its byte range in the original.
    pub(super) places: Vec<(usize, std::ops::Range<usize>)>,
}

/// Takes the markers out of `raw`.
pub(super) fn strip(raw: &str) -> Unmarked {
    let mut out = Unmarked {
        text: String::with_capacity(raw.len()),
        numbers: Vec::new(),
        places: Vec::new(),
    };
    let mut rest = raw;
    while let Some(at) = rest.find(['[', '【']) {
        out.text.push_str(&rest[..at]);
        let start = raw.len() - rest.len() + at;
        match at_start(&rest[at..]) {
            Some((numbers, len)) => {
                let kept = out.text.trim_end_matches([' ', '\u{a0}', '\u{202f}']).len();
                out.text.truncate(kept);
                out.places.push((kept, start..start + len));
                for number in numbers {
                    if !out.numbers.contains(&number) {
                        out.numbers.push(number);
                    }
                }
                rest = &rest[at + len..];
                if out.text.trim_start().is_empty() {
                    rest = rest.trim_start_matches(' ');
                }
            }
            None => {
                let len = rest[at..].chars().next().map_or(1, char::len_utf8);
                out.text.push_str(&rest[at..at + len]);
                rest = &rest[at + len..];
            }
        }
    }
    out.text.push_str(rest);
    out
}

/// Numbers and length of the marker that `text` starts with.
pub(super) fn at_start(text: &str) -> Option<(Vec<u32>, usize)> {
    let open = text.chars().next()?;
    let close = match open {
        '[' => ']',
        '【' => '】',
        _ => return None,
    };
    let inner_start = open.len_utf8();
    let end = text.char_indices().take_while(|(i, _)| *i <= LONGEST).find(|(_, c)| *c == close)?.0;
    let inner = text.get(inner_start..end)?.trim();
    let len = end + close.len_utf8();
    // "[1](https://...)" is a link, not a marker.
    if text[len..].starts_with('(') {
        return None;
    }
    let lower = inner.to_lowercase();
    let lower = lower.split('†').next().unwrap_or_default();
    let inner =
        ["source", "sources", "passage", "passages", "doc", "ref", "quelle", "avots", "#", "^"]
            .iter()
            .rev()
            .fold(lower.trim(), |text, word| text.strip_prefix(word).unwrap_or(text).trim_start());
    let mut numbers = Vec::new();
    for part in inner.split([',', ';', '&', ' ']).map(str::trim).filter(|p| !p.is_empty()) {
        let part = part.trim_start_matches(['^', '#']);
        match part.split_once(['-', '–']) {
            Some((from, to)) => {
                let (from, to) = (number(from)?, number(to)?);
                if from > to || to - from >= MOST {
                    return None;
                }
                numbers.extend(from..=to);
            }
            None => numbers.push(number(part)?),
        }
    }
    (!numbers.is_empty()).then_some((numbers, len))
}

fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    let good = (1..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_marker_is_read() {
        for (raw, text, numbers) in [
            ("It is free [1].", "It is free.", vec![1]),
            ("It is free. [1][2]", "It is free.", vec![1, 2]),
            ("Free [1, 2] and fast [3].", "Free and fast.", vec![1, 2, 3]),
            ("Free [1-3].", "Free.", vec![1, 2, 3]),
            ("Free 【2†source】.", "Free.", vec![2]),
            ("[Source 4] Free.", "Free.", vec![4]),
            ("Free[^1].", "Free.", vec![1]),
            ("Press [Help] now [7].", "Press [Help] now.", vec![7]),
            ("A [1](http://x.example) link", "A [1](http://x.example) link", vec![]),
            ("Open [", "Open [", vec![]),
            ("[9-1] [1-900]", "[9-1] [1-900]", vec![]),
        ] {
            let got = strip(raw);
            assert_eq!((got.text.as_str(), got.numbers), (text, numbers), "{raw}");
        }
    }

    #[test]
    fn hostile_brackets_end() {
        assert!(strip(&"[".repeat(200_000)).numbers.is_empty());
        assert_eq!(strip(&"[1]".repeat(50_000)).numbers, [1]);
    }
}
