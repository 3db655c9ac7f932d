//! `GET /v1/site`: what the widget shows before anything is said: texts in the customer's language,
//! disclosure, greeting, questions to choose from, look and limits.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use indexer::model::Locale;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::conversation_dto::HoursDto;
use super::error::{Code, Problem, ProblemBody};
use crate::domain::MAX_CHARS;
use crate::locale::Pack;
use crate::site::{Corner, Storage};
use crate::useful::Wanted;

/// Questions to choose from at most.
const SUGGESTIONS: usize = 8;

/// Sections of a pack that the widget needs, and single keys beside them.
const SECTIONS: [&str; 3] = ["widget", "error", "count"];
const KEYS: [&str; 4] =
    ["server.hours_closed", "server.hours_unknown", "server.email_offer", "server.ended_early"];

/// Parameters, as they come in the address.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SiteParams {
    /// The site's id (`site.id`); may be left out.
    #[serde(default)]
    site: String,
    /// Language tag, or `auto` for the browser's.
    #[serde(default)]
    #[param(example = "auto")]
    locale: String,
}

/// What the widget shows.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SiteResponse {
    site: String,
    /// Name of the help center.
    name: String,
    /// Language tag of all texts here.
    #[schema(example = "en")]
    locale: String,
    /// Languages to choose from.
    locales: Vec<LanguageDto>,
    /// `ltr` or `rtl`.
    dir: &'static str,
    greeting: String,
    /// Says that the customer talks to a machine.
    disclosure: String,
    suggestions: Vec<String>,
    hours: HoursDto,
    /// Whether customers who wait may leave an e-mail address.
    email: bool,
    limits: LimitsDto,
    look: LookDto,
    /// What the browser may keep after the first message: `none`, `session` or `local`.
    #[schema(value_type = String)]
    storage: Storage,
    /// Texts by key; plural forms as `count.minutes.one`.
    strings: BTreeMap<String, String>,
}

/// A language.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LanguageDto {
    tag: String,
    /// The language's own name.
    name: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LimitsDto {
    /// Characters of one message.
    message_chars: usize,
}

/// Look of the widget, where the page does not say otherwise.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LookDto {
    #[schema(value_type = String)]
    position: Corner,
    /// `#0f6b57`.
    accent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo: Option<String>,
}

/// What does the widget show?
#[utoipa::path(get, path = "/v1/site", tag = "Conversations", params(SiteParams), responses(
    (status = 200, description = "Texts and settings", body = SiteResponse),
    (status = 404, description = "not_found: there is no such site", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn show(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let params = web::Query::<SiteParams>::from_query(request.query_string())
        .map(web::Query::into_inner)
        .unwrap_or_default();
    let site = &state.site;
    if !params.site.is_empty() && params.site != site.id {
        let detail = format!("there is no site of that id; this one is {:?}", site.id);
        return Err(Problem::new(Code::NotFound, detail)
            .with_next("Correct `data-site` of the script, or `site.id` of the configuration."));
    }
    let locale = state.speaks(&params.locale, &request);
    let pack = state.locales.pack(&locale);
    let disclosure = state.assistant.disclosure(&locale).text;
    let own = |(key, text): (&str, &str)| (key.to_owned(), text.to_owned());
    let mut strings: BTreeMap<String, String> = pack.section(&SECTIONS).map(own).collect();
    strings.extend(KEYS.map(|key| own((key, pack.text(key)))));
    let offered = |tag: &str| site.languages.is_empty() || site.languages.iter().any(|l| l == tag);
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-cache"))
        .insert_header(("Vary", "Accept-Language"))
        .json(SiteResponse {
            site: site.id.clone(),
            name: site.name.clone(),
            locale: pack.tag.clone(),
            locales: state
                .locales
                .packs()
                .filter(|p| offered(&p.tag))
                .map(|p| LanguageDto { tag: p.tag.clone(), name: p.language.clone() })
                .collect(),
            dir: pack.dir.as_str(),
            greeting: site
                .greeting(&locale)
                .unwrap_or_else(|| pack.text("server.greeting"))
                .to_owned(),
            disclosure,
            suggestions: state.suggestions(&locale).await,
            hours: state.hours.at(Timestamp::now()).into(),
            email: site.email,
            limits: LimitsDto { message_chars: MAX_CHARS },
            look: LookDto {
                position: site.position,
                accent: site.accent.clone(),
                logo: site.logo.clone(),
            },
            storage: site.storage,
            strings,
        }))
}

impl State {
    /// Questions to choose from: the settings' own, then of the articles that helped most of late.
    pub(super) async fn suggestions(&self, locale: &Locale) -> Vec<String> {
        let mut all: Vec<String> =
            self.site.suggestions(locale).iter().take(SUGGESTIONS).cloned().collect();
        let wanted = Wanted {
            beside: &all,
            most: self.site.useful.min(SUGGESTIONS - all.len()),
            k: self.all_settings.gaps.k,
            days: self.site.useful_days,
        };
        let snapshot = self.knowledge.snapshot();
        let found = self.useful.suggestions(&*self.store, (&snapshot, locale), &wanted).await;
        match found {
            Ok(more) => all.extend(more),
            // The settings' own are better than no page.
            Err(error) => tracing::error!(%error, "suggestions.not_counted"),
        }
        all
    }

    /// The words of the agents' pages for whoever asks.
    pub(super) fn speaks_to_staff(&self, request: &HttpRequest) -> &Pack {
        let accepted = request.headers().get("accept-language").and_then(|v| v.to_str().ok());
        self.locales.desk(accepted.unwrap_or_default())
    }

    /// The language for a caller who asks for `wanted` (a tag, or `auto`).
    pub(super) fn speaks(&self, wanted: &str, request: &HttpRequest) -> Locale {
        let accepted = request.headers().get("accept-language").and_then(|v| v.to_str().ok());
        self.locales.choose(wanted, accepted.unwrap_or_default(), &self.site.languages)
    }
}
