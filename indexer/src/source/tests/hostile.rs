//! Broken and hostile input: every shape ends, in linear time, without losing what is readable.

use super::*;

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
