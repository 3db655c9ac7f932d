//! The header of a file: where it ends and which keys it holds, YAML (`---`) or TOML (`+++`).
//!
//! Called by `document`. Promises that no text of the body is lost, that hostile YAML costs a bounded
//! amount of work, that a broken header still yields the keys that stand on lines of their own, and that
//! a line which names audience, draft or validity is never overlooked: written so that it cannot be read,
//! it is an unreadable value, and makes a header of what else would be prose. Leaves the meaning of keys
//! to `fields`.

use serde_json::Value;

use super::fields;

/// A longer header is not a header. Bytes.
const MAX_BYTES: usize = 64 * 1024;
/// Keys that decide who sees the document.
const GUARDS: [&str; 4] = ["audience", "draft", "valid_from", "valid_until"];

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
    let rest = text.trim_start_matches('\n');
    // The line of the fence: each byte before it is an empty line.
    let start = text.len() - rest.len() + 1;
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
    let guards = guard_lines(block, start);
    // In a header that can be read, a deeper key of the same name is somebody else's.
    let (header, whole) = match read(block, fence, start) {
        Some(header) if header.warnings.is_empty() => (header, true),
        Some(header) => (header, false),
        None if guards.is_empty() => return None,
        None => (Header::default(), false),
    };
    Some(guarded(header, guards, whole))
}

/// Adds an unreadable value for every line of `guards` that has no entry in `header`; where it was read
/// as a `whole`, for every key that has none.
fn guarded(mut header: Header, guards: Vec<(&'static str, usize)>, whole: bool) -> Header {
    for (key, line) in guards {
        let same = |entry: &Entry| normal(&entry.key) == key;
        if header.entries.iter().any(|e| same(e) && (whole || e.line == Some(line))) {
            continue;
        }
        header.warnings.push(format!(
            "the front matter names {key} in line {line} and cannot be read there; write the key at the \
             beginning of a line of its own, with a space after the colon"
        ));
        header.entries.push(Entry {
            key: key.to_owned(),
            value: Value::Object(serde_json::Map::new()),
            line: Some(line),
        });
    }
    header
}

/// What the parsers make of a block; with a warning when it had to be salvaged.
fn read(block: &str, fence: &str, start: usize) -> Option<Header> {
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
    let (mut at, mut end) = (0, 0);
    let mut foreign = false;
    for line in after.split_inclusive('\n') {
        let bare = line.trim_end();
        if bare.is_empty() || bare.starts_with('#') || end > MAX_BYTES {
            break;
        }
        end += line.len();
        let continues = at > 0 && (bare.starts_with([' ', '\t']) || bare.starts_with("- "));
        let own = !foreign && (continues || key_of(bare, fence).is_some());
        // A line that says who may read this belongs to the header also after one that does not.
        if own || guard_of(bare).is_some() {
            at = end;
        } else if at > 0 {
            foreign = true;
        } else {
            break;
        }
    }
    if at == 0 {
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

/// Lines that name a key of [`GUARDS`], however they are written.
fn guard_lines(block: &str, start: usize) -> Vec<(&'static str, usize)> {
    let lines = block.lines().enumerate();
    lines.filter_map(|(i, line)| Some((guard_of(line)?, start + 1 + i))).collect()
}

/// The key of [`GUARDS`] that a line begins with: indented, quoted, in any case, with or without a
/// space, with `=` for `:`.
fn guard_of(line: &str) -> Option<&'static str> {
    const QUOTES: [char; 2] = ['"', '\''];
    let bare = line.trim_start().trim_start_matches(QUOTES);
    let end = bare.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-'))?;
    let (key, rest) = bare.split_at(end);
    if !rest.trim_start_matches(QUOTES).trim_start().starts_with([':', '=', '：']) {
        return None;
    }
    let key = normal(key);
    GUARDS.into_iter().find(|guard| *guard == key)
}

/// The spelling by which keys are compared.
fn normal(key: &str) -> String {
    key.to_ascii_lowercase().replace('-', "_")
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
    fn badly_written_keys_of_visibility_are_never_lost() {
        let kept = |text: &str, key: &str| {
            let (h, body) = split(text);
            assert!(h.entries.iter().any(|e| normal(&e.key) == key), "{text:?}: {h:?}");
            assert!(!body.contains([':', '=']), "{text:?}: {body:?}");
        };
        for (line, key) in [
            ("audience:internal", "audience"),
            ("  audience: internal", "audience"),
            ("\"audience\":internal", "audience"),
            ("audience=internal", "audience"),
            ("audience：internal", "audience"),
            ("draft:true", "draft"),
            ("Valid-Until:2026-01-31", "valid_until"),
            ("\tvalid_from = 2026-01-31", "valid_from"),
        ] {
            // Between simple lines, alone, between empty lines, without an end.
            kept(&format!("---\ntitle: x\n{line}\ntags: a\n---\n# B"), key);
            kept(&format!("---\n{line}\n---\n# B"), key);
            kept(&format!("---\n\n{line}\n\n---\n# B"), key);
            kept(&format!("---\n{line}\n# B"), key);
            kept(&format!("---\ntitle: x\nand more\n{line}\n\n# B"), key);
        }
    }

    #[test]
    fn what_cannot_be_read_of_visibility_is_an_unreadable_value_with_its_line() {
        for (text, line) in [
            ("---\naudience:internal\n---\n# B", 2),
            ("---\ntitle: x\nAudience:internal\n---\n# B", 3),
            ("---\ntitle: x\n  audience: internal\n---\n# B", 3),
            // What is written well in another line does not count for this one.
            ("---\naudience: public\naudience:internal\n---\n# B", 3),
            ("+++\ntitle = 'x'\naudience: internal\n+++\n# B", 3),
        ] {
            let (h, body) = split(text);
            let unreadable =
                h.entries.iter().filter(|e| e.key == "audience" && e.value.is_object());
            assert_eq!(unreadable.map(|e| e.line).collect::<Vec<_>>(), [Some(line)], "{h:?}");
            let told = format!("the front matter names audience in line {line} ");
            assert!(h.warnings.iter().any(|w| w.contains(&told)), "{:?}", h.warnings);
            assert_eq!(body, "# B");
        }
    }

    #[test]
    fn a_deeper_key_of_the_same_name_counts_where_the_document_has_none_of_its_own() {
        let (h, _) = split("---\naudience: public\nseo:\n  audience: developers\n---\nbody");
        assert_eq!(get(&h, "audience"), Some(&Value::from("public")));
        assert!(h.warnings.is_empty() && h.entries.len() == 2, "{h:?}");
        let (h, _) = split("---\ntitle: x\nseo:\n  audience: developers\n---\nbody");
        assert!(get(&h, "audience").is_some_and(Value::is_object), "{h:?}");
    }

    #[test]
    fn words_that_only_begin_like_a_key_of_visibility_leave_prose_alone() {
        for text in ["---\nDrafts: are kept\nhere\n---\nx", "---\nAudience of all ages\n---\nx"] {
            let (header, body) = split(text);
            assert!(header.entries.iter().all(|e| !GUARDS.contains(&e.key.as_str())), "{header:?}");
            assert!(body.ends_with('x'));
        }
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
