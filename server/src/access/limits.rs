//! How often somebody may come: limits by visitor, by address, by key, and for logins. Each is a
//! token bucket; who is over it is told when to come back.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::{Deserialize, Serialize};

use super::address::ClientAddress;
use super::streams::{Place, Streams};
use crate::domain::ConversationId;

/// More callers than this are not remembered: those who are well within their limit are forgotten first.
const REMEMBERED: usize = 100_000;
/// Beyond that, callers are forgotten once in so many requests.
const FORGET_EVERY: u32 = 10_000;

/// `[access.limits]`: requests a minute; as many may come at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Messages of one customer's conversation.
    pub visitor_per_minute: u32,
    /// Requests of one address without a key; conversations are begun at a tenth of it.
    pub address_per_minute: u32,
    /// Requests of one key.
    pub key_per_minute: u32,
    /// Logins of one address, and tries of one account.
    pub login_per_minute: u32,
    /// Live streams of one conversation that are open at once.
    pub streams_per_conversation: u32,
    /// Live streams of one address that are open at once.
    pub streams_per_address: u32,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            visitor_per_minute: 30,
            address_per_minute: 600,
            key_per_minute: 6000,
            login_per_minute: 10,
            streams_per_conversation: 8,
            streams_per_address: 256,
        }
    }
}

/// Too many. Come back after `retry_after_s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    pub retry_after_s: u32,
}

/// All limits of one server.
pub struct Limits {
    visitors: Limit<ConversationId>,
    addresses: Limit<ClientAddress>,
    beginnings: Limit<ClientAddress>,
    keys: Limit<String>,
    logins: Limit<ClientAddress>,
    accounts: Limit<String>,
    guesses: Limit<ClientAddress>,
    /// Who guessed too often, and until when nothing of theirs is looked at.
    barred: Mutex<HashMap<ClientAddress, Instant>>,
    streams: Streams,
}

impl Limits {
    pub fn new(settings: &LimitSettings) -> Self {
        let beginnings = (settings.address_per_minute / 10).max(1);
        Self {
            visitors: Limit::new(settings.visitor_per_minute),
            addresses: Limit::new(settings.address_per_minute),
            beginnings: Limit::new(beginnings),
            keys: Limit::new(settings.key_per_minute),
            logins: Limit::new(settings.login_per_minute),
            accounts: Limit::new(settings.login_per_minute),
            guesses: Limit::new(settings.login_per_minute),
            barred: Mutex::default(),
            streams: Streams::new(settings),
        }
    }

    /// A message in a conversation.
    ///
    /// # Errors
    /// [`Limited`].
    pub fn visitor(&self, id: ConversationId) -> Result<(), Limited> {
        self.visitors.take(&id)
    }

    /// Any request without a key. This machine itself is not limited: tools run there, and a proxy
    /// that nobody has named as trusted speaks for all customers.
    ///
    /// # Errors
    /// [`Limited`].
    pub fn address(&self, address: ClientAddress) -> Result<(), Limited> {
        if address.is_own() { Ok(()) } else { self.addresses.take(&address) }
    }

    /// A conversation that begins; this machine itself is not limited.
    ///
    /// # Errors
    /// [`Limited`].
    pub fn beginning(&self, address: ClientAddress) -> Result<(), Limited> {
        if address.is_own() { Ok(()) } else { self.beginnings.take(&address) }
    }

    /// A request with the key of this name.
    ///
    /// # Errors
    /// [`Limited`].
    pub fn key(&self, name: &str) -> Result<(), Limited> {
        self.keys.take(&name.to_owned())
    }

    /// A try to log in, by address and by account, so that neither many accounts nor many addresses
    /// help who guesses.
    ///
    /// # Errors
    /// [`Limited`].
    pub fn login(&self, address: ClientAddress, login: &str) -> Result<(), Limited> {
        self.logins.take(&address)?;
        self.accounts.take(&login.to_owned())
    }

    /// An answer of the company's own log-in that belongs to no login; counts with the tries to log in.
    ///
    /// # Errors
    /// [`Limited`].
    pub fn sign_on(&self, address: ClientAddress) -> Result<(), Limited> {
        self.logins.take(&address)
    }

