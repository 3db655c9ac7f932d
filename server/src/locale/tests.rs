//! The packs are complete and say only what can be filled in; the fallback chain; the operator's own
//! folder.

use std::collections::BTreeSet;

use jiff::civil::{date, time};

use super::load::{FILES, placeholders, stray};
use super::*;

fn locale(tag: &str) -> Locale {
    Locale::parse(tag).unwrap()
}

fn table(text: &str) -> toml::Table {
    toml::from_str(text).unwrap()
}

/// Plural forms that a whole number can take.
fn forms(language: &str) -> BTreeSet<&'static str> {
    (0..=200).map(|n| category(language, n)).chain(["other"]).collect()
}

#[test]
fn no_pack_lacks_a_text_or_has_one_too_many() {
    let english = table(FILES[0].1);
    let mut wrong = Vec::new();
    for (tag, text) in FILES {
        let own = table(text);
        wrong.extend(stray(&own, &english, "").into_iter().map(|s| format!("{tag}: {s}")));
        for (section, keys) in &english {
            let Some(keys) = keys.as_table() else {
                continue;
            };
            if section == DESK && own.get(DESK).is_none() && !["en", "de", "lv"].contains(&tag) {
                continue;
            }
            for (key, words) in keys {
                let found = own.get(section).and_then(|s| s.get(key));
                let Some(found) = found else {
                    wrong.push(format!("{tag}: `{section}.{key}` is missing"));
                    continue;
                };
                if let (Some(words), Some(found)) = (words.as_str(), found.as_str())
                    && placeholders(words) != placeholders(found)
                {
                    wrong.push(format!("{tag}: `{section}.{key}` has other placeholders"));
                }
                if section == "count" {
                    for form in forms(tag) {
                        if found.get(form).is_none() {
                            wrong.push(format!("{tag}: `count.{key}` lacks the form {form}"));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_reason_has_a_message_with_its_ticket() {
    let locales = Locales::load(None).unwrap();
    for pack in locales.packs() {
        for reason in crate::domain::ReasonCode::ALL {
            let key = format!("hand_over.{}", reason.as_str());
            let message = pack.fill(&key, &[("ticket", "T-1")]);
            assert!(message.contains("T-1"), "{}: {key}", pack.tag);
        }
    }
}

#[test]
fn a_text_is_of_the_region_then_the_language_then_english() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs_err::write(folder.path().join(name), text).unwrap();
    write("de-at.toml", "[widget]\nsend = \"Abschicken\"\n");
    write("pt.toml", "language = \"Português\"\n[widget]\nsend = \"Enviar\"\n");
    write("notes.txt", "not a pack");
    let locales = Locales::load(Some(folder.path())).unwrap();
    for (tag, send, close) in [
        ("de-AT", "Abschicken", "Hilfe-Chat schließen"),
        ("de-CH", "Senden", "Hilfe-Chat schließen"),
        ("pt-br", "Enviar", "Close the help chat"),
        ("sw", "Send", "Close the help chat"),
    ] {
        assert_eq!(locales.text(&locale(tag), "widget.send"), send, "{tag}");
        assert_eq!(locales.text(&locale(tag), "widget.close"), close, "{tag}");
    }
}

#[test]
fn a_wrong_file_of_the_operator_is_named_with_what_is_wrong() {
    for (name, text, named) in [
        ("de.toml", "[widget]\nsendd = \"x\"\n", "`widget.sendd` is no key"),
        ("de.toml", "[widget]\nticket = \"{tiket}\"\n", "{tiket}"),
        ("de.toml", "[count]\nminutes = { some = \"{n}\" }\n", "no plural form"),
        ("de.toml", "[widget]\nsend = 5\n", "wrong type"),
        ("de.toml", "[widget\n", "de.toml"),
        ("de.toml", "[format]\nmonths = [\"a\"]\n", "12"),
        ("german!.toml", "", "language tag"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join(name), text).unwrap();
        let error = Locales::load(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains(named), "{text}: {error}");
    }
    let missing = Locales::load(Some(std::path::Path::new("/nowhere/at/all"))).unwrap_err();
    assert!(missing.to_string().contains("site.locales"), "{missing}");
}

#[test]
fn agents_are_spoken_to_in_a_language_that_has_words_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let text = "language = \"Português\"\n[widget]\nsend = \"Enviar\"\n";
    fs_err::write(folder.path().join("pt.toml"), text).unwrap();
    let locales = Locales::load(Some(folder.path())).unwrap();
    for (accepted, tag) in [
        ("lv, en;q=0.5", "lv"),
        ("fr, de;q=0.8", "de"),
        ("fr", "en"),
        ("pt", "en"),
        ("", "en"),
        ("de-AT", "de"),
    ] {
        assert_eq!(locales.desk(accepted).tag, tag, "{accepted}");
    }
    for reason in crate::domain::ReasonCode::ALL {
        let key = format!("inbox.reason_{}", reason.as_str());
        assert_ne!(locales.desk("lv").text(&key), key);
    }
}

#[test]
fn braces_in_a_value_mean_nothing() {
    let locales = Locales::load(None).unwrap();
    let said = locales.fill(&locale("en"), "system.agent_joined", &[("name", "{name} {ticket}")]);
    assert_eq!(said, "{name} {ticket} has joined the conversation.");
    assert_eq!(fill("a { b {c} {", &[("c", "1")]), "a { b 1 {");
}

#[test]
fn numbers_dates_and_money_in_the_forms_of_the_language() {
    let locales = Locales::load(None).unwrap();
    let day = date(2026, 10, 2);
    for (tag, number, written, money) in [
        ("en", "1,234,567", "2 October 2026", "€1,234.50"),
        ("de", "1.234.567", "2. Oktober 2026", "1.234,50\u{a0}€"),
        ("lv", "1\u{a0}234\u{a0}567", "2026. gada 2. oktobris", "1234,50\u{a0}€"),
        ("lt", "1\u{a0}234\u{a0}567", "2026 m. spalio 2 d.", "1234,50\u{a0}€"),
        ("fi", "1\u{a0}234\u{a0}567", "2. lokakuuta 2026", "1234,50\u{a0}€"),
    ] {
        let format = &locales.pack(&locale(tag)).format;
        assert_eq!(format.number(1_234_567), number, "{tag}");
        assert_eq!(format.date(day), written, "{tag}");
        let of = format.money(123_450, "€");
        assert_eq!(of.replace(['.', ','], ""), money.replace(['.', ','], ""), "{tag}");
    }
    assert_eq!(locales.pack(&locale("fi")).format.time(time(9, 5, 0, 0)), "09.05");
    assert_eq!(locales.pack(&locale("de")).format.tenths(4.0), "4,0");
    assert_eq!(locales.pack(&locale("ru")).count("minutes", 22), "Около 22 минут");
}

#[test]
fn the_language_is_chosen_by_wish_then_browser_then_default() {
    let locales = Locales::load(None).unwrap();
    let offered = ["et", "lv", "de", "fr"].map(str::to_owned);
    for (asked, accepted, chosen) in [
        ("lv", "de", "lv"),
        ("auto", "xx, de;q=0.5, fr-CA;q=0.9", "fr-ca"),
        ("", "", "et"),
        ("pl", "ru", "et"),
        ("<script>", "zz", "et"),
        ("de-AT", "", "de-at"),
    ] {
        let found = locales.choose(asked, accepted, &offered);
        assert_eq!(found.as_str(), chosen, "{asked} {accepted}");
    }
    assert_eq!(locales.choose("auto", "zz", &[]).as_str(), "en");
}
