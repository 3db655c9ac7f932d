//! The guard on written sentences: faithful ones leave, mutated ones do not.
//!
//! Each block of a table names a passage of `table/kb`, a frozen copy of sample articles; a line with
//! `+` is a faithful paraphrase, a line with `kind|` a lie. Wrong markers and sentences in another
//! language are made from the faithful ones. `first.txt` was used to choose the settings, `second.txt`
//! and `third.txt` were written unseen, measured, and then used to correct the rules. `fourth.txt` has
//! freer paraphrases, and lies that differ from the truth by a word or two; no rule was made for it, and it
//! is what likeness in meaning is measured on. `fifth.txt` is what a chat model would write from articles of strangers
//! (`tests/bases`), and what it might make up, by people who knew no rule; its floors are where the guard stands.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexer::embed::{Embedder, EmbedderSettings, FastEmbedder, input};
use indexer::model::{DocPath, Document, Locale};
use indexer::source::{SourceRules, parse_document};

use super::*;

const FIRST: &str = include_str!("table/first.txt");
const SECOND: &str = include_str!("table/second.txt");
const THIRD: &str = include_str!("table/third.txt");
const FOURTH: &str = include_str!("table/fourth.txt");
const FIFTH: &str = include_str!("table/fifth.txt");

/// Kinds of lies whose wrong part is a literal.
const LITERAL: &[&str] = &["number", "unit", "url", "code", "weekday"];

struct Case {
    kind: String,
    text: String,
    place: usize,
}

struct Block {
    locale: Locale,
    path: String,
    anchor: String,
}

fn parse(table: &str) -> (Vec<Block>, Vec<Case>) {
    let (mut blocks, mut cases) = (Vec::new(), Vec::new());
    for line in table.lines().filter(|l| !l.trim().is_empty()) {
        if let Some(head) = line.strip_prefix("@ ") {
            let parts: Vec<&str> = head.split(' ').collect();
            blocks.push(Block {
                locale: Locale::parse(parts[0]).unwrap(),
                path: parts[1].to_owned(),
                anchor: parts[2].trim_start_matches('#').to_owned(),
            });
        } else {
            let place = blocks.len() - 1;
            let (kind, text) = match line.strip_prefix("+ ") {
                Some(text) => ("faithful", text),
                None => line.split_once("| ").unwrap(),
            };
            cases.push(Case { kind: kind.to_owned(), text: text.to_owned(), place });
        }
    }
    (blocks, cases)
}

fn document(path: &str) -> Document {
    let server = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let file = match path.split_once('/') {
        Some((base @ ("ledgerly" | "northline" | "talwerk"), rest)) => {
            server.join("../tests/bases").join(base).join("kb").join(rest)
        }
        _ => server.join("src/assistant/guard/table/kb").join(path),
    };
    let bytes = fs_err::read(file).unwrap();
    parse_document(&DocPath::new(path), &bytes, &SourceRules::default()).unwrap()
}

/// The block's passage as number 1 and five others of its document and of one more.
fn given<'a>(block: &Block, documents: &'a BTreeMap<String, Document>) -> Vec<Given<'a>> {
    let own = &documents[&block.path];
    let matches = |anchor: &str| anchor == block.anchor;
    let target = own
        .passages
        .iter()
        .position(|p| matches(&p.anchor))
        .unwrap_or_else(|| panic!("{} has no #{}", block.path, block.anchor));
    let mut list: Vec<(&Document, usize)> = vec![(own, target)];
    list.extend((0..own.passages.len()).filter(|i| *i != target).map(|i| (own, i)));
    let other = documents
        .iter()
        .find(|(path, d)| **path != block.path && d.meta.locale == own.meta.locale)
        .map(|(_, d)| d);
    list.extend(other.into_iter().flat_map(|d| (0..d.passages.len()).map(move |i| (d, i))));
    list.truncate(6);
    list.iter()
        .enumerate()
        .map(|(n, (d, i))| Given {
            number: n as u32 + 1,
            title: &d.meta.title,
            heading_path: &d.passages[*i].heading_path,
            text: &d.passages[*i].text,
            units: &d.passages[*i].units,
            locale: &d.meta.locale,
        })
        .collect()
}

#[derive(Default, Debug)]
struct Figures {
    literal: (usize, usize),
    other: (usize, usize),
    faithful: (usize, usize),
}

/// Likeness by the bundled model, as the assistant measures it.
struct Meaning {
    runtime: tokio::runtime::Runtime,
    embedder: FastEmbedder,
}

