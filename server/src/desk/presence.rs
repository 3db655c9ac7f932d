//! Who is at the desk now. In memory alone: after a restart everybody says so anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::domain::{Agent, AgentId};

/// Who was not heard of for this long has gone. Pages say every half a minute that they are open.
const FORGOTTEN: SignedDuration = SignedDuration::from_secs(90);

/// Whether somebody takes conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Online,
    Away,
    Offline,
}

impl Presence {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
            Self::Offline => "offline",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Online, Self::Away, Self::Offline].into_iter().find(|p| p.as_str() == text)
    }
}

/// Somebody at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    pub id: AgentId,
    pub name: String,
    pub presence: Presence,
    seen: Timestamp,
}

/// Everybody at the desk.
#[derive(Default)]
pub struct Presences(Mutex<BTreeMap<AgentId, Present>>);

impl Presences {
    pub fn set(&self, agent: &Agent, presence: Presence, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if presence == Presence::Offline {
            all.remove(&agent.id);
        } else {
            let (id, name) = (agent.id, agent.name.clone());
            all.insert(id, Present { id, name, presence, seen: now });
        }
    }

    /// Who is there at `now`, by name.
    pub fn at(&self, now: Timestamp) -> Vec<Present> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, p| now.duration_since(p.seen) < FORGOTTEN);
        let mut there: Vec<Present> = all.values().cloned().collect();
        there.sort_by(|a, b| a.name.cmp(&b.name));
        there
    }

    /// What somebody said last.
    pub fn of(&self, id: AgentId, now: Timestamp) -> Presence {
        self.at(now).iter().find(|p| p.id == id).map_or(Presence::Offline, |p| p.presence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AgentRole;

    #[test]
    fn who_is_silent_for_long_has_gone() {
        let agent = |name: &str| Agent {
            id: AgentId::random(),
            login: name.to_lowercase(),
            name: name.to_owned(),
            role: AgentRole::Agent,
            disabled: false,
            created_at: Timestamp::UNIX_EPOCH,
        };
        let at = |second| Timestamp::from_second(second).unwrap();
        let (anna, berta) = (agent("Anna"), agent("Berta"));
        let presences = Presences::default();
        presences.set(&berta, Presence::Away, at(0));
        presences.set(&anna, Presence::Online, at(60));
        let names = |now| presences.at(at(now)).into_iter().map(|p| p.name).collect::<Vec<_>>();
        assert_eq!(names(60), ["Anna", "Berta"]);
        assert_eq!(presences.of(berta.id, at(60)), Presence::Away);
        assert_eq!(names(100), ["Anna"]);
        presences.set(&anna, Presence::Offline, at(101));
        assert!(names(101).is_empty());
        assert_eq!(Presence::parse("online"), Some(Presence::Online));
    }
}
