//! The people of the company: who they are and what they may do.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

/// Names a person of the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgentId(pub Uuid);

impl AgentId {
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// What a person does, and so what they may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgentRole {
    /// Answers customers.
    Agent,
    /// Writes the articles: sees figures and conversations, answers nobody.
    Editor,
    /// Everything, accounts included.
    Admin,
    /// Exports, erases and reads the audit log; answers nobody.
    PrivacyOfficer,
}

/// Something that not everybody may do. Asked for by handlers, granted by roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See conversations, redacted.
    ReadConversations,
    /// Take over, reply, note, return, resolve, assign.
    Reply,
    /// See what a placeholder stands for.
    Reveal,
    /// See figures.
    ReadFigures,
    /// Decide about questions that the articles do not answer.
    Review,
    /// Export and erase.
    Privacy,
    /// Accounts and keys.
    Administer,
}

impl AgentRole {
    pub const ALL: [Self; 4] = [Self::Agent, Self::Editor, Self::Admin, Self::PrivacyOfficer];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Editor => "editor",
            Self::Admin => "admin",
            Self::PrivacyOfficer => "privacy_officer",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }

    pub fn may(self, permission: Permission) -> bool {
        use Permission::{Privacy, ReadConversations, ReadFigures, Reply, Reveal, Review};
        match self {
            Self::Admin => true,
            Self::Agent => matches!(permission, ReadConversations | Reply | Reveal | ReadFigures),
            Self::Editor => matches!(permission, ReadConversations | ReadFigures | Review),
            Self::PrivacyOfficer => {
                matches!(permission, ReadConversations | ReadFigures | Reveal | Privacy)
            }
        }
    }
}

/// How the company's own log-in names a person: the provider, and who they are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOn {
    pub issuer: String,
    pub subject: String,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    pub id: AgentId,
    /// What they log in with, lower case.
    pub login: String,
    /// What customers and colleagues see.
    pub name: String,
    pub role: AgentRole,
    pub disabled: bool,
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_answers_customers_may_reply_and_only_admins_administer() {
        let may = |permission| AgentRole::ALL.map(|role| role.may(permission));
        assert_eq!(may(Permission::Reply), [true, false, true, false]);
        assert_eq!(may(Permission::Administer), [false, false, true, false]);
        assert_eq!(may(Permission::Privacy), [false, false, true, true]);
        assert_eq!(may(Permission::Review), [false, true, true, false]);
        assert_eq!(may(Permission::Reveal), [true, false, true, true]);
        assert_eq!(may(Permission::ReadConversations), [true; 4]);
    }

    #[test]
    fn names_read_back() {
        for role in AgentRole::ALL {
            assert_eq!(AgentRole::parse(role.as_str()), Some(role));
        }
    }
}
