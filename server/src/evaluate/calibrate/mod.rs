//! `atbilde calibrate`: fits the confidence to a company's own base, without labels where there are none.
//!
//! Called by the `calibrate` command. What it goes by: the share of customers' questions that the articles
//! answer, which moves the intercept; golden cases, which count with their truth, and with enough of them
//! every coefficient may move, a little; and beside these, with little weight, questions that the base
//! makes itself (`questions`): titles and headings are answered by their articles; the same with the
//! articles held out, and questions of other domains, by none. They are far easier than customers'
//! questions: fitted alone they made the confidence worse on average (docs/retrieval.md), so alone they
//! move nothing. The threshold is chosen on golden cases by models that have not seen them (`threshold`);
//! without golden cases nothing can be promised, and the report says so.

mod fit;
mod other_domains;
mod questions;
mod report;
mod threshold;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use indexer::model::Filter;
use jiff::Zoned;

use super::base::{Base, Source};
use super::{EvalError, golden, progress, set_run};
use crate::assistant::calibration::{Calibration, Provenance};
use crate::assistant::confidence::Features;
use crate::settings::Settings;
use fit::{Example, Model, Price};
use questions::{Ask, Group};
use threshold::{Choice, Judged, Wish};

pub use report::CalibrateOutcome;

/// Parts of the golden cases that are left out of the fit in turn.
const FOLDS: usize = 5;
/// Golden cases below which nothing is promised and no feature moves.
const LEAST_JUDGED: usize = 30;
/// The made-up questions together weigh as this many golden cases, however many there are.
const MADE_WEIGHT: f64 = 30.0;
/// Of the questions without an answer, the share that is close to the subject (held-out articles); the
/// others are of other domains.
const NEAR: f64 = 0.25;
/// Prices with few golden cases and with enough of them; see [`Price`].
const FEW: Price = Price { features: None, scale: 20.0, intercept: 1.0 };
const ENOUGH: Price = Price { features: Some(300.0), scale: 10.0, intercept: 0.1 };

/// What is wanted of a calibration.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrateOptions {
    /// Folder of golden cases, whose truth is known.
    pub golden: Option<PathBuf>,
    /// `corpus.jsonl` of a question set, instead of a folder of Markdown files.
    pub corpus: Option<PathBuf>,
    /// Share of wrong ones among the answers, at most.
    pub max_error: f64,
    /// Certainty of that, below 1.
    pub certainty: f64,
    /// Share of customers' questions that the articles answer; used where no golden cases tell.
    pub answerable: f64,
}

/// A question of the fit with what was found for it.
struct Asked {
    group: Group,
    features: Features,
    right: bool,
    answerable: bool,
    subject: String,
}

/// Fits, chooses the threshold, and writes the file into the data folder of the base.
///
/// # Errors
/// [`EvalError`] when the base cannot be opened, a file is wrong, or the wish makes no sense.
pub async fn run(
    options: &CalibrateOptions,
    (kb, data): (&Path, &Path),
    settings: &Settings,
) -> Result<CalibrateOutcome, EvalError> {
    check(options)?;
    let (data, source, cases) = match &options.corpus {
        Some(corpus) => {
            let documents = set_run::documents(corpus, settings)?;
            (set_run::folder_of(data, corpus)?, Source::Documents(documents), Vec::new())
        }
        None => {
            let cases = options.golden.as_deref().map(|g| golden::read(g, kb)).transpose()?;
            (data.to_owned(), Source::Folder(kb), cases.unwrap_or_default())
        }
    };
    let base = Base::open_uncalibrated(&data, source, settings).await?;
    let filter = Filter::public(Zoned::now().date());
    let asks = questions::make(&base.knowledge, &cases, &filter).await?;
    let asked = ask_all(&base, asks, settings.eval.concurrent.max(1)).await?;
    let least = settings.assistant.confidence.threshold;
    let calibration = calibrate(
        &asked,
        options,
        (settings.eval.gate.refuse, least),
        (&base.fingerprint(), base.report.generation.0),
    )?;
    let before = decided(&asked, &Model::shipped(), least);
    let model = Model { weights: calibration.weights, intercept: calibration.intercept };
    let after = decided(&asked, &model, calibration.threshold);
    let file = calibration.save(&data)?;
    base.close().await;
    Ok(report::outcome(&calibration, file, (before, after)))
}

