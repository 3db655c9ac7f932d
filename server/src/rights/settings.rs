//! `[privacy]` of the configuration.

use serde::{Deserialize, Serialize};

/// What is kept how long, and what the record of processing says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrivacySettings {
    /// Whether an export holds agents' internal notes.
    pub export_notes: bool,
    pub retention: RetentionSettings,
    pub record: RecordSettings,
}

/// `[privacy.retention]`: days after which data of a class is erased; 0 keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionSettings {
    /// A conversation with all that belongs to it, after its last word.
    pub conversations_days: u32,
    /// Originals of personal data, after their last use; the redacted conversation stays.
    pub vault_days: u32,
    /// Ratings and comments.
    pub feedback_days: u32,
    /// Closed tickets.
    pub escalations_days: u32,
    /// Entries of the audit log.
    pub audit_days: u32,
    /// Between two runs of the server's own task, hours.
    pub every_hours: u32,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self {
            conversations_days: 365,
            vault_days: 90,
            feedback_days: 365,
            escalations_days: 365,
            audit_days: 1095,
            every_hours: 24,
        }
    }
}

/// `[privacy.record]`: what the configuration cannot know of the record of processing (GDPR Art. 30).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordSettings {
    /// Name and address of the company.
    pub controller: String,
    /// How to reach it.
    pub contact: String,
    /// Name and address of the data protection officer.
    pub protection_officer: String,
    /// Why the processing is lawful.
    pub legal_basis: String,
    /// Who else gets data, beside the receivers of the configuration.
    pub recipients: Vec<String>,
}

impl Default for RecordSettings {
    fn default() -> Self {
        Self {
            controller: String::new(),
            contact: String::new(),
            protection_officer: String::new(),
            legal_basis: "Art. 6(1)(b) and (f) GDPR: answering the customer's question".to_owned(),
            recipients: Vec::new(),
        }
    }
}
