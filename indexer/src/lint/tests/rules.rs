//! For each rule a folder that breaks it and one that keeps it.

use super::*;
use crate::model::Audience;
use crate::source::AudienceRule;

fn check(rule: Rule, files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(found(rule, files), expected, "{rule}");
}

const TWO: (&str, &str) = ("en/two.md", "# Two\n\n## A part\n\ntext\n\n<a id=\"old\"></a>\n");

#[test]
fn links_that_lead_nowhere() {
    let links = "# One\n\n[ok](two.md) [ok](two) [ok](/en/two.md#a-part) [ok](https://x.example)\n\
                 [a](thre.md) [b](../two.md) [c][none] [d]() [e](/kb/three) [f](/kb/two)\n\
                 [g](../../../x.md) ![h](h.png) [i](../en/) [j]({{ page }})\n\n[k](file.pdf)\n";
    check(
        Rule::DeadLink,
        &[("en/one.md", links), TWO, ("en/file.pdf", "%PDF")],
        &[
            "en/one.md:4:1 the link thre.md leads nowhere",
            "en/one.md:4:14 the link ../two.md leads nowhere",
            "en/one.md:4:29 the link [none] is defined nowhere",
            "en/one.md:4:39 a link without an address",
            "en/one.md:4:45 the link /kb/three leads nowhere",
            "en/one.md:5:1 the link ../../../x.md leads nowhere",
            "en/one.md:5:20 the picture h.png leads nowhere",
            "en/one.md:5:32 the link ../en/ leads nowhere",
        ],
    );
    let hints = report(&[("en/one.md", links), TWO], &LintSettings::default(), &[Rule::DeadLink]);
    assert_eq!(hints.findings[1].hint, "did you mean two.md?");
}

#[test]
fn anchors_are_those_of_the_page() {
    check(
        Rule::DeadAnchor,
        &[
            (
                "en/one.md",
                "# One\n\n## Ķīlas nauda?\n\n[a](#ķīlas-nauda) [b](#kilas) [c](two.md#a-part) \
                 [d](two.md#a-prt)\n[e](two.md#old) [f](#%C4%B7%C4%ABlas-nauda) [g](#) [h](#top)\n",
            ),
            TWO,
        ],
        &[
            "en/one.md:5:19 #kilas is no heading of this article",
            "en/one.md:5:50 en/two.md has no heading #a-prt",
        ],
    );
}

#[test]
fn links_that_readers_lose() {
    let article = |key: &str| format!("---\ntitle: T\n{key}\n---\n\ntext\n");
    let (draft, internal, over) =
        (article("draft: true"), article("audience: internal"), article("valid_until: 2026-11-21"));
    let files = [
        ("a.md", "[d](d.md) [i](i.md) [o](o.md)\n"),
        ("d.md", draft.as_str()),
        ("i.md", internal.as_str()),
        ("i2.md", "---\naudience: internal\n---\n\n[i](i.md)\n"),
        ("o.md", over.as_str()),
    ];
    check(
        Rule::HiddenLink,
        &files,
        &[
            "a.md:1:1 d.md leads to an article that is a draft",
            "a.md:1:11 i.md leads to an article that only readers of the level \"internal\" may see",
            "a.md:1:21 o.md leads to an article that has expired",
        ],
    );
}

#[test]
fn translations_link_within_their_language_follow_their_source_and_have_one() {
    let dated = |day: &str| format!("---\nlast_updated: 2026-01-{day}\n---\n\ntext\n");
    let (old, new) = (dated("10"), dated("11"));
    let files = [
        ("en/a.md", new.as_str()),
        ("en/b.md", "text\n"),
        ("en/c.md", "text\n"),
        ("en/e.md", "text\n"),
        ("en/f.md", "text\n"),
        ("lv/a.md", old.as_str()),
        ("lv/b.md", "[x](../en/a.md) [y](../en/c.md)\n"),
        ("lv/d.md", "text\n"),
        ("guide.lv.md", "text\n"),
    ];
    check(
        Rule::OtherLanguageLink,
        &files,
        &["lv/b.md:1:1 ../en/a.md leads to the \"en\" article; it exists in \"lv\""],
    );
    check(
        Rule::StaleTranslation,
        &files,
        &["lv/a.md:2:1 last updated on 2026-01-10, but en/a.md was updated on 2026-01-11"],
    );
    check(
        Rule::OrphanTranslation,
        &files,
        &[
            "guide.lv.md:1:1 there is no article in \"en\" that this one translates",
            "lv/d.md:1:1 there is no article in \"en\" that this one translates",
        ],
    );
}

