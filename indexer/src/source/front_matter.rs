//! The header of a file: where it ends and which keys it holds, YAML (`---`) or TOML (`+++`).
//!
//! Called by `document`. Promises that no text of the body is lost, that hostile YAML costs a bounded
//! amount of work, and that a broken header still yields the keys that stand on lines of their own.
//! Leaves the meaning of keys to `fields`.

use serde_json::Value;

use super::fields;

/// A longer header is not a header. Bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Keys in the order of the file; a key may occur twice.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) entries: Vec<Entry>,
    pub(super) warnings: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: Value,
    /// Line in the file, from 1.
    pub(super) line: Option<usize>,
}

/// Splits `text` into its header and its body. A text without a header is all body.
pub(super) fn split(text: &str) -> (Header, &str) {
    let lead = text.len() - text.trim_start_matches('\n').len();
    let skipped = text.bytes().take(lead).count();
    let (start, rest) = (skipped + 1, text.get(lead..).unwrap_or_default());
    let Some((fence, after)) = opening(rest) else {
        return (Header::default(), text);
    };
    match closing(after, fence) {
        Some((block, body)) => match parse(block, fence, start) {
            Some(header) => (header, body),
            None => (Header::default(), text),
        },
        None => unclosed(after, fence, start).unwrap_or((Header::default(), text)),
    }
}

fn opening(text: &str) -> Option<(&'static str, &str)> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    match first.trim_end() {
        "---" => Some(("---", rest)),
        "+++" => Some(("+++", rest)),
        _ => None,
    }
}

fn closing<'a>(text: &'a str, fence: &str) -> Option<(&'a str, &'a str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = line.trim_end();
        if end == fence || (fence == "---" && end == "...") {
            return Some((text.get(..at)?, text.get(at + line.len()..)?));
        }
        at += line.len();
        if at > MAX_BYTES {
            return None;
        }
    }
    None
}

/// `None` when the block is prose between two rules.
fn parse(block: &str, fence: &str, start: usize) -> Option<Header> {
    let parsed = if fence == "+++" { toml_entries(block) } else { yaml_entries(block) };
    match parsed {
        Ok(Some(entries)) => {
            let known = entries.iter().any(|(k, _)| fields::is_known(k));
            if !known && !entries.iter().all(|(k, _)| is_identifier(k)) {
                return None;
            }
            let lines = key_lines(block, fence, start);
            let entries = entries.into_iter().map(|(key, value)| Entry {
                line: lines.iter().find(|(k, _, _)| *k == key).map(|l| l.2),
                key,
                value,
            });
            Some(Header { entries: entries.collect(), warnings: Vec::new() })
        }
        Ok(None) => block.trim().is_empty().then(Header::default),
        Err(problem) => {
            let salvaged = salvage(block, fence, start);
            let first = block.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
            if salvaged.is_empty() && key_of(first, fence).is_none() {
                return None;
            }
            let warning = format!(
                "the front matter from line {start} cannot be read as {} ({problem}); only its simple \
                 lines were used, correct it",
                if fence == "+++" { "TOML" } else { "YAML" },
            );
            Some(Header { entries: salvaged, warnings: vec![warning] })
        }
    }
}

/// A header without its last line reaches to the first empty line or heading, if every line of it
/// looks like one of a header.
fn unclosed<'a>(after: &'a str, fence: &str, start: usize) -> Option<(Header, &'a str)> {
    let mut at = 0;
    let mut seen = false;
    for line in after.split_inclusive('\n') {
        let bare = line.trim_end();
        if bare.is_empty() || bare.starts_with('#') || at > MAX_BYTES {
            break;
        }
        let continues = seen && (bare.starts_with([' ', '\t']) || bare.starts_with("- "));
        if !continues && key_of(bare, fence).is_none() {
            break;
        }
        seen = true;
        at += line.len();
    }
    if !seen {
        return None;
    }
    let block = after.get(..at)?;
    let mut header = parse(block, fence, start)?;
    header.warnings.push(format!(
        "the front matter that starts in line {start} is never closed; end it with a line {fence}"
    ));
    Some((header, after.get(at..)?))
}

type Pairs = Vec<(String, Value)>;

/// `Ok(None)`: not a mapping.
fn yaml_entries(block: &str) -> Result<Option<Pairs>, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 20_000,
            max_aliases: 200,
            max_anchors: 200,
            max_depth: 24,
            max_documents: 1,
            max_nodes: 10_000,
            max_total_scalar_bytes: 256 * 1024,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 10_000,
            max_replay_stack_depth: 8,
            max_alias_expansions_per_anchor: 100,
        },
        // `lang: no` is Norwegian.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    };
    let value: Value = serde_saphyr::from_str_with_options(block, options)
        .map_err(|e| one_line(&e.to_string()))?;
    Ok(match value {
        Value::Object(map) => Some(map.into_iter().collect()),
        _ => None,
    })
}

fn toml_entries(block: &str) -> Result<Option<Pairs>, String> {
    let table: toml::Table = toml::from_str(block).map_err(|e| one_line(e.message()))?;
    Ok(Some(table.into_iter().map(|(k, v)| (k, toml_value(&v))).collect()))
}

