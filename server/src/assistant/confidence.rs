//! Should we answer? Evidence of the search becomes one probability.
//!
//! Raw similarity is no confidence: on-topic questions that the articles do not answer look just like
//! those they do. So several features that mean the same on every base (shares, ranks, cosines of a
//! fixed model) go through a logistic model. The coefficients were fitted on six public question sets and
//! on the golden questions of the sample (docs/retrieval.md has the recipe); `atbilde calibrate` replaces
//! them by those of one's own base ([`super::calibration`]).

use serde::{Deserialize, Serialize};

use indexer::keyword::QueryTerm;
use indexer::language::{Analyzer, TermKind};
use indexer::model::Hit;
use indexer::search::{Fused, SearchOutcome, question_weight};

use super::calibration::Calibration;
use crate::evidence::{AnswerType, QuestionTerms, TextTerms, WordOrder, denies};

/// `[assistant.confidence]` of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfidenceSettings {
    /// Below this probability a person takes over, [0, 1]; a calibration brings its own.
    pub threshold: f64,
    /// Below this share of the question's weight in the best passages, and with a far-off vector,
    /// the reason is `no_evidence` instead of `low_confidence`.
    pub evidence_coverage: f32,
    /// Coefficients fitted to the base; `None`: the shipped ones. Read from the data folder, never
    /// from the configuration.
    #[serde(skip)]
    pub calibration: Option<Calibration>,
}

impl ConfidenceSettings {
    /// What was fitted to the vector space `fingerprint`; cosines of another space mean something else.
    pub fn calibration_of(&self, fingerprint: &str) -> Option<&Calibration> {
        self.calibration.as_ref().filter(|c| c.provenance.fingerprint == fingerprint)
    }

    /// The threshold in effect for what was found in the vector space `fingerprint`.
    pub fn threshold_in(&self, fingerprint: &str) -> f64 {
        self.calibration_of(fingerprint).map_or(self.threshold, |c| c.threshold)
    }
}

impl Default for ConfidenceSettings {
    fn default() -> Self {
        Self { threshold: 0.73, evidence_coverage: 0.25, calibration: None }
    }
}

/// The decision's ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Confidence {
    /// Probability that the found passages answer the question, [0, 1].
    pub probability: f64,
    /// Whether anything in the base touches the question at all.
    pub evidence: bool,
    pub features: Features,
}

/// What the probability is made of; each feature in or near [0, 1].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Features {
    /// Best cosine of question and passage. In a language that the embedder does not know it is that
    /// of their English words.
    pub cosine: f64,
    /// Best cosine above the mean of all candidates: how far it stands out.
    pub spread: f64,
    /// Best cosine above the mean of the ten best.
    pub gap: f64,
    /// Best BM25 score over the root of the sum of the question's term weights, as the fusion has it.
    pub bm25: f64,
    /// Best fused score above the mean of the ten best, before scores are moved to [0, 1].
    pub lead: f64,
    /// Best BM25 score's lead over the second document's, as a share.
    pub bm25_gap: f64,
    /// Weighted share of the question's terms in the best passage with its headings. A term that the
    /// base does not know at all weighs half: it may just be a common word.
    pub coverage: f64,
    /// The same in the best three passages together.
    pub coverage_three: f64,
    /// Weighted share of the question that the base has no word for.
    pub unknown: f64,
    /// Weight of the heaviest term that the best three passages lack, as a share of the heaviest of
    /// all: one telling word that is missing says more than the share of all words.
    pub missing: f64,
    /// Best weighted share of the question in a single sentence, step or row with its headings.
    pub sentence: f64,
    /// Weighted share of the question's neighbouring terms that follow each other closely in the best
    /// passage, 0.5 for a question of one term.
    pub order: f64,
    /// 1 when the question denies something and that unit does not.
    pub denial: f64,
    /// 1 when that unit has the kind of answer that is asked for (an amount, a time), 0 when it has
    /// not, 0.5 when no kind is asked for.
    pub kind: f64,
    /// 1 when a number of the question is in none of the best three passages.
    pub number_missing: f64,
    /// 1 when the best passage has a code that the question names.
    pub code: f64,
    /// 1 when the best passage of both searches is of the same document.
    pub agreement: f64,
    /// Share of the best five passages that are of the best document.
    pub same_document: f64,
    /// 1 when the best passage is in another language than the question, although the base has
    /// articles in that language.
    pub other_language: f64,
    /// 1 when the question is in a language that the embedder does not know.
    pub foreign: f64,
    /// Whether the question names a year that is in none of the best three passages. Not part of the
    /// model, see [`OTHER_YEAR`].
    pub year_missing: bool,
    /// Whether the question names a code that the base lacks, although it tells several of that kind. Not
    /// part of the model, see [`UNLISTED_CODE`].
    pub code_unlisted: bool,
    /// Whether the question is in a language that the embedder does not know, and the base has articles in it.
    /// Not part of the model, see [`UNREAD`].
    pub own_foreign: bool,
    /// Natural logarithm of one more than the number of terms, divided by 4.
    pub length: f64,
}