fn check(options: &CalibrateOptions) -> Result<(), EvalError> {
    let within = |name: &str, value: f64| {
        if value > 0.0 && value < 1.0 {
            Ok(())
        } else {
            Err(EvalError::Usage(format!("--{name} is {value}; it must lie between 0 and 1")))
        }
    };
    within("max-error", options.max_error)?;
    within("certainty", options.certainty)?;
    within("answerable", options.answerable)
}

async fn ask_all(base: &Base, asks: Vec<Ask>, concurrent: usize) -> Result<Vec<Asked>, EvalError> {
    let bar = progress::bar("asking", asks.len() as u64);
    let all: Vec<Option<Asked>> = futures::stream::iter(asks)
        .map(|ask| {
            let bar = &bar;
            async move {
                let asked = ask_one(base, ask).await;
                bar.inc(1);
                asked
            }
        })
        .buffered(concurrent)
        .try_collect()
        .await?;
    bar.finish_and_clear();
    Ok(all.into_iter().flatten().collect())
}

/// `None` when nothing at all was found: there is nothing to fit then.
async fn ask_one(base: &Base, ask: Ask) -> Result<Option<Asked>, EvalError> {
    let snapshot = base.knowledge.snapshot();
    let snapshot =
        if ask.without.is_empty() { snapshot } else { Arc::new(snapshot.without(&ask.without)) };
    let assessed =
        base.assistant.assess_in(&ask.question, &ask.turns, Arc::clone(&snapshot)).await?;
    let Some(confidence) = assessed.confidence else { return Ok(None) };
    let mut found = Vec::new();
    for candidate in &assessed.found.candidates {
        let Some(document) = snapshot.document_of(candidate.id) else { continue };
        if !found.contains(&&document.path) {
            found.push(&document.path);
        }
        if found.len() == 5 {
            break;
        }
    }
    Ok(Some(Asked {
        group: ask.group,
        features: confidence.features,
        right: found.iter().any(|path| ask.gold.contains(path)),
        answerable: !ask.gold.is_empty(),
        subject: ask.subject,
    }))
}

/// The calibration for what was asked.
fn calibrate(
    asked: &[Asked],
    options: &CalibrateOptions,
    (refuse, least): (f64, f64),
    (fingerprint, generation): (&str, u64),
) -> Result<Calibration, EvalError> {
    let count = |group| asked.iter().filter(|a| a.group == group).count();
    if count(Group::Made) + count(Group::Judged) == 0 {
        return Err(EvalError::Usage(
            "there is no article in the base that a question could be made of; name your folder with --kb"
                .to_owned(),
        ));
    }
    let wish = Wish { max_error: options.max_error, certainty: options.certainty, refuse };
    let judged: Vec<&Asked> = asked.iter().filter(|a| a.group == Group::Judged).collect();
    let model = fitted(asked, options.answerable, None);
    let choice = if judged.len() < LEAST_JUDGED {
        on_made_up((&made_up(asked, options.answerable), &judged), &model, (&wish, least))
    } else {
        let honest: Vec<Model> =
            (0..FOLDS).map(|f| fitted(asked, options.answerable, Some(f))).collect();
        on_judged(&judged, (&honest, &model), &wish)
    };
    Ok(Calibration {
        weights: model.weights,
        intercept: model.intercept,
        threshold: choice.threshold,
        provenance: Provenance {
            fingerprint: fingerprint.to_owned(),
            generation,
            made: count(Group::Made),
            held_out: count(Group::HeldOut),
            other_domains: count(Group::OtherDomain),
            judged: judged.len(),
            max_error: wish.max_error,
            certainty: wish.certainty,
            answered: choice.answered,
            wrong: choice.wrong,
            bound: choice.bound,
            promised: choice.promised,
            more_needed: threshold::more_needed(&choice, &wish),
        },
    })
}

