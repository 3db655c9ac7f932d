//! Tests of the redactor as a whole: spellings, placeholders, offsets, settings, and properties that
//! hold for any input.

use std::fmt::Write;

use proptest::prelude::*;

use super::{CustomPattern, CustomerText, Numbering, RedactionError, RedactionSettings, Redactor};

fn redactor() -> &'static Redactor {
    static REDACTOR: std::sync::LazyLock<Redactor> =
        std::sync::LazyLock::new(|| Redactor::new(&RedactionSettings::default()).unwrap());
    &REDACTOR
}

fn redacted(text: &str) -> String {
    redactor().redact(text, None, &mut Numbering::default()).into_string()
}

/// Values that must go, with how a customer brings them up.
const VALUES: [(&str, &str); 40] = [
    ("please write to", "anna.berzina@inbox.lv"),
    ("my mail:", "j.doe+shop@mail.example.co.uk"),
    ("call me at", "+371 29123456"),
    ("mobile", "+49 151 23456789"),
    ("tel.", "020 7946 0958"),
    ("phone number is", "212-555-0147"),
    ("zvaniet man pa tālruni", "29123456"),
    ("refund to", "LV80BANK0000435195001"),
    ("IBAN", "DE89 3704 0044 0532 0130 00"),
    ("card", "4111 1111 1111 1111"),
    ("Karte", "5555-5555-5555-4444"),
    ("amex", "378282246310005"),
    ("personas kods", "161175-19997"),
    ("personas kods", "32678512345"),
    ("isikukood", "36805280109"),
    ("asmens kodas", "38703181745"),
    ("hetu", "131052-308T"),
    ("personnummer", "880320-0016"),
    ("PESEL", "44051401359"),
    ("Steuer-ID", "36574261809"),
    ("SSN", "536-90-4399"),
    ("NINO", "AB 12 34 56 C"),
    ("DNI", "54362315K"),
    ("codice fiscale", "RCCMNL83S18D969H"),
    ("BSN", "111222333"),
    ("NIR", "295109912611193"),
    ("CNP", "1630615123457"),
    ("VAT", "LV40003521600"),
    ("passport number", "LV1234567"),
    ("Reisepass", "C01X00T47"),
    ("driving licence number", "MORGA657054SM9IJ"),
    ("number plate", "AB-1234"),
    ("my IP is", "203.0.113.77"),
    ("from", "2001:db8:85a3::370:7334"),
    ("device", "00:00:5E:00:53:AF"),
    ("wallet", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("key", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    ("my password is", "Tr0ub4dor&3"),
    ("see", "https://user:secret@host.example/path?token=abc123"),
    ("account number", "1234 5678 9012"),
];

#[test]
fn forty_kinds_of_values_leave_no_trace() {
    let mut leaks = Vec::new();
    for (lead, value) in VALUES {
        for text in [
            format!("{lead} {value}"),
            format!("Hello, {lead} {value}. Thank you for the help"),
            format!("I have a question, {lead}: {value}, what now?"),
            format!("{lead}\n{value}\nplease"),
            format!("Sveiki! {lead} ({value}) nestrādā"),
        ] {
            let redacted = redacted(&text);
            let rest: String = value.chars().filter(char::is_ascii_digit).collect();
            let left: String = redacted.chars().filter(char::is_ascii_digit).collect();
            if redacted.contains(value)
                || !redacted.contains('[')
                || rest.len() > 4 && left.contains(&rest)
            {
                leaks.push(format!("{text:?} -> {redacted:?}"));
            }
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}

fn full_width(value: &str) -> String {
    let wide = |c: char| char::from_u32(c as u32 + 0xfee0).filter(|_| c.is_ascii_graphic());
    value.chars().map(|c| wide(c).unwrap_or(c)).collect()
}

#[test]
fn disguised_values_leave_no_trace() {
    let digits = |value: &str| value.bytes().filter(u8::is_ascii_digit).count() >= 8;
    let mut leaks = Vec::new();
    for (lead, value) in VALUES {
        let mut spellings = vec![
            full_width(value),
            value.chars().flat_map(|c| [c, '\u{200b}']).collect(),
            value.replace('-', "\u{2013}").replace(' ', "\u{a0}"),
            value
                .replace('a', "\u{430}")
                .replace('A', "\u{410}")
                .replace('o', "\u{43e}")
                .replace('C', "\u{421}"),
        ];
        if digits(value) && !value.contains("://") {
            spellings.push(
                value
                    .chars()
                    .map(|c| c.to_digit(10).and_then(|d| char::from_u32(0x660 + d)).unwrap_or(c))
                    .collect(),
            );
        }
        for spelling in spellings {
            let text = format!("Hello, {lead} {spelling} and that is all I know");
            let redacted = redacted(&text);
            if redacted.contains(&spelling) || !redacted.contains('[') {
                leaks.push(format!("{text:?} -> {redacted:?}"));
            }
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn numbers_are_found_with_other_separators() {
    let mut leaks = Vec::new();
    for text in [
        "my card is 4111.1111.1111.1111 ok",
        "my card is 4111 1111\n1111 1111 ok",
        "my card is 4111/1111/1111/1111 ok",
        "IBAN LV80-BANK-0000-4351-9500-1 ok",
        "IBAN lv80bank0000435195001 ok",
        "IBAN LV80 BANK\n0000 4351 9500 1 ok",
        "personas kods 161175 - 19997 ok",
        "personas kods 16 11 75 19997 ok",
        "call +371-29-123-456 ok",
        "call 00371 29123456 ok",
        "call (+371) 29 12 34 56 ok",
        "phone 29.12.34.56 ok",
        "SSN 536 90 4399 ok",
        "SSN 536904399 ok",
    ] {
        let redacted = redacted(text);
        if redacted.chars().filter(char::is_ascii_digit).count() > 1 {
            leaks.push(format!("{text:?} -> {redacted:?}"));
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn spelled_out_addresses_are_found() {
    let mut leaks = Vec::new();
    for text in [
        "john.doe (at) example (dot) com",
        "john [at] example.com",
        "write john dot doe at example dot com",
        "my email is john at example.com",
        "john.doe AT example DOT com",
        "john{at}example.com",
        "anna (at) inbox.lv",
        "max punkt muster at beispiel punkt de",
        "john @ example . com",
        "j.doe at mail dot example dot org",
    ] {
        let redacted = redacted(text);
        if !redacted.contains("[EMAIL_1]") || redacted.to_lowercase().contains("doe") {
            leaks.push(format!("{text:?} -> {redacted:?}"));
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
    for text in [
        "meet me at example street",
        "I am at home dot",
        "look at this point it is",
        "I bought it at amazon.com",
    ] {
        assert!(!redacted(text).contains("EMAIL"), "{text}: {}", redacted(text));
    }
}

#[test]
fn ordinary_questions_stay_as_they_are() {
    let mut changed = Vec::new();
    for text in [
        "Where is my order OZ-26-123456?",
        "What does E-PAY-09 mean and how do I fix it?",
        "Is OZ-STOV-021 batch T2607 safe to use?",
        "The code SVEIKS10 does not work, it says E-CART-05",
        "Can I return a jacket that I bought on 12.03.2026 for 189,90 €?",
        "We are 12 people and need 3 tents for about 2000 euros",
        "Cik ilgi jāgaida līdz 10000 punktiem?",
        "Wie lange dauert der Versand nach 3 Wochen?",
        "I forgot my password, how do I reset it?",
        "my token does not work",
        "Do you ship to Hamburg, Riga and New York?",
        "Is there a store in Park Street?",
        "Hi team, how long does the refund take? Thanks!",
        "Black Friday 2026: what is the discount in Germany?",
        "the tent weighs 2.4 kg and measures 210 x 120 x 95 cm",
        "Open 9:00-18:00 Mon-Fri? And 24/7 chat?",
        "version 10.15.7.2 of the app crashes",
        "I am Latvian, may I pay with Klarna?",
        "is it waterproof up to 10000 mm",
    ] {
        if redacted(text) != text {
            changed.push(redacted(text));
        }
    }
    assert!(changed.is_empty(), "{changed:#?}");
}

#[test]
fn the_same_value_has_the_same_number_in_a_conversation() {
    let mut numbering = Numbering::default();
    let mut say = |text: &str| {
        redactor().redact(CustomerText::new(text), Some("lv"), &mut numbering).into_string()
    };
    assert_eq!(say("from a@b.lv to C@d.lv"), "from [EMAIL_1] to [EMAIL_2]");
    assert_eq!(say("again c@D.lv, card 4111 1111 1111 1111"), "again [EMAIL_2], card [CARD_1]");
    assert_eq!(say("card 4111-1111-1111-1111 and 5555555555554444"), "card [CARD_1] and [CARD_2]");
    assert_eq!(say("zvaniet +371 29123456"), "zvaniet [PHONE_1]");
    assert_eq!(say("zvaniet +37129123456"), "zvaniet [PHONE_1]");
}

#[test]
fn originals_come_back_in_the_order_of_the_text() {
    let mut numbering = Numbering::default();
    let redaction =
        redactor().redact_keeping("I am at jānis@piemērs.lv, 161175-19997", None, &mut numbering);
    let mut restored = redaction.text.as_str().to_owned();
    for original in &redaction.originals {
        restored = restored.replacen(&original.placeholder, &original.value, 1);
    }
    assert_eq!(restored, "I am at jānis@piemērs.lv, 161175-19997");
    assert!(!format!("{:?}", redaction.originals).contains("19997"));
}

#[test]
fn own_patterns_are_redacted_and_allowed_ones_are_kept() {
    let settings = RedactionSettings {
        allow: vec![r"\bKS-?\d{8,11}\b".to_owned()],
        allow_hosts: vec!["shop.example".to_owned()],
        patterns: vec![CustomPattern {
            label: "LOYALTY_CARD".to_owned(),
            pattern: r"\bOZC\d{6}\b".to_owned(),
        }],
        ..RedactionSettings::default()
    };
    let redactor = Redactor::new(&settings).unwrap();
    let redacted =
        |text: &str| redactor.redact(text, None, &mut Numbering::default()).into_string();
    assert_eq!(redacted("card OZC123456"), "card [LOYALTY_CARD_1]");
    assert_eq!(redacted("KS-44051401359"), "KS-44051401359");
    assert_eq!(
        redacted("see https://www.shop.example/returns"),
        "see https://www.shop.example/returns"
    );
    assert_eq!(redacted("see https://shop.example/?token=x1"), "see [LINK_1]");
    assert_eq!(redacted("see https://other.example/returns"), "see [LINK_1]");
    let everything =
        RedactionSettings { allow: vec![".*".to_owned()], ..RedactionSettings::default() };
    let redactor = Redactor::new(&everything).unwrap();
    let text =
        redactor.redact("a@b.lv 4111111111111111 +371 29123456", None, &mut Numbering::default());
    assert_eq!(text.as_str(), "[EMAIL_1] [CARD_1] +371 29123456");
}

#[test]
fn unusable_settings_are_named() {
    let with = |settings: RedactionSettings| Redactor::new(&settings).err().unwrap().to_string();
    let bad = RedactionSettings { allow: vec!["(".to_owned()], ..RedactionSettings::default() };
    assert!(with(bad).contains("redaction.allow"));
    let own = CustomPattern { label: "bad label".to_owned(), pattern: "x".to_owned() };
    let bad = RedactionSettings { patterns: vec![own], ..RedactionSettings::default() };
    assert!(matches!(Redactor::new(&bad), Err(RedactionError::Label(_))));
}

#[test]
fn a_locale_brings_its_local_numbers() {
    let redact = |text: &str, locale| {
        redactor().redact(text, Some(locale), &mut Numbering::default()).into_string()
    };
    assert_eq!(
        redact("vai varat uzrakstīt uz 29123456 rīt no rīta", "lv"),
        "vai varat uzrakstīt uz [PHONE_1] rīt no rīta"
    );
    assert_eq!(
        redact("could you look at 29123456 tomorrow morning", "en"),
        "could you look at 29123456 tomorrow morning"
    );
}

#[test]
fn placeholders_in_a_customers_words_are_left_alone() {
    let text = "is [EMAIL_1] or [PHONE_22] in [IP_ADDRESS_3] mine?";
    assert_eq!(redacted(text), text);
}

/// Pieces that hostile or unlucky texts are made of.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "a@b.lv",
            "+371 29123456",
            "4111 1111 1111 1111",
            "161175-19997",
            "LV80BANK0000435195001",
            "my name is Anna Ozola",
            "Best regards,\nJanis",
            "Dear Mr. Smith,",
            "passport",
            "account number",
            "Brivibas iela 5",
            "LV-1010",
            "1.2.3.4",
            "::1",
            "[EMAIL_1]",
            "https://x.lv/?t=1",
            "password is",
            "x1y2z3!",
            " at ",
            " dot com",
            "(at)",
            "\u{200b}",
            "４１１１",
            "\u{43e}",
            "e\u{301}",
            "ẞ",
            "born",
            "12.03.1980",
            "@",
            "-",
            "/",
            ".",
            ":",
            "+",
            "\n",
            " ",
            " ",
            " ",
            "order",
            "call me",
            "00:00:5E:00:53:AF",
            "A1",
            "12",
            "345",
            "6789",
            "0",
            "x",
            "ID",
            "€",
        ])
        .prop_map(str::to_owned),
        "[0-9]{1,12}",
        "\\PC{0,6}",
        "[a-zA-Z0-9 @.\\-/]{0,12}",
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn findings_are_sorted_disjoint_and_on_character_boundaries(text in text()) {
        let mut last = 0;
        for finding in redactor().find(&text, Some("lv")) {
            prop_assert!(finding.range.start >= last && finding.range.start < finding.range.end);
            prop_assert!(text.get(finding.range.clone()).is_some());
            last = finding.range.end;
        }
        prop_assert!(last <= text.len());
    }

    #[test]
    fn redacting_twice_changes_nothing(text in text()) {
        let mut numbering = Numbering::default();
        let once = redactor().redact(&text, Some("lv"), &mut numbering);
        let twice = redactor().redact(&once, Some("lv"), &mut numbering);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn originals_put_back_make_the_text(text in text()) {
        let redaction = redactor().redact_keeping(&text, None, &mut Numbering::default());
        let mut restored = String::new();
        let mut rest = redaction.text.as_str();
        for finding in redactor().find(&text, None).iter().zip(&redaction.originals) {
            let at = finding.0.range.start - restored.len();
            restored.push_str(&rest[..at]);
            restored.push_str(&finding.1.value);
            rest = rest[at..].strip_prefix(finding.1.placeholder.as_str()).unwrap();
        }
        restored.push_str(rest);
        prop_assert_eq!(restored, text);
    }

    #[test]
    fn a_value_in_any_surroundings_goes(before in "[a-z ,.!?]{0,30}", after in "[a-z ,!?]{0,30}") {
        for value in ["anna@inbox.lv", "LV80BANK0000435195001", "4111111111111111", "161175-19997"] {
            let text = format!("{before} {value} {after}");
            prop_assert!(!redacted(&text).contains(value), "{}", text);
        }
    }
}

/// Long runs of what detectors look at. The work may only grow with the length: every run must end
/// while the test's own patience lasts, and give a result of the same shape.
#[test]
fn long_hostile_runs_are_handled() {
    let units = [
        "1",
        "1 ",
        "1-",
        "1.",
        "12 ",
        "(1) ",
        "+1",
        "00 ",
        "@",
        "a@",
        "a@b.",
        "a.b@c.d ",
        ":",
        "::",
        "a:",
        "1:",
        ".",
        "a.",
        "://",
        "http://",
        "file://",
        "a.com/(",
        "-----BEGIN PRIVATE KEY",
        "password ",
        "password=",
        "my name is ",
        "My name is A ",
        "Dear A. ",
        "Mr. ",
        "St. 1 ",
        "rue de ",
        "address is 1 A, ",
        "passport number ",
        "born 1.1.",
        "[A_1]",
        "[",
        "[A_",
        "eyJ",
        "sk-",
        "AKIA",
        "LV80 ",
        "0x",
        "bc1q",
        "x at y dot ",
        " at ",
        "dot com ",
        "\u{200b}",
        "é",
        "\u{301}",
        "4111 ",
        "A1B2 ",
        "x",
        "X ",
        "0000",
        "1a",
        "\n",
        " ",
        "д",
        "1д",
        "о1",
    ];
    for unit in units {
        let mut text = String::new();
        while text.len() < 20_000 {
            write!(text, "{unit}").unwrap();
        }
        let once = redactor().redact(&text, Some("lv"), &mut Numbering::default());
        assert!(once.as_str().len() <= text.len() * 12);
    }
}
