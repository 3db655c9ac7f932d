//! `GET /v1/inbox/conversations`: the agents' list, a page at a time. A page goes on behind the place of the
//! last conversation before it, not behind a number of them: what moves meanwhile takes no other along.

use actix_web::{HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::State;
use super::auth::{After, Staff};
use super::conversations::fresh;
use super::error::{Code, Problem, ProblemBody};
use super::inbox_dto::{ListResponse, RowDto, present};
use super::refusals;
use crate::domain::{Agent, ConversationId, ConversationState, Permission};
use crate::store::{InboxFilter, InboxPlace};

/// Conversations in one page: at most, and where no number is asked for.
const LISTED: u32 = 200;
/// Characters of a ticket's number that are read.
const LONGEST_NUMBER: usize = 40;

/// `?state=waiting&mine=true`, or `?ticket=T-4F`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// `open` (who waits or is with a person; the default), `waiting`, `with_agent`, `assistant` or `resolved`.
    #[param(example = "open")]
    state: Option<String>,
    /// Only what the caller has.
    mine: Option<bool>,
    /// The beginning of a ticket's number; finds in every state unless `state` is named too.
    #[param(example = "T-4F")]
    ticket: Option<String>,
    /// Conversations wanted, 1 to 200; 200 when absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 200)]
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same parameters; absent for the first page.
    cursor: Option<String>,
}

/// Conversations for the agents.
///
/// Who waits comes first, the longest wait at the top; the others behind them, the liveliest first. A
/// conversation that changes between two pages may move: then it can come twice or stand on the first page.
/// No other one comes twice or is left out.
#[utoipa::path(get, path = "/v1/inbox/conversations", tag = "Inbox", params(ListParams),
    security(("session" = [])),
    responses(refusals::OfStaff,
        (status = 200, description = "A page of the list", body = ListResponse),
        (status = 400, description = "invalid_parameter", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn list(
    state: web::Data<State>,
    After(staff, params): After<Staff, web::Query<ListParams>>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::ReadConversations)?;
    let filter = params.filter(agent)?;
    let wanted = filter.limit as usize;
    // One more than is wanted tells whether there is another page.
    let one_more = InboxFilter { limit: filter.limit + 1, ..filter };
    let mut rows = state.store.inbox(&one_more).await?;
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let last = rows.last().filter(|_| more);
    let now = Timestamp::now();
    Ok(fresh(HttpResponse::Ok()).json(ListResponse {
        conversations: rows.iter().map(|row| RowDto::listed(row, agent)).collect(),
        next_cursor: last.map(|row| cursor_of(&row.place())),
        present: present(&state.desk.presences.at(now)),
        hours: state.hours.at(now).into(),
        may_reply: agent.role.may(Permission::Reply),
    }))
}

impl ListParams {
    /// # Errors
    /// `invalid_parameter`, naming the one that is wrong.
    fn filter(&self, caller: &Agent) -> Result<InboxFilter, Problem> {
        let invalid = |detail: String| Problem::new(Code::InvalidParameter, detail);
        let state = match self.state.as_deref() {
            None | Some("" | "open") => None,
            Some(name) => Some(ConversationState::parse(name).ok_or_else(|| {
                invalid(format!(
                    "`state` is {name:?}; it is open, waiting, with_agent, assistant or resolved"
                ))
            })?),
        };
        let limit = match self.limit.as_deref() {
            None => LISTED,
            Some(limit) => {
                limit.parse().ok().filter(|n| (1..=LISTED).contains(n)).ok_or_else(|| {
                    invalid(format!("`limit` is {limit:?}; it is a number from 1 to {LISTED}"))
                })?
            }
        };
        let after = match self.cursor.as_deref() {
            None => None,
            Some(cursor) => Some(place_of(cursor).ok_or_else(|| {
                invalid("`cursor` is none that this list has given".to_owned())
                    .with_next("Send `next_cursor` of the page before as it came, or leave it out.")
            })?),
        };
        Ok(InboxFilter {
            state,
            agent: self.mine.unwrap_or(false).then_some(caller.id),
            ticket: self.ticket.as_deref().and_then(number_of),
            after,
            limit,
        })
    }
}

/// A place on the wire. Callers take it as it is, so it may come to look otherwise.
fn cursor_of(place: &InboxPlace) -> String {
    let group = if place.waits { 'w' } else { 'o' };
    URL_SAFE_NO_PAD.encode(format!("{group}.{}.{}", place.at.as_millisecond(), place.id))
}

fn place_of(cursor: &str) -> Option<InboxPlace> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (group, rest) = text.split_once('.')?;
    let (at, id) = rest.split_once('.')?;
    let waits = match group {
        "w" => true,
        "o" => false,
        _ => return None,
    };
    let at = Timestamp::from_millisecond(at.parse().ok()?).ok()?;
    Some(InboxPlace { waits, at, id: ConversationId(Uuid::try_parse(id).ok()?) })
}

/// The beginning of a ticket's number as it is stored, of what somebody typed: `4f gh` is `T-4FGH`. Letters
/// that numbers never have are read as the digits that they were taken for. `None` of nothing.
fn number_of(typed: &str) -> Option<String> {
    let typed: String = typed.trim().to_uppercase().chars().take(LONGEST_NUMBER).collect();
    let number = typed.strip_prefix("T-").unwrap_or(&typed);
    let digit = |c: char| match c {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let said = |c: &char| !c.is_whitespace() && !c.is_control();
    let number: String = number.chars().filter(said).map(digit).collect();
    (!typed.is_empty()).then(|| format!("T-{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_as_people_type_it() {
        for (typed, number) in [
            ("T-4FGH", Some("T-4FGH")),
            (" t-4fgh ", Some("T-4FGH")),
            ("4f gh", Some("T-4FGH")),
            ("t-oil", Some("T-011")),
            ("T-", Some("T-")),
            ("", None),
            ("  ", None),
        ] {
            assert_eq!(number_of(typed).as_deref(), number, "{typed:?}");
        }
        assert!(number_of(&"9".repeat(5000)).unwrap().len() < 50);
    }

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        for (waits, ms) in [(true, 1_790_000_000_123), (false, 0), (false, -1)] {
            let at = Timestamp::from_millisecond(ms).unwrap();
            let place = InboxPlace { waits, at, id: ConversationId::random() };
            assert_eq!(place_of(&cursor_of(&place)), Some(place));
        }
        let good = "w.5.00000000000000000000000000000000";
        assert!(place_of(&URL_SAFE_NO_PAD.encode(good)).is_some());
        let broken = [
            "",
            "x.5.00000000000000000000000000000000",
            "w.5",
            "w.five.00000000000000000000000000000000",
            "w.9223372036854775807.00000000000000000000000000000000",
            "w.5.0",
            "w.5.00000000000000000000000000000000.",
        ];
        for text in broken.map(|text| URL_SAFE_NO_PAD.encode(text)) {
            assert_eq!(place_of(&text), None, "{text}");
        }
        for text in [good, "=", "ä", "%"] {
            assert_eq!(place_of(text), None, "{text}");
        }
    }
}