/// The model for everything that was asked, golden cases of one fold left out.
fn fitted(asked: &[Asked], answerable: f64, left_out: Option<usize>) -> Model {
    let judged = asked.iter().filter(|a| a.group == Group::Judged);
    let enough = judged.clone().count() >= LEAST_JUDGED;
    let mut examples = if enough { made_up(asked, answerable) } else { Vec::new() };
    examples.extend(judged.filter(|a| left_out != Some(fold(&a.subject))).map(|a| Example {
        features: a.features,
        right: a.right,
        weight: 1.0,
    }));
    fit::fit(&examples, &Model::shipped_for(answerable), if enough { ENOUGH } else { FEW })
}

/// The made-up questions, weighed so that the share with an answer is `answerable`. A title whose own
/// article is not found says something of the search and nothing of the confidence, and is left out.
fn made_up(asked: &[Asked], answerable: f64) -> Vec<Example> {
    let kind = |a: &Asked| match a.group {
        Group::Made => a.right.then_some(0),
        Group::HeldOut => Some(1),
        Group::OtherDomain => Some(2),
        Group::Judged => None,
    };
    let mut sizes = [0.0f64; 3];
    for kind in asked.iter().filter_map(kind) {
        sizes[kind] += 1.0;
    }
    let shares = [answerable, (1.0 - answerable) * NEAR, (1.0 - answerable) * (1.0 - NEAR)];
    asked
        .iter()
        .filter_map(|a| kind(a).map(|kind| (a, kind)))
        .map(|(a, kind)| Example {
            features: a.features,
            right: kind == 0,
            weight: MADE_WEIGHT * shares[kind] / sizes[kind],
        })
        .collect()
}

/// Cases of one subject are always in one fold, whatever their language.
fn fold(subject: &str) -> usize {
    usize::from(questions::shuffled(subject)[0]) % FOLDS
}

/// `honest` holds a model for each fold that has not seen it.
fn on_judged(judged: &[&Asked], (honest, model): (&[Model], &Model), wish: &Wish) -> Choice {
    let list: Vec<Judged> = judged
        .iter()
        .map(|a| Judged {
            honest: honest[fold(&a.subject)].probability(&a.features),
            used: model.probability(&a.features),
            right: a.right,
            answerable: a.answerable,
        })
        .collect();
    threshold::choose(&list, wish)
}

/// Without enough golden cases: the lowest threshold from `least` on above which the made-up questions,
/// weighed, keep the wish; they are easier than customers', so they never lower it. What few golden cases
/// there are is counted, so that the report can say how far it is from a promise.
fn on_made_up(
    (made, judged): (&[Example], &[&Asked]),
    model: &Model,
    (wish, least): (&Wish, f64),
) -> Choice {
    let mut falling: Vec<(f64, bool, f64)> =
        made.iter().map(|e| (model.probability(&e.features), e.right, e.weight)).collect();
    falling.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut all, mut wrong, mut lowest) = (0.0, 0.0, 1.0);
    for (probability, right, weight) in falling {
        all += weight;
        wrong += if right { 0.0 } else { weight };
        if wrong <= wish.max_error * all {
            lowest = probability;
        }
    }
    let threshold = f64::max(lowest, least);
    let above = || judged.iter().filter(|a| model.probability(&a.features) >= threshold);
    let (answered, wrong) = (above().count(), above().filter(|a| !a.right).count());
    let bound = super::special::upper_bound(wrong, answered, wish.certainty);
    Choice { threshold, answered, wrong, bound, promised: false }
}

