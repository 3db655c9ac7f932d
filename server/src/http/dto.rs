//! The wire: what requests and responses look like (contracts C3, C3s, C4). Domain types stay free of
//! JSON; the names here are promises to clients: fields are added, never renamed or dropped.

use indexer::model::Hit;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::{
    Answer, Choice, Citation, Disclosure, Outcome, Sentence, Timings, article_url, page_url,
};

/// A customer's question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskRequest {
    /// The customer's words, 1 to 8000 characters.
    #[schema(example = "How long does a refund take?")]
    pub question: String,
    /// Language tag of the reply; `auto`, `null` or absent: the question's own language.
    #[serde(default)]
    #[schema(example = "en")]
    pub locale: Option<String>,
    /// Goes on with an earlier conversation, so that follow-up questions are understood; absent or
    /// `null`: a new one. Only ids that this server gave are taken.
    #[serde(default)]
    pub conversation_id: Option<String>,
}

/// The end of every question: an answer, or a hand-over to a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct AskResponse {
    /// `clarify`: a question back to the customer, with `choices`; or a reply to small talk, see `small_talk`.
    pub outcome: OutcomeName,
    /// The sentences as one text; empty when handed over.
    pub answer: String,
    pub sentences: Vec<SentenceDto>,
    pub citations: Vec<CitationDto>,
    /// Probability that the cited passages answer the question, [0, 1].
    #[schema(example = 0.93, minimum = 0, maximum = 1)]
    pub confidence: f64,
    /// Why a person takes over: `customer_requested`, `low_confidence`, `no_evidence`,
    /// `policy_sensitive`, `repeated_failure`, `negative_sentiment`, `action_failed`, `turn_limit`,
    /// `overload`, `error` or `agent_stepped_in`. Only when handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What the customer can name when asking again. Only when handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "T-7Q2M9K4XBD")]
    pub ticket: Option<String>,
    /// What to tell the customer. Only when handed over, asked back, or for small talk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Articles that the customer may mean; the next message can name one by its number (from 1) or its
    /// words. Only when asked back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<ChoiceDto>>,
    /// Nothing was asked ("hello", "thanks"): `message` replies, with outcome `clarify` and without choices.
    /// Only then there, and `true`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub small_talk: bool,
    /// Send it with the next question of the same customer.
    pub conversation_id: String,
    /// Opens `/v1/conversations/{id}`. Only when the question began the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_token: Option<String>,
    /// What to tell the customer of the machine that answers (EU AI Act, Art. 50); recorded as told. Only
    /// when the question began the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclosure: Option<DisclosureDto>,
    /// Number of the message in the conversation that holds the answer or the hand-over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// State of the knowledge base that was searched; grows with every change of it.
    #[schema(example = 12)]
    pub index_generation: u64,
    /// Who wrote the words.
    #[schema(example = "extractive")]
    pub generator: &'static str,
    /// Language tag of the reply.
    #[schema(example = "en")]
    pub locale: String,
    pub timings_ms: TimingsDto,
}

/// What a customer is told of the machine that answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct DisclosureDto {
    /// Names the text in the records.
    pub version: String,
    pub locale: String,
    pub text: String,
}

impl From<&Disclosure> for DisclosureDto {
    fn from(d: &Disclosure) -> Self {
        Self { version: d.version.clone(), locale: d.locale.clone(), text: d.text.clone() }
    }
}

/// An article that the customer may mean.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChoiceDto {
    #[schema(example = "Same-day delivery in Riga")]
    pub label: String,
    /// File in the knowledge-base folder.
    pub path: String,
    /// Article page, relative to this server; empty for an article that is for customers alone.
    pub url: String,
}

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeName {
    Answered,
    HandedOff,
    Clarify,
}

/// One sentence, step, bullet or table row.
#[derive(Debug, Serialize, ToSchema)]
pub struct SentenceDto {
    pub text: String,
    /// Numbers `n` of citations, never empty.
    #[schema(example = json!([1]))]
    pub citations: Vec<u32>,
}

/// A passage that proves the sentences which cite it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CitationDto {
    /// Number that sentences refer to, from 1.
    pub n: u32,
    pub title: String,
    /// Headings from the top down, joined with ` > `; empty at the top of an article.
    pub heading: String,
    /// Article page at its heading, relative to this server; empty for an article that is for customers
    /// alone: it has no page, so show its title and the quote.
    #[schema(example = "/kb/returns-and-refunds#how-long-does-a-refund-take")]
    pub url: String,
    /// The article for programs, relative to this server; one for customers opens with `Atbilde-Identity`.
    #[schema(example = "/v1/articles/returns-and-refunds#how-long-does-a-refund-take")]
    pub article: String,
    /// File in the knowledge-base folder.
    #[schema(example = "help-center/en/returns-and-refunds.md")]
    pub path: String,
    /// The words of the article.
    pub quote: String,
    /// Generation in which this version of the article became live.
    pub document_version: u64,
}

