//! The record of processing activities (GDPR Art. 30), made from the configuration in effect, so that it
//! says what the server does and not what somebody once wrote down.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::settings::Settings;

/// The record as JSON; [`to_markdown`] shows it to people.
pub fn processing_record(settings: &Settings) -> Value {
    let retention = &settings.privacy.retention;
    let record = &settings.privacy.record;
    let days = |days: u32| match days {
        0 => "kept until it is erased on request".to_owned(),
        days => format!("{days} days"),
    };
    let mut recipients: Vec<String> = record.recipients.clone();
    for endpoint in &settings.webhooks.endpoints {
        let host = reqwest::Url::parse(&endpoint.url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default();
        let events: Vec<&str> = endpoint.events.iter().map(|e| e.as_str()).collect();
        let events = if events.is_empty() { "all events".to_owned() } else { events.join(", ") };
        recipients.push(format!("webhook {} at {host}: {events}, redacted", endpoint.name));
    }
    if !settings.email.host.is_empty() {
        recipients.push(format!(
            "e-mail through {}: hand-overs with redacted transcript",
            settings.email.host
        ));
    }
    for url in &settings.generator.openai.urls {
        recipients.push(format!("language model at {url}: redacted questions and articles"));
    }
    json!({
        "controller": named(&record.controller),
        "contact": named(&record.contact),
        "data_protection_officer": named(&record.protection_officer),
        "purposes": [
            "answering customers' questions from the company's articles",
            "handing questions over to people of the company",
            "measuring whether answers helped",
            "finding what the articles lack: questions by subject, redacted, from several customers on",
        ],
        "legal_basis": named(&record.legal_basis),
        "data_subjects": ["customers who write to the assistant", "people of the company who answer"],
        "categories": [
            "words of customers, stored with placeholders in place of personal data",
            "originals of that personal data, stored encrypted with a key for each conversation",
            "ratings and comments",
            "what a customer was told of the machine, agreed and objected to",
            "a keyed hash of the company's id for a customer who proved who they are",
            "tickets: reason, summary, passages seen, how to be reached",
            "accounts of the company's people: login, name, role",
            "audit log: deeds by id, no personal data",
        ],
        "recipients": recipients,
        "transfers_to_third_countries": "none by the program itself; depends on where the recipients are",
        "retention": {
            "conversations": days(retention.conversations_days),
            "originals": days(retention.vault_days),
            "feedback": days(retention.feedback_days),
            "tickets": days(retention.escalations_days),
            "audit_log": days(retention.audit_days),
        },
        "security": [
            "personal data is replaced by placeholders before anything is stored, logged, searched or sent",
            "originals are sealed with XChaCha20-Poly1305; data keys are sealed by a master key that is kept apart",
            "an original is shown to the agent who took the conversation over or to a privacy officer, and every look is recorded",
            "the audit log is chained and signed; erasures give a signed receipt",
        ],
        "automated_decisions": "none with legal effect; below a threshold of confidence a person answers, and a customer who refuses automated answers is handed to a person at once",
        "objections": "a customer's words are used for answering them alone from their objection on: no review queue, no suggestions, no figures but tickets and states",
    })
}

/// The record for people.
pub fn to_markdown(record: &Value) -> String {
    let mut text = "# Record of processing activities (GDPR Art. 30)\n".to_owned();
    for (name, value) in record.as_object().into_iter().flatten() {
        let mut title = name.replace('_', " ");
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let _ = writeln!(text, "\n## {title}\n");
        match value {
            Value::Array(all) if all.is_empty() => text.push_str("None.\n"),
            Value::Array(all) => {
                for item in all {
                    let _ = writeln!(text, "- {}", item.as_str().unwrap_or_default());
                }
            }
            Value::Object(all) => {
                for (name, item) in all {
                    let name = name.replace('_', " ");
                    let _ = writeln!(text, "- {name}: {}", item.as_str().unwrap_or_default());
                }
            }
            other => {
                let _ = writeln!(text, "{}", other.as_str().unwrap_or_default());
            }
        }
    }
    text
}

fn named(text: &str) -> &str {
    if text.is_empty() { "(not given: see [privacy.record] of the configuration)" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_follows_the_configuration() {
        let mut settings = Settings::default();
        settings.privacy.record.controller = "Ozols Outdoor SIA".to_owned();
        settings.privacy.retention.audit_days = 0;
        settings.email.host = "mail.example".to_owned();
        let text = to_markdown(&processing_record(&settings));
        for part in [
            "## Controller\n\nOzols Outdoor SIA",
            "- audit log: kept until",
            "- conversations: 365 days",
            "mail.example",
            "(not given",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}
