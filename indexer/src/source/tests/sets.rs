//! Collections of odd Markdown that lie beside the project; skipped aloud where they do not.

use super::*;

/// Public sets of odd files beside the project; `None` (said aloud) where they are not.
fn shared(set: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .skip(1)
        .take(3)
        .map(|dir| dir.join("shared/eval").join(set))
        .find(|p| p.is_dir());
    if path.is_none() {
        println!("SKIPPED: {set} does not lie beside the project");
    }
    path
}

fn lines(path: PathBuf) -> Vec<Value> {
    let text = fs_err::read_to_string(path).unwrap();
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

#[test]
fn messy_files() {
    let Some(root) = shared("messy_markdown") else {
        return;
    };
    let rules = SourceRules::default();
    let found = walk(&root);
    let mut failures = Vec::new();
    for case in lines(root.join("manifest.jsonl")) {
        let name = case["file"].as_str().unwrap();
        let may_skip = case["may_skip"] == Value::Bool(true);
        let Some(file) = found.files.iter().find(|f| f.path.as_str() == name) else {
            if !may_skip {
                failures.push(format!("{name}: not found"));
            }
            continue;
        };
        let document = match read_document(file, &rules) {
            Ok(document) => document,
            Err(_) if may_skip => continue,
            Err(reason) => {
                failures.push(format!("{name}: {reason}"));
                continue;
            }
        };
        check(&document);
        let text = visible(&document);
        for word in strings(&case["must_find"]) {
            if !text.contains(&word) {
                failures.push(format!("{name}: {word} is missing"));
            }
        }
        let headings: HashSet<&str> = document
            .passages
            .iter()
            .flat_map(|p| p.heading_path.iter().map(String::as_str))
            .chain([document.meta.title.as_str()])
            .collect();
        if let Some(title) = case["title"].as_str()
            && document.meta.title != title
        {
            failures.push(format!("{name}: the title is {}", document.meta.title));
        }
        if case["heading"].as_str().is_some_and(|h| !headings.contains(h)) {
            failures.push(format!("{name}: headings are {headings:?}"));
        }
        if case["not_heading"].as_str().is_some_and(|h| headings.contains(h)) {
            failures.push(format!("{name}: headings are {headings:?}"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    let names: Vec<&str> = found.files.iter().map(|f| f.path.as_str()).collect();
    assert!(names.contains(&"docs/directory.md/inside.md"));
    for binary in ["docs/binary/gzip.md", "docs/binary/picture.md"] {
        let file = found.files.iter().find(|f| f.path.as_str() == binary).unwrap();
        assert!(matches!(read_document(file, &rules), Err(SkipReason::Binary { .. })), "{binary}");
    }
}

/// Words of the text tokens of an HTML page, without footnote numbers.
fn words_of_html(html: &str) -> Vec<String> {
    let mut text = String::new();
    let mut hidden = 0_usize;
    let mut emitter = html5gum::DefaultEmitter::default();
    emitter.naively_switch_states(true);
    for Ok(token) in html5gum::Tokenizer::new_with_emitter(html, emitter) {
        let skips = |name: &[u8]| matches!(name, b"sup" | b"script" | b"style");
        match token {
            html5gum::Token::StartTag(tag) if skips(&tag.name) => hidden += 1,
            html5gum::Token::EndTag(tag) if skips(&tag.name) => hidden = hidden.saturating_sub(1),
            html5gum::Token::String(s) if hidden == 0 => {
                text.push_str(&String::from_utf8_lossy(&s))
            }
            html5gum::Token::String(_) | html5gum::Token::Error(_) => {}
            _ => text.push(' '),
        }
    }
    words(&text)
}

fn words(text: &str) -> Vec<String> {
    super::decode::clean(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn commonmark_examples() {
    let Some(root) = shared("commonmark_cases") else {
        return;
    };
    // Not enabled here, so that the source text stays: TeX, wiki links, super- and subscript, smart
    // quotes, the older footnotes, metadata inside the text.
    let not_enabled = ["math", "wikilinks", "super_sub", "old_footnotes", "metadata_blocks"];
    let (mut seen, mut failures) = (0, Vec::new());
    for case in lines(root.join("examples.jsonl")) {
        let suite = case["suite"].as_str().unwrap();
        // A comment behind heading attributes is taken out before, so that the attributes count.
        if not_enabled.contains(&suite) || case["_id"] == "heading_attrs_test_14" {
            continue;
        }
        seen += 1;
        let markdown = plain_markdown(case["markdown"].as_str().unwrap());
        let mut text = String::new();
        for item in markdown::read(&markdown) {
            match item {
                Item::Heading { text: t, .. } => text.push_str(&t),
                Item::Block(block) => text.push_str(&block.text),
            }
            text.push('\n');
        }
        let all = words(&text).concat();
        let missing: Vec<String> = words_of_html(case["html"].as_str().unwrap())
            .into_iter()
            .filter(|w| !all.contains(w.as_str()))
            .collect();
        if !missing.is_empty() {
            failures.push(format!("{}: {missing:?}", case["_id"]));
        }
    }
    assert!(seen > 900, "{seen}");
    assert!(failures.is_empty(), "{} of {seen}: {failures:#?}", failures.len());
}
