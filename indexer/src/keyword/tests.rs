//! What the keyword index promises: filters, codes, languages, crashes, hostile questions.

use jiff::civil::{Date, date};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::language::TermKind;
use crate::model::{Audience, DocPath, DocumentMeta, Locale, Passage};

const TODAY: Date = date(2026, 6, 15);

fn meta(tag: &str, title: &str) -> DocumentMeta {
    DocumentMeta {
        title: title.to_owned(),
        description: None,
        slug: title.to_lowercase(),
        locale: Locale::parse(tag).unwrap(),
        tags: Vec::new(),
        product: None,
        audience: Audience::Public,
        draft: false,
        last_updated: None,
        valid_from: None,
        valid_until: None,
        canonical_url: None,
    }
}

struct Base {
    dir: TempDir,
    index: KeywordIndex,
    names: Vec<(PassageId, String)>,
    generation: u64,
}

impl Base {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let index = open(dir.path()).unwrap();
        Self { dir, index, names: Vec::new(), generation: 0 }
    }

    fn of(passages: &[(&str, &str, &str)]) -> Self {
        let mut base = Self::new();
        for (tag, title, text) in passages {
            base.add(&meta(tag, title), text);
        }
        base.commit();
        base
    }

    fn add(&mut self, meta: &DocumentMeta, text: &str) -> PassageId {
        let passage = Passage {
            ordinal: u32::try_from(self.names.len()).unwrap(),
            anchor: String::new(),
            heading_path: Vec::new(),
            text: text.to_owned(),
            units: Vec::new(),
        };
        let id = passage.id(&DocPath::new("a.md"), meta);
        self.index.add(&[KeywordPassage { id, meta, passage: &passage }]).unwrap();
        self.names.push((id, meta.title.clone()));
        id
    }

    fn commit(&mut self) {
        self.generation += 1;
        self.index.commit(Generation(self.generation)).unwrap();
    }

    fn hits(&self, tag: &str, text: &str) -> KeywordHits {
        self.hits_after(tag, text, &[])
    }

    fn hits_after(&self, tag: &str, text: &str, earlier: &[(&str, f32)]) -> KeywordHits {
        let query = KeywordQuery {
            text: text.to_owned(),
            locale: Locale::parse(tag).unwrap(),
            earlier: earlier.iter().map(|(said, share)| ((*said).to_owned(), *share)).collect(),
        };
        self.index.search(&query, &Filter::public(TODAY), 10).unwrap()
    }

    fn titles(&self, tag: &str, text: &str) -> Vec<&str> {
        self.hits(tag, text)
            .hits
            .iter()
            .map(|hit| {
                let named = self.names.iter().find(|(id, _)| *id == hit.id);
                named.map_or("?", |(_, title)| title.as_str())
            })
            .collect()
    }
}

fn open(dir: &Path) -> Result<KeywordIndex, KeywordError> {
    KeywordIndex::open_or_create(dir, &KeywordSettings::default())
}

fn shop() -> Base {
    Base::of(&[
        ("en", "Returns", "You can return an item within a 14-day window. See OZ-TENT-210."),
        ("en", "Shipping", "Shipping costs 2,99 EUR. Orders above 1 000 EUR ship free."),
        ("en", "Payment errors", "Error E-PAY-07 means that the bank refused. Update to v2.3.1."),
        ("en", "Charging", "The lamp charges over USB-C. Ask help@ozols.example."),
        ("lv", "Piegādes cena", "Piegāde maksā 2,99 eiro. Piegādes laiks ir divas dienas."),
        (
            "lv",
            "Atgriešana",
            "Preci var atgriezt četrpadsmit dienu laikā. Biļešu atgriešana nav iespējama.",
        ),
        ("de", "Rückgabe", "Die Rückgabe größerer Artikel ist kostenlos."),
        ("zh", "退货", "您可以在十四天内退货。"),
    ])
}

