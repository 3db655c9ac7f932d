//! How often somebody may come: limits by visitor, by address, by key, and for logins. Each is a
//! token bucket; who is over it is told when to come back.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::{Deserialize, Serialize};

use super::address::ClientAddress;
use crate::domain::ConversationId;

/// More callers than this are not remembered: those who are well within their limit are forgotten first.
const REMEMBERED: usize = 100_000;

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
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            visitor_per_minute: 30,
            address_per_minute: 600,
            key_per_minute: 6000,
            login_per_minute: 10,
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

    /// Forgets who is well within the limits. Called by the housekeeper.
    pub fn forget(&self) {
        self.visitors.0.retain_recent();
        self.addresses.0.retain_recent();
        self.beginnings.0.retain_recent();
        self.keys.0.retain_recent();
        self.logins.0.retain_recent();
        self.accounts.0.retain_recent();
    }
}

struct Limit<K: Hash + Eq + Clone>(DefaultKeyedRateLimiter<K>);

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(per_minute: u32) -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(
            NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN),
        )))
    }

    fn take(&self, key: &K) -> Result<(), Limited> {
        if self.0.len() > REMEMBERED {
            self.0.retain_recent();
        }
        self.0.check_key(key).map_err(|until| {
            let wait: Duration = until.wait_time_from(DefaultClock::default().now());
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX - 1) + 1;
            Limited { retry_after_s: seconds }
        })
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
}
