//! What surrounds a hand-over, whoever asks for it: when people are there to take it, and who is told of
//! it beside the inbox. [`Dispatcher`] empties the outbox of the store through [`Webhook`] and [`Email`].

mod address;
pub mod clock;
mod dispatcher;
mod email;
mod event;
#[cfg(test)]
mod fake_receiver;
pub mod hours;
mod payload;
mod schedule;
mod signature;
mod webhook;

use serde::{Deserialize, Serialize};

pub use dispatcher::Dispatcher;
pub use email::{Email, EmailSettings, EmailTls};
pub use event::{Delivery, EventKind, HandoffError};
pub use hours::{Hours, HoursError, HoursSettings, Open};
pub use payload::{Notice, What};
pub use webhook::{EndpointSettings, Webhook, WebhookSettings};

/// `[handoff]` of the configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HandoffSettings {
    pub hours: HoursSettings,
}