#[test]
fn what_was_said_before_is_searched_and_counts_less_than_the_question() {
    let base = Base::of(&[
        ("en", "Tents", "A tent is delivered to Riga."),
        ("en", "Lamps", "A lamp is delivered to Tallinn."),
    ]);
    let after = |share| base.hits_after("en", "and the lamp?", &[("Where is my tent?", share)]);
    let scores = |share| after(share).hits.iter().map(|h| h.score).collect::<Vec<_>>();
    let (weak, strong) = (scores(0.2), scores(0.5));
    assert_eq!((weak.len(), base.titles("en", "and the lamp?")), (2, vec!["Lamps"]));
    assert!((weak[0] - strong[0]).abs() < 1e-6, "the question's own passage stays the best");
    assert!(weak[1] < strong[1] && strong[1] < strong[0]);
    let terms: Vec<(String, f32)> =
        after(0.5).terms.into_iter().map(|t| (t.text, t.share)).collect();
    assert_eq!(terms, [("lamp".to_owned(), 1.0), ("tent".to_owned(), 0.5)]);
    let same = base.hits_after("en", "lamp", &[("lamp", 0.5)]);
    assert_eq!(same.terms.len(), 1, "a word that is asked for again is the question's");
}

#[test]
fn words_are_found_in_their_language() {
    let base = shop();
    assert_eq!(base.titles("en", "how do I return items")[0], "Returns");
    assert_eq!(base.titles("lv", "cik maksā piegāde?")[0], "Piegādes cena");
    assert_eq!(base.titles("lv", "cik maksa piegade")[0], "Piegādes cena");
    assert_eq!(base.titles("lv", "vai var atgriezt bileti")[0], "Atgriešana");
    assert_eq!(base.titles("de", "rückgabe")[0], "Rückgabe");
    assert_eq!(base.titles("de", "rueckgabe")[0], "Rückgabe");
    assert_eq!(base.titles("de", "ruckgabe grosserer artikel")[0], "Rückgabe");
    assert_eq!(base.titles("zh", "如何退货"), ["退货"]);
}

#[test]
fn a_word_of_another_language_is_reached_by_its_concept() {
    let base = shop();
    for (tag, question) in
        [("fr", "frais de livraison"), ("es", "gastos de envío"), ("fi", "toimituskulut")]
    {
        let titles = base.titles(tag, question);
        assert!(titles.contains(&"Shipping"), "{tag}: {titles:?}");
        assert!(titles.contains(&"Piegādes cena"), "{tag}: {titles:?}");
    }
}

#[test]
fn other_languages_are_reached_without_diacritics() {
    let base = shop();
    assert_eq!(base.titles("en", "rückgabe"), ["Rückgabe"]);
    assert_eq!(base.titles("en", "piegades")[0], "Piegādes cena");
}

#[test]
fn codes_are_found_in_every_spelling() {
    let base = shop();
    for (text, want) in [
        ("E-PAY-07", "Payment errors"),
        ("what is e-pay-07?", "Payment errors"),
        ("epay07", "Payment errors"),
        ("E PAY 07", "Payment errors"),
        ("oz-tent-210", "Returns"),
        ("OZTENT210", "Returns"),
        ("OZ TENT 210", "Returns"),
        ("usb-c", "Charging"),
        ("USB C cable", "Charging"),
        ("usbc", "Charging"),
        ("v2.3.1", "Payment errors"),
        ("2.3.1", "Payment errors"),
        ("14 day", "Returns"),
        ("14-day", "Returns"),
        ("HELP@OZOLS.EXAMPLE", "Charging"),
        ("2.99", "Shipping"),
        ("1000", "Shipping"),
        ("1,000", "Shipping"),
    ] {
        let titles = base.titles("en", text);
        assert!(
            titles.first() == Some(&want) || (text == "2.99" && titles.contains(&want)),
            "{text}: {titles:?}"
        );
    }
}

