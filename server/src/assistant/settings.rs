//! `[assistant.*]` of the configuration.

use serde::{Deserialize, Serialize};

use super::admission::AdmissionSettings;
use super::condense::CondenseSettings;
use super::confidence::ConfidenceSettings;
use super::guard::GuardSettings;
use super::summarising::SummarySettings;
use super::triggers::TriggerSettings;
use crate::generate::extractive;

/// `[assistant]` of the configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssistantSettings {
    pub admission: AdmissionSettings,
    pub confidence: ConfidenceSettings,
    pub condense: CondenseSettings,
    pub answer: extractive::ExtractiveSettings,
    pub guard: GuardSettings,
    pub conversation: ConversationSettings,
    pub summary: SummarySettings,
    pub triggers: TriggerSettings,
}

/// `[assistant.conversation]`: when a conversation ends or goes to a person by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConversationSettings {
    /// Answers after which a person takes over; 0: never.
    pub turn_limit: u32,
    /// Answers in a row that the customer called unhelpful; 0: never.
    pub unhelpful: u32,
    /// Times that the customer asks the same in other words; 0: never.
    pub rephrased: u32,
    /// A conversation with the assistant is closed after this much silence, minutes; 0: never.
    pub idle_minutes: u64,
    /// A conversation with a person is closed after this much silence, minutes; 0: never.
    pub idle_with_agent_minutes: u64,
}

impl Default for ConversationSettings {
    fn default() -> Self {
        Self {
            turn_limit: 40,
            unhelpful: 2,
            rephrased: 2,
            idle_minutes: 120,
            idle_with_agent_minutes: 1440,
        }
    }
}
