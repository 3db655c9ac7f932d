//! What the review queue promises: nobody is told apart, the order does not matter, verdicts are kept.

use super::*;
use crate::privacy::{Numbering, RedactionSettings, Redactor};

pub(super) fn asked(asker: &str, question: &str, second: i64) -> Unanswered {
    let redactor = Redactor::new(&RedactionSettings::default()).unwrap();
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, asker.as_bytes());
    Unanswered {
        id: (ConversationId(id), second.unsigned_abs()),
        asker: asker.to_owned(),
        at: at(second),
        question: redactor.redact(question, Some("en"), &mut Numbering::default()),
        locale: Locale::parse("en").unwrap(),
        reason: "no_evidence",
        confidence: 0.2,
        nearest: Some("help/boots.md".to_owned()),
        verdict: None,
        vector: None,
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn sample() -> Vec<Unanswered> {
    vec![
        asked("a", "do you sell kayaks for children", 1),
        asked("b", "do you sell kayaks", 2),
        asked("c", "can I buy kayaks for children from you", 3),
        asked("d", "do you sell kayaks", 4),
        asked("e", "opening hours on christmas eve in Tartu", 5),
        asked("e", "what are the opening hours on christmas eve in Tartu", 6),
        asked("f", "my uncle Bertold lost a green umbrella in the sauna", 7),
    ]
}

fn kayaks(n: i64) -> Vec<Unanswered> {
    (0..n).map(|i| asked(&i.to_string(), "do you sell kayaks", i)).collect()
}

#[test]
fn a_subject_shows_only_from_k_customers_on() {
    let three = gaps(sample(), 3);
    assert_eq!(three.gaps.len(), 1, "{three:?}");
    let kayaks = &three.gaps[0];
    assert_eq!((kayaks.questions, kayaks.askers), (4, 4));
    assert_eq!(kayaks.words.len(), 2, "boat and sell: {kayaks:?}");
    assert_eq!(kayaks.example.as_deref(), Some("do you sell kayaks"));
    assert_eq!(kayaks.nearest.as_deref(), Some("help/boots.md"));
    assert_eq!((three.questions, three.hidden), (7, 3));
    let shown = serde_json::to_string(&three).unwrap();
    assert!(!shown.contains("umbrella") && !shown.contains("christmas"), "{shown}");
    // One customer twice is still one customer.
    assert_eq!(gaps(sample(), 2).gaps.len(), 1);
    assert_eq!(gaps(sample(), 1).hidden, 0);
}

#[test]
fn words_of_one_customer_never_show_in_a_subject_of_many() {
    let mut all = kayaks(5);
    all.push(asked("9", "do you sell kayaks to Zebulon Quackenbush", 9));
    let shown = serde_json::to_string(&gaps(all, 3)).unwrap().to_lowercase();
    assert!(shown.contains("kayak") && !shown.contains("zebulon"), "{shown}");
    assert!(shown.contains("\"questions\":6"), "{shown}");
}

#[test]
fn the_order_of_the_questions_does_not_matter() {
    let forward = gaps(sample(), 1);
    let mut turned = sample();
    turned.reverse();
    assert_eq!(gaps(turned, 1), forward);
    assert_eq!(gaps(Vec::new(), 3).gaps, []);
}

#[test]
fn the_most_wanted_come_first() {
    let mut all = kayaks(4);
    for q in &mut all {
        q.confidence = 0.6;
    }
    all.extend((0..3).map(|i| asked(&format!("x{i}"), "christmas opening hours", 10 + i)));
    let found = gaps(all, 3);
    assert_eq!(found.gaps[0].askers, 3, "three without any answer weigh more: {found:?}");
    assert!((found.gaps[0].weight - 2.4).abs() < 1e-9 && (found.gaps[1].weight - 1.6).abs() < 1e-9);
}

#[test]
fn what_is_resolved_counts_again_when_it_is_asked_again() {
    let mut all = kayaks(4);
    for q in &mut all {
        q.verdict = Some((Verdict::Resolved, at(50)));
    }
    let found = gaps(all.clone(), 3);
    assert_eq!((found.gaps.len(), found.resolved, found.hidden), (0, 4, 0));
    all.extend((0..2).map(|i| asked(&format!("x{i}"), "do you sell kayaks", 60 + i)));
    let found = gaps(all.clone(), 3);
    assert_eq!((found.gaps.len(), found.hidden), (0, 2), "two customers are too few");
    all.push(asked("x2", "do you sell kayaks", 70));
    let found = gaps(all, 3);
    assert_eq!((found.gaps.len(), found.gaps[0].questions), (1, 3));
}

#[test]
fn what_is_dismissed_stays_so_however_many_ask_later() {
    let mut all = kayaks(4);
    for q in &mut all {
        q.verdict = Some((Verdict::Dismissed, at(50)));
    }
    all.extend((0..20).map(|i| asked(&format!("x{i}"), "do you sell kayaks", 60 + i)));
    let found = gaps(all.clone(), 3);
    assert_eq!((found.gaps.len(), found.dismissed.len()), (0, 1));
    // One dismissed question among others that were there does not dismiss them.
    for q in all.iter_mut().skip(1) {
        q.verdict = None;
    }
    assert_eq!(gaps(all, 3).gaps.len(), 1);
}

#[test]
fn a_name_stays_while_a_subject_grows() {
    let before = gaps(kayaks(3), 3).gaps[0].id.clone();
    assert_eq!(gaps(kayaks(9), 3).gaps[0].id, before);
}

#[test]
fn a_question_without_words_has_no_subject() {
    let all = (0..5).map(|i| asked(&i.to_string(), "is it you?", i)).collect();
    assert_eq!(gaps(all, 3).questions, 0);
}