#[test]
fn front_matter() {
    let files = [
        ("a.md", "---\ntitle: A\ndescription: d\nlast_updated: 2026-01-01\n---\n\ntext\n"),
        ("b.md", "---\nTitel: B\naudience: everybody\n---\n\n# B\n\ntext\n"),
        ("c.md", "text\n"),
    ];
    check(
        Rule::MissingFrontMatter,
        &files,
        &[
            "b.md:1:1 front matter has no description, last_updated",
            "c.md:1:1 front matter has no title, description, last_updated",
        ],
    );
    check(
        Rule::UnknownFrontMatter,
        &files,
        &["b.md:2:1 keys without a meaning here: Titel (line 2)"],
    );
    let unreadable = found(Rule::UnreadableFrontMatter, &files);
    assert_eq!(unreadable.len(), 1);
    assert!(unreadable[0].starts_with("b.md:3:1 front matter audience"), "{unreadable:?}");
}

#[test]
fn dates_of_validity() {
    let until = |day: &str| format!("---\nvalid_until: {day}\n---\n\ntext\n");
    let (past, today, soon, late) =
        (until("2026-11-21"), until("2026-11-22"), until("2026-12-22"), until("2026-12-23"));
    let files = [
        ("a.md", past.as_str()),
        ("b.md", today.as_str()),
        ("c.md", soon.as_str()),
        ("d.md", late.as_str()),
    ];
    check(Rule::Expired, &files, &["a.md:2:1 expired on 2026-11-21, 1 day ago"]);
    check(
        Rule::ExpiresSoon,
        &files,
        &[
            "b.md:2:1 expires after 2026-11-22, today is its last day",
            "c.md:2:1 expires after 2026-12-22, 30 days left",
        ],
    );
}

#[test]
fn headings() {
    let text = "# T\n\n## A\n\n### B\n\ntext\n\n## a\n\n## \n\n## Last\n\n<!-- soon -->\n";
    check(
        Rule::RepeatedHeading,
        &[("a.md", text)],
        &["a.md:9:1 the heading \"a\" stands in line 3 already"],
    );
    check(
        Rule::EmptyHeading,
        &[("a.md", text)],
        &[
            "a.md:9:1 nothing stands below \"a\"",
            "a.md:11:1 a heading without text",
            "a.md:13:1 nothing stands below \"Last\"",
        ],
    );
}

#[test]
fn sizes() {
    let (long, right) = (words(2001), words(2000));
    check(
        Rule::TooLong,
        &[("a.md", long.as_str()), ("b.md", right.as_str())],
        &["a.md:1:1 2001 words; the limit is 2000"],
    );
    let enough = words(30);
    check(
        Rule::TooShort,
        &[("a.md", "# T\n\nonly this\n"), ("b.md", enough.as_str())],
        &["a.md:1:1 only 2 words"],
    );
}

#[test]
fn pictures_and_tables() {
    check(
        Rule::MissingAlt,
        &[("a.md", "![](x.png) ![ ](y.png) ![a tent](z.png)\n\n<img src=\"w.png\" alt=\"\">\n")],
        &[
            "a.md:1:1 the picture \"x.png\" has no description",
            "a.md:1:12 the picture \"y.png\" has no description",
            "a.md:3:1 the picture \"w.png\" has no description",
        ],
    );
    let table = format!("x\n\n| a | b |\n|---|---|\n| c | {} |\n", words(248));
    let fits = format!("| a | b |\n|---|---|\n| c | {} |\n", words(247));
    check(
        Rule::WideTable,
        &[("a.md", table.as_str()), ("b.md", fits.as_str())],
        &["a.md:3:1 a row of the table has 251 words with its header; a passage has at most 250"],
    );
}

#[test]
fn slugs_are_unique_in_a_language() {
    let own = "---\nslug: two\n---\n\ntext\n";
    check(
        Rule::DuplicateSlug,
        &[("en/a.md", own), ("en/two.md", "text\n"), ("lv/two.md", "text\n")],
        &["en/two.md:1:1 the slug \"two\" is also that of en/a.md"],
    );
}

