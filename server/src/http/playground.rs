//! `GET /playground` and `POST /v1/admin/explain`: how an answer comes about, for those who write the
//! articles. Open in demo mode, else for whoever is logged in and for the operator's token.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, Resource, web};
use askama::Template;
use indexer::model::Audience;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Maybe;
use super::body::JsonBody;
use super::dto::{CitationDto, HitDto, SentenceDto};
use super::error::{Problem, ProblemBody};
use super::pages::{Site, page as show};
use super::{State, admin, edge};
use crate::assistant::Explanation;
use crate::domain::Question;
use crate::store::KeyScope;

#[derive(Template)]
#[template(path = "playground.html")]
struct PlaygroundPage<'a> {
    site: Site<'a>,
    open: bool,
    languages: Vec<(&'a str, &'a str)>,
}

/// The page.
pub(super) async fn page(
    state: web::Data<State>,
    Maybe(staff): Maybe,
) -> Result<HttpResponse, Problem> {
    show(&PlaygroundPage {
        site: Site::of(&state),
        open: state.site.demo || staff.is_some(),
        languages: state.locales.packs().map(|p| (p.tag.as_str(), p.language.as_str())).collect(),
    })
}

/// A question to look into.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExplainRequest {
    /// The customer's words, 1 to 8000 characters.
    #[schema(example = "How long does a refund take?")]
    question: String,
    /// Language tag of the reply; `auto`, `null` or absent: the question's own language.
    #[serde(default)]
    locale: Option<String>,
}

/// How the answer comes about.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExplainResponse {
    /// `answered`, or the reason why a person would take over.
    decision: &'static str,
    /// The question as search and model see it, without personal data.
    redacted: String,
    confidence: f64,
    /// ... of the answer: lower where a model was unsure of its words.
    answer_confidence: f64,
    /// Below this a person takes over.
    threshold: f64,
    /// What the confidence is made of, each feature in or near [0, 1].
    features: BTreeMap<&'static str, f64>,
    /// The answer that would be given, also where the confidence would not do.
    sentences: Vec<SentenceDto>,
    citations: Vec<CitationDto>,
    generator: &'static str,
    /// Sentences of a model that the guard withheld, by reason.
    withheld: BTreeMap<&'static str, u32>,
    /// Passages found, best first.
    passages: Vec<HitDto>,
    /// Milliseconds by part.
    timings_ms: BTreeMap<&'static str, f64>,
    index_generation: u64,
    locale: String,
}

/// The resource of [`explain`].
pub(super) fn explain_resource() -> Resource {
    web::resource("/v1/admin/explain")
        .route(web::post().to(explain))
        .default_service(web::to(|| edge::method_not_allowed("POST")))
}

/// How does an answer come about?
///
/// Search, confidence, words and guard as for a customer's first question; nothing is stored, and
/// nobody is called.
#[utoipa::path(post, path = "/v1/admin/explain", tag = "Operation", request_body = ExplainRequest, responses(
    (status = 200, description = "Everything behind the answer", body = ExplainResponse),
    (status = 401, description = "unauthorized", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "invalid_field", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "not_ready or timed_out", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn explain(
    state: web::Data<State>,
    request: HttpRequest,
    Maybe(staff): Maybe,
    body: Result<JsonBody<ExplainRequest>, Problem>,
) -> Result<HttpResponse, Problem> {
    match (staff, state.site.demo) {
        (Some(_), _) => {}
        (None, true) => state.doors.limits.address(state.client(&request))?,
        (None, false) => admin::authorize(&state, &request, KeyScope::Operate).await?,
    }
    let JsonBody(body) = body?;
    state.readiness.check()?;
    let locale = body.locale.as_deref();
    let question = Question::parse(&body.question, locale, None, Audience::Public)?;
    let explained = state.in_time(state.assistant.explain(&question)).await?;
    let explained = explained.map_err(|e| Problem::internal(&e))?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(ExplainResponse::from(&explained)))
}

impl From<&Explanation> for ExplainResponse {
    fn from(e: &Explanation) -> Self {
        let found = &e.assessment.found;
        let confidence = e.assessment.confidence.as_ref();
        let decision = match (e.trigger, confidence) {
            (Some(reason), _) => reason.as_str(),
            (None, Some(c)) if c.probability >= e.threshold => "answered",
            (None, Some(c)) if c.evidence => "low_confidence",
            (None, _) => "no_evidence",
        };
        let times = found.retrieved.timings;
        Self {
            decision,
            redacted: e.redacted.clone(),
            confidence: confidence.map_or(0.0, |c| c.probability),
            answer_confidence: e.confidence,
            threshold: e.threshold,
            features: confidence
                .map(|c| c.features.named().into_iter().collect())
                .unwrap_or_default(),
            sentences: e.drafted.sentences.iter().map(SentenceDto::from).collect(),
            citations: e.drafted.citations.iter().map(CitationDto::from).collect(),
            generator: e.generator.as_str(),
            withheld: e.withheld.clone(),
            passages: found.retrieved.hits.iter().map(HitDto::from).collect(),
            timings_ms: BTreeMap::from([
                ("embed", times.embed_ms),
                ("keyword", times.keyword_ms),
                ("dense", times.dense_ms),
                ("search", times.total_ms),
                ("generate", e.generate_ms),
            ]),
            index_generation: found.retrieved.generation.0,
            locale: found.locale.as_str().to_owned(),
        }
    }
}