impl Meaning {
    fn new() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let embedder = runtime.block_on(FastEmbedder::start(EmbedderSettings::default())).unwrap();
        Self { runtime, embedder }
    }

    fn vector(&self, text: &str, locale: &Locale) -> Vec<f32> {
        let text = input(&self.embedder, locale, text);
        self.runtime.block_on(self.embedder.embed_query(&text)).unwrap()
    }

    fn likeness(&self, doubt: &Doubt, locale: &Locale) -> f32 {
        let claim = self.vector(&doubt.claim, locale);
        let source = self.vector(&doubt.source, &Locale::parse(&doubt.language).unwrap());
        claim.iter().zip(&source).map(|(x, y)| x * y).sum()
    }
}

fn run(table: &str) -> Figures {
    run_with(table, None)
}

fn run_with(table: &str, meaning: Option<&Meaning>) -> Figures {
    let (blocks, cases) = parse(table);
    let documents: BTreeMap<String, Document> =
        blocks.iter().map(|b| (b.path.clone(), document(&b.path))).collect();
    let settings = GuardSettings::default();
    let protected = Protected::default();
    let guards: Vec<Guard<'_>> = blocks
        .iter()
        .map(|b| Guard::new(&settings, &protected, &given(b, &documents), &b.locale))
        .collect();
    let mut figures = Figures::default();
    let mut count = |kind: &str, place: usize, raw: &str| {
        let (mut verdict, doubt) = guards[place].judge(raw);
        if let (Some(meaning), Some(doubt)) = (meaning, doubt)
            && meaning.likeness(&doubt, &blocks[place].locale) >= BUNDLED_LIKENESS
        {
            verdict = guards[place].check_alike(raw);
        }
        let withheld = matches!(verdict, Verdict::Withhold(_));
        let slot = match kind {
            "faithful" => &mut figures.faithful,
            k if LITERAL.contains(&k) => &mut figures.literal,
            _ => &mut figures.other,
        };
        slot.1 += 1;
        slot.0 += usize::from(withheld);
        if withheld == (kind == "faithful") {
            println!("{kind}: {raw} -> {verdict:?}");
        }
    };
    let stem = |text: &str, marker: &str| {
        let end = text.trim_end_matches('.');
        format!("{end} [{marker}].")
    };
    for case in &cases {
        count(&case.kind, case.place, &stem(&case.text, "1"));
    }
    let faithful: Vec<&Case> = cases.iter().filter(|c| c.kind == "faithful").collect();
    for (i, case) in faithful.iter().enumerate() {
        let wrong = if i % 5 == 4 { "17" } else { ["2", "3", "4", "5"][i % 5] };
        count("wrong marker", case.place, &stem(&case.text, wrong));
        let foreign = blocks.iter().position(|b| b.locale != blocks[case.place].locale);
        if let Some(place) = foreign.filter(|_| i % 2 == 0) {
            count("other language", place, &stem(&case.text, "1"));
        }
    }
    figures
}

fn share((part, all): (usize, usize)) -> f64 {
    part as f64 / all.max(1) as f64
}

fn judge(name: &str, figures: &Figures) {
    println!(
        "{name}: literal mutations withheld {:?} {:.3}, others {:?} {:.3}, faithful withheld {:?} {:.3}",
        figures.literal,
        share(figures.literal),
        figures.other,
        share(figures.other),
        figures.faithful,
        share(figures.faithful)
    );
    assert!(share(figures.literal) >= 0.99, "{name}: a wrong literal leaves");
    assert!(share(figures.other) >= 0.9, "{name}: lies leave");
    assert!(share(figures.faithful) <= 0.03, "{name}: faithful sentences are withheld");
}

#[test]
fn lies_of_the_first_table_are_withheld_and_paraphrases_leave() {
    judge("first", &run(FIRST));
}

#[test]
fn lies_of_the_second_table_are_withheld_and_paraphrases_leave() {
    judge("second", &run(SECOND));
}

#[test]
fn lies_of_the_third_table_are_withheld_and_paraphrases_leave() {
    judge("third", &run(THIRD));
}

#[test]
fn likeness_releases_free_paraphrases_and_no_lies() {
    let meaning = Meaning::new();
    for (name, table) in [("first", FIRST), ("second", SECOND), ("third", THIRD)] {
        judge(name, &run_with(table, Some(&meaning)));
    }
    let (words, both) = (run(FOURTH), run_with(FOURTH, Some(&meaning)));
    println!("fourth: by words {words:?}, with likeness {both:?}");
    assert!(share(both.literal) >= 0.99 && share(both.other) >= 0.8);
    assert_eq!(both.other, words.other, "likeness lets lies pass");
    assert!(both.faithful.0 < words.faithful.0, "likeness brings nothing");
}

#[test]
fn lies_about_articles_of_strangers_are_rare() {
    let figures = run(FIFTH);
    println!("fifth: {figures:?}");
    assert!(share(figures.literal) >= 0.97, "a wrong literal leaves");
    assert!(share(figures.other) >= 0.85, "lies leave");
    assert!(share(figures.faithful) <= 0.39, "faithful sentences are withheld");
}
