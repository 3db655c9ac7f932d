//! A customer who proved who they are: the company's own page signed for them.

use std::fmt;

use crate::privacy::{CustomerText, RedactedText};

/// Names a customer over conversations and devices: a keyed hash of the company's id for them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomerKey(pub String);

impl fmt::Display for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a good identity token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub key: CustomerKey,
    /// The company's id for the customer.
    pub id: CustomerText,
    pub name: Option<CustomerText>,
    pub email: Option<CustomerText>,
}

/// A customer as a conversation knows them: by placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCustomer {
    pub key: CustomerKey,
    pub id: RedactedText,
    pub name: Option<RedactedText>,
    pub email: Option<RedactedText>,
}
