//! Hand-overs by e-mail: one message to the team for each, with ticket, reason and redacted transcript.
//!
//! Nothing of a conversation gets into a header, the message's id is the event's (so that a message sent
//! twice is shown once), and without TLS no password is sent.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Mail};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use serde::{Deserialize, Serialize};

use super::payload::{Notice, What};
use super::{Delivery, EventKind, HandoffError};
use crate::domain::{Escalation, Message};
use crate::privacy::Secret;

/// Why a delivery was given up for now.
const NO_ANSWER: &str = "no answer in time";

/// `[email]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmailSettings {
    /// Mail server; empty: no e-mail is sent.
    pub host: String,
    pub port: u16,
    pub tls: EmailTls,
    /// Certificates (PEM) that are trusted beside the system's, for a company's own authority.
    pub ca_file: Option<PathBuf>,
    pub username: String,
    pub password: Option<Secret>,
    pub password_file: Option<PathBuf>,
    /// `Help desk <help@shop.example>`.
    pub from: String,
    pub to: Vec<String>,
    /// Where an answer to the message goes; the sender when empty.
    pub reply_to: String,
    /// Address of the inbox, for links: `https://help.shop.example`; empty: none.
    pub inbox_url: String,
    /// For a whole delivery, seconds.
    pub timeout_s: u64,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmailTls {
    /// Begins plain and must be upgraded.
    #[default]
    Starttls,
    /// From the first byte.
    Tls,
    /// Never; for a mail server on the same machine.
    None,
}

impl Default for EmailSettings {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 587,
            tls: EmailTls::Starttls,
            ca_file: None,
            username: String::new(),
            password: None,
            password_file: None,
            from: String::new(),
            to: Vec::new(),
            reply_to: String::new(),
            inbox_url: String::new(),
            timeout_s: 30,
        }
    }
}

impl EmailSettings {
    fn authority(&self) -> Result<Option<Certificate>, String> {
        let Some(file) = &self.ca_file else { return Ok(None) };
        let pem = crate::tls::bundle("ca_file", file)?;
        let wrong = |e: SmtpError| format!("ca_file: {} cannot be read: {e}", file.display());
        Certificate::from_pem(&pem).map(Some).map_err(wrong)
    }
}

/// Sends hand-overs by e-mail.
pub struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
    reply_to: Option<Mailbox>,
    inbox_url: String,
    tls: EmailTls,
    /// For a whole delivery.
    timeout: Duration,
}

impl Email {
    /// The sink's name in the outbox.
    pub const NAME: &'static str = "email";

    /// `None` when no mail server is configured.
    ///
    /// # Errors
    /// [`HandoffError::Misconfigured`] naming the key that is wrong.
    pub fn new(settings: &EmailSettings) -> Result<Option<Self>, HandoffError> {
        if settings.host.is_empty() {
            return Ok(None);
        }
        let wrong = |what: String| HandoffError::Misconfigured(format!("email.{what}"));
        let mailbox = |key: &str, text: &str| {
            text.parse::<Mailbox>().map_err(|e| {
                wrong(format!(
                    "{key}: {text:?} is no address like `Help desk <help@shop.example>`: {e}"
                ))
            })
        };
        if settings.to.is_empty() {
            return Err(wrong("to is empty; name who gets hand-overs".to_owned()));
        }
        let authority = settings.authority().map_err(wrong)?;
        let parameters = || {
            let builder = TlsParameters::builder(settings.host.clone());
            let builder = match &authority {
                Some(authority) => builder.add_root_certificate(authority.clone()),
                None => builder,
            };
            builder.build().map_err(|e| wrong(format!("host: {e}")))
        };
        let tls = match settings.tls {
            EmailTls::Starttls => Tls::Required(parameters()?),
            EmailTls::Tls => Tls::Wrapper(parameters()?),
            EmailTls::None if !settings.username.is_empty() => {
                return Err(wrong("tls is none: a password is not sent unprotected".to_owned()));
            }
            EmailTls::None => Tls::None,
        };
        let timeout = Duration::from_secs(settings.timeout_s.max(1));
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .timeout(Some(timeout))
            .tls(tls);
        if !settings.username.is_empty() {
            let password =
                Secret::given_or_in(settings.password.as_ref(), settings.password_file.as_deref())
                    .map_err(|e| wrong(format!("password_file: {e}")))?
                    .ok_or_else(|| wrong("password or password_file is missing".to_owned()))?;
            builder = builder.credentials(Credentials::new(
                settings.username.clone(),
                password.expose().to_owned(),
            ));
        }
        let reply_to = (!settings.reply_to.is_empty())
            .then(|| mailbox("reply_to", &settings.reply_to))
            .transpose()?;
        Ok(Some(Self {
            transport: builder.build(),
            from: mailbox("from", &settings.from)?,
            to: settings.to.iter().map(|to| mailbox("to", to)).collect::<Result<_, _>>()?,
            reply_to,
            inbox_url: settings.inbox_url.trim_end_matches('/').to_owned(),
            tls: settings.tls,
            timeout,
        }))
    }

