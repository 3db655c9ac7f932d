//! What the triggers promise, over the phrasings in `cases/` (`tuning` was looked at while the lexicons
//! were written, `heldout` was not) and over the golden questions of the sample.

use std::path::Path;

use indexer::model::Locale;
use serde::Deserialize;

use super::*;
use crate::privacy::{Numbering, RedactionSettings, Redactor};

fn redactor() -> Redactor {
    Redactor::new(&RedactionSettings::default()).unwrap()
}

fn redacted(text: &str) -> RedactedText {
    redactor().redact(text, Some("en"), &mut Numbering::default())
}

fn trigger_with(text: &str, settings: &TriggerSettings) -> Option<(ReasonCode, Option<String>)> {
    before_search(&redacted(text), settings).map(|t| (t.reason, t.topic))
}

fn trigger(text: &str) -> Option<(ReasonCode, Option<String>)> {
    trigger_with(text, &TriggerSettings::default())
}

fn settings(toml: &str) -> Result<TriggerSettings, toml::de::Error> {
    toml::from_str(toml)
}

/// Recall over the requests and false alarms over the near misses of one set of cases, and how many
/// languages it has.
fn measured(set: &str) -> (f64, f64, usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/assistant/triggers/cases");
    let (mut requests, mut seen, mut misses, mut alarms, mut languages) = (0, 0, 0, 0, 0);
    for file in fs_err::read_dir(folder.join(set)).unwrap() {
        languages += 1;
        for line in fs_err::read_to_string(file.unwrap().path()).unwrap().lines() {
            let (sign, text) = line.split_at(2);
            let asks = u32::from(person_request::asks_for_person(&Words::of(text)));
            match sign {
                "+ " => (requests, seen) = (requests + 1, seen + asks),
                "- " => (misses, alarms) = (misses + 1, alarms + asks),
                _ => panic!("{line}"),
            }
        }
    }
    (f64::from(seen) / f64::from(requests), f64::from(alarms) / f64::from(misses), languages)
}

#[test]
fn requests_are_seen_and_near_misses_left_alone_in_seventeen_languages() {
    for (set, least, most) in [("tuning", 0.99, 0.005), ("heldout", 0.98, 0.02)] {
        let (recall, alarms, languages) = measured(set);
        assert_eq!(languages, 17);
        assert!(recall >= least, "{set}: recall {recall:.3}");
        assert!(alarms <= most, "{set}: false alarms {alarms:.3}");
    }
}

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    question: String,
    expect: String,
}

#[test]
fn no_golden_question_with_an_answer_triggers_and_every_request_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kb/golden");
    let mut checked = 0;
    for folder in [folder.join("challenge"), folder.join("short"), folder] {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "yaml") {
                continue;
            }
            let golden: Golden =
                serde_saphyr::from_str(&fs_err::read_to_string(path).unwrap()).unwrap();
            for case in golden.cases {
                checked += 1;
                let reason = trigger(&case.question).map(|(reason, _)| reason);
                let expected = match case.expect.as_str() {
                    "hand_over" => Some(ReasonCode::CustomerRequested),
                    _ => None,
                };
                assert_eq!(reason, expected, "{}", case.question);
            }
        }
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn sensitive_topics_are_named() {
    for (topic, messages) in [
        (
            "self_harm",
            &[
                "I want to kill myself",
                "Ich will nicht mehr leben",
                "es gribu nomirt",
                "quiero morir",
                "je veux mourir",
                "voglio morire",
                "хочу умереть",
                "ma ei taha enam elada",
                "nebenoriu gyventi",
                "chcę umrzeć",
                "en halua enää elää",
                "jag vill inte leva längre",
            ][..],
        ),
        (
            "safety",
            &[
                "The lamp battery exploded and burned my hand",
                "Der Akku hat Feuer gefangen",
                "lampas akumulators uzsprāga",
                "la batterie a pris feu",
                "la batería explotó",
                "la batteria ha preso fuoco",
                "аккумулятор загорелся",
                "aku läks põlema",
                "akumuliatorius sprogo",
                "bateria się zapaliła",
                "akku räjähti",
                "batteriet exploderade",
            ],
        ),
        (
            "legal_threat",
            &[
                "I will sue you",
                "mein Anwalt wird sich bei Ihnen melden",
                "iesūdzēšu jūs tiesā",
                "je vais porter plainte",
                "voy a denunciarlos",
                "vi denuncio",
                "подам на вас в суд",
                "kaeban teid kohtusse",
                "paduosiu jus į teismą",
                "pozwę was do sądu",
                "haastan teidät oikeuteen",
                "jag stämmer er",
            ],
        ),
        (
            "data_request",
            &[
                "Please delete all my personal data under GDPR",
                "Bitte löschen Sie alle meine Daten",
                "I request a copy of all data you hold about me",
                "lūdzu izdzēsiet visus manus datus",
                "supprimez toutes mes données personnelles",
                "удалите все мои персональные данные",
            ],
        ),
        ("complaint", &["I want to file a formal complaint", "vēlos iesniegt sūdzību"]),
        ("press", &["I am a journalist writing about your company", "esmu žurnāliste no Delfi"]),
    ] {
        for message in messages {
            let expected = Some((ReasonCode::PolicySensitive, Some(topic.to_owned())));
            assert_eq!(trigger(message), expected, "{message}");
        }
    }
}

