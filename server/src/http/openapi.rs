//! `GET /openapi.json`: the interface as an OpenAPI document, made from the handlers and the wire
//! structs.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{
    admin, ask, chat_completions, choices, conversation_dto, conversations, dto, error, gaps,
    health, inbox, inbox_actions, inbox_list, kb, live_stream, me, playground, privacy, search,
    site,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Atbilde",
        description = "Answers customers' questions from a company's own articles, with the passages \
                       that prove every sentence, or hands the question to a person."
    ),
    paths(ask::ask, chat_completions::complete, chat_completions::models, search::search, kb::json,
        site::show, conversations::begin, conversations::post, conversations::show,
        live_stream::events, conversations::typing, conversations::hand_off, conversations::feedback,
        conversations::close, privacy::export, privacy::erase, choices::consent,
        me::show, me::export, me::erase, me::consent, inbox_list::list, inbox::show,
        inbox::suggestion, inbox::presence, live_stream::desk, inbox_actions::take,
        inbox_actions::give_back, inbox_actions::resolve, inbox_actions::assign,
        inbox_actions::typing, inbox_actions::reply, inbox_actions::note, privacy::reveal,
        playground::explain,
        admin::index, gaps::list, gaps::judge, health::livez, health::readyz, document),
    components(schemas(dto::QueuedEvent, dto::SourcesEvent, dto::SentenceEvent,
        conversation_dto::AcceptedResponse, live_stream::DeskEvent, error::ProblemBody)),
    modifiers(&Session),
    tags(
        (name = "Answers", description = "Questions and searches."),
        (name = "Conversations", description = "What a customer does, with the conversation's token."),
        (name = "Privacy", description = "What a customer may ask for of their data."),
        (name = "Inbox", description = "What the people of the company do, with the session of their login."),
        (name = "Operation", description = "For the operator and the content team."),
        (name = "Health", description = "For whoever starts and watches the server."),
        (name = "Description", description = "This interface.")
    )
)]
struct Interface;

/// How the people of the company are known.
struct Session;

impl Modify for Session {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let cookie = ApiKeyValue::with_description(
            "atbilde_session",
            "Set by `POST /login` and by the company's own log-in; over HTTPS its name is \
             `__Host-atbilde_session`. What changes something wants the session's `X-CSRF-Token` too.",
        );
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// The document as JSON. It never changes while the process runs.
pub(super) static DOCUMENT: LazyLock<serde_json::Value> =
    LazyLock::new(|| serde_json::to_value(Interface::openapi()).unwrap_or_default());

/// This interface as an OpenAPI document.
#[utoipa::path(get, path = "/openapi.json", tag = "Description",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object)))]
pub(super) async fn document() -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-cache")).json(&*DOCUMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_and_shape_is_described() {
        let document = &*DOCUMENT;
        for (path, method) in [
            ("/v1/ask", "post"),
            ("/v1/chat/completions", "post"),
            ("/v1/models", "get"),
            ("/v1/search", "get"),
            ("/v1/conversations/{id}", "get"),
            ("/v1/conversations/{id}/messages", "post"),
            ("/v1/conversations/{id}/events", "get"),
            ("/v1/conversations/{id}/handoff", "post"),
            ("/v1/conversations/{id}", "delete"),
            ("/v1/conversations/{id}/export", "get"),
            ("/v1/admin/index", "get"),
            ("/v1/admin/gaps", "get"),
            ("/v1/inbox/conversations", "get"),
            ("/v1/inbox/conversations/{id}/reply", "post"),
            ("/v1/me", "get"),
            ("/v1/me", "delete"),
            ("/livez", "get"),
            ("/readyz", "get"),
            ("/openapi.json", "get"),
        ] {
            let operation = &document["paths"][path][method];
            assert!(operation["responses"]["200"].is_object(), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for name in
            ["AskRequest", "AskResponse", "CitationDto", "SearchResponse", "HitDto", "Problem"]
        {
            assert!(schemas.contains_key(name), "{name}: {:?}", schemas.keys());
        }
        for (path, method, statuses) in [
            ("/v1/ask", "post", "401 409 415 429"),
            ("/v1/search", "get", "401 403 429"),
            ("/v1/articles/{slug}", "get", "401 404 429"),
            ("/v1/conversations", "post", "400 401 415 429"),
            ("/v1/conversations/{id}/messages", "post", "400 401 404 409 415 429 503"),
            ("/v1/conversations/{id}/events", "get", "400 401 404 429"),
            ("/v1/conversations/{id}/typing", "post", "400 401 404 415 429"),
            ("/v1/conversations/{id}/handoff", "post", "400 401 404 415 422 429"),
            ("/v1/conversations/{id}/close", "post", "401 404 429"),
            ("/v1/conversations/{id}/consent", "post", "400 401 404 415 422 429"),
            ("/v1/conversations/{id}", "delete", "401 404 409 429"),
            ("/v1/me/consent", "post", "400 401 404 422 429"),
            ("/v1/inbox/conversations", "get", "400 401 403 500"),
            ("/v1/inbox/conversations/{id}", "get", "401 403 404"),
            ("/v1/inbox/conversations/{id}/take", "post", "401 403 404 409"),
            ("/v1/inbox/conversations/{id}/assign", "post", "400 401 403 404 409 415 422"),
            ("/v1/inbox/conversations/{id}/reveal", "post", "400 401 403 404 422"),
        ] {
            for status in statuses.split(' ') {
                let response = &document["paths"][path][method]["responses"][status];
                let body = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(body, "#/components/schemas/Problem", "{method} {path}: {status}");
            }
        }
        // No reference points at nothing.
        let text = document.to_string();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
    }
}
