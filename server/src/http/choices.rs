//! What a customer decides about their words: consent, objection to use beyond answering (GDPR Art. 21),
//! refusal of automated answers (Art. 22). Said by the customer with the conversation's token or with
//! proven identity, or recorded by the operator for them.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::auth::{After, Visitor};
use super::body::JsonBody;
use super::error::{Code, Problem};
use super::privacy::{Acts, officer, unknown};
use super::refusals;
use crate::domain::{ConversationId, Objections, RecordKind};
use crate::privacy::audit::Actor;
use crate::rights::RightsError;

/// What a customer decides. Nothing changes of what is left out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentRequest {
    /// Whether the customer agrees to the processing that the page describes.
    consent: Option<bool>,
    /// `true`: their words are used for nothing but answering them: no review queue, no figures.
    opt_out: Option<bool>,
    /// `false`: people answer, no machine.
    automated_answers: Option<bool>,
    /// Name or hash of the text that was shown; 64 characters at most.
    version: Option<String>,
}

/// What a customer objects to now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ObjectionsDto {
    opt_out: bool,
    automated_answers: bool,
}

impl From<Objections> for ObjectionsDto {
    fn from(o: Objections) -> Self {
        Self { opt_out: o.analysis, automated_answers: !o.automation }
    }
}

/// Record a customer's decision.
///
/// Consent, objection to any use of their words beyond answering them, refusal of automated answers. Of a
/// customer with proven identity it holds in all their conversations, later ones included.
#[utoipa::path(post, path = "/v1/conversations/{id}/consent", tag = "Privacy", request_body = ConsentRequest,
    params(("id" = String, Path, description = "The conversation")),
    responses(refusals::OfVisitors, refusals::OfBodies, (status = 204, description = "Recorded")))]
pub(super) async fn consent(
    state: web::Data<State>,
    After(Visitor(id), JsonBody(body)): After<Visitor, JsonBody<ConsentRequest>>,
) -> Result<HttpResponse, Problem> {
    state.doors.limits.visitor(id)?;
    state.choose(id, &body, Actor::Customer).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /v1/admin/conversations/{id}/consent`: the same for a customer who wrote or called.
pub(super) async fn consent_for_office(
    state: web::Data<State>,
    request: HttpRequest,
    id: web::Path<String>,
    body: Result<JsonBody<ConsentRequest>, Problem>,
) -> Result<HttpResponse, Problem> {
    let actor = officer(&state, &request, Acts::Changes).await?;
    let JsonBody(body) = body?;
    let id = Uuid::try_parse(&id).map_err(|_| unknown())?;
    state.choose(ConversationId(id), &body, actor).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl State {
    /// Records a decision in a conversation, and in all others of a customer who is known.
    async fn choose(
        &self,
        id: ConversationId,
        body: &ConsentRequest,
        actor: Actor,
    ) -> Result<(), Problem> {
        // Whose it is is erased with it.
        let customer = self.store.customer_of(id).await?;
        if self.choose_in(&[id], body, actor).await? == 0 {
            return Err(unknown());
        }
        if let Some(customer) = customer {
            let own = self.store.conversations_of(&customer.key, u32::MAX).await?;
            let others: Vec<_> = own.iter().map(|c| c.id).filter(|other| *other != id).collect();
            self.choose_in(&others, body, actor).await?;
        }
        Ok(())
    }

    /// Records a decision in these conversations; one that was erased meanwhile is passed over. Gives in how
    /// many it stands.
    pub(super) async fn choose_in(
        &self,
        ids: &[ConversationId],
        body: &ConsentRequest,
        actor: Actor,
    ) -> Result<usize, Problem> {
        let version = body.version.as_deref().unwrap_or_default();
        let good = version.len() <= 64
            && version.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
        if !good {
            let detail =
                "`version` has other characters than letters, digits, `-_.:`, or more than 64";
            return Err(Problem::new(Code::InvalidField, detail));
        }
        let kind = |said: Option<bool>, yes, no| said.map(|said| if said { yes } else { no });
        let kinds = [
            kind(body.consent, RecordKind::Consent, RecordKind::ConsentWithdrawn),
            kind(body.opt_out, RecordKind::OptOut, RecordKind::OptIn),
            kind(
                body.automated_answers,
                RecordKind::AutomationAccepted,
                RecordKind::AutomationRefused,
            ),
        ];
        if kinds.iter().all(Option::is_none) {
            let detail = "the body has neither `consent` nor `opt_out` nor `automated_answers`";
            return Err(Problem::new(Code::InvalidField, detail));
        }
        let mut stands = 0;
        'ids: for id in ids {
            for kind in kinds.into_iter().flatten() {
                match self.rights.choose(id.0, (kind, version), actor).await {
                    Ok(()) => {}
                    Err(RightsError::Unknown(_)) => continue 'ids,
                    Err(error) => return Err(error.into()),
                }
            }
            stands += 1;
        }
        Ok(stands)
    }
}
