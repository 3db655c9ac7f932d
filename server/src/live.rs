//! Who looks at a conversation now learns at once that it changed.
//!
//! Called by whoever changes a conversation; listened to by streams and by answers on their way. The
//! hub tells that something is new, the store tells what: a listener that was too slow or came late
//! reads on from the last number it knows, so nothing is lost and nothing doubled. All channels are
//! bounded. One process has one hub; where several processes share a database, `startup/news.rs` tells the
//! hubs of the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};
use tokio::sync::mpsc;

use crate::domain::{AgentId, Author, ConversationId, Epoch};

/// What a slow listener may miss before it is told to read everything anew.
const WAITING: usize = 32;

/// Something happened in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Live {
    /// There are new messages, ratings or a new state, in this epoch.
    Changed(Epoch),
    /// Somebody types, or stopped.
    Typing { by: Typist, typing: bool },
}

/// Who types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typist {
    Customer,
    Agent,
}

impl Typist {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => Author::Customer.as_str(),
            Self::Agent => "agent",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Customer, Self::Agent].into_iter().find(|typist| typist.as_str() == text)
    }
}

/// Something happened on the agents' desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeskLive {
    /// A conversation changed.
    Conversation(ConversationId),
    /// Its customer types, or stopped.
    Typing(ConversationId, bool),
    /// Somebody came or went.
    Presence,
    /// Something was missed: everything must be read.
    Missed,
}

/// What the hubs of other processes are told; what is stored the store itself announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relayed {
    Typing { id: ConversationId, by: Typist, typing: bool },
    Presence { agent: AgentId, presence: &'static str },
}

/// Connects those who change with those who look.
pub struct Hub {
    rooms: Mutex<HashMap<ConversationId, Sender<Live>>>,
    desk: Sender<DeskLive>,
    others: OnceLock<mpsc::Sender<Relayed>>,
}

impl Default for Hub {
    fn default() -> Self {
        let desk = broadcast::channel(WAITING * 8).0;
        Self { rooms: Mutex::default(), desk, others: OnceLock::new() }
    }
}

impl Hub {
    /// Tells all who look at `id` and the desk.
    pub fn changed(&self, id: ConversationId, epoch: Epoch) {
        self.tell(id, Live::Changed(epoch));
        let _ = self.desk.send(DeskLive::Conversation(id));
    }

    pub fn typing(&self, id: ConversationId, by: Typist, typing: bool) {
        self.types(id, by, typing);
        self.relay(Relayed::Typing { id, by, typing });
    }

    /// The same for somebody who types at another process.
    pub fn types(&self, id: ConversationId, by: Typist, typing: bool) {
        self.tell(id, Live::Typing { by, typing });
        if by == Typist::Customer {
            let _ = self.desk.send(DeskLive::Typing(id, typing));
        }
    }

    pub fn presence(&self) {
        let _ = self.desk.send(DeskLive::Presence);
    }

    /// Something may have been missed at the desk.
    pub fn missed(&self) {
        let _ = self.desk.send(DeskLive::Missed);
    }

    /// Whose task it is to tell the other processes. Once at most.
    pub fn relay_to(&self, others: mpsc::Sender<Relayed>) {
        let _ = self.others.set(others);
    }

    /// Tells the other processes, where there are any; what they cannot take in time is left out.
    pub fn relay(&self, what: Relayed) {
        if let Some(others) = self.others.get() {
            let _ = others.try_send(what);
        }
    }

    /// Conversations that somebody looks at.
    pub fn rooms(&self) -> Vec<ConversationId> {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.keys().copied().collect()
    }

    /// Whether somebody looks at the desk.
    pub fn desk_is_watched(&self) -> bool {
        self.desk.receiver_count() > 0
    }

    /// What happens in `id` from now on.
    pub fn listen(self: &Arc<Self>, id: ConversationId) -> Listener {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.entry(id).or_insert_with(|| broadcast::channel(WAITING).0);
        Listener { receiver: room.subscribe(), id, hub: Arc::clone(self) }
    }

    /// What happens on the desk from now on.
    pub fn listen_at_desk(&self) -> Receiver<DeskLive> {
        self.desk.subscribe()
    }

    fn tell(&self, id: ConversationId, live: Live) {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = rooms.get(&id) {
            let _ = room.send(live);
        }
    }
}

/// One who looks at a conversation. Dropping it ends that, and the last one to leave closes the room.
pub struct Listener {
    receiver: Receiver<Live>,
    id: ConversationId,
    hub: Arc<Hub>,
}

impl Listener {
    /// The next thing that happens; `None` when something was missed: then everything must be read.
    pub async fn next(&mut self) -> Option<Live> {
        match self.receiver.recv().await {
            Ok(live) => Some(live),
            Err(RecvError::Lagged(_)) => None,
            // The hub holds the sender as long as a listener lives.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }

    /// Ready when the conversation has left `epoch`, or may have.
    pub async fn left(&mut self, epoch: Epoch) {
        loop {
            match self.next().await {
                // News of other processes may come late, of an epoch before.
                Some(Live::Changed(now)) if now.0 > epoch.0 => return,
                None => return,
                Some(_) => {}
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut rooms = self.hub.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        // This one's own receiver still counts.
        if rooms.get(&self.id).is_some_and(|room| room.receiver_count() <= 1) {
            rooms.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn listeners_hear_their_conversation_and_rooms_close_behind_the_last() {
        let hub = Arc::new(Hub::default());
        let (one, two) = (ConversationId::random(), ConversationId::random());
        let mut first = hub.listen(one);
        let second = hub.listen(one);
        hub.changed(two, Epoch(9));
        hub.typing(one, Typist::Agent, true);
        hub.changed(one, Epoch(1));
        assert_eq!(first.next().await, Some(Live::Typing { by: Typist::Agent, typing: true }));
        assert_eq!(first.next().await, Some(Live::Changed(Epoch(1))));
        drop(first);
        assert_eq!(hub.rooms.lock().unwrap().len(), 1);
        drop(second);
        assert!(hub.rooms.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn who_is_too_slow_is_told_to_read_everything() {
        let hub = Arc::new(Hub::default());
        let id = ConversationId::random();
        let mut slow = hub.listen(id);
        for _ in 0..=WAITING {
            hub.changed(id, Epoch(0));
        }
        assert_eq!(slow.next().await, None);
        assert_eq!(slow.next().await, Some(Live::Changed(Epoch(0))));
    }

    #[tokio::test]
    async fn leaving_an_epoch_is_noticed_and_staying_is_not() {
        let hub = Arc::new(Hub::default());
        let id = ConversationId::random();
        let mut listener = hub.listen(id);
        hub.changed(id, Epoch(4));
        let mut left = Box::pin(listener.left(Epoch(4)));
        assert!(futures::poll!(&mut left).is_pending());
        hub.changed(id, Epoch(3));
        assert!(futures::poll!(&mut left).is_pending(), "late news");
        hub.changed(id, Epoch(5));
        left.await;
    }
}