/// What a term of the headings alone counts of one in the sentence.
const HEADING_SHARE: f32 = 0.6;

/// Brings BM25 over the root of the question's weight to the scale of a cosine.
const KEYWORD_SCALE: f64 = 13.0;

/// Number of features.
pub const FEATURES: usize = 21;
/// Coefficients of the logistic model, in the order of [`Features::named`], and the intercept.
const WEIGHTS: [f64; FEATURES] = [
    6.915, 1.734, 0.755, 0.0, 2.31, 0.526, 0.317, 1.592, 0.775, 0.22, 1.706, 0.847, -0.179, 0.423,
    0.184, 0.777, 0.137, 0.883, -2.095, 0.739, 1.891,
];
const INTERCEPT: f64 = -7.523;
/// Share of the questions with an answer for which the shipped coefficients mean what they say, as far as
/// the sets tell: some were too sure, others not sure enough (docs/retrieval.md).
pub const SHIPPED_ANSWERABLE: f64 = 0.85;
/// What a year that the question names and no passage has takes from the logit: articles of today say
/// nothing of another year, however alike they sound. Set by hand, too rare in the sets to be fitted.
const OTHER_YEAR: f64 = 2.5;
/// What a code takes that is missing where several of its kind are told: what is said of another code is no answer.
/// Set by hand likewise.
const UNLISTED_CODE: f64 = 4.0;
/// What words that neither the base nor the lexicon has take, times their share, from a question in a language of the
/// base that the embedder does not know: it was given the others alone, which may well lie close to an article. Set by hand
/// likewise.
const UNREAD: f64 = 2.5;

impl Confidence {
    /// Reads the evidence of one search. Deterministic: equal input, equal output to the last digit.
    pub fn of(found: &SearchOutcome, settings: &ConfidenceSettings) -> Self {
        let features = Features::of(found);
        let logit = match settings.calibration_of(&found.fingerprint) {
            Some(calibration) => features.logit(&calibration.weights, calibration.intercept),
            None => features.shipped_logit(),
        };
        let evidence = features.coverage_three >= f64::from(settings.evidence_coverage)
            || features.cosine >= 0.5;
        Self { probability: 1.0 / (1.0 + (-logit).exp()), evidence, features }
    }
}

