//! Where the keys of an article's front matter stand.
//!
//! Used by `article` for places only; what the keys mean is read by `source`.

/// A header ends within this many lines or is none.
const MAX_LINES: usize = 2000;

#[derive(Debug, Default)]
pub(super) struct Header {
    /// Key in lower case with `_` for `-`, and its line from 1.
    keys: Vec<(String, usize)>,
    /// Line of the opening fence, if there is a header.
    start: Option<usize>,
}

impl Header {
    pub(super) fn read(raw: &str) -> Self {
        let mut lines = raw.split('\n').zip(1..).skip_while(|(line, _)| line.is_empty());
        let Some((fence, start)) = lines.next() else {
            return Self::default();
        };
        let (close, sign) = match fence.trim_end() {
            "---" => ("---", ':'),
            "+++" => ("+++", '='),
            _ => return Self::default(),
        };
        let mut header = Self { keys: Vec::new(), start: Some(start) };
        for (line, number) in lines.take(MAX_LINES) {
            let bare = line.trim_end();
            if bare == close || bare == "..." {
                return header;
            }
            if let Some((key, _)) = line.split_once(sign) {
                let key = key.trim_end().trim_matches(['"', '\'']);
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
                if !key.is_empty() && key.len() <= 64 && key.chars().all(plain) {
                    header.keys.push((key.to_ascii_lowercase().replace('-', "_"), number));
                }
            }
        }
        header
    }

    /// Line of the first of these keys, else of the header, else 1.
    pub(super) fn line(&self, keys: &[&str]) -> usize {
        let found = self.keys.iter().find(|(key, _)| keys.contains(&key.as_str()));
        found.map(|(_, line)| *line).or(self.start).unwrap_or(1)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|(k, _)| k == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_lines() {
        let header = Header::read("\n---\ntitle: x\nValid-Until: 2026-01-01\n---\nslug: no\n");
        assert_eq!(header.line(&["valid_until"]), 4);
        assert_eq!(header.line(&["description"]), 2);
        assert!(header.has("title") && !header.has("slug"));
        assert_eq!(Header::read("# Text\ntitle: x").line(&["title"]), 1);
        assert!(Header::read("+++\ntitle = 'x'\n+++").has("title"));
    }
}
