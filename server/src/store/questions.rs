//! The room of the content team: questions that were not answered well, and what an editor decided about
//! them. Read from the conversations themselves; nothing is kept twice.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use super::rows::{self, Cells};
use crate::domain::{AgentId, Citation, ConversationId, CustomerKey, ReasonCode, SeenPassage};
use crate::privacy::RedactedText;

/// Questions and verdicts.
#[async_trait]
pub trait Questions: Send + Sync {
    /// Questions that went wrong, the newest first; none of customers who object to such use.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn open_questions(&self, wanted: &Wanted) -> Result<Vec<OpenQuestion>, StoreError>;

    /// Answers with what they cite, the newest first; none of customers who object to such use.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn cited_answers(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<CitedAnswer>, StoreError>;

    /// Keeps what was decided about questions; `None` takes it back. Questions that are gone are passed
    /// over. The last word counts.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn judge(
        &self,
        questions: &[(ConversationId, u64)],
        judgement: &Judgement,
    ) -> Result<(), StoreError>;
}

/// Which questions are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Asked from then on.
    pub since: Timestamp,
    /// An answer of less confidence counts as uncertain, [0, 1].
    pub uncertain_below: f64,
    pub limit: u32,
}

/// What went wrong with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A person took over for want of an answer.
    HandedOver(ReasonCode),
    /// It was answered, and the customer said that the answer did not help.
    Unhelpful,
    /// It was answered with little confidence.
    Uncertain,
}

impl Trouble {
    /// Reasons of hand-overs that better articles would have spared.
    pub const REASONS: [ReasonCode; 3] =
        [ReasonCode::NoEvidence, ReasonCode::LowConfidence, ReasonCode::RepeatedFailure];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HandedOver(reason) => reason.as_str(),
            Self::Unhelpful => "unhelpful",
            Self::Uncertain => "uncertain",
        }
    }
}

/// A question that was not answered well.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenQuestion {
    pub conversation: ConversationId,
    /// Of the customer's message.
    pub seq: u64,
    /// Who asked, where they proved it.
    pub customer: Option<CustomerKey>,
    pub at: Timestamp,
    pub text: RedactedText,
    /// Language of the reply, or of the conversation.
    pub locale: String,
    pub trouble: Trouble,
    /// Probability that the articles answer it, [0, 1].
    pub confidence: f64,
    /// Path of the article that came nearest.
    pub nearest: Option<String>,
    /// What an editor decided, and when.
    pub verdict: Option<(Verdict, Timestamp)>,
}

/// What an answer was made of, and whether it helped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitedAnswer {
    /// The customer, or else the conversation.
    pub asker: String,
    /// Path of the article and heading path, for each citation.
    pub places: Vec<(String, String)>,
    pub helpful: Option<bool>,
}

/// What an editor decides about a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The articles answer it now; it counts again when it is asked again without success.
    Resolved,
    /// No article is wanted for it.
    Dismissed,
}

impl Verdict {
    pub const ALL: [Self; 2] = [Self::Resolved, Self::Dismissed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Dismissed => "dismissed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.as_str() == text)
    }
}

/// A decision about questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// `None`: as if nothing had been decided.
    pub verdict: Option<Verdict>,
    /// `None` for a program.
    pub agent: Option<AgentId>,
    pub at: Timestamp,
}

/// A question of either database.
pub(super) fn question(row: &impl Cells) -> Result<OpenQuestion, StoreError> {
    let reason = row.maybe_text("reason")?;
    let handed_over = reason.map(|r| ReasonCode::parse(&r).ok_or_else(|| rows::damaged("reason")));
    let trouble = match (handed_over.transpose()?, row.maybe_flag("helpful")?) {
        (Some(reason), _) => Trouble::HandedOver(reason),
        (None, Some(false)) => Trouble::Unhelpful,
        (None, _) => Trouble::Uncertain,
    };
    let (confidence, locale) = match trouble {
        Trouble::HandedOver(_) => {
            (row.maybe_real("ticket_confidence")?, row.maybe_text("ticket_locale")?)
        }
        Trouble::Unhelpful | Trouble::Uncertain => {
            (row.maybe_real("confidence")?, row.maybe_text("answer_locale")?)
        }
    };
    let verdict = row.maybe_text("verdict")?.map(|name| {
        let verdict = Verdict::parse(&name).ok_or_else(|| rows::damaged("verdict"))?;
        Ok::<_, StoreError>((verdict, rows::time(row.number("judged_at")?)?))
    });
    Ok(OpenQuestion {
        conversation: ConversationId(rows::uuid(&row.text("conversation")?)?),
        seq: rows::unsigned(row.number("seq")?)?,
        customer: row.maybe_text("customer")?.map(CustomerKey),
        at: rows::time(row.number("at")?)?,
        text: RedactedText::from_store(row.text("text")?),
        locale: match locale {
            Some(locale) => locale,
            None => row.text("locale")?,
        },
        trouble,
        confidence: confidence.unwrap_or_default(),
        nearest: nearest(row)?,
        verdict: verdict.transpose()?,
    })
}

/// The first article that was cited, or else seen.
fn nearest(row: &impl Cells) -> Result<Option<String>, StoreError> {
    if let Some(cited) = row.maybe_text("citations")? {
        let cited: Vec<Citation> =
            serde_json::from_str(&cited).map_err(|_| rows::damaged("citations"))?;
        return Ok(cited.into_iter().next().map(|c| c.path));
    }
    let Some(seen) = row.maybe_text("passages")? else { return Ok(None) };
    let seen: Vec<SeenPassage> =
        serde_json::from_str(&seen).map_err(|_| rows::damaged("passages"))?;
    Ok(seen.into_iter().next().map(|p| p.path))
}

/// A cited answer of either database.
pub(super) fn cited(row: &impl Cells) -> Result<CitedAnswer, StoreError> {
    let cited: Vec<Citation> =
        serde_json::from_str(&row.text("citations")?).map_err(|_| rows::damaged("citations"))?;
    Ok(CitedAnswer {
        asker: row.text("asker")?,
        places: cited.into_iter().map(|c| (c.path, c.heading)).collect(),
        helpful: row.maybe_flag("helpful")?,
    })
}