#[test]
fn terms_tell_how_rare_they_are() {
    let hits = shop().hits("en", "What is the return window of OZ-TENT-210 qwert?");
    let terms: Vec<_> = hits.terms.iter().map(|t| (t.text.as_str(), t.kind, t.passages)).collect();
    assert_eq!(
        terms,
        [
            ("return", TermKind::Word, 1),
            ("window", TermKind::Word, 1),
            ("oz-tent-210", TermKind::Code, 1),
            ("qwert", TermKind::Word, 0),
        ]
    );
    let idf = |n: f32| (1.0 + (8.0 - n + 0.5) / (n + 0.5)).ln();
    assert!((hits.terms[0].idf - idf(1.0)).abs() < 1e-5);
    assert!((hits.terms[3].idf - idf(0.0)).abs() < 1e-5);
}

#[test]
fn a_code_that_the_base_lacks_is_known_by_its_kind() {
    let mut base = Base::new();
    let ids: Vec<_> =
        ["LG-1001: no session.", "LG 2002 or LG-2003: too large.", "B-17, 07-B, X1, I-1, I-2, I-3"]
            .map(|text| base.add(&meta("en", "Errors"), text))
            .into();
    base.add(&meta("en", "More"), "LG3003 is a warning.");
    base.commit();
    let unlisted = |base: &Base, text| base.hits("en", text).terms.iter().any(|t| t.unlisted);
    for text in ["error LG-7310", "lg7310?", "I see LG 7310"] {
        assert!(unlisted(&base, text), "{text}");
    }
    for text in ["LG-1001", "LG 2003", "B-18", "X2", "LG-7310-A", "7310", "order OZ-7310", "i 99"] {
        assert!(!unlisted(&base, text), "{text}");
    }
    base.index.delete(&ids).unwrap();
    base.commit();
    assert!(!unlisted(&base, "error LG-7310"), "one of its kind is no list");
}

#[test]
fn counts_are_remembered_for_one_commit_alone() {
    let mut base = Base::new();
    let ids: Vec<_> = (0..5).map(|i| base.add(&meta("en", &format!("N{i}")), "tent")).collect();
    base.commit();
    for (gone, left) in ids.iter().zip([4, 3, 2]) {
        base.index.delete(&[*gone]).unwrap();
        base.commit();
        for _ in 0..2 {
            assert_eq!(base.hits("en", "tent").terms[0].passages, left);
        }
    }
    base.add(&meta("en", "New"), "tent");
    base.commit();
    assert_eq!(base.hits("en", "tent").terms[0].passages, 3);
}

#[test]
fn hostile_questions_are_only_words() {
    let base = shop();
    for text in ["", "   ", "?!", "*", "title:*", "\"", "AND OR NOT", "a:b~2 [x TO y]", "\u{0}"] {
        base.hits("en", text);
    }
    assert!(base.titles("en", "title:*").is_empty());
    assert!(base.titles("en", "").is_empty());
    assert!(!base.titles("en", "what is the").is_empty(), "only function words");
    let huge = "return ".repeat(150_000);
    assert_eq!(base.titles("en", &huge)[0], "Returns");
    let many: String = (0..5_000).map(|i| format!("word{i}x return ")).collect();
    let hits = base.hits("en", &many);
    assert!(hits.terms.len() <= 48);
    assert!(!hits.hits.is_empty(), "known words outlive unknown ones");
}

#[test]
fn results_are_stable() {
    let mut base = Base::new();
    for _ in 0..30 {
        base.add(&meta("en", "Same"), "the same words in every passage");
        base.commit();
    }
    let first = base.hits("en", "same words");
    assert_eq!(first.hits.len(), 10);
    assert_eq!(first, base.hits("en", "same words"));
    assert!(
        first
            .hits
            .windows(2)
            .all(|w| w[0].score > w[1].score || (w[0].score == w[1].score && w[0].id < w[1].id))
    );
    let mut all: Vec<_> = base.index.ids().unwrap().into_iter().collect();
    all.sort_unstable();
    let found: Vec<_> = first.hits.iter().map(|h| h.id).collect();
    assert_eq!(found, all[..10]);
}

