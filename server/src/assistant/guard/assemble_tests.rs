//! Tests of the assembler: what comes out, and that splits change nothing.

use proptest::prelude::*;

use super::*;

fn locale(tag: &str) -> Locale {
    Locale::parse(tag).unwrap()
}

fn whole(text: &str, tag: &str) -> Vec<Draft> {
    let mut assembler = Assembler::new(&locale(tag));
    let mut out = assembler.push(text);
    out.extend(assembler.finish());
    out
}

fn texts(text: &str, tag: &str) -> Vec<String> {
    whole(text, tag).into_iter().map(|d| d.text).collect()
}

const ANSWER: &str = "You can return it within 60 days [1]. It is free in Latvia. [1][2] Prices, e.g. \
    €2.90, are below:\n\n- Locker: €2.90 [2]\n- Courier: €5.90. It takes longer [2]\n1. Sign in.\n2. Pay \
    at 14.30 on 5 May!\n\n| Zone | Price |\n|---|---|\n| 1 | €2.90 |\n\n## More\n```\nlet x = 1.\n```\nČau \
    ķēniņ! See shop.example/a.b?c=d for more";

#[test]
fn markers_stay_with_their_sentence() {
    assert_eq!(
        texts("It is free [1]. It is fast. [2][3] It is here", "en"),
        ["It is free [1].", "It is fast. [2][3]", "It is here"]
    );
    assert_eq!(
        texts("[1] It is free. [2] It is fast.", "en"),
        ["[1] It is free.", "[2] It is fast."]
    );
    assert_eq!(
        texts("Bis 5. Mai gültig [1]. Danach nicht.", "de"),
        ["Bis 5. Mai gültig [1].", "Danach nicht."]
    );
}

#[test]
fn lines_are_cut_by_their_kind() {
    let kinds: Vec<(DraftKind, String)> =
        whole(ANSWER, "en").into_iter().map(|d| (d.kind, d.text)).collect();
    use DraftKind::{Code, Heading, Item, Row, Sentence};
    let want = [
        (Sentence, "You can return it within 60 days [1]."),
        (Sentence, "It is free in Latvia. [1][2]"),
        (Sentence, "Prices, e.g. €2.90, are below:"),
        (Item, "- Locker: €2.90 [2]"),
        (Item, "- Courier: €5.90."),
        (Sentence, "It takes longer [2]"),
        (Item, "1. Sign in."),
        (Item, "2. Pay at 14.30 on 5 May!"),
        (Row, "| Zone | Price |"),
        (Row, "| 1 | €2.90 |"),
        (Heading, "## More"),
        (Code, "```\nlet x = 1.\n```"),
        (Sentence, "Čau ķēniņ!"),
        (Sentence, "See shop.example/a.b?c=d for more"),
    ];
    let want: Vec<(DraftKind, String)> = want.map(|(k, t)| (k, t.to_owned())).to_vec();
    assert_eq!(kinds, want);
}

#[test]
fn a_sentence_is_released_when_the_next_has_begun() {
    let mut assembler = Assembler::new(&locale("en"));
    assert!(assembler.push("It is free. [1").is_empty());
    assert!(assembler.push("] It ").iter().map(|d| d.text.as_str()).eq(["It is free. [1]"]));
    assert!(assembler.push("is fast.\n\n").iter().map(|d| d.text.as_str()).eq(["It is fast."]));
    assert!(assembler.finish().is_empty());
}

#[test]
fn what_follows_code_is_no_code() {
    let kinds =
        |text: &str| -> Vec<DraftKind> { whole(text, "en").into_iter().map(|d| d.kind).collect() };
    use DraftKind::{Code, Sentence};
    assert_eq!(kinds("```curl x```\nIt is free."), [Code, Sentence]);
    assert_eq!(kinds("```\ncurl x\n```\nIt is free."), [Code, Sentence]);
    let long = format!("```\n{}```\nIt is free.", "curl x\n".repeat(600));
    let kinds = kinds(&long);
    let (last, code) = kinds.split_last().unwrap();
    assert_eq!(*last, Sentence);
    assert!(code.iter().all(|kind| *kind == Code) && code.len() >= 2);
}

#[test]
fn hostile_streams_are_bounded() {
    for text in
        ["a".repeat(100_000), "a. ".repeat(20_000), "[".repeat(50_000), "```\n".repeat(10_000)]
    {
        for draft in whole(&text, "en") {
            assert!(draft.text.len() <= LONGEST + 4);
        }
    }
    let mut assembler = Assembler::new(&locale("en"));
    let mut out = assembler.push_bytes(&[b'a', 0xff, b'b', 0xc4]);
    out.extend(assembler.finish());
    assert_eq!(out[0].text, "a\u{fffd}b\u{fffd}");
}

proptest! {
    #[test]
    fn any_split_gives_the_same_sentences(
        text in prop_oneof![Just(ANSWER.to_owned()), "[a-zA-Zā \\[\\]0-9.!?\n|`*-]{0,200}", "\\PC{0,120}"],
        cuts in proptest::collection::vec(1_usize..9, 1..60),
    ) {
        let want = whole(&text, "en");
        let mut assembler = Assembler::new(&locale("en"));
        let mut got = Vec::new();
        let mut rest = text.as_bytes();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (piece, tail) = rest.split_at((*cut).min(rest.len()));
            got.extend(assembler.push_bytes(piece));
            rest = tail;
        }
        got.extend(assembler.finish());
        prop_assert_eq!(got, want);
    }

    #[test]
    fn nothing_is_lost(text in "[a-zA-Z \\[\\]0-9.!?\n]{0,200}") {
        let letters = |t: &str| t.chars().filter(|c| c.is_alphabetic()).collect::<String>();
        let out: String = texts(&text, "en").concat();
        prop_assert_eq!(letters(&out), letters(&text));
    }
}
