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

mod hostile;
mod sets;

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
