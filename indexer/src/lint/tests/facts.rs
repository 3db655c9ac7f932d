//! The same fact with different numbers: what is one, and what only looks like it.

use super::*;

fn conflicts(files: &[(&str, &str)]) -> Vec<String> {
    found(Rule::FactConflict, files)
}

#[test]
fn a_sentence_with_another_number() {
    let got = conflicts(&[
        (
            "en/gift-cards.md",
            "---\nlast_updated: 2026-02-01\n---\n\n# Gift cards\n\nA gift card is valid for 36 \
             months from purchase.\n",
        ),
        (
            "en/terms.md",
            "---\nlast_updated: 2026-01-01\n---\n\n# Terms\n\nGift cards are valid for **24 \
             months** from purchase.\n",
        ),
    ]);
    assert_eq!(
        got,
        [
            "en/terms.md:7:28 \"24 months\" here, \"36 months\" in en/gift-cards.md line 7: Gift cards \
          are valid for 24 months from purchase."
        ]
    );
}

#[test]
fn the_value_of_most_articles_is_taken_for_right() {
    let text =
        |days: u8| format!("# Refunds\n\nThe money for a refund arrives within {days} days.\n");
    let (a, b) = (text(5), text(7));
    let got = conflicts(&[("a.md", &a), ("b.md", &b), ("c.md", &b)]);
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].starts_with("a.md:3:39 \"5 days\" here, \"7 days\" in b.md"), "{got:?}");
}

#[test]
fn a_cell_of_a_table_in_three_languages() {
    for (language, title, header, row) in [
        ("en", "Shipping", "| Zone | Countries | Courier |", "| 2 | Finland, Poland | €{} |"),
        ("lv", "Piegāde", "| Zona | Valstis | Kurjers |", "| 2 | Somija, Polija | {} € |"),
        ("de", "Versand", "| Zone | Länder | Kurier |", "| 2 | Finnland, Polen | {} € |"),
    ] {
        let table = |price: &str| {
            format!("# {title}\n\n{header}\n|---|---|---|\n{}\n", row.replace("{}", price))
        };
        let (a, b) = (format!("{language}/a.md"), format!("{language}/b.md"));
        let (same, other) = (table("9,90"), table("12,90"));
        assert_eq!(conflicts(&[(&a, &same), (&b, &table("9.90"))]), [] as [&str; 0]);
        assert_eq!(conflicts(&[(&a, &same), (&b, &other)]).len(), 1, "{language}");
    }
}

#[test]
fn two_facts_are_no_conflict() {
    let sentence = |title: &str, text: &str| format!("# {title}\n\n{text}\n");
    for (why, a, b) in [
        (
            "another thing",
            sentence("Parcels", "A parcel to a locker may weigh at most 25 kg in total."),
            sentence("Parcels", "A parcel by courier may weigh at most 40 kg in total."),
        ),
        (
            "another unit",
            sentence("Refunds", "The money for a refund arrives within 5 days."),
            sentence("Refunds", "The money for a refund arrives within 5 working days."),
        ),
        (
            "products of one pattern",
            sentence("Gold card: limits", "You can withdraw cash up to €500 a day everywhere."),
            sentence("Silver card: limits", "You can withdraw cash up to €300 a day everywhere."),
        ),
        (
            "the same value in another spelling",
            sentence("Fees", "A replacement card costs a fee of €1,000.50 each."),
            sentence("Fees", "A replacement card costs a fee of 1 000,5 € each."),
        ),
    ] {
        assert_eq!(conflicts(&[("en/a.md", &a), ("en/b.md", &b)]), [] as [&str; 0], "{why}");
    }
}

#[test]
fn offers_other_readers_and_other_languages_are_not_compared() {
    let text = "# Returns\n\nUnused goods can be sent back within 60 days of delivery.\n";
    let other = text.replace("60", "45");
    for (why, keys, path) in [
        ("a sale", "valid_until: 2027-01-31", "en/b.md"),
        ("an internal page", "audience: internal", "en/b.md"),
        ("a draft", "draft: true", "en/b.md"),
        ("a translation", "title: Returns", "lv/b.md"),
    ] {
        let second = format!("---\n{keys}\n---\n\n{other}");
        assert_eq!(conflicts(&[("en/a.md", text), (path, &second)]), [] as [&str; 0], "{why}");
    }
    assert_eq!(conflicts(&[("en/a.md", text), ("en/b.md", &other)]).len(), 1);
}

#[test]
fn a_property_of_many_things_is_no_conflict() {
    let files: Vec<(String, String)> = (1..=5)
        .map(|i| {
            (
                format!("en/{i}.md"),
                format!("# Boots\n\nThis boot weighs about {i}00 g in size forty.\n"),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    assert_eq!(conflicts(&files), [] as [&str; 0]);
}
