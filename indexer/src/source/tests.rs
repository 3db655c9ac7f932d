//! The promises of this module as a whole: representative articles as snapshots, arbitrary Markdown,
//! hostile sizes, and the two public sets of odd files where they lie beside the project.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value;

use super::blocks::Item;
use super::document::plain_markdown;
use super::*;
use crate::model::{Audience, DocPath, Document, DocumentMeta, Locale, UnitKind};

fn parse(path: &str, text: &str) -> Document {
    let document =
        parse_document(&DocPath::new(path), text.as_bytes(), &SourceRules::default()).unwrap();
    check(&document);
    document
}

/// What holds of every document.
fn check(document: &Document) {
    for (i, passage) in document.passages.iter().enumerate() {
        assert_eq!(passage.ordinal as usize, i);
        let text = passage.text.as_str();
        assert_eq!(text.trim_end(), text);
        assert!(!text.trim().is_empty());
        assert!(text.chars().count() <= 4_400, "{} characters", text.chars().count());
        let (mut end, mut block) = (0_usize, 0);
        for unit in &passage.units {
            let (from, to) = (unit.range.start as usize, unit.range.end as usize);
            assert!(from >= end && to > from, "{unit:?}");
            assert!(text.is_char_boundary(from) && text.is_char_boundary(to));
            assert!(text[end..from].trim().is_empty(), "left out: {:?}", &text[end..from]);
            assert!(unit.block >= block);
            if let Some(header) = &unit.header {
                assert_eq!(unit.kind, UnitKind::Row);
                assert!(text[header.start as usize..header.end as usize].starts_with("| "));
            }
            (end, block) = (to, unit.block);
        }
        assert!(text[end..].trim().is_empty(), "left out: {:?}", &text[end..]);
    }
}

/// All text of a document that a reader of the page sees.
fn visible(document: &Document) -> String {
    let mut out = document.meta.title.clone();
    for passage in &document.passages {
        out.push('\n');
        out.push_str(&passage.heading_path.join("\n"));
        out.push('\n');
        out.push_str(&passage.text);
    }
    out
}

fn render(document: &Document) -> String {
    let mut out = format!("{:#?}\nwarnings: {:#?}\n", document.meta, document.warnings);
    for p in &document.passages {
        writeln!(out, "\n=== {} #{} {:?}\n{}\n---", p.ordinal, p.anchor, p.heading_path, p.text)
            .unwrap();
        for unit in &p.units {
            let first: String = unit.text(&p.text).chars().take(40).collect();
            let header = unit.header.as_ref().map_or("", |_| " (header)");
            writeln!(out, "{} {:?}{header} {first:?}", unit.block, unit.kind).unwrap();
        }
    }
    out
}