#[test]
fn questions_about_sensitive_matters_are_ordinary_questions() {
    for question in [
        "How do I delete my account?",
        "by when do you have to answer a formal complaint",
        "Is the gas cartridge allowed on a plane?",
        "Can the battery of the lamp be replaced?",
        "Which court is responsible under your terms?",
        "how can I see which data you have of me",
        "Is the stove safe for children?",
        "I bought the killer whale float, can I return it?",
        "Can the jacket be washed by hand, not in the machine?",
        "Sind die Schuhe idiotensicher?",
    ] {
        assert_eq!(trigger(question), None, "{question}");
    }
}

#[test]
fn strong_anger_is_for_a_person_and_a_remark_is_not() {
    for message in [
        "this is useless, third time I ask",
        "you people are idiots",
        "so ein Scheißladen",
        "esto es una vergüenza, nadie me responde",
        "это безобразие, третий раз пишу",
        "tas ir briesmīgi, jau trešo reizi rakstu un neviens neatbild",
        "bande de voleurs",
    ] {
        let reason = trigger(message).map(|t| t.0);
        assert_eq!(reason, Some(ReasonCode::NegativeSentiment), "{message}");
    }
    for message in [
        "I am very annoyed, where is my parcel?",
        "MY TENT IS BROKEN",
        "stupid question maybe, but what is a flysheet?",
    ] {
        assert_eq!(trigger(message), None, "{message}");
    }
    let off = settings("negative_sentiment = false").unwrap();
    assert_eq!(trigger_with("you people are idiots", &off), None);
}

#[test]
fn anger_that_goes_on_is_for_a_person() {
    let stays = |asked: &str, before: &[&str]| {
        let texts: Vec<RedactedText> = before.iter().map(|t| redacted(t)).collect();
        stays_angry(&redacted(asked), texts.iter().rev(), &TriggerSettings::default())
    };
    assert!(stays("I am very annoyed now", &["what a joke", "where is my parcel"]));
    assert!(!stays("I am very annoyed now", &["where is my parcel"]));
    assert!(!stays("thank you", &["what a joke"]));
}

#[test]
fn operators_add_phrases_and_topics_and_switch_topics_off() {
    let own = settings(
        "[topics]\npress = { enabled = false }\n\
         safety = { phrases = [\"recall .. stove*\"] }\n\
         bulk = { phrases = [\"more than 100 tents\"] }",
    )
    .unwrap();
    let topic = |text: &str| trigger_with(text, &own).and_then(|t| t.1);
    assert_eq!(topic("I am a journalist at a newspaper"), None);
    assert_eq!(topic("is there a recall of the small STOVES?").as_deref(), Some("safety"));
    assert_eq!(topic("we need more than 100 tents").as_deref(), Some("bulk"));
    assert_eq!(topic("I want to die").as_deref(), Some("self_harm"));
}

#[test]
fn a_wrong_topic_or_phrase_is_an_error_that_names_it() {
    let wrong = settings("[topics]\nlegal_treat = { enabled = false }").unwrap_err().to_string();
    assert!(wrong.contains("legal_treat") && wrong.contains("legal_threat"), "{wrong}");
    let wrong = settings("[topics]\npress = { phrases = [\".. ..\"] }").unwrap_err().to_string();
    assert!(wrong.contains("no word"), "{wrong}");
}

#[test]
fn who_speaks_of_self_harm_reads_calm_words_with_a_ticket() {
    let ticket = Ticket::random();
    for (language, word) in [("de", "Mensch"), ("lv", "Cilvēks"), ("sw", "person")] {
        let message = message("self_harm", &Locale::parse(language).unwrap(), &ticket).unwrap();
        assert!(message.contains(word) && message.contains(ticket.as_str()), "{message}");
    }
    assert_eq!(message("press", &Locale::parse("en").unwrap(), &ticket), None);
}

#[test]
fn hostile_messages_are_read_in_bounded_time_and_never_panic() {
    for message in [
        String::new(),
        "talk ".repeat(3_000),
        "talk to a ".repeat(3_000) + "human",
        "'".repeat(5_000),
        "a".repeat(100_000),
        "a'b’c".repeat(5_000),
        "😀💣\u{200b}\u{202e}".repeat(1_000),
        "no not never stop want need ".repeat(1_000),
        "\n,.!?".repeat(5_000),
    ] {
        let _ = trigger(&message);
        let _ = sentiment::anger(&Words::of(&message));
    }
}