#[test]
fn deleted_and_replaced_passages_are_gone() {
    let mut base = Base::new();
    let kept = base.add(&meta("en", "Kept"), "tent");
    let gone = base.add(&meta("en", "Gone"), "tent");
    base.commit();
    base.index.delete(&[gone]).unwrap();
    assert_eq!(base.titles("en", "tent").len(), 2, "until the commit");
    base.commit();
    assert_eq!(base.titles("en", "tent"), ["Kept"]);
    assert_eq!(base.index.ids().unwrap(), HashSet::from([kept]));

    let passage = Passage {
        ordinal: 0,
        anchor: String::new(),
        heading_path: vec!["Care".to_owned()],
        text: "tent".to_owned(),
        units: Vec::new(),
    };
    let meta = meta("en", "Kept");
    for _ in 0..2 {
        let one = KeywordPassage { id: kept, meta: &meta, passage: &passage };
        base.index.add(&[one, one]).unwrap();
    }
    base.commit();
    assert_eq!(base.titles("en", "tent care"), ["Kept"], "added four times, found once");
}

#[test]
fn commits_survive_and_uncommitted_work_does_not() {
    let mut base = Base::new();
    assert_eq!(base.index.committed_generation().unwrap(), None);
    base.add(&meta("en", "First"), "tent");
    base.commit();
    base.add(&meta("en", "Second"), "tent");
    let Base { dir, index, names, .. } = base;
    let second = open(dir.path()).unwrap();
    assert_eq!(second.committed_generation().unwrap(), Some(Generation(1)));
    assert!(
        matches!(second.delete(&[names[0].0]), Err(KeywordError::Locked { .. })),
        "one writer, many readers"
    );
    drop(index);
    let again = open(dir.path()).unwrap();
    assert_eq!(again.ids().unwrap(), HashSet::from([names[0].0]));
    again.commit(Generation(2)).unwrap();
    assert_eq!(again.committed_generation().unwrap(), Some(Generation(2)));
    second.reload().unwrap();
    assert_eq!(second.ids().unwrap().len(), 1);
}

#[test]
fn foreign_and_broken_folders_are_refused_and_kept() {
    let listing = |dir: &Path| {
        let mut names: Vec<_> =
            fs_err::read_dir(dir).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let break_and_open = |harm: &dyn Fn(&Path)| {
        let base = shop();
        let Base { dir, index, .. } = base;
        drop(index);
        harm(dir.path());
        let before = listing(dir.path());
        let error = open(dir.path()).err().expect("refused");
        assert_eq!(listing(dir.path()), before);
        let text = error.to_string();
        assert!(text.contains("atbilde-indexer verify --repair"), "{text}");
        assert!(text.contains(&dir.path().display().to_string()), "{text}");
        error
    };
    let error = break_and_open(&|dir| {
        fs_err::write(dir.join("atbilde-keyword.version"), "99\n").unwrap();
    });
    assert!(matches!(error, KeywordError::Version { found, .. } if found == "99"));
    break_and_open(&|dir| fs_err::remove_file(dir.join("atbilde-keyword.version")).unwrap());
    break_and_open(&|dir| fs_err::write(dir.join("meta.json"), "{").unwrap());
    break_and_open(&|dir| fs_err::remove_file(dir.join("meta.json")).unwrap());
    break_and_open(&|dir| {
        for entry in fs_err::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "term" || e == "idx") {
                fs_err::remove_file(path).unwrap();
            }
        }
    });
    let dir = TempDir::new().unwrap();
    fs_err::write(dir.path().join("notes.txt"), "mine").unwrap();
    assert!(open(dir.path()).is_err());
    assert_eq!(listing(dir.path()).len(), 1);
}