#[test]
fn an_article_with_everything() {
    let article = r#"---
title: "Returns: how & when"
lang: en
tags: [returns, refunds]
audience: public
valid_from: 2026-01-01
sidebar_position: 4
---

import Tabs from "@theme/Tabs";

# Returns

You can return **any** article within 30 days. Shipping costs 4.90 EUR; see [our page](https://shop.example/r).
Write to <help@shop.example>.

> [!NOTE]
> Sale items are final.

## How to return {#how}

Follow these steps:

1. Open *My orders*.
2. Choose the article:
   - only unused
   - with the label

   It takes a minute.
3. Print the label with `print --label`.

   ```sh
   print --label
   ```
4. Bring it to the shop.

- [x] paid
- [ ] sent

:::tip Faster
Use the app {{ site.app_name }} today.
:::

## Fees

| Country | Fee |
|---------|----:|
| Latvia  | 0 € |
| Spain \| Portugal | 4.90 € |

<details><summary>Is it free?</summary>

Only in Latvia.<br>Elsewhere <b>not</b>.

</details>

## Fees

{% note %}
Same name, second time. Footnotes[^1] too.
{% endnote %}

[^1]: A footnote.

Term
: Its meaning.

### Empty heading

## Last
<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>x<br>y</td></tr></table>
"#;
    insta::assert_snapshot!(render(&parse("help/en/returns.mdx", article)));
}

#[test]
fn a_policy_without_front_matter() {
    let policy = "Pirms virsraksta.\n\n# Privātuma politika\n\nMēs glabājam datus 30 dienas. \
                  Pēc tam tie tiek dzēsti, un jūs saņemat par to paziņojumu uz savu e-pasta adresi.\n\n\
                  Termiņi\n-------\n\n* konts\n    * rēķini: 5 gadi\n* sarakste\n\n    indented code\n";
    insta::assert_snapshot!(render(&parse("policies/lv/privacy-policy.md", policy)));
}

#[test]
fn long_sections_are_cut_evenly_between_paragraphs() {
    let paragraph = "This sentence has exactly eight words in it. ".repeat(10);
    let body = format!("# T\n\n{}", format!("{}\n\n", paragraph.trim()).repeat(8));
    let document = parse("a.md", &body);
    let words: Vec<usize> = document.passages.iter().map(|p| split::count_words(&p.text)).collect();
    assert_eq!(words, [240, 240, 160]);
    let one = parse("a.md", &"This sentence has exactly eight words in it. ".repeat(80));
    assert!(one.passages.iter().all(|p| p.text.ends_with("in it.")));
    let words: Vec<usize> = one.passages.iter().map(|p| split::count_words(&p.text)).collect();
    assert!(words.iter().all(|w| (150..=250).contains(w)), "{words:?}");
}

#[test]
fn an_introduction_stays_with_its_list() {
    let filler = "word ".repeat(195);
    let item = "entry ".repeat(30);
    let body =
        format!("{filler}\n\nYou need the following things:\n\n- {item}\n- {item}\n- {item}\n");
    let document = parse("a.md", &body);
    assert_eq!(document.passages.len(), 2);
    assert!(document.passages[1].text.starts_with("You need the following things:\n\n- entry"));
    let long = "entry ".repeat(240);
    let document = parse(
        "a.md",
        &format!("{filler}\n\nYou need the following things here:\n\n1. {long}\n2. x\n"),
    );
    assert!(
        document.passages[1].text.starts_with("You need the following things here:\n\n1. entry")
    );
}

#[test]
fn long_tables_repeat_their_header_and_wide_ones_are_cut() {
    let rows: String = (0..300).map(|i| format!("| SKU{i} | {i} EUR |\n")).collect();
    let document = parse("a.md", &format!("| Article | Price |\n|---|---|\n{rows}"));
    assert!(document.passages.len() > 2);
    for passage in &document.passages {
        assert!(passage.text.starts_with("| Article | Price |\n| SKU"));
        let rows = passage.units.iter().filter(|u| u.kind == UnitKind::Row);
        assert!(rows.clone().count() > 10);
        assert!(rows.clone().all(|u| u.header == Some(0..19)));
    }
    let header: String = (0..300).map(|i| format!("| column{i} ")).collect();
    let row: String = (0..300).map(|i| format!("| value{i} ")).collect();
    let wide = parse("a.md", &format!("{header}|\n{}|\n{row}|\n", "|---".repeat(300)));
    let last = wide.passages.last().unwrap();
    assert!(
        last.text.contains("| column0 |") && last.text.contains("| value299 |"),
        "{}",
        last.text
    );
}

#[test]
fn titles_locales_and_rules() {
    assert_eq!(parse("x/opening-hours.md", "text").meta.title, "Opening hours");
    assert_eq!(parse("x/a.md", "## B\n\n# Title *here*\n\ntext").meta.title, "Title here");
    assert_eq!(parse("x/a.lv.md", "text").meta.locale.as_str(), "lv");
    assert_eq!(parse("x/a.lv.md", "text").meta.slug, "a");
    assert_eq!(parse("de/a.md", "---\nlocale: fr\n---\ntext").meta.locale.as_str(), "fr");
    let rules = SourceRules {
        audience: vec![AudienceRule {
            path: None,
            title: Some("Internal:*".to_owned()),
            audience: Audience::Internal,
        }],
        ..SourceRules::default()
    };
    let audience = |text: &str| {
        let d = parse_document(&DocPath::new("a.md"), text.as_bytes(), &rules).unwrap();
        (d.meta.audience, d.warnings.len())
    };
    assert_eq!(audience("# Internal: fees\n\ntext"), (Audience::Internal, 0));
    assert_eq!(
        audience("---\naudience: public\n---\n# Internal: fees\n\ntext"),
        (Audience::Internal, 1)
    );
    assert_eq!(audience("---\naudience: customer\n---\n# Fees\n\ntext"), (Audience::Customer, 0));
    assert_eq!(audience("# Fees\n\ntext"), (Audience::Public, 0));
}

#[test]
fn hidden_text_stays_hidden() {
    let document = parse(
        "a.md",
        "# T\n\nseen <script>bad1</script> too\n\n<div><style>\nbad2\n</style>\nshown</div>\n\n<!-- bad3\n\nbad4 -->\n\n![picture text](data:image/png;base64,AAAA) tail <span>in</span>\n\n<script>\nbad5\n\nbad6\n</script>\n\nend\n\n<!-- bad7",
    );
    let text = visible(&document);
    assert!(!text.contains("bad"), "{text}");
    for word in ["seen", "too", "shown", "picture text", "tail", "in", "end"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    assert!(document.warnings[0].contains("never closed"), "{:?}", document.warnings);
    assert!(!document.body.contains("bad3"));
}

#[test]
fn a_text_with_known_metadata_is_cut_like_a_file() {
    let file = parse("a.md", "# Title\n\n## Part\n\nSome text. And more.\n");
    let made = document_from_text(
        DocPath::new("a.md"),
        file.meta.clone(),
        "# Title\n\n## Part\n\nSome text. And more.\n",
    );
    assert_eq!(file.passages, made.passages);
    assert_eq!(file.content_hash, made.content_hash);
    assert_eq!(file.passages[0].heading_path, ["Part"]);
}

#[test]
fn sizes_and_binary_files_are_refused_with_a_sentence() {
    let rules = SourceRules { max_file_bytes: 4, ..SourceRules::default() };
    let error = parse_document(&DocPath::new("a.md"), b"12345", &rules).unwrap_err();
    assert_eq!(error, SkipReason::TooLarge { bytes: 5, limit: 4 });
    assert!(error.to_string().contains("max_file_bytes"));
    let error = parse_document(&DocPath::new("a.md"), b"\x1f\x8b\x08", &SourceRules::default());
    assert!(error.unwrap_err().to_string().contains("gzip"));
    let missing =
        SourceFile { path: DocPath::new("a.md"), absolute: "/does/not/exist.md".into(), bytes: 1 };
    let error = read_document(&missing, &SourceRules::default()).unwrap_err();
    assert!(matches!(error, SkipReason::Unreadable { .. }), "{error}");
}

#[test]
fn hostile_shapes_end() {
    let mib = 1 << 20;
    let deep_list: String = (0..400).map(|i| format!("{}- item{i}\n", "  ".repeat(i))).collect();
    let wide_row = "| v ".repeat(300);
    let shapes: Vec<(&str, String, &str)> = vec![
        ("quotes", format!("{} needle", ">".repeat(10_000)), "needle"),
        ("brackets", format!("needle {}", "[".repeat(20_000)), "needle"),
        ("link bombs", format!("needle {}", "[a](".repeat(20_000)), "needle"),
        ("emphasis", format!("needle {}", "*a **a ".repeat(20_000)), "needle"),
        ("underscores", format!("needle {}", "_a __a ".repeat(20_000)), "needle"),
        (
            "backticks",
            (1..1_000).map(|n| "`".repeat(n) + " x ").collect::<String>() + " needle",
            "needle",
        ),
        ("list", deep_list, "item399"),
        ("word", format!("needle {}", "x".repeat(300_000)), "needle"),
        ("line", format!("{} needle", "some words. ".repeat(10 * mib / 12)), "needle"),
        ("no sentence", format!("{} needle", "word ".repeat(2 * mib / 5)), "needle"),
        (
            "data",
            format!(
                "needle ![a](data:image/png;base64,{}) data:x;base64,{}",
                "QUJD".repeat(40_000),
                "QUJD".repeat(40_000)
            ),
            "needle",
        ),
        (
            "wide table",
            format!(
                "{wide_row}|\n{}|\n{}needle\n",
                "|---".repeat(300),
                format!("{wide_row}|\n").repeat(40)
            ),
            "needle",
        ),
        (
            "long table",
            format!(
                "|a|b|\n|-|-|\n{}",
                (0..6_000).map(|i| format!("|SKU{i}|{i}|\n")).collect::<String>()
            ),
            "SKU3500",
        ),
        (
            "padding",
            format!("{}|\n{}|\n{}", "|a".repeat(5_000), "|-".repeat(5_000), "|b\n".repeat(20_000)),
            "b",
        ),
        ("headings", "# same\n\ntext\n\n".repeat(20_000) + "needle", "needle"),
        ("long heading", format!("# {}\n\nneedle", "x ".repeat(mib)), "needle"),
        ("html", "<div><ul><li><table><tr><td>".repeat(20_000) + "needle", "needle"),
        (
            "footnotes",
            (0..20_000).map(|i| format!("[^{i}]: a{i}\n\n")).collect::<String>() + "needle",
            "needle",
        ),
        ("definitions", "[a]: b\n".repeat(50_000) + "\nneedle", "needle"),
        ("entities", format!("needle {}", "&amp;&#".repeat(50_000)), "needle"),
        ("admonitions", "!!! note\n    ".repeat(5_000) + "\n\nneedle", "needle"),
    ];
    for (name, text, needle) in shapes {
        let started = std::time::Instant::now();
        let document = parse("a.md", &text);
        println!(
            "{name}: {} bytes, {} passages, {:?}",
            text.len(),
            document.passages.len(),
            started.elapsed()
        );
        assert!(visible(&document).contains(needle), "{name}");
        assert!(!visible(&document).contains("QUJDQUJDQUJD"), "{name}");
    }
}

#[test]
fn fifty_megabytes_end() {
    let section = format!(
        "## Section\n\n{}\n\n- a\n- b\n\n",
        "Plain words stand here, one after the other. ".repeat(20)
    );
    let text = section.repeat(50 * (1 << 20) / section.len());
    let started = std::time::Instant::now();
    let document =
        parse_document(&DocPath::new("a.md"), text.as_bytes(), &SourceRules::default()).unwrap();
    println!("50 MiB: {} passages, {:?}", document.passages.len(), started.elapsed());
    assert_eq!(document.passages.len(), text.len() / section.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_gives_a_sound_document(text in "(\\PC|[ \n\t#*_`>|\\-\\[\\]()<>{}%!:~+0-9.]|\n\n|```|\\{%|<!--|</?[a-zA-Z]{1,6}>|- |1\\. ){0,200}") {
        let first = parse_document(&DocPath::new("a.md"), text.as_bytes(), &SourceRules::default());
        let second = parse_document(&DocPath::new("a.md"), text.as_bytes(), &SourceRules::default());
        prop_assert_eq!(&first, &second);
        if let Ok(document) = first {
            check(&document);
        }
    }

    #[test]
    fn any_bytes_give_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(document) = parse_document(&DocPath::new("a.md"), &bytes, &SourceRules::default()) {
            check(&document);
        }
    }

    #[test]
    fn no_word_of_a_paragraph_item_or_cell_is_lost(
        blocks in prop::collection::vec((0..4_usize, prop::collection::vec("[a-zāšž]{1,12}[.,!?]?", 1..120)), 1..12)
    ) {
        let mut body = String::from("# Heading\n\n");
        for (kind, words) in &blocks {
            let line = words.join(" ");
            match kind {
                0 => writeln!(body, "{line}\n").unwrap(),
                1 => writeln!(body, "- {line}\n- {line}\n\n<!-- -->\n").unwrap(),
                2 => writeln!(body, "1. {line}\n2. {line}\n\n## Next\n").unwrap(),
                _ => writeln!(body, "| {line} | b |\n|---|---|\n| c | {line} |\n").unwrap(),
            }
        }
        let document = parse("a.md", &body);
        let count = |text: &str| {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for word in text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
                *counts.entry(word.to_owned()).or_default() += 1;
            }
            counts
        };
        let found = count(&document.passages.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join("\n"));
        for (_, words) in &blocks {
            for (word, n) in count(&words.join(" ")) {
                prop_assert!(found.get(&word).is_some_and(|f| *f >= n), "{word} is missing");
            }
        }
    }
}

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
    let found = walk(&root, &rules);
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

#[test]
fn metadata_of_a_corpus_record() {
    let meta = DocumentMeta {
        title: "Record".to_owned(),
        description: None,
        slug: "record".to_owned(),
        locale: Locale::undetermined(),
        tags: Vec::new(),
        product: None,
        audience: Audience::Public,
        draft: false,
        last_updated: None,
        valid_from: None,
        valid_until: None,
        canonical_url: None,
    };
    let document =
        document_from_text(DocPath::new("r"), meta.clone(), "One. Two\u{0}.\r\n\r\nThree");
    check(&document);
    assert_eq!(document.meta, meta);
    assert_eq!(document.passages[0].text, "One. Two.\n\nThree");
}
