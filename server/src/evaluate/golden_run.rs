//! Runs golden cases through the whole assistant and says which of them it got right.
//!
//! Called by `command`. Every case is a conversation of its own; earlier turns are given to the
//! assistant as if they had happened. Beside passing and failing it measures where the right pages
//! stood, which tells a search problem from a wording problem.

use std::path::Path;

use futures::{StreamExt, TryStreamExt};
use indexer::publish::BuildReport;
use serde::Serialize;

use super::base::{Base, Source};
use super::figures::SetFigures;
use super::golden::{Case, Expect};
use super::metrics::Places;
use super::output::Prediction;
use super::probe::Probe;
use super::rows::{Row, Shown};
use super::text::folded;
use super::{EvalError, progress};
use crate::domain::{Answer, Failure, Outcome, ReasonCode};
use crate::settings::Settings;

/// What happened to one case.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CaseResult {
    pub(super) id: String,
    pub(super) question: String,
    pub(super) expect: &'static str,
    pub(super) kind: String,
    pub(super) language: String,
    /// `answered`, `clarify`, `handed_off`, `failed`.
    pub(super) outcome: &'static str,
    /// Why it was handed off.
    pub(super) reason: Option<&'static str>,
    pub(super) confidence: f64,
    /// Paths of the cited pages.
    pub(super) cited: Vec<String>,
    pub(super) answer: String,
    /// Place of the first page of `must_cite` among all pages found, from 1.
    pub(super) gold_rank: Option<usize>,
    /// What is wrong; `None` for a case that passed.
    pub(super) problem: Option<String>,
}

/// Everything that came of the cases, in their order.
pub(super) struct GoldenResult {
    pub(super) cases: Vec<CaseResult>,
    /// What the confidence of each case is made of; cases that ask for a person are left out.
    pub(super) predictions: Vec<Prediction>,
    /// Every case, those that ask for a person too.
    pub(super) rows: Vec<Row>,
    pub(super) figures: SetFigures,
    pub(super) report: BuildReport,
    /// Names the vector space.
    pub(super) fingerprint: String,
    /// Probability below which a person takes over.
    pub(super) threshold: f64,
    /// Seconds for all cases.
    pub(super) seconds: f64,
}

/// Publishes `kb` into `data` and asks all cases.
///
/// # Errors
/// When the base cannot be made or a search fails. A case that fails is no error.
pub(super) async fn run(
    cases: &[Case],
    (kb, data): (&Path, &Path),
    settings: &Settings,
) -> Result<GoldenResult, EvalError> {
    let base = Base::open(data, Source::Folder(kb), settings).await?;
    let started = std::time::Instant::now();
    let bar = progress::bar("asking", cases.len() as u64);
    let asked: Vec<(CaseResult, Row, Prediction)> = futures::stream::iter(cases)
        .map(|case| {
            let (base, bar) = (&base, &bar);
            async move {
                let result = ask(base, case).await;
                bar.inc(1);
                result
            }
        })
        .buffered(settings.eval.concurrent.max(1))
        .try_collect()
        .await?;
    bar.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();
    let (mut cases, mut rows, mut predictions) = (Vec::new(), Vec::new(), Vec::new());
    let mut judged = Vec::new();
    for (case, row, prediction) in asked {
        if let Some(one) = row.judged() {
            judged.push(one);
            predictions.push(prediction);
        }
        cases.push(case);
        rows.push(row);
    }
    let result = GoldenResult {
        figures: SetFigures::of(&judged, &settings.eval),
        cases,
        predictions,
        rows,
        report: base.report.clone(),
        fingerprint: base.fingerprint(),
        threshold: base.threshold,
        seconds,
    };
    base.close().await;
    Ok(result)
}

async fn ask(base: &Base, case: &Case) -> Result<(CaseResult, Row, Prediction), EvalError> {
    let parts = (&*base.assistant, &*base.knowledge);
    let probe = Probe::of(parts, &case.question, &case.history).await?;
    let answer =
        base.assistant.answer_with_history(case.question.clone(), case.history.clone()).await;
    let ranking: Vec<String> = probe.ranking.iter().map(|p| p.as_str().to_owned()).collect();
    let gold_rank = ranking.iter().position(|p| case.must_cite.contains(p)).map(|i| i + 1);
    let result = CaseResult { gold_rank, confidence: probe.confidence, ..result(case, &answer) };
    let row = row(case, (&probe, &ranking), &result);
    let prediction = Prediction {
        id: case.id.clone(),
        question: case.words.clone(),
        passages: probe.passages(),
        ranking,
        confidence: probe.confidence,
        features: probe.features,
        language: case.language.clone(),
        kind: case.kind.clone(),
        answerable: row.answerable,
        hit_at_5: row.right(),
        vague: false,
    };
    Ok((result, row, prediction))
}