/// Scalars and flat lists; deeper values have no meaning to any known key.
fn toml_value(value: &toml::Value) -> Value {
    match value {
        toml::Value::Array(list) => Value::Array(list.iter().map(toml_scalar).collect()),
        other => toml_scalar(other),
    }
}

fn toml_scalar(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(s) => Value::from(s.as_str()),
        toml::Value::Integer(i) => Value::from(*i),
        toml::Value::Float(f) => Value::from(*f),
        toml::Value::Boolean(b) => Value::from(*b),
        toml::Value::Datetime(d) => Value::from(d.to_string()),
        toml::Value::Array(_) | toml::Value::Table(_) => Value::Object(serde_json::Map::new()),
    }
}

/// Known keys that stand on a line of their own in a broken header. A value that is itself broken
/// becomes an empty object, which no key accepts: `fields` then fails closed.
fn salvage(block: &str, fence: &str, start: usize) -> Vec<Entry> {
    let known = key_lines(block, fence, start).into_iter().filter(|(k, _, _)| fields::is_known(k));
    known
        .map(|(key, value, line)| {
            let read = if fence == "+++" {
                toml_entries(&format!("v = {value}"))
            } else {
                yaml_entries(&format!("v: {value}"))
            };
            let value = match read {
                Ok(Some(pairs)) => pairs.into_iter().next().map(|(_, v)| v),
                _ => None,
            };
            Entry {
                key,
                value: value.unwrap_or_else(|| Value::Object(serde_json::Map::new())),
                line: Some(line),
            }
        })
        .collect()
}

fn key_lines(block: &str, fence: &str, start: usize) -> Vec<(String, String, usize)> {
    let lines = block.lines().enumerate();
    lines
        .filter_map(|(i, line)| {
            let (key, value) = key_of(line, fence)?;
            Some((key.to_owned(), value.trim().to_owned(), start + 1 + i))
        })
        .collect()
}

/// Key and value of a line that starts with a plain key.
fn key_of<'a>(line: &'a str, fence: &str) -> Option<(&'a str, &'a str)> {
    let (key, value) = line.split_once(if fence == "+++" { '=' } else { ':' })?;
    let spaced = fence == "+++" || value.is_empty() || value.starts_with([' ', '\t']);
    let key = key.trim_end().trim_matches(['"', '\'']);
    (spaced && is_identifier(key)).then_some((key, value))
}

fn is_identifier(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.len() <= 64
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn one_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get<'a>(header: &'a Header, key: &str) -> Option<&'a Value> {
        header.entries.iter().find(|e| e.key == key).map(|e| &e.value)
    }

    #[test]
    fn yaml_and_toml() {
        let (h, body) = split("---\ntitle: \"A: b\"\nlang: no\ntags: [a, b]\n---\n# B\n");
        assert_eq!(get(&h, "title"), Some(&Value::from("A: b")));
        assert_eq!(get(&h, "lang"), Some(&Value::from("no")));
        assert_eq!(h.entries[2].line, Some(4));
        assert_eq!(body, "# B\n");
        let (h, body) = split("+++\ntitle = 'T'\nvalid_from = 2026-01-02\n+++\nBody");
        assert_eq!(get(&h, "valid_from"), Some(&Value::from("2026-01-02")));
        assert_eq!(body, "Body");
        assert_eq!(split("\n\n---\ntitle: x\n---\ny").1, "y");
    }

    #[test]
    fn a_rule_is_not_a_header() {
        for text in [
            "---\n\nSome text first\n\n---\nmore",
            "---\n",
            "---\nSome text: and more\n---\nmore",
            "Text\n---\ntitle: x\n---\n",
            "---\njust prose\nwithout an end",
            "--- \n- a\n- b\n---\n",
        ] {
            let (header, body) = split(text);
            assert!(header.entries.is_empty() && header.warnings.is_empty(), "{text:?}");
            assert_eq!(body, text);
        }
    }

    #[test]
    fn broken_headers_keep_body_and_simple_lines() {
        let (h, body) = split("---\ntitle: [unbalanced\naudience: internal\n\tTab: x\n---\nbody");
        assert_eq!(get(&h, "audience"), Some(&Value::from("internal")));
        assert!(get(&h, "title").is_some_and(Value::is_object));
        assert_eq!((h.warnings.len(), body), (1, "body"));
        let (h, body) = split("---\ntitle: never closed\naudience: internal\n\n# Heading\n\ntext");
        assert_eq!(get(&h, "audience"), Some(&Value::from("internal")));
        assert_eq!(body, "\n# Heading\n\ntext");
        assert!(h.warnings[0].contains("never closed"));
    }

    #[test]
    fn bombs_are_bounded() {
        let mut bomb = String::from("---\na: &a [x,x,x,x,x,x,x,x,x]\n");
        for (before, name) in ('a'..='y').zip('b'..='z') {
            let list = vec![format!("*{before}"); 9].join(",");
            bomb.push_str(&format!("{name}: &{name} [{list}]\n"));
        }
        bomb.push_str("audience: internal\n---\nbody");
        let (h, body) = split(&bomb);
        assert_eq!((h.warnings.len(), body), (1, "body"));
        assert_eq!(get(&h, "audience"), Some(&Value::from("internal")));
        let deep = format!("---\ntags: {}\ntitle: x\n---\nbody", "[".repeat(30_000));
        assert_eq!(split(&deep).1, "body");
    }
}
