//! `/v1/me`: what a customer with proven identity sees and decides over all their conversations, on any
//! device. The proof is the company's signed token in the header `Atbilde-Identity` (docs/widget.md).

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev, web};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use super::auth::After;
use super::body::JsonBody;
use super::choices::{ConsentRequest, ObjectionsDto};
use super::conversation_dto::stamp;
use super::conversations::fresh;
use super::error::{Code, Problem, ProblemBody};
use super::refusals;
use crate::access::IdentityError;
use crate::assistant::CustomerAction;
use crate::domain::{Conversation, ConversationId, Identity};
use crate::privacy::Receipt;
use crate::privacy::audit::Actor;
use crate::rights::RightsError;
use crate::store::Introduced;

/// The header of the proof.
const PROOF: &str = "atbilde-identity";
/// Conversations of one customer that are listed, the last active.
const LISTED: u32 = 1000;

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        Self::new(Code::IdentityRefused, error.to_string())
    }
}

impl State {
    /// Who the request proves the customer to be; `None` when it brings no proof.
    ///
    /// # Errors
    /// `identity_refused` for a proof that proves nothing.
    pub(super) fn identity(&self, request: &HttpRequest) -> Result<Option<Identity>, Problem> {
        let sent = request.headers().get(PROOF).map(|v| v.to_str().unwrap_or("?").trim());
        let Some(token) = sent.filter(|token| !token.is_empty()) else { return Ok(None) };
        Ok(Some(self.doors.identities.verify(token, Timestamp::now())?))
    }

    /// Makes the conversation the customer's own, where the request brings a proof.
    ///
    /// # Errors
    /// `forbidden` when it is another customer's.
    pub(super) async fn introduce(
        &self,
        id: ConversationId,
        identity: Option<&Identity>,
    ) -> Result<(), Problem> {
        let Some(identity) = identity else { return Ok(()) };
        match self.assistant.introduce(id, identity).await {
            Ok(Introduced::Own) => Ok(()),
            Ok(Introduced::Foreign) => {
                Err(Problem::new(Code::Forbidden, "the conversation is another customer's")
                    .with_next("Begin a new conversation for this customer."))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// A customer who proved who they are.
pub(super) struct Myself(Identity);

impl FromRequest for Myself {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let state = request.app_data::<web::Data<State>>();
        ready(state.ok_or_else(|| Problem::internal(&"the state is missing")).and_then(|state| {
            state.doors.limits.address(state.client(request))?;
            let detail = "the request has no header `Atbilde-Identity` with a signed token";
            let identity = state.identity(request)?;
            identity.map(Self).ok_or_else(|| Problem::new(Code::IdentityRefused, detail))
        }))
    }
}

/// A customer's conversations.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MeResponse {
    /// The last active first, at most 1000.
    conversations: Vec<OwnDto>,
    /// Of the newest conversation; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    objections: Option<ObjectionsDto>,
}

/// A conversation of the caller, with what opens it here.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnDto {
    conversation_id: String,
    state: &'static str,
    locale: String,
    created_at: String,
    active_at: String,
    /// `Authorization: Bearer` for `/v1/conversations/{id}`.
    token: String,
    expires_at: String,
}

/// What became of an erasure of everything.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErasedResponse {
    /// Signed receipts, each as a text to keep as it is.
    receipts: Vec<String>,
    /// Conversations that a legal hold keeps for now.
    held: Vec<String>,
    /// Conversations whose erasure broke off. Each has a ticket, and people of the company see to it; asking
    /// again later finishes what was begun.
    failed: Vec<String>,
}

/// My conversations.
///
/// All of a customer with proven identity, from whatever device, each with a token that opens it.
#[utoipa::path(get, path = "/v1/me", tag = "Privacy",
    params(("Atbilde-Identity" = String, Header, description = "The signed identity token")),
    responses(
        refusals::OfMyself,
        (status = 200, description = "The conversations", body = MeResponse),
    ))]
pub(super) async fn show(state: web::Data<State>, myself: Myself) -> Result<HttpResponse, Problem> {
    let all = own(&state, &myself, LISTED).await?;
    let objections = match all.first() {
        Some(newest) => Some(state.store.objections(newest.id).await?.into()),
        None => None,
    };
    let now = Timestamp::now();
    let conversation = |c: &Conversation| {
        let (token, ends) = state.doors.visitors.issue(c.id, now);
        OwnDto {
            conversation_id: c.id.to_string(),
            state: c.state.as_str(),
            locale: c.locale.clone(),
            created_at: stamp(c.created_at),
            active_at: stamp(c.active_at),
            token,
            expires_at: stamp(ends),
        }
    };
    let conversations = all.iter().map(conversation).collect();
    Ok(fresh(HttpResponse::Ok()).json(MeResponse { conversations, objections }))
}