#[test]
fn copies_of_a_text() {
    let text = words(100);
    let most = format!("{} more", words(100).replace("word50 ", "other "));
    let (a, b) = (format!("# A\n\n{text}"), format!("# B\n\n{text}"));
    let c = format!("# C\n\n{most}");
    let files = [("en/a.md", a.as_str()), ("en/b.md", &b), ("en/c.md", &c), ("lv/a.md", &a)];
    check(
        Rule::NearDuplicate,
        &files,
        &[
            "en/b.md:1:1 the text is that of en/a.md (\"A\")",
            "en/c.md:1:1 89 % of the text is also in en/a.md (\"A\")",
        ],
    );
}

#[test]
fn personal_data() {
    let company = "Write to help@shop.lv or +371 6700 0001.\n";
    let files = [
        (
            "a.md",
            "[x](mailto:jb@mail.lv) jb@mail.lv, help@else.lv, x@y.example\n\n+371 2000 0000\n",
        ),
        ("b.md", company),
        ("c.md", company),
        ("d.md", company),
        ("e.md", "anna@shop.lv\n\nIBAN LV80BANK0000435195001\n\n4111 1111 1111 1111\n"),
    ];
    check(
        Rule::PersonalEmail,
        &files,
        &["a.md:1:12 an e-mail address outside the company's domain: j…@mail.lv"],
    );
    check(Rule::PersonalPhone, &files, &["a.md:3:1 a telephone number: +…00"]);
    check(Rule::BankAccount, &files, &["e.md:3:6 a bank account number: LV…01"]);
    check(Rule::PaymentCard, &files, &["e.md:5:1 the number of a payment card: …1111"]);
    let settings = LintSettings {
        allow: ["@mail.lv", "+371 2000-0000", "lv80 bank 0000 4351 9500 1"]
            .map(str::to_owned)
            .into(),
        ..LintSettings::default()
    };
    let rules = [Rule::PersonalEmail, Rule::PersonalPhone, Rule::BankAccount];
    assert_eq!(report(&files, &settings, &rules).findings, []);
}

#[test]
fn files_that_are_no_articles() {
    let folder = folder(&[(".hidden.md", "x"), ("a.md", "text\n")]);
    fs_err::write(folder.path().join("b.md"), b"\x1f\x8b\x08\x00\x00").unwrap();
    fs_err::write(folder.path().join("c.md"), b"\xff\xfet\0e\0x\0t\0").unwrap();
    let request = Request {
        source: &SourceRules::default(),
        settings: &LintSettings::default(),
        selection: Selection {
            only: vec![Rule::SkippedFile, Rule::UnreadableFile, Rule::FileProblem],
            skip: Vec::new(),
        },
        today: date(2026, 11, 22),
    };
    let report = lint(folder.path(), &request).unwrap();
    let got: Vec<_> = report.findings.iter().map(|f| (f.path.as_str(), f.rule)).collect();
    assert_eq!(
        got,
        [
            (".hidden.md", Rule::SkippedFile),
            ("b.md", Rule::UnreadableFile),
            ("c.md", Rule::FileProblem)
        ]
    );
}

#[test]
fn audience_rules_that_match_no_article() {
    let folder = folder(&[("runbooks/a.md", "# Reset\n\ntext\n"), ("b.md", "# Prices\n\ntext\n")]);
    let rule = |path: &str| AudienceRule {
        path: Some(path.to_owned()),
        title: None,
        audience: Audience::Internal,
    };
    let absolute = format!("{}/runbooks/**", folder.path().display());
    let source = SourceRules {
        audience: vec![rule("runbooks/**"), rule(&absolute), rule("runboks")],
        ..SourceRules::default()
    };
    let request = Request {
        source: &source,
        settings: &LintSettings::default(),
        selection: Selection { only: vec![Rule::UnmatchedAudienceRule], skip: Vec::new() },
        today: date(2026, 11, 22),
    };
    let report = lint(folder.path(), &request).unwrap();
    let found = &report.findings;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|f| f.path == "." && f.severity == Severity::Warning), "{found:?}");
    assert!(found[0].message.contains("rule 2 of source.audience"), "{found:?}");
    assert!(found[0].hint.contains("write path = \"runbooks/**\""), "{found:?}");
    assert!(found[1].message.contains("(path = \"runboks\") matches no document"), "{found:?}");
    let text = human(&report, Colour::Never);
    assert!(text.starts_with("the configuration\n          warning rule 2"), "{text}");
}
