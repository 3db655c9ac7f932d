//! OpenAI's shapes, as far as they say something here, and ours in them (`citations`, `atbilde`).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{MODEL, role};
use crate::domain::{Answer, Citation, Outcome, Role, Sentence};
use crate::http::dto::{AskResponse, CitationDto, DisclosureDto, OutcomeName, TimingsDto};
use crate::http::error::{Code, Problem};

/// A conversation; fields that have no meaning here, `model` among them, are accepted and left out.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct ChatRequest {
    /// The last one is the question and must be the user's.
    pub(super) messages: Vec<ChatMessage>,
    /// Chunks instead of one object.
    #[serde(default)]
    pub(super) stream: Option<bool>,
    #[serde(default)]
    pub(super) stream_options: Option<StreamOptions>,
    /// `locale`: language tag of the reply; else the question's own language.
    #[serde(default)]
    pub(super) metadata: Option<Metadata>,
}

/// One message.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct ChatMessage {
    /// `user` or `assistant`; messages of other roles are left out.
    #[schema(example = "user")]
    pub(super) role: String,
    /// Text, or parts of which those with `text` are read.
    #[serde(default)]
    #[schema(value_type = String, example = "How long does a refund take?")]
    pub(super) content: Content,
}

/// Both forms that clients send, and none.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
pub(in crate::http) enum Content {
    Text(String),
    Parts(Vec<Part>),
    #[default]
    Nothing,
}

/// Part of a message.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct Part {
    #[serde(default)]
    text: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct StreamOptions {
    /// A last chunk tells the usage.
    #[serde(default)]
    pub(super) include_usage: Option<bool>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct Metadata {
    #[serde(default)]
    pub(super) locale: Option<String>,
}

impl ChatRequest {
    /// The question and what was said before it, oldest first.
    pub(super) fn conversation(&self) -> Result<(String, Vec<(Role, String)>), Problem> {
        let mut said: Vec<(Role, String)> = self
            .messages
            .iter()
            .filter_map(|message| Some((role(&message.role)?, message.content.text())))
            .filter(|(_, text)| !text.trim().is_empty())
            .collect();
        match said.pop() {
            Some((Role::User, question)) => Ok((question, said)),
            _ => Err(Problem::new(
                Code::InvalidField,
                "`messages` must end with a message of the role `user` that has text",
            )),
        }
    }

    pub(super) fn locale(&self) -> Option<&str> {
        self.metadata.as_ref()?.locale.as_deref()
    }
}

impl Content {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => {
                parts.iter().filter_map(|part| part.text.as_deref()).collect::<Vec<_>>().join("\n")
            }
            Self::Nothing => String::new(),
        }
    }
}

/// What all objects of one answer have in common.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) id: String,
    /// Seconds since 1970.
    pub(super) created: i64,
    /// Scheme and host by which the caller reached the server: citations lead there.
    pub(super) base: String,
}

/// A whole answer.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ChatCompletion {
    pub(super) id: String,
    #[schema(example = "chat.completion")]
    pub(super) object: &'static str,
    pub(super) created: i64,
    pub(super) model: &'static str,
    pub(super) choices: Vec<Choice>,
    pub(super) usage: Usage,
    /// Addresses of the passages that are cited, as other search engines with this interface give them. What
    /// is for customers alone has none; `atbilde.citations` quotes it.
    pub(super) citations: Vec<String>,
    pub(super) atbilde: Vendor,
}

/// The one choice.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Choice {
    pub(super) index: u32,
    pub(super) message: Said,
    #[schema(example = "stop")]
    pub(super) finish_reason: &'static str,
}

/// What the assistant says.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Said {
    pub(super) role: &'static str,
    pub(super) content: String,
    pub(super) annotations: Vec<Annotation>,
}

/// A piece of a streamed answer.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ChatChunk {
    pub(super) id: String,
    #[schema(example = "chat.completion.chunk")]
    pub(super) object: &'static str,
    pub(super) created: i64,
    pub(super) model: &'static str,
    /// One; none in the chunk of the usage.
    pub(super) choices: Vec<ChunkChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Usage>,
    /// With the last choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) citations: Option<Vec<String>>,
    /// With the last choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) atbilde: Option<Vendor>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ChunkChoice {
    pub(super) index: u32,
    pub(super) delta: Delta,
    pub(super) finish_reason: Option<&'static str>,
}

/// What a chunk adds.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in crate::http) struct Delta {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<String>,
    /// Of the sentence in `content`; places count from the beginning of the whole answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) annotations: Vec<Annotation>,
}

/// Proof of a sentence.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::http) struct Annotation {
    #[serde(rename = "type")]
    #[schema(example = "url_citation")]
    pub(super) kind: &'static str,
    pub(super) url_citation: UrlCitation,
}

/// Where a sentence comes from, if that has a page. Places are Unicode code points of the content.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::http) struct UrlCitation {
    pub(super) start_index: usize,
    pub(super) end_index: usize,
    pub(super) title: String,
    pub(super) url: String,
}

/// Roughly what was written: words are counted, not tokens, since the articles' own words cost none.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(in crate::http) struct Usage {
    pub(super) prompt_tokens: u32,
    pub(super) completion_tokens: u32,
    pub(super) total_tokens: u32,
}