/// Export everything of mine.
///
/// Everything that is stored of a customer with proven identity (GDPR Art. 15 and 20), a part a
/// conversation.
#[utoipa::path(get, path = "/v1/me/export", tag = "Privacy",
    params(("Atbilde-Identity" = String, Header, description = "The signed identity token")),
    responses(
        refusals::OfMyself,
        (status = 200, description = "Everything stored", content_type = "application/json", body = String),
    ))]
pub(super) async fn export(
    state: web::Data<State>,
    myself: Myself,
) -> Result<HttpResponse, Problem> {
    let mut exports = Vec::new();
    for conversation in own(&state, &myself, u32::MAX).await? {
        match state.rights.export(conversation.id.0, Actor::Customer).await {
            Ok(export) => exports.push(export),
            // Erased meanwhile.
            Err(RightsError::Unknown(_)) => {}
            Err(error) => {
                return Err(state.not_done(conversation.id, CustomerAction::Export, error).await);
            }
        }
    }
    let body = serde_json::json!({
        "format": "atbilde-export-of-customer/1",
        "exported_at": stamp(Timestamp::now()),
        "conversations": exports,
    });
    Ok(fresh(HttpResponse::Ok())
        .insert_header(("Content-Disposition", "attachment; filename=\"my-conversations.json\""))
        .json(body))
}

/// Erase everything of mine.
///
/// Every conversation of a customer with proven identity, everywhere (GDPR Art. 17), with a signed receipt
/// for each. One that cannot be erased does not keep the others: `held` and `failed` name those that are left.
#[utoipa::path(delete, path = "/v1/me", tag = "Privacy",
    params(("Atbilde-Identity" = String, Header, description = "The signed identity token")),
    responses(
        refusals::OfMyself,
        (status = 200, description = "The receipts, and what is left", body = ErasedResponse),
    ))]
pub(super) async fn erase(
    state: web::Data<State>,
    myself: Myself,
) -> Result<HttpResponse, Problem> {
    // All at once: who a conversation belongs to is erased with it.
    let all = own(&state, &myself, u32::MAX).await?;
    let mut erasure = state.rights.erasure(Actor::Customer);
    let (mut held, mut failed) = (Vec::new(), Vec::new());
    for Conversation { id, .. } in all {
        match erasure.add(id.0).await {
            Ok(()) | Err(RightsError::Unknown(_)) => {}
            Err(RightsError::Held(_)) => held.push(id.to_string()),
            Err(error) => {
                state.not_done(id, CustomerAction::Erase, error).await;
                failed.push(id.to_string());
            }
        }
    }
    let receipts = erasure.finish().await.iter().map(Receipt::to_text).collect();
    Ok(fresh(HttpResponse::Ok()).json(ErasedResponse { receipts, held, failed }))
}

/// Decide for all my conversations.
///
/// As for one conversation, for all of a customer with proven identity; later ones follow.
#[utoipa::path(post, path = "/v1/me/consent", tag = "Privacy", request_body = ConsentRequest,
    params(("Atbilde-Identity" = String, Header, description = "The signed identity token")),
    responses(
        refusals::OfMyself,
        refusals::OfBodies,
        (status = 204, description = "Recorded"),
        (status = 404, description = "not_found: nothing is stored of this customer", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn consent(
    state: web::Data<State>,
    After(myself, JsonBody(body)): After<Myself, JsonBody<ConsentRequest>>,
) -> Result<HttpResponse, Problem> {
    let all = own(&state, &myself, u32::MAX).await?;
    let ids: Vec<ConversationId> = all.iter().map(|c| c.id).collect();
    if state.choose_in(&ids, &body, Actor::Customer).await? == 0 {
        return Err(Problem::new(Code::NotFound, "nothing is stored of this customer")
            .with_next("Begin a conversation first; what is decided there holds from then on."));
    }
    Ok(HttpResponse::NoContent().finish())
}

async fn own(
    state: &State,
    Myself(identity): &Myself,
    most: u32,
) -> Result<Vec<Conversation>, Problem> {
    Ok(state.store.conversations_of(&identity.key, most).await?)
}