/// Golden cases that would be answered rightly, answered wrongly, handed over.
fn decided(asked: &[Asked], model: &Model, threshold: f64) -> [usize; 3] {
    let mut out = [0; 3];
    for a in asked.iter().filter(|a| a.group == Group::Judged) {
        let answered = model.probability(&a.features) >= threshold;
        out[if !answered { 2 } else { usize::from(!a.right) }] += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The threshold of the configuration.
    const LEAST: f64 = 0.73;

    fn asked(group: Group, cosine: f64, right: bool, subject: usize) -> Asked {
        let features = Features { cosine, spread: 0.3, length: 0.4, ..Features::default() };
        let answerable = matches!(group, Group::Made | Group::Judged) && right;
        Asked { group, features, right, answerable, subject: subject.to_string() }
    }

    fn options() -> CalibrateOptions {
        CalibrateOptions {
            golden: None,
            corpus: None,
            max_error: 0.05,
            certainty: 0.95,
            answerable: 0.85,
        }
    }

    fn base() -> Vec<Asked> {
        let mut all = Vec::new();
        for i in 0..40 {
            let step = f64::from(i) / 100.0;
            all.push(asked(Group::Made, 0.6 + step, true, i as usize));
            all.push(asked(Group::HeldOut, 0.2 + step, false, i as usize));
            all.push(asked(Group::OtherDomain, 0.05 + step / 4.0, false, i as usize));
        }
        all
    }

    fn golden(n: usize) -> Vec<Asked> {
        let one = |i: usize| {
            let right = !i.is_multiple_of(5);
            let step = i as f64 / n as f64 / 5.0;
            asked(Group::Judged, if right { 0.7 + step } else { 0.1 + step }, right, 1000 + i)
        };
        (0..n).map(one).collect()
    }

    fn made(all: &[Asked]) -> Calibration {
        calibrate(all, &options(), (0.95, LEAST), ("space", 7)).unwrap()
    }

    #[test]
    fn without_golden_cases_nothing_is_promised() {
        let got = made(&base());
        assert!(!got.provenance.promised && got.provenance.judged == 0);
        assert!(got.threshold >= LEAST && got.threshold < 1.0);
        assert_eq!(
            (got.weights, got.intercept),
            Features::shipped(),
            "made-up questions move nothing"
        );
        assert_eq!((got.provenance.made, got.provenance.held_out), (40, 40));
        assert_eq!(got, made(&base()), "not deterministic");
    }

    #[test]
    fn clear_golden_cases_make_a_promise_and_few_do_not() {
        let with = |n| {
            let mut all = base();
            all.extend(golden(n));
            made(&all).provenance
        };
        let many = with(250);
        assert!(many.promised && many.answered >= 190 && many.bound <= 0.05, "{many:?}");
        let few = with(40);
        assert!(!few.promised && few.more_needed.is_some_and(|n| n > 0), "{few:?}");
        assert!(!with(10).promised);
    }

    #[test]
    fn the_made_up_questions_weigh_as_one_says() {
        let examples = made_up(&base(), 0.8);
        let weight =
            |right| examples.iter().filter(|e| e.right == right).map(|e| e.weight).sum::<f64>();
        assert!((weight(true) - 24.0).abs() < 1e-9 && (weight(false) - 6.0).abs() < 1e-9);
    }

    #[test]
    fn the_share_of_answerable_questions_moves_the_intercept() {
        let told = |answerable| {
            calibrate(
                &base(),
                &CalibrateOptions { answerable, ..options() },
                (0.95, LEAST),
                ("s", 7),
            )
            .unwrap()
            .intercept
        };
        assert!((told(0.5) - (told(0.85) - (0.85f64 / 0.15).ln())).abs() < 1e-9);
    }

    #[test]
    fn a_base_without_articles_and_a_senseless_wish_are_refused() {
        let none = calibrate(&[], &options(), (0.95, LEAST), ("space", 7)).unwrap_err();
        assert!(none.to_string().contains("--kb"));
        let error = check(&CalibrateOptions { max_error: 5.0, ..options() }).unwrap_err();
        assert!(error.to_string().contains("--max-error is 5"), "{error}");
    }
}
