//! What other processes over the same database do reaches those who look at it through this one.
//!
//! The store announces every change of a conversation (`store::Changes`); who types and who is at the desk
//! the hubs tell each other. Ids go over the line, no words. Because an announcement may be lost with its
//! connection, or never come (a pooler between that knows no `LISTEN`), what somebody looks at here is also
//! compared with the store every [`LOOK`]. Started by [`super::Application`] where the store is shared.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::desk::{Presence, Presences};
use crate::domain::{AgentId, ConversationId, Epoch};
use crate::live::{Hub, Relayed, Typist};
use crate::store::{Accounts, Changes, News, PostgresStore, StoreError};

/// Between two looks at the store.
const LOOK: Duration = Duration::from_secs(2);
/// What may wait to be told to the others.
const WAITING: usize = 256;

/// Between the hub of this process and those of the others.
pub(super) struct Newsroom {
    store: Arc<PostgresStore>,
    hub: Arc<Hub>,
    presences: Arc<Presences>,
    /// What this process tells, so that it does not listen to itself.
    name: String,
    relayed: mpsc::Receiver<Relayed>,
}

/// What was seen at the last look.
#[derive(Default)]
struct Seen {
    /// Epoch, and the store's mark of everything else.
    rooms: HashMap<ConversationId, (Epoch, String)>,
    desk: Option<(i64, i64)>,
    /// Whether anything was heard since.
    heard: bool,
}

impl Newsroom {
    pub(super) fn new(store: Arc<PostgresStore>, hub: Arc<Hub>, presences: Arc<Presences>) -> Self {
        let (sender, relayed) = mpsc::channel(WAITING);
        hub.relay_to(sender);
        Self { store, hub, presences, name: Uuid::new_v4().simple().to_string(), relayed }
    }

    /// Runs until `stop`.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let (_, none) = mpsc::channel(1);
        let relayed = std::mem::replace(&mut self.relayed, none);
        tokio::select! {
            () = stop.cancelled() => {}
            ((), ()) = async { tokio::join!(self.listen(), self.tell(relayed)) } => {}
        }
    }

    /// Tells the others.
    async fn tell(&self, mut relayed: mpsc::Receiver<Relayed>) {
        while let Some(what) = relayed.recv().await {
            let word = match what {
                Relayed::Typing { id, by, typing } => {
                    let typing = if typing { "on" } else { "off" };
                    format!("{} typing {id} {} {typing}", self.name, by.as_str())
                }
                Relayed::Presence { agent, presence } => {
                    format!("{} presence {agent} {presence}", self.name)
                }
            };
            if let Err(error) = self.store.relay(&word).await {
                tracing::debug!(%error, "news.not_relayed");
            }
        }
    }

    /// Hears of the others, for ever.
    async fn listen(&self) {
        let mut seen = Seen::default();
        let mut changes: Option<Changes> = None;
        let mut well = true;
        loop {
            let done = self.round(&mut changes, &mut seen).await;
            match done {
                Ok(()) if !well => {
                    well = true;
                    tracing::info!("news.well_again");
                }
                Ok(()) => {}
                Err(error) => {
                    changes = None;
                    // What is heard no more has to be found by looking.
                    seen.heard = false;
                    if std::mem::take(&mut well) {
                        tracing::error!(%error, "news.failed: tried again");
                    }
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
    }

    /// Listens until it is time for a look, and looks.
    async fn round(
        &self,
        changes: &mut Option<Changes>,
        seen: &mut Seen,
    ) -> Result<(), StoreError> {
        let changes = match changes {
            Some(changes) => changes,
            None => changes.insert(self.store.changes().await?),
        };
        let until = Instant::now() + LOOK;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            match changes.next(left).await? {
                Some(News::Changed(id, epoch)) => {
                    seen.heard = true;
                    self.hub.changed(id, epoch);
                }
                Some(News::Relayed(word)) => self.hear(&word).await?,
                Some(News::Missed) => {
                    seen.heard = false;
                    break;
                }
                None => {}
            }
        }
        self.look(seen).await
    }

    /// Compares what somebody looks at here with the store.
    async fn look(&self, seen: &mut Seen) -> Result<(), StoreError> {
        let rooms = self.hub.rooms();
        let mut now = HashMap::with_capacity(rooms.len());
        if !rooms.is_empty() {
            let standing = self.store.standing(&rooms).await?;
            now.extend(standing.into_iter().map(|(id, epoch, mark)| (id, (epoch, mark))));
        }
        for id in rooms {
            match (seen.rooms.get(&id), now.get(&id)) {
                (before, after) if before == after => {}
                (_, Some((epoch, _))) => self.hub.changed(id, *epoch),
                // Erased: whoever looks reads that.
                (Some((epoch, _)), None) => self.hub.changed(id, Epoch(epoch.0 + 1)),
                (None, None) => {}
            }
        }
        seen.rooms = now;
        if self.hub.desk_is_watched() {
            let desk = self.store.desk_standing().await?;
            let missed = !seen.heard && seen.desk.is_some_and(|before| before != desk);
            if missed {
                self.hub.missed();
            }
            seen.desk = Some(desk);
        } else {
            seen.desk = None;
        }
        seen.heard = false;
        Ok(())
    }

    /// What another process tells. What is not understood, from a newer version, is passed over.
    async fn hear(&self, word: &str) -> Result<(), StoreError> {
        let words: Vec<&str> = word.split(' ').collect();
        match words[..] {
            [from, ..] if from == self.name => {}
            [_, "typing", id, by, typing] => {
                if let (Ok(id), Some(by)) = (Uuid::try_parse(id), Typist::parse(by)) {
                    self.hub.types(ConversationId(id), by, typing == "on");
                }
            }
            [_, "presence", agent, presence] => {
                let agent = Uuid::try_parse(agent).map(AgentId);
                let (Ok(agent), Some(presence)) = (agent, Presence::parse(presence)) else {
                    return Ok(());
                };
                if let Some(agent) = self.store.agent(agent).await? {
                    self.presences.set(&agent, presence, Timestamp::now());
                    self.hub.presence();
                }
            }
            _ => {}
        }
        Ok(())
    }
}
