//! Sentence bounds in the languages of the sample.

use super::*;
use proptest::prelude::*;

fn split<'a>(tag: &str, text: &'a str) -> Vec<&'a str> {
    sentences(text, &Locale::parse(tag).unwrap()).into_iter().map(|r| &text[r]).collect()
}

/// Cases are sentences parted by `|`; the text under test has a space instead.
fn check(tag: &str, marked: &str) {
    let text = marked.replace('|', " ");
    let want: Vec<&str> = marked.split('|').collect();
    assert_eq!(split(tag, &text), want);
}

#[test]
fn english() {
    for case in [
        "It works.|It really does!|Does it?|Yes.",
        "Bring documents, e.g. Passports or cards.|Then pay.",
        "Send it to Dr. Smith at St. Mary's.|Thanks.",
        "See order No. 5 and No. 12.|Then call.",
        "It takes approx. 5 days.|We tell you.",
        "It costs 2.99 EUR.|Version 2.3.1 is out.",
        "Open https://ozols.example/a.B?q=1.2&x=Y now.|Then log in.",
        "Write to help@ozols.example.|We answer.",
        "Wait...|Then try again.",
        "He said “It works.”|She agreed.",
        "(It is free.)|Really.",
        "Call J. Smith in the U.S. Office.|Now.",
        "We close at 5 p.m.|Sunday is free.",
        "1. Open the app.|2. Tap Pay.",
        "We have tents, bags, etc.|They are good.",
        "Is it free?! Yes.|It is.".replace("?! ", "?!|").as_str(),
    ] {
        check("en", case);
    }
}

#[test]
fn latvian() {
    for case in [
        "Piegāde notiks 2026. gada 5. maijā.|Gaidiet ziņu.",
        "Strādājam no plkst. 9 līdz plkst. 18.|Zvaniet!",
        "Pieņemam kartes, skaidru naudu u.c.|Jautājiet mums.",
        "Piem. Rīgā piegāde ir bez maksas.|Citur maksā 2,99 EUR.",
        "Rakstiet uz Nr. 5 vai tālr. 67000000.|Atbildēsim.",
        "5. Maijs ir brīvdiena.|Atpūtieties.",
    ] {
        check("lv", case);
    }
}

#[test]
fn german_estonian_and_others() {
    for (tag, case) in [
        ("de", "Am 5. Mai liefern wir.|Danach nicht."),
        ("de", "Das gilt z. B. Für Zelte.|Gut."),
        ("de", "Das gilt z.B. Für Zelte bzw. Taschen.|Gut."),
        ("de", "Bis zum 3. Werktag ca. 5 Stück.|Danke."),
        ("de", "Es kostet 5.|Danach 6."),
        ("et", "Saadame 5. Mai paiku.|Aitäh."),
        ("fr", "Contactez M. Dupont.|Merci."),
        ("ru", "Доставка на ул. Бривибас, т.е. Рига.|Спасибо."),
        ("und", "See Dr. Who.|Ok."),
    ] {
        check(tag, case);
    }
}

#[test]
fn other_scripts_and_line_ends() {
    assert_eq!(split("zh", "你好。再见。"), ["你好。", "再见。"]);
    assert_eq!(split("en", "One line\ngoes on. Two"), ["One line\ngoes on.", "Two"]);
    assert_eq!(split("en", "One\n\nTwo"), ["One", "Two"]);
    assert!(split("en", "  \n ").is_empty());
    assert_eq!(split("en", "..."), ["..."]);
}

#[test]
fn long_texts_take_linear_time() {
    for piece in ["1. ", "a.b ", "... ", "Dr. ", "No. 5 ", "?!", "\n", ". x"] {
        let text = piece.repeat(200_000);
        let count = sentences(&text, &Locale::parse("de").unwrap()).len();
        assert!(count <= text.len());
    }
}

proptest! {
    #[test]
    fn ranges_cover_the_text(text in "[a-zA-Z0-9ā.!?…\"'() \n。]{0,80}", tag in "en|lv|de|und") {
        let ranges = sentences(&text, &Locale::parse(&tag).unwrap());
        let mut end = 0;
        let mut kept = String::new();
        for range in &ranges {
            prop_assert!(range.start >= end && range.end > range.start);
            prop_assert!(text[end..range.start].chars().all(char::is_whitespace));
            let sentence = &text[range.clone()];
            prop_assert_eq!(sentence.trim(), sentence);
            kept.push_str(sentence);
            end = range.end;
        }
        prop_assert!(text[end..].trim().is_empty());
    }
}