/// Milliseconds spent in the parts of one question. The first three overlap.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimingsDto {
    pub embed: f64,
    pub keyword: f64,
    pub dense: f64,
    pub search: f64,
    pub generate: f64,
    pub total: f64,
}

/// Data of the stream's `queued` event.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueuedEvent {
    /// Place in the queue, from 1.
    pub position: u32,
    /// Estimated wait, milliseconds.
    pub eta_ms: u64,
}

/// Data of the stream's `sources` event.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourcesEvent {
    pub citations: Vec<CitationDto>,
}

/// Data of the stream's `sentence` event.
#[derive(Debug, Serialize, ToSchema)]
pub struct SentenceEvent {
    /// Position in the answer, from 0.
    pub index: u32,
    pub text: String,
    pub citations: Vec<u32>,
}

/// Parameters of a search, as they come in the address.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// What to look for, 1 to 8000 characters.
    #[param(example = "refund bank transfer")]
    pub q: Option<String>,
    /// Hits wanted, 1 to 50; 10 when absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 50, default = 10)]
    pub limit: Option<String>,
    /// Language tag of the query; detected when absent or `auto`. Articles in other languages rank lower.
    #[param(example = "en")]
    pub locale: Option<String>,
}

/// Passages that match, best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchResponse {
    pub hits: Vec<HitDto>,
    /// State of the knowledge base that was searched.
    pub index_generation: u64,
    /// Language tag that the query was read in.
    pub locale: String,
}

/// One passage.
#[derive(Debug, Serialize, ToSchema)]
pub struct HitDto {
    /// File in the knowledge-base folder.
    pub path: String,
    pub title: String,
    /// Headings from the top down, joined with ` > `; empty at the top of an article.
    pub heading: String,
    /// Article page at its heading, relative to this server; empty for an article that is for customers
    /// alone.
    pub url: String,
    /// The article for programs, relative to this server; one for customers opens with `Atbilde-Identity`.
    pub article: String,
    pub text: String,
    /// Fused score, [0, 1].
    pub score: f32,
    /// Place in the keyword list, from 1; `null` where that list lacks the passage.
    pub keyword_rank: Option<u32>,
    /// Place in the dense list, from 1; `null` where that list lacks the passage.
    pub dense_rank: Option<u32>,
    /// Language tag of the article.
    pub locale: String,
    /// Generation in which this version of the article became live.
    pub document_version: u64,
}

impl From<&Citation> for CitationDto {
    fn from(c: &Citation) -> Self {
        Self {
            n: c.n,
            title: c.title.clone(),
            heading: c.heading.clone(),
            url: c.url.clone(),
            article: match c.article.as_str() {
                // Old versions named the page alone.
                "" => c.url.replacen("/kb/", "/v1/articles/", 1),
                article => article.to_owned(),
            },
            path: c.path.clone(),
            quote: c.quote.clone(),
            document_version: c.document_version.0,
        }
    }
}

impl From<&Sentence> for SentenceDto {
    fn from(s: &Sentence) -> Self {
        Self { text: s.text.clone(), citations: s.citations.clone() }
    }
}

impl From<Timings> for TimingsDto {
    fn from(t: Timings) -> Self {
        // Microseconds are enough, and keep the numbers short.
        let round = |ms: f64| (ms * 1e3).round() / 1e3;
        Self {
            embed: round(t.embed_ms),
            keyword: round(t.keyword_ms),
            dense: round(t.dense_ms),
            search: round(t.search_ms),
            generate: round(t.generate_ms),
            total: round(t.total_ms),
        }
    }
}

impl From<&Answer> for AskResponse {
    fn from(a: &Answer) -> Self {
        let mut choices = None;
        let (outcome, reason, ticket, message) = match &a.outcome {
            Outcome::Answered => (OutcomeName::Answered, None, None, None),
            Outcome::Clarify { message, choices: offered } => {
                choices = Some(offered.iter().map(ChoiceDto::from).collect());
                (OutcomeName::Clarify, None, None, Some(message.clone()))
            }
            Outcome::SmallTalk { message } => {
                (OutcomeName::Clarify, None, None, Some(message.clone()))
            }
            Outcome::HandedOff { reason, ticket, message } => (
                OutcomeName::HandedOff,
                Some(reason.as_str()),
                Some(ticket.to_string()),
                Some(message.clone()),
            ),
        };
        Self {
            outcome,
            answer: a.text.clone(),
            sentences: a.sentences.iter().map(SentenceDto::from).collect(),
            citations: a.citations.iter().map(CitationDto::from).collect(),
            confidence: a.confidence,
            reason,
            ticket,
            message,
            choices,
            small_talk: matches!(a.outcome, Outcome::SmallTalk { .. }),
            conversation_id: a.conversation.to_string(),
            conversation_token: None,
            disclosure: a.disclosure.as_ref().map(DisclosureDto::from),
            seq: a.seq,
            index_generation: a.generation.0,
            generator: a.generator.as_str(),
            locale: a.locale.clone(),
            timings_ms: a.timings.into(),
        }
    }
}