impl Features {
    /// Computes every feature from one search.
    pub fn of(found: &SearchOutcome) -> Self {
        let hits = &found.retrieved.hits;
        let Some(best) = hits.first() else { return Self::default() };
        let terms = QuestionTerms::new(&found.terms);

        let mut cosines: Vec<f64> =
            found.candidates.iter().filter_map(|c| c.dense.map(|d| f64::from(d.1))).collect();
        cosines.sort_by(|a, b| b.total_cmp(a));
        let cosine = cosines.first().copied().unwrap_or(0.0);
        let ten = mean(&cosines[..cosines.len().min(10)]);

        let mut bm25: Vec<(f64, &Hit)> =
            hits.iter().filter_map(|h| h.keyword_score.map(|s| (f64::from(s), h))).collect();
        bm25.sort_by(|a, b| b.0.total_cmp(&a.0));
        let top_bm25 = bm25.first().map_or(0.0, |b| b.0);
        let second = bm25
            .iter()
            .find(|(_, h)| bm25.first().is_some_and(|b| b.1.path != h.path))
            .map_or(0.0, |b| b.0);

        let texts: Vec<TextTerms> = hits.iter().take(3).map(terms_of).collect();
        let coverage = texts.iter().map(|t| terms.coverage(t)).fold(0.0, f32::max);
        let mut three = TextTerms::default();
        for text in &texts {
            three.join(text);
        }
        let weight = f64::from(question_weight(&found.terms));
        let Unit { coverage: sentence, kind, denial } = best_unit(found, &terms);
        let absent = |t: &&QueryTerm| t.kind == TermKind::Number && !three.has(&t.text);
        let mut numbers = found.terms.iter().filter(|t| t.share >= 1.0).filter(absent).peekable();
        let number_missing = numbers.peek().is_some();
        let year_missing = numbers
            .any(|t| t.text.len() == 4 && (t.text.starts_with("20") || t.text.starts_with("19")));
        let code = texts.first().is_some_and(|text| {
            let mut codes = found.terms.iter().filter(|t| t.kind == TermKind::Code);
            codes.any(|t| text.has(&t.text))
        });

        let best_dense = hits.iter().find(|h| h.dense_rank == Some(1));
        let best_keyword = hits.iter().find(|h| h.keyword_rank == Some(1));
        let agreement =
            matches!((best_dense, best_keyword), (Some(a), Some(b)) if a.path == b.path);
        let five = hits.iter().take(5);
        let same = five.clone().filter(|h| h.path == best.path).count() as f64;
        let other_language =
            found.own_language && best.meta.locale.language() != found.locale.language();
        let foreign = !found.embedder_knows;
        let flag = |on: bool| f64::from(u8::from(on));
        Self {
            cosine,
            spread: (cosine - mean(&cosines)).max(0.0),
            gap: (cosine - ten).max(0.0),
            bm25: keyword_evidence(top_bm25, weight),
            lead: lead(found, weight),
            bm25_gap: if top_bm25 > 0.0 { (top_bm25 - second).max(0.0) / top_bm25 } else { 0.0 },
            coverage: f64::from(coverage),
            coverage_three: f64::from(terms.coverage(&three)),
            unknown: f64::from(terms.unknown()),
            missing: f64::from(terms.heaviest_missing(&three)),
            sentence: f64::from(sentence),
            order: terms.in_order(&order_of(best)).map_or(0.5, f64::from),
            denial: flag(denial),
            kind,
            number_missing: flag(number_missing),
            year_missing,
            code_unlisted: found.terms.iter().any(|t| t.unlisted && t.share >= 1.0),
            code: flag(code),
            agreement: flag(agreement),
            same_document: same / five.count().max(1) as f64,
            other_language: flag(other_language),
            foreign: flag(foreign),
            own_foreign: foreign && found.own_language,
            length: (1.0 + terms.len() as f64).ln() / 4.0,
        }
    }

    /// Log-odds by the shipped coefficients.
    pub fn shipped_logit(&self) -> f64 {
        self.logit(&WEIGHTS, INTERCEPT)
    }

    /// Log-odds by other coefficients.
    fn logit(&self, weights: &[f64; FEATURES], intercept: f64) -> f64 {
        let sum: f64 = self.named().iter().zip(weights).map(|((_, value), w)| value * w).sum();
        intercept - self.offset() + sum
    }

    /// What is taken from the log-odds whatever the coefficients are.
    pub fn offset(&self) -> f64 {
        let year = if self.year_missing { OTHER_YEAR } else { 0.0 };
        let code = if self.code_unlisted { UNLISTED_CODE } else { 0.0 };
        let unread = if self.own_foreign { UNREAD * self.unknown } else { 0.0 };
        year + code + unread
    }

