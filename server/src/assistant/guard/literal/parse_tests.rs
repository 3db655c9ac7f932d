//! Tests of `parse`: which literal proves which.

use super::super::lex;
use super::*;

fn literals(text: &str, language: &str) -> Vec<Found> {
    scan(&lex(text), language)
}

/// Whether every literal of `claim` is proven by one of `source`.
fn proven(source: &str, claim: &str, language: &str) -> bool {
    let source = literals(source, language);
    let claim = literals(claim, language);
    assert!(claim.iter().any(|c| !c.spare), "no literal in {claim:?}");
    claim.iter().filter(|c| !c.spare).all(|c| source.iter().any(|s| s.literal.proves(&c.literal)))
}

#[test]
fn equal_values_are_proven_in_every_spelling() {
    for (language, source, claim) in [
        ("en", "within 14 days", "two weeks"),
        ("en", "36 months", "three years"),
        ("en", "60 minutes", "within one hour"),
        ("en", "within 7 days", "within a week"),
        ("en", "€1,234.50", "1 234,50 EUR"),
        ("de", "1.234,50 €", "EUR 1234.5"),
        ("lv", "1 234,50 eiro", "1234,5 €"),
        ("en", "1–3 working days", "one to three business days"),
        ("en", "between €100 and €3,000", "from 100 to 3000 euros"),
        ("en", "9:00–19:00", "from 9 am to 7 pm"),
        ("de", "um 14:00", "um 14 Uhr"),
        ("lv", "plkst. 14.00", "14:00"),
        ("en", "24 December 2026", "December 24, 2026"),
        ("de", "am 24. Dezember 2026", "24.12.2026"),
        ("lv", "2026. gada 24. decembrim", "2026-12-24"),
        ("en", "From 26 to 30 November 2026", "30 November"),
        ("en", "From 26 to 30 November 2026", "26 November"),
        ("lv", "60 dienu laikā", "sešdesmit dienas"),
        ("de", "innerhalb von 60 Tagen", "sechzig Tage"),
        ("de", "6 Monate", "ein halbes Jahr"),
        ("en", "38 × 64 × 60 cm", "38 cm"),
        ("en", "between day 15 and day 60", "from day 15 to 60"),
        ("en", "1.5 km", "1500 m"),
        ("en", "from 3 to 6 months", "3 months"),
        ("en", "50% of an order", "50 percent"),
        ("en", "+371 6700 0123", "6700 0123"),
        ("en", "support@shop.example", "Support@shop.example"),
        ("en", "https://www.shop.example/help/", "shop.example/help"),
        ("en", "12 months", "a year ago, within one year"),
        ("ru", "в течение 14 дней", "двух недель"),
        ("fr", "1 234,50 €", "1234,5 euros"),
    ] {
        assert!(proven(source, claim, language), "{source} -> {claim}");
    }
}

#[test]
fn other_values_and_other_units_are_not() {
    for (language, source, claim) in [
        ("en", "14 days", "14 EUR"),
        ("en", "14 days", "14 weeks"),
        ("en", "5 working days", "5 days"),
        ("en", "5 days", "5 working days"),
        ("en", "30 days", "a month, 1 month"),
        ("en", "€2.90", "$2.90"),
        ("en", "€2.90", "€29"),
        ("en", "25 kg", "25 cm"),
        ("en", "24 December 2026", "24 December 2027"),
        ("en", "24 December 2026", "14 December 2026"),
        ("en", "24 December 2026", "24 November 2026"),
        ("en", "9:00–19:00", "9:00–18:00"),
        ("en", "2 pm", "2 am"),
        ("en", "support@shop.example", "help@shop.example"),
        ("en", "shop.example/help", "shop.example/login"),
        ("en", "E-PAY-07", "E-PAY-08"),
        ("en", "+371 6700 0123", "+371 6700 0124"),
        ("lv", "60 dienu laikā", "90 dienu laikā"),
        ("lv", "10 darba dienu", "10 dienu"),
        ("de", "10 Arbeitstage", "10 Tage"),
        ("de", "9,90 €", "9,90 %"),
        ("en", "Monday to Friday", "Saturday"),
        ("en", "−5 °C", "5 °C"),
    ] {
        assert!(!proven(source, claim, language), "{source} -> {claim}");
    }
}

#[test]
fn limits_are_seen_before_and_behind_a_number() {
    for (language, text, want) in [
        ("en", "within 60 days", Relation::Within),
        ("en", "at least 60 days", Relation::Least),
        ("en", "after 60 days", Relation::After),
        ("lv", "60 dienu laikā", Relation::Within),
        ("lv", "pēc 60 dienām", Relation::After),
        ("lv", "vismaz 60 dienas", Relation::Least),
        ("de", "innerhalb von 60 Tagen", Relation::Within),
        ("de", "nach 60 Tagen", Relation::After),
        ("en", "60 days", Relation::None),
    ] {
        assert_eq!(literals(text, language)[0].relation, want, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_scanned(text in "[0-9 .,€%:/a-zA-Zäūč–+@-]{0,60}", language in "en|de|lv|fi|ru") {
        for found in literals(&text, &language) {
            proptest::prop_assert!(found.first < found.last);
        }
    }
}