    /// Asked before the operator's token is compared: who sent too many wrong ones waits, because a
    /// limit that let a right one through would not stop guessing. This machine itself never waits.
    ///
    /// # Errors
    /// [`Limited`].
    pub fn may_guess(&self, address: ClientAddress) -> Result<(), Limited> {
        let barred = self.barred.lock().unwrap_or_else(PoisonError::into_inner);
        let left = barred.get(&address).and_then(|end| end.checked_duration_since(Instant::now()));
        left.map_or(Ok(()), |left| Err(Limited::after(left)))
    }

    /// A wrong token of the operator.
    pub fn guessed_wrong(&self, address: ClientAddress) {
        if address.is_own() {
            return;
        }
        if let Err(limited) = self.guesses.take(&address) {
            let now = Instant::now();
            let mut barred = self.barred.lock().unwrap_or_else(PoisonError::into_inner);
            if barred.len() >= REMEMBERED {
                barred.retain(|_, end| *end > now);
            }
            barred.insert(address, now + Duration::from_secs(limited.retry_after_s.into()));
        }
    }

    /// A live stream that opens; it is counted until the place is dropped. This machine itself is
    /// limited by conversation alone.
    ///
    /// # Errors
    /// [`Limited`] when too many are open.
    pub fn stream(&self, id: ConversationId, address: ClientAddress) -> Result<Place, Limited> {
        self.streams.take(id, (!address.is_own()).then_some(address))
    }

    /// Forgets who is well within the limits. Called by the housekeeper.
    pub fn forget(&self) {
        self.visitors.buckets.retain_recent();
        self.addresses.buckets.retain_recent();
        self.beginnings.buckets.retain_recent();
        self.keys.buckets.retain_recent();
        self.logins.buckets.retain_recent();
        self.accounts.buckets.retain_recent();
        self.guesses.buckets.retain_recent();
        let now = Instant::now();
        self.barred.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, end| *end > now);
    }
}

impl Limited {
    fn after(wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX - 1) + 1;
        Self { retry_after_s: seconds }
    }
}

struct Limit<K: Hash + Eq + Clone> {
    buckets: DefaultKeyedRateLimiter<K>,
    /// Requests while too many callers are remembered: forgetting looks at all of them, so it is done
    /// once in a while.
    crowded: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(per_minute: u32) -> Self {
        let per_minute = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        let buckets = RateLimiter::keyed(Quota::per_minute(per_minute));
        Self { buckets, crowded: AtomicU32::new(0) }
    }

    fn take(&self, key: &K) -> Result<(), Limited> {
        if self.buckets.len() > REMEMBERED
            && self.crowded.fetch_add(1, Ordering::Relaxed).is_multiple_of(FORGET_EVERY)
        {
            self.buckets.retain_recent();
        }
        let over = self.buckets.check_key(key);
        over.map_err(|until| Limited::after(until.wait_time_from(DefaultClock::default().now())))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn address(last: u8) -> ClientAddress {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)).into()
    }

    #[test]
    fn who_is_over_the_limit_is_told_when_to_come_back_and_others_are_not_touched() {
        let limits =
            Limits::new(&LimitSettings { login_per_minute: 3, ..LimitSettings::default() });
        for _ in 0..3 {
            assert_eq!(limits.login(address(1), "anna"), Ok(()));
        }
        let over = limits.login(address(1), "berta").unwrap_err();
        assert!((1..=21).contains(&over.retry_after_s), "{over:?}");
        assert!(limits.login(address(2), "anna").is_err(), "the account was tried enough");
        assert_eq!(limits.login(address(3), "carl"), Ok(()));
        limits.forget();
        assert!(limits.login(address(1), "dora").is_err(), "forgetting forgives nobody");
    }

    #[test]
    fn who_guesses_tokens_waits_even_with_a_right_one() {
        let limits =
            Limits::new(&LimitSettings { login_per_minute: 3, ..LimitSettings::default() });
        for _ in 0..3 {
            limits.guessed_wrong(address(1));
            assert_eq!(limits.may_guess(address(1)), Ok(()));
        }
        limits.guessed_wrong(address(1));
        assert!(limits.may_guess(address(1)).is_err());
        limits.forget();
        assert!(limits.may_guess(address(1)).is_err(), "forgetting forgives nobody");
        assert_eq!(limits.may_guess(address(2)), Ok(()));
    }
}
