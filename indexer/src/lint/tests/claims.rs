//! The same fact in other words, and what only looks like it.

use super::*;

fn conflicts(files: &[(&str, &str)]) -> Vec<String> {
    found(Rule::FactConflict, files)
}

/// Two articles with a title and a text each.
fn between(language: &str, a: (&str, &str), b: (&str, &str)) -> Vec<String> {
    let article = |(title, text): (&str, &str)| format!("# {title}\n\n{text}\n");
    let (first, second) = (format!("{language}/a.md"), format!("{language}/b.md"));
    conflicts(&[(&first, &article(a)), (&second, &article(b))])
}

/// What a help center says, and the policy that it forgot to change.
const ARTICLE: &str = "# Returns and refunds\n\n## How long is the return window?\n\n\
    You can return almost everything **within 30 days** of delivery if it is unused and still has \
    its tags. Try the clothes on.\n";
const POLICY: &str = "# Returns and withdrawal policy\n\n## 2. Statutory right of withdrawal (14 days)\
    \n\n2.1. The legal withdrawal period is 14 days: a consumer may withdraw from the contract **within \
    14 days of delivery**.\n\n## 3. Our 60-day return\n\n3.1. The return period is 60 days: beyond \
    the law, everyone who bought as a consumer may return unused goods **within 60 days of \
    delivery**.\n\n## 10. Companies and other business customers\n\n10.1. Companies may return unused \
    goods for 90 days from delivery.\n";

#[test]
fn a_period_against_a_sentence() {
    let got = conflicts(&[("en/article.md", ARTICLE), ("en/policy.md", POLICY)]);
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(
        got[0].starts_with(
            "en/policy.md:9:27 \"60 days\" here, \"30 days\" in en/article.md line 5:"
        ),
        "{got:?}"
    );
    let same = ARTICLE.replace("30", "60");
    assert_eq!(conflicts(&[("en/article.md", &same), ("en/policy.md", POLICY)]), [] as [&str; 0]);
}

#[test]
fn other_words_for_the_same_in_three_languages() {
    for (language, a, b) in [
        (
            "en",
            ("Returns", "The return window is 60 days."),
            (
                "How to return an order",
                "You may return your purchase up to 30 days after delivery.",
            ),
        ),
        (
            "en",
            ("Returns", "Returns are possible within 3 weeks after you receive them."),
            ("Return policy", "Items may be returned within 30 days of delivery."),
        ),
        (
            "de",
            ("Rückgabe", "Die Rückgabefrist beträgt 60 Tage."),
            (
                "Fragen und Antworten zur Rückgabe",
                "Sie können Artikel innerhalb von 30 Tagen nach Lieferung zurückgeben.",
            ),
        ),
        (
            "lv",
            ("Preču atgriešana", "Atgriešanas termiņš ir 60 dienas."),
            ("Atgriešana", "Nelietotu preci varat atgriezt 30 dienu laikā no saņemšanas."),
        ),
    ] {
        let got = between(language, a, b);
        assert_eq!(got.len(), 1, "{a:?} {b:?} {got:?}");
    }
}

#[test]
fn the_same_time_in_another_unit_is_no_conflict() {
    for (a, b) in [("14 days", "2 weeks"), ("48 hours", "2 days"), ("2 years", "24 months")] {
        let (x, y) = (format!("The return period is {a}."), format!("You can return within {b}."));
        assert_eq!(between("en", ("Returns", &x), ("Returns", &y)), [] as [&str; 0], "{a} {b}");
    }
}

#[test]
fn another_circumstance_is_another_fact() {
    let general = ("Returns", "The return period is 60 days.");
    for (title, text) in [
        ("Returns", "Club members can return items within 90 days of delivery."),
        ("Returns", "Sale items can be returned within 30 days of delivery."),
        ("Returns", "In Finland you can return items within 30 days of delivery."),
        ("Returns", "You can return items within 30 days of delivery if you are a member."),
        ("Returns", "The legal return period is 14 days."),
        ("Returns", "Until 2025 the return period was 30 days."),
        ("Returns", "We process returns within 5 days."),
        ("Returns", "The return label is valid for 14 days."),
        ("Returns", "You can extend the return period by 30 days."),
        ("Returns", "You must return the goods within 14 days of the statement."),
        ("Returns", "You must return the goods within 14 days."),
        ("Returns", "You cannot return items within 2 days of delivery."),
        ("Returns", "You have at least 14 days for a return."),
        ("Returns", "The return period is 60 working days."),
        ("Returns", "Sale items: the return period is 30 days."),
        ("Returns", "For sale items other rules apply. The return period is 30 days."),
        ("Returns", "For sale items:\n\n- The return period is 30 days."),
        ("Returns", "## Club members\n\nThe return period is 90 days."),
        ("Returns", "## Zone 2\n\nThe return period is 90 days."),
        ("Returns for companies", "The return period is 30 days."),
        ("Returns: companies, schools", "The return period is 30 days."),
        ("Gift cards", "Unused ones can be returned within 30 days of delivery."),
        ("Returns", "Is the return period 30 days?"),
    ] {
        let got = between("en", general, (title, text));
        assert_eq!(got, [] as [&str; 0], "{title}: {text}");
    }
}

#[test]
fn prices_and_thresholds_are_claims_too() {
    let price =
        |text: &str| between("en", ("Exchanges", "An exchange costs €4.90."), ("Help", text));
    assert_eq!(price("The cost of an exchange is €6.90.").len(), 1);
    assert_eq!(price("An exchange costs $6.90."), [] as [&str; 0]);
    assert_eq!(price("An exchange from Finland costs €6.90."), [] as [&str; 0]);
    let free = "Delivery is free for orders over €60.";
    let got =
        between("en", ("Delivery", free), ("Delivery", "Delivery is free of charge from €50."));
    assert_eq!(got.len(), 1, "{got:?}");
}

#[test]
fn a_conflict_is_reported_once() {
    let text = |days: &str| format!("The money for a refund arrives within {days} days.");
    let got = between("en", ("Refunds", &text("5")), ("Refunds", &text("7")));
    assert_eq!(got.len(), 1, "{got:?}");
}
