//! How many live streams are open, by conversation and by address, so that nobody can take all of the
//! server's connections with one token. Used by [`Limits`](super::Limits).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use super::address::ClientAddress;
use super::limits::{LimitSettings, Limited};
use crate::domain::ConversationId;

/// When to look again whether a place is free, seconds.
const RETRY_AFTER_S: u32 = 10;

/// Counts open streams.
pub(super) struct Streams {
    per_conversation: u32,
    per_address: u32,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    conversations: HashMap<ConversationId, u32>,
    addresses: HashMap<ClientAddress, u32>,
}

/// The place of one open stream. Dropping it makes room for another.
pub struct Place {
    conversation: ConversationId,
    /// `None` where addresses are not limited.
    address: Option<ClientAddress>,
    open: Arc<Mutex<Open>>,
}

impl Streams {
    pub(super) fn new(settings: &LimitSettings) -> Self {
        Self {
            per_conversation: settings.streams_per_conversation,
            per_address: settings.streams_per_address,
            open: Arc::default(),
        }
    }

    /// # Errors
    /// [`Limited`] when the conversation or the address has as many as it may.
    pub(super) fn take(
        &self,
        conversation: ConversationId,
        address: Option<ClientAddress>,
    ) -> Result<Place, Limited> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_conversation = open.conversations.get(&conversation).copied().unwrap_or(0);
        let of_address = address.and_then(|a| open.addresses.get(&a)).copied().unwrap_or(0);
        if of_conversation >= self.per_conversation || of_address >= self.per_address {
            return Err(Limited { retry_after_s: RETRY_AFTER_S });
        }
        *open.conversations.entry(conversation).or_default() += 1;
        if let Some(address) = address {
            *open.addresses.entry(address).or_default() += 1;
        }
        Ok(Place { conversation, address, open: Arc::clone(&self.open) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        leave(&mut open.conversations, self.conversation);
        if let Some(address) = self.address {
            leave(&mut open.addresses, address);
        }
    }
}

fn leave<K: Hash + Eq>(counts: &mut HashMap<K, u32>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn address(last: u8) -> Option<ClientAddress> {
        Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)).into())
    }

    #[test]
    fn a_conversation_and_an_address_have_so_many_streams_and_leave_no_trace() {
        let settings = LimitSettings {
            streams_per_conversation: 2,
            streams_per_address: 3,
            ..LimitSettings::default()
        };
        let streams = Streams::new(&settings);
        let (one, two) = (ConversationId::random(), ConversationId::random());
        let first = streams.take(one, address(1)).unwrap();
        let second = streams.take(one, address(1)).unwrap();
        assert!(streams.take(one, address(2)).is_err(), "the conversation has two");
        let third = streams.take(two, address(1)).unwrap();
        assert!(streams.take(two, address(1)).is_err(), "the address has three");
        assert!(streams.take(two, address(2)).is_ok());
        drop(first);
        assert!(streams.take(one, None).is_ok());
        drop((second, third));
        let open = streams.open.lock().unwrap();
        assert!(open.conversations.is_empty() && open.addresses.is_empty());
    }
}