    /// What it tells of.
    pub fn events() -> BTreeSet<EventKind> {
        BTreeSet::from([EventKind::HandedOff])
    }

    /// Sends one event once. Kinds that are not told by e-mail are done at once.
    pub async fn send(&self, notice: &Notice) -> Delivery {
        let What::HandedOff { escalation, transcript } = &notice.what else {
            return Delivery::Done;
        };
        let failed = |why: &str| Delivery::Failed { why: why.to_owned(), retry_after: None };
        let Ok(mail) = self.compose(notice, escalation, transcript) else {
            return failed("the message could not be composed");
        };
        // The transport's own time-out is for the connection alone: a server that then says nothing would be
        // waited for without end.
        match tokio::time::timeout(self.timeout, self.transport.send(mail)).await {
            Ok(Ok(_)) => Delivery::Done,
            Ok(Err(error)) => failed(reason(&error, self.tls)),
            Err(_) => failed(NO_ANSWER),
        }
    }

    fn compose(
        &self,
        notice: &Notice,
        escalation: &Escalation,
        transcript: &[Message],
    ) -> Result<Mail, lettre::error::Error> {
        let domain = self.from.email.domain();
        let mut builder = Mail::builder()
            .from(self.from.clone())
            .message_id(Some(format!("<{}@{domain}>", notice.id)))
            .date(std::time::SystemTime::from(notice.at))
            // Ticket and reason are words of this program: nothing of a customer gets into a header.
            .subject(format!("Hand-over {}: {}", escalation.ticket, escalation.reason.as_str()))
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        builder.body(self.text(notice, escalation, transcript))
    }

    fn text(&self, notice: &Notice, escalation: &Escalation, transcript: &[Message]) -> String {
        let mut text = format!(
            "Ticket:     {}\nReason:     {}\nWhy:        {}\nLanguage:   {}\nConfidence: {:.0} %\n",
            escalation.ticket,
            escalation.reason.as_str(),
            escalation.reasoning,
            escalation.locale,
            escalation.confidence * 100.0,
        );
        if let Some(page) = &escalation.page {
            let _ = writeln!(text, "Page:       {page}");
        }
        if let Some(contact) = &escalation.contact {
            let _ = writeln!(text, "Contact:    {contact} (to be seen in the inbox)");
        }
        if !self.inbox_url.is_empty() {
            let _ = writeln!(text, "Inbox:      {}/inbox/{}", self.inbox_url, notice.conversation);
        }
        let _ = writeln!(text, "\n{}\n", escalation.summary);
        for message in transcript {
            let at = message.at.strftime("%Y-%m-%d %H:%M");
            let _ = writeln!(text, "{} ({at} UTC):", message.author.as_str());
            for line in message.text.as_str().lines() {
                let _ = writeln!(text, "    {line}");
            }
        }
        if !escalation.passages.is_empty() {
            text.push_str("\nPassages that were found:\n");
            for passage in &escalation.passages {
                let _ =
                    writeln!(text, "  {:.2}  {}  {}", passage.score, passage.title, passage.path);
            }
        }
        text.push_str("\nPersonal data is shown as placeholders; the inbox reveals it.\n");
        text
    }
}

/// What went wrong, for the operator; nothing of what the mail server wrote.
fn reason(error: &SmtpError, tls: EmailTls) -> &'static str {
    // What a server replies may name certificates and STARTTLS in any sense: its words are not searched.
    if let Some(code) = error.status() {
        // 530: it takes nothing yet (RFC 3207, RFC 4954). Without TLS no log-in is sent either.
        return if tls == EmailTls::None && code.to_string() == "530" {
            "the mail server wants TLS: set email.tls = \"starttls\", and email.username if it wants a \
             log-in, too"
        } else if error.is_permanent() {
            "the mail server refused it"
        } else {
            "the mail server refused it for now"
        };
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(now) = cause {
        let text = now.to_string();
        if text.contains("certificate") {
            return "the mail server's certificate is not trusted: `email.host` must be the name in it, \
                    and `email.ca_file` the company's own authority, where it has one";
        }
        if text.contains("STARTTLS") {
            return "the mail server offers no STARTTLS; if it wants TLS from the first byte, set \
                    email.tls = \"tls\" and its port";
        }
        cause = now.source();
    }
    if error.is_timeout() {
        NO_ANSWER
    } else if error.is_tls() {
        "no protected connection to the mail server"
    } else {
        "the mail server could not be reached"
    }
}

#[cfg(test)]
#[path = "email_tls_tests.rs"]
mod tls_tests;

#[cfg(test)]
#[path = "email_tests.rs"]
mod tests;