fn metas() -> impl Strategy<Value = DocumentMeta> {
    let day = || proptest::option::of((1_i8..=28).prop_map(|d| date(2026, 6, d)));
    (
        0..3_usize,
        any::<bool>(),
        "en|lv|en-gb|pt-br",
        day(),
        day(),
        proptest::collection::vec("a|b|c", 0..3),
    )
        .prop_map(|(audience, draft, tag, from, until, tags)| DocumentMeta {
            audience: Audience::ALL[audience],
            draft,
            valid_from: from,
            valid_until: until,
            tags,
            ..meta(&tag, "Tent")
        })
}

fn filters() -> impl Strategy<Value = Filter> {
    (
        0..3_usize,
        proptest::option::of(proptest::collection::vec("en|lv|pt|en-us", 0..3)),
        any::<bool>(),
        proptest::option::of((1_i8..=28).prop_map(|d| date(2026, 6, d))),
        proptest::collection::vec("a|b|d", 0..3),
    )
        .prop_map(|(audience, languages, drafts, valid_on, tags)| Filter {
            audience: Audience::ALL[audience],
            languages: languages.map(|l| l.iter().filter_map(|t| Locale::parse(t)).collect()),
            drafts,
            valid_on,
            tags,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The filter of the index means what `Filter::admits` means: an internal passage, a draft or
    /// an expired one is never a candidate for who may not see it.
    #[test]
    fn the_filter_is_the_models(
        metas in proptest::collection::vec(metas(), 1..30),
        filters in proptest::collection::vec(filters(), 1..20),
    ) {
        let mut base = Base::new();
        let ids: Vec<_> = metas.iter().map(|m| base.add(m, "tent")).collect();
        base.commit();
        let query = KeywordQuery {
            text: "tent 退".to_owned(),
            locale: Locale::parse("en").unwrap(),
            earlier: Vec::new(),
        };
        for filter in filters {
            let found: HashSet<_> = base
                .index
                .search(&query, &filter, 1_000)
                .unwrap()
                .hits
                .iter()
                .map(|h| h.id)
                .collect();
            let want: HashSet<_> = ids
                .iter()
                .zip(&metas)
                .filter(|(_, m)| filter.admits(m))
                .map(|(id, _)| *id)
                .collect();
            prop_assert_eq!(found, want, "{:?}", filter);
        }
    }
}

#[test]
fn a_function_word_in_few_titles_is_a_subject() {
    let mut passages = vec![("en", "Caring for down", "Wash it at 30 degrees and dry it slowly.")];
    let jackets: Vec<String> = (0..60).map(|n| format!("Washing a jacket {n}")).collect();
    for title in &jackets {
        passages.push(("en", title, "Wash the jacket at 40 degrees and hang it up."));
    }
    let base = Base::of(&passages);
    assert_eq!(base.titles("en", "wash a down jacket")[0], "Caring for down");
    let terms = base.hits("en", "how do I wash a jacket").terms;
    assert!(terms.iter().all(|term| term.text != "a"), "in every title: {terms:?}");
    let terms = base.hits("en", "caring for a jacket").terms;
    assert!(terms.iter().all(|term| term.text != "for"), "never anything else: {terms:?}");
}

#[test]
fn function_words_decide_between_what_is_alike_and_find_nothing() {
    let base = Base::of(&[
        ("en", "Refund policy", "The refund policy of the company."),
        ("en", "How do I get a refund", "The refund policy of the company."),
        ("en", "How do I change my address", "Write it into your account."),
    ]);
    assert_eq!(
        base.titles("en", "How do I get my refund policy?"),
        ["How do I get a refund", "Refund policy"]
    );
    let hits = base.hits("en", "How do I get my refund?");
    let terms: Vec<&str> = hits.terms.iter().map(|t| t.text.as_str()).collect();
    assert_eq!((hits.hits.len(), terms), (2, vec!["get", "refund"]), "they are no terms");
    assert_eq!(base.titles("en", "how do i").len(), 2, "unless there is nothing else");
}