    /// The shipped coefficients in the order of [`Self::named`], and the intercept.
    pub fn shipped() -> ([f64; FEATURES], f64) {
        (WEIGHTS, INTERCEPT)
    }

    /// Name and value of each feature, in the order of the model.
    pub fn named(&self) -> [(&'static str, f64); FEATURES] {
        [
            ("cosine", self.cosine),
            ("spread", self.spread),
            ("gap", self.gap),
            ("bm25", self.bm25),
            ("lead", self.lead),
            ("bm25_gap", self.bm25_gap),
            ("coverage", self.coverage),
            ("coverage_three", self.coverage_three),
            ("unknown", self.unknown),
            ("missing", self.missing),
            ("sentence", self.sentence),
            ("order", self.order),
            ("denial", self.denial),
            ("kind", self.kind),
            ("number_missing", self.number_missing),
            ("code", self.code),
            ("agreement", self.agreement),
            ("same_document", self.same_document),
            ("other_language", self.other_language),
            ("foreign", self.foreign),
            ("length", self.length),
        ]
    }
}

/// BM25 on the scale of a cosine.
fn keyword_evidence(score: f64, weight: f64) -> f64 {
    score / weight.max(1.0).sqrt() / KEYWORD_SCALE
}

/// How far the best candidate stands out from the ten best.
fn lead(found: &SearchOutcome, weight: f64) -> f64 {
    let worst = found.candidates.iter().filter_map(|c| c.dense.map(|d| f64::from(d.1)));
    let worst = worst.reduce(f64::min).unwrap_or(0.0);
    let score = |c: &Fused| {
        let keyword = c.keyword.map_or(0.0, |k| keyword_evidence(f64::from(k.1), weight));
        c.dense.map_or(worst, |d| f64::from(d.1)) + keyword
    };
    let mut scores: Vec<f64> = found.candidates.iter().map(score).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    scores.truncate(10);
    scores.first().map_or(0.0, |best| best - mean(&scores))
}

/// The unit that covers most of the question in the best three passages.
struct Unit {
    coverage: f32,
    /// See [`Features::kind`].
    kind: f64,
    /// See [`Features::denial`].
    denial: bool,
}

fn best_unit(found: &SearchOutcome, terms: &QuestionTerms) -> Unit {
    let types = AnswerType::of_question(&found.query);
    let asks_no = denies(&found.query);
    let mut best = Unit { coverage: 0.0, kind: 0.5, denial: asks_no };
    for hit in found.retrieved.hits.iter().take(3) {
        let analyzer = Analyzer::new(&hit.meta.locale);
        let headings = hit.heading_path.iter().map(String::as_str);
        let context = TextTerms::of(headings.chain([hit.meta.title.as_str()]), &analyzer);
        for unit in &hit.units {
            let text = unit.text(&hit.text);
            let own = TextTerms::of([text], &analyzer);
            let coverage = terms.coverage_in_context(&own, &context, HEADING_SHARE);
            if coverage > best.coverage {
                let wanted = types.iter().filter(|t| **t != AnswerType::Procedure);
                let kind = match wanted.clone().count() {
                    0 => 0.5,
                    _ => f64::from(u8::from(wanted.clone().any(|t| t.is_in(text)))),
                };
                best = Unit { coverage, kind, denial: asks_no && !denies(text) };
            }
        }
    }
    best
}

fn order_of(hit: &Hit) -> WordOrder {
    let analyzer = Analyzer::new(&hit.meta.locale);
    let headings = hit.heading_path.iter().map(String::as_str);
    WordOrder::of(headings.chain([hit.meta.title.as_str(), hit.text.as_str()]), &analyzer)
}

fn terms_of(hit: &Hit) -> TextTerms {
    let analyzer = Analyzer::new(&hit.meta.locale);
    let headings = hit.heading_path.iter().map(String::as_str);
    TextTerms::of(headings.chain([hit.meta.title.as_str(), hit.text.as_str()]), &analyzer)
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}