/// What else `/v1/ask` tells.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Vendor {
    pub(super) outcome: OutcomeName,
    pub(super) confidence: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ticket: Option<String>,
    pub(super) citations: Vec<CitationDto>,
    pub(super) conversation_id: String,
    /// What to tell the customer of the machine; with the first answer of a conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disclosure: Option<DisclosureDto>,
    pub(super) index_generation: u64,
    pub(super) generator: &'static str,
    pub(super) locale: String,
    pub(super) timings_ms: TimingsDto,
}

/// OpenAI's list of models.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Models {
    pub(super) object: &'static str,
    pub(super) data: Vec<Model>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Model {
    #[schema(example = "atbilde")]
    pub(super) id: &'static str,
    pub(super) object: &'static str,
    pub(super) created: i64,
    pub(super) owned_by: &'static str,
}

/// A problem as OpenAI's clients read it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatError)]
pub(in crate::http) struct ErrorBody {
    pub(super) error: ErrorObject,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatErrorObject)]
pub(in crate::http) struct ErrorObject {
    /// What is wrong and what to do next.
    pub(super) message: String,
    /// `invalid_request_error`, `rate_limit_error` or `server_error`.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) param: Option<String>,
    /// As in the table of error codes.
    pub(super) code: &'static str,
}

impl ErrorBody {
    pub(super) fn of(problem: &Problem) -> Self {
        let body = problem.body();
        let kind = match body.status {
            429 => "rate_limit_error",
            400..500 => "invalid_request_error",
            _ => "server_error",
        };
        let message = format!("{}. {}", body.detail.trim_end_matches('.'), body.next_step);
        Self { error: ErrorObject { message, kind, param: None, code: body.code } }
    }
}

/// Composes the content of an answer from its sentences, one after the other, and the annotations
/// that belong to them.
#[derive(Debug, Default)]
pub(super) struct Composer {
    /// Code points so far.
    length: usize,
}

impl Composer {
    /// What `sentence` adds to the content: a separator, its words, its proof.
    pub(super) fn add(
        &mut self,
        sentence: &Sentence,
        citations: &[Citation],
        head: &Head,
    ) -> (String, Vec<Annotation>) {
        let item = |text: &str| {
            let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
            text.starts_with(['-', '*', '|', '\u{2022}'])
                || (digits.len() < text.len() && digits.starts_with(['.', ')']))
        };
        let separator = match self.length {
            0 => "",
            _ if item(&sentence.text) => "\n",
            _ => " ",
        };
        let start_index = self.length + separator.len();
        let end_index = start_index + sentence.text.chars().count();
        self.length = end_index;
        let cited = paged(citations).filter(|c| sentence.citations.contains(&c.n));
        let annotations = cited
            .map(|citation| Annotation {
                kind: "url_citation",
                url_citation: UrlCitation {
                    start_index,
                    end_index,
                    title: citation.title.clone(),
                    url: format!("{}{}", head.base, citation.url),
                },
            })
            .collect();
        (format!("{separator}{}", sentence.text), annotations)
    }
}

impl ChatCompletion {
    pub(super) fn of(answer: &Answer, head: &Head) -> Self {
        let mut composer = Composer::default();
        let (mut content, mut annotations) = (String::new(), Vec::new());
        for sentence in &answer.sentences {
            let (text, proof) = composer.add(sentence, &answer.citations, head);
            content.push_str(&text);
            annotations.extend(proof);
        }
        if let Outcome::HandedOff { message, .. }
        | Outcome::Clarify { message, .. }
        | Outcome::SmallTalk { message } = &answer.outcome
        {
            content.push_str(message);
        }
        let usage = Usage::of(&content);
        Self {
            id: head.id.clone(),
            object: "chat.completion",
            created: head.created,
            model: MODEL,
            choices: vec![Choice {
                index: 0,
                message: Said { role: "assistant", content, annotations },
                finish_reason: "stop",
            }],
            usage,
            citations: cited(answer, head),
            atbilde: Vendor::of(answer),
        }
    }
}

impl Usage {
    pub(super) fn of(content: &str) -> Self {
        let words = u32::try_from(content.split_whitespace().count()).unwrap_or(u32::MAX);
        Self { prompt_tokens: 0, completion_tokens: words, total_tokens: words }
    }
}

impl Vendor {
    pub(super) fn of(answer: &Answer) -> Self {
        let AskResponse {
            outcome,
            citations,
            confidence,
            reason,
            ticket,
            conversation_id,
            disclosure,
            index_generation,
            generator,
            locale,
            timings_ms,
            ..
        } = AskResponse::from(answer);
        Self {
            outcome,
            confidence,
            reason,
            ticket,
            citations,
            conversation_id,
            disclosure,
            index_generation,
            generator,
            locale,
            timings_ms,
        }
    }
}

/// The sources that have a page: clients make links of what is named as an address.
fn paged(citations: &[Citation]) -> impl Iterator<Item = &Citation> {
    citations.iter().filter(|c| !c.url.is_empty())
}

/// Addresses of the passages that some sentence cites.
pub(super) fn cited(answer: &Answer, head: &Head) -> Vec<String> {
    let used = |n: u32| answer.sentences.iter().any(|s| s.citations.contains(&n));
    let cited = paged(&answer.citations).filter(|c| used(c.n));
    cited.map(|c| format!("{}{}", head.base, c.url)).collect()
}