impl From<&Choice> for ChoiceDto {
    fn from(c: &Choice) -> Self {
        Self { label: c.label.clone(), path: c.path.clone(), url: c.url.clone() }
    }
}

impl From<&Hit> for HitDto {
    fn from(h: &Hit) -> Self {
        Self {
            path: h.path.as_str().to_owned(),
            title: h.meta.title.clone(),
            heading: h.heading_path.join(" > "),
            url: page_url(&h.meta, &h.anchor),
            article: article_url(&h.meta, &h.anchor),
            text: h.text.clone(),
            score: h.score,
            keyword_rank: h.keyword_rank,
            dense_rank: h.dense_rank,
            locale: h.meta.locale.as_str().to_owned(),
            document_version: h.document_version.0,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use indexer::model::{Generation, PassageId};

    use super::*;
    use crate::domain::{ConversationId, GeneratorId, ReasonCode, Ticket};

    pub(in crate::http) fn answer() -> Answer {
        Answer {
            outcome: Outcome::Answered,
            text: "Within 5 working days.".to_owned(),
            sentences: vec![Sentence {
                index: 0,
                text: "Within 5 working days.".to_owned(),
                citations: vec![1],
            }],
            citations: vec![Citation {
                n: 1,
                passage: PassageId(uuid::Uuid::nil()),
                title: "Returns".to_owned(),
                heading: "Refunds > Time".to_owned(),
                url: "/kb/returns#time".to_owned(),
                article: "/v1/articles/returns#time".to_owned(),
                path: "en/returns.md".to_owned(),
                quote: "Within 5 working days.".to_owned(),
                document_version: Generation(3),
            }],
            confidence: 0.9,
            conversation: ConversationId(uuid::Uuid::nil()),
            seq: None,
            generation: Generation(7),
            generator: GeneratorId::Extractive,
            locale: "en".to_owned(),
            disclosure: None,
            timings: Timings { total_ms: 4.123_456, ..Timings::default() },
        }
    }

    #[test]
    fn an_answer_on_the_wire() {
        insta::assert_json_snapshot!(AskResponse::from(&answer()), @r#"
        {
          "outcome": "answered",
          "answer": "Within 5 working days.",
          "sentences": [
            {
              "text": "Within 5 working days.",
              "citations": [
                1
              ]
            }
          ],
          "citations": [
            {
              "n": 1,
              "title": "Returns",
              "heading": "Refunds > Time",
              "url": "/kb/returns#time",
              "article": "/v1/articles/returns#time",
              "path": "en/returns.md",
              "quote": "Within 5 working days.",
              "document_version": 3
            }
          ],
          "confidence": 0.9,
          "conversation_id": "00000000000000000000000000000000",
          "index_generation": 7,
          "generator": "extractive",
          "locale": "en",
          "timings_ms": {
            "embed": 0.0,
            "keyword": 0.0,
            "dense": 0.0,
            "search": 0.0,
            "generate": 0.0,
            "total": 4.123
          }
        }
        "#);
    }

    #[test]
    fn a_hand_over_on_the_wire_has_reason_ticket_and_message() {
        let ticket = Ticket::random();
        let outcome = Outcome::HandedOff {
            reason: ReasonCode::NoEvidence,
            ticket: ticket.clone(),
            message: "A colleague will help.".to_owned(),
        };
        let json =
            serde_json::to_value(AskResponse::from(&Answer { outcome, ..answer() })).unwrap();
        assert_eq!(json["outcome"], "handed_off");
        assert_eq!(json["reason"], "no_evidence");
        assert_eq!(json["ticket"], ticket.as_str());
        assert_eq!(json["message"], "A colleague will help.");
    }

    #[test]
    fn a_question_back_on_the_wire_has_its_choices() {
        let choice = Choice {
            label: "Riga".to_owned(),
            path: "riga.md".to_owned(),
            url: "/kb/riga".to_owned(),
        };
        let message = "Which one?\n1. Riga".to_owned();
        let outcome = Outcome::Clarify { message, choices: vec![choice] };
        let json =
            serde_json::to_value(AskResponse::from(&Answer { outcome, ..answer() })).unwrap();
        assert_eq!(json["outcome"], "clarify");
        assert_eq!(json["choices"][0]["url"], "/kb/riga");
        assert!(json["message"].as_str().unwrap().contains("1. Riga") && json["ticket"].is_null());
    }

    #[test]
    fn a_citation_that_an_old_version_kept_names_its_article_too() {
        let kept = Citation { article: String::new(), ..answer().citations.remove(0) };
        assert_eq!(CitationDto::from(&kept).article, "/v1/articles/returns#time");
    }

    #[test]
    fn an_unknown_field_of_a_request_is_named() {
        let error = serde_json::from_str::<AskRequest>(r#"{"question":"a","lang":"en"}"#);
        assert!(error.unwrap_err().to_string().contains("`lang`"));
    }
}
