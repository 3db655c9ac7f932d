//! Renders a conversation as the text that a chat model was trained on.
//!
//! Called by `prompt` (engine side). A model's GGUF file carries its template in Jinja, written for Python; this gives it
//! the same surroundings: Python's string methods, `raise_exception`, `strftime_now`, `tojson`, loop controls, and blocks
//! that swallow their line ends. A file without a template, or with one that does not render, falls back to its family's
//! format (`template_families`). Contents are values, never parsed as template text.

use minijinja::value::Kwargs;
use minijinja::{Environment, Error, ErrorKind, Value};
use serde::Serialize;

use super::template_families::Family;
use super::thoughts;

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    System,
    User,
    Assistant,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChatMessage {
    pub role: Role,
    pub content: String,
}

/// The rendered conversation, up to where the assistant begins to speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    pub text: String,
    /// The text ends inside a thought: the model will begin with one.
    pub opens_thought: bool,
}

/// Special tokens that templates refer to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecialTokens {
    pub bos: String,
    pub eos: String,
}

/// Why a conversation could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("the chat template does not parse: {0}")]
    Syntax(String),
    #[error("the chat template does not render: {0}")]
    Render(String),
}

const NAME: &str = "chat";
/// Instructions a template may execute, so that a malicious one cannot hold the engine up.
const FUEL: u64 = 2_000_000;

/// A parsed template with the model's special tokens.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    specials: SpecialTokens,
}

impl ChatTemplate {
    /// The template of a model: `overriding` if given, else the model's own, else its family's. A template of the
    /// model that does not parse or cannot render a plain exchange is left out with a warning; an overriding one
    /// that does not is an error.
    pub fn of_model(
        overriding: Option<String>,
        own: Option<String>,
        family: Family,
        specials: SpecialTokens,
    ) -> Result<Self, TemplateError> {
        if let Some(source) = overriding {
            let template = Self::parse(source, specials)?;
            template.try_out()?;
            return Ok(template);
        }
        if let Some(source) = own {
            match Self::parse(source, specials.clone())
                .and_then(|template| template.try_out().map(|()| template))
            {
                Ok(template) => return Ok(template),
                Err(error) => {
                    tracing::warn!(%error, ?family, "the model's own chat template is unusable, using its family's");
                }
            }
        }
        Self::parse(family.template().to_owned(), specials)
    }

    /// Renders `messages` and opens the assistant's turn. A system message that the template refuses is put before
    /// the first user message, as such models expect.
    ///
    /// # Errors
    /// When the template refuses the conversation in both forms.
    pub fn render(&self, messages: &[ChatMessage]) -> Result<Rendered, TemplateError> {
        let text = match self.run(messages) {
            Ok(text) => text,
            Err(error) => match without_system(messages) {
                Some(merged) => self.run(&merged)?,
                None => return Err(error),
            },
        };
        let opens_thought = thoughts::ends_inside(&text);
        Ok(Rendered { text, opens_thought })
    }

    fn parse(source: String, specials: SpecialTokens) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_fuel(Some(FUEL));
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", raise_exception);
        environment.add_function("strftime_now", strftime_now);
        environment.add_filter("tojson", to_json);
        environment
            .add_template_owned(NAME, source)
            .map_err(|error| TemplateError::Syntax(chain(&error)))?;
        Ok(Self { environment, specials })
    }

    fn try_out(&self) -> Result<(), TemplateError> {
        let say = |role, content: &str| ChatMessage { role, content: content.to_owned() };
        let exchange = [say(Role::System, "rules"), say(Role::User, "probing question")];
        let rendered = self.render(&exchange)?;
        if rendered.text.contains("probing question") {
            Ok(())
        } else {
            Err(TemplateError::Render("the user's words are not in the result".to_owned()))
        }
    }

    fn run(&self, messages: &[ChatMessage]) -> Result<String, TemplateError> {
        let context = minijinja::context! {
            messages => messages,
            add_generation_prompt => true,
            bos_token => self.specials.bos,
            eos_token => self.specials.eos,
            // Names under which templates know how to switch thinking off or down.
            enable_thinking => false,
            thinking => false,
            reasoning_effort => "low",
            tools => Value::from(()),
            documents => Value::from(()),
        };
        let template = self
            .environment
            .get_template(NAME)
            .map_err(|error| TemplateError::Syntax(chain(&error)))?;
        template.render(context).map_err(|error| TemplateError::Render(chain(&error)))
    }
}

fn without_system(messages: &[ChatMessage]) -> Option<Vec<ChatMessage>> {
    let (first, rest) = messages.split_first()?;
    let user = rest.first()?;
    if first.role != Role::System || user.role != Role::User {
        return None;
    }
    let mut merged = rest.to_vec();
    merged[0].content = format!("{}\n\n{}", first.content, user.content);
    Some(merged)
}

fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn raise_exception(message: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

/// Today in UTC, as Python's `strftime`. Only the day matters to templates, and a prompt that changes with every second
/// could share no prefix, so the time of day is always midnight.
fn strftime_now(format: String) -> Result<String, Error> {
    let midnight = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
        .to_datetime(jiff::civil::Time::midnight());
    jiff::fmt::strtime::format(&format, midnight)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

/// Python's `json.dumps(ensure_ascii=False)`: a space after commas and colons, nothing escaped for HTML.
fn to_json(value: Value, options: Kwargs) -> Result<String, Error> {
    let indent: Option<usize> = options.get("indent")?;
    let wrong = |error: String| Error::new(ErrorKind::BadSerialization, error);
    let mut out = Vec::new();
    let result = match indent {
        Some(indent) => {
            let indent = " ".repeat(indent.min(16));
            let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
            value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter))
        }
        None => value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Spaced)),
    };
    result.map_err(|error| wrong(error.to_string()))?;
    String::from_utf8(out).map_err(|error| wrong(error.to_string()))
}

struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}