fn row(case: &Case, (probe, ranking): (&Probe, &[String]), result: &CaseResult) -> Row {
    let gold = !case.must_cite.is_empty();
    let evidence = |k| probe.evidence(&case.must_say, k);
    Row {
        id: case.id.clone(),
        language: case.language.clone(),
        kind: case.kind.clone(),
        group: case.id.clone(),
        answerable: case.expect == Expect::Answer,
        gold: gold.then_some(case.must_cite.len()),
        places: if gold { Places::of(ranking, &case.must_cite).taken() } else { Vec::new() },
        confidence: probe.confidence,
        evidence: evidence(5).zip(evidence(10)).map(|(five, ten)| [five, ten]),
        expect: Some(case.expect.as_str().to_owned()),
        passed: Some(result.problem.is_none()),
        shown: Shown {
            question: case.words.clone(),
            wanted: case.must_cite.clone(),
            found: probe.found(),
            outcome: result.outcome,
            answer: result.answer.clone(),
            problem: result.problem.clone(),
        },
    }
}

fn result(case: &Case, answer: &Result<Answer, Failure>) -> CaseResult {
    let (outcome, reason) = match answer.as_ref().map(|a| &a.outcome) {
        Ok(Outcome::Answered) => ("answered", None),
        Ok(Outcome::Clarify { .. }) => ("clarify", None),
        Ok(Outcome::SmallTalk { .. }) => ("small_talk", None),
        Ok(Outcome::HandedOff { reason, .. }) => ("handed_off", Some(reason.as_str())),
        Err(_) => ("failed", None),
    };
    let mut cited: Vec<String> = Vec::new();
    for citation in answer.iter().flat_map(|a| &a.citations) {
        if !cited.contains(&citation.path) {
            cited.push(citation.path.clone());
        }
    }
    CaseResult {
        id: case.id.clone(),
        question: case.words.clone(),
        expect: case.expect.as_str(),
        kind: case.kind.clone(),
        language: case.language.clone(),
        outcome,
        reason,
        confidence: 0.0,
        cited,
        answer: answer.as_ref().map_or_else(|_| String::new(), |a| a.text.clone()),
        gold_rank: None,
        problem: match answer {
            Ok(answer) => problem(case, answer),
            Err(failure) => Some(format!("neither answered nor handed over: {}", failure.message)),
        },
    }
}

/// What is wrong with `answer`, the first thing alone.
fn problem(case: &Case, answer: &Answer) -> Option<String> {
    match (case.expect, &answer.outcome) {
        (Expect::Answer, Outcome::Answered) => wrong_answer(case, answer),
        (Expect::Answer, Outcome::HandedOff { reason, .. }) => {
            Some(format!("handed over ({}) instead of answered", reason.as_str()))
        }
        (Expect::Refuse, Outcome::Answered) => Some("answered although there is no answer".into()),
        (Expect::Refuse, Outcome::HandedOff { message, .. }) => {
            said(&case.must_not_say, &everything(answer, message))
        }
        (Expect::HandOver, Outcome::Answered) => Some("answered instead of handed over".into()),
        (_, Outcome::Clarify { message, .. }) => {
            Some(format!("asked back: {}", message.replace('\n', " ")))
        }
        (_, Outcome::SmallTalk { .. }) => Some("taken for small talk".into()),
        (Expect::HandOver, Outcome::HandedOff { reason, .. }) => (!for_what_was_said(*reason))
            .then(|| format!("handed over for another reason: {}", reason.as_str())),
    }
}

/// Whether a person takes over because of what the customer said, and not for want of an answer.
fn for_what_was_said(reason: ReasonCode) -> bool {
    use ReasonCode::{CustomerRequested, NegativeSentiment, PolicySensitive};
    matches!(reason, CustomerRequested | PolicySensitive | NegativeSentiment)
}

fn wrong_answer(case: &Case, answer: &Answer) -> Option<String> {
    if !answer.citations.iter().any(|c| case.must_cite.contains(&c.path)) {
        return Some("cites none of the right pages".to_owned());
    }
    let text = folded(&answer.text);
    if let Some(missing) = case.must_say.iter().find(|w| !text.contains(&folded(w))) {
        return Some(format!("does not say {missing:?}"));
    }
    said(&case.must_not_say, &text)
}

/// `text` must be folded.
fn said(forbidden: &[String], text: &str) -> Option<String> {
    forbidden.iter().find(|w| text.contains(&folded(w))).map(|w| format!("says {w:?}"))
}

/// Everything that a customer could read.
fn everything(answer: &Answer, message: &str) -> String {
    let mut all = vec![answer.text.as_str(), message];
    all.extend(answer.sentences.iter().map(|s| s.text.as_str()));
    for citation in &answer.citations {
        all.extend([&*citation.title, &citation.heading, &citation.path, &citation.quote]);
    }
    folded(&all.join("\n"))
}

#[cfg(test)]
mod tests {
    use indexer::model::{Audience, Generation, PassageId};

    use super::*;
    use crate::domain::{Citation, ConversationId, GeneratorId, Question, Ticket, Timings};

    fn case(expect: Expect) -> Case {
        Case {
            id: "a".into(),
            question: Question::parse("return window?", None, None, Audience::Public).unwrap(),
            words: "return window?".into(),
            history: Vec::new(),
            expect,
            must_cite: vec!["returns.md".into(), "policy.md".into()],
            must_say: vec!["60 Days".into()],
            must_not_say: vec!["75".into()],
            kind: "short".into(),
            language: "en".into(),
        }
    }

    fn answer(outcome: Outcome, text: &str, path: &str) -> Answer {
        let citation = Citation {
            n: 1,
            passage: PassageId(uuid::Uuid::nil()),
            title: "T".into(),
            heading: String::new(),
            url: "/kb/t".into(),
            article: "/v1/articles/t".into(),
            path: path.into(),
            quote: "for up to 75 days".into(),
            document_version: Generation(1),
        };
        Answer {
            outcome,
            text: text.into(),
            sentences: Vec::new(),
            citations: vec![citation],
            confidence: 0.9,
            conversation: ConversationId::random(),
            seq: None,
            generation: Generation(1),
            generator: GeneratorId::Extractive,
            locale: "en".into(),
            disclosure: None,
            timings: Timings::default(),
        }
    }

    fn handed_off(reason: ReasonCode) -> Outcome {
        Outcome::HandedOff { reason, ticket: Ticket::random(), message: "a colleague".into() }
    }

    fn of(expect: Expect, outcome: Outcome, text: &str, path: &str) -> String {
        problem(&case(expect), &answer(outcome, text, path)).unwrap_or_default()
    }

    #[test]
    fn an_answer_needs_a_right_page_and_the_right_words() {
        let good = "Within\n60  days.";
        assert_eq!(of(Expect::Answer, Outcome::Answered, good, "policy.md"), "");
        assert!(of(Expect::Answer, Outcome::Answered, good, "other.md").contains("pages"));
        assert!(of(Expect::Answer, Outcome::Answered, "60", "policy.md").contains("60 Days"));
        let forbidden = of(Expect::Answer, Outcome::Answered, "60 days or 75", "policy.md");
        assert!(forbidden.contains("75"));
        let handed = of(Expect::Answer, handed_off(ReasonCode::LowConfidence), "", "policy.md");
        assert!(handed.contains("low_confidence"));
    }

    #[test]
    fn a_refusal_must_not_leak_in_a_quote() {
        assert!(of(Expect::Refuse, Outcome::Answered, "x", "a.md").contains("no answer"));
        let leak = of(Expect::Refuse, handed_off(ReasonCode::NoEvidence), "", "a.md");
        assert!(leak.contains("75"), "{leak}");
        let mut quiet = answer(handed_off(ReasonCode::NoEvidence), "", "a.md");
        quiet.citations.clear();
        assert_eq!(problem(&case(Expect::Refuse), &quiet), None);
    }

    #[test]
    fn a_hand_over_needs_its_reason() {
        let asked = handed_off(ReasonCode::CustomerRequested);
        assert_eq!(of(Expect::HandOver, asked, "", "a.md"), "");
        let threat = handed_off(ReasonCode::PolicySensitive);
        assert_eq!(of(Expect::HandOver, threat, "", "a.md"), "");
        let other = of(Expect::HandOver, handed_off(ReasonCode::NoEvidence), "", "a.md");
        assert!(other.contains("no_evidence"));
        assert!(!of(Expect::HandOver, Outcome::Answered, "x", "a.md").is_empty());
    }

    #[test]
    fn a_failure_is_a_failed_case() {
        let failure = Failure { kind: crate::domain::FailureKind::Internal, message: "no".into() };
        let got = result(&case(Expect::Refuse), &Err(failure));
        assert_eq!(got.outcome, "failed");
        assert!(got.problem.unwrap().contains("no"));
    }
}
