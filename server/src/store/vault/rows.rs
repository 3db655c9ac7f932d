//! Where the vault stores things: sealed originals, and apart from them the sealed data keys.

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::VaultStoreError;
use crate::privacy::vault::{KeyRing, WrappedKey};
use crate::store::StoreError;
use crate::store::file::Scrub;

/// Sealed originals, by conversation and placeholder.
#[async_trait]
pub trait SealedRows: Send + Sync {
    /// The sealed numbering with its version. A numbering that is made anew after another one was removed
    /// has none of its versions, so that who read the other one cannot take it for that.
    async fn numbers(&self, conversation: Uuid) -> Result<Option<(i64, Vec<u8>)>, StoreError>;

    /// The highest numbers given out before originals were destroyed by retention, by label.
    async fn floors(&self, conversation: Uuid) -> Result<Vec<(String, u32)>, StoreError>;

    /// Stores entries and numbering at once, after the data key that sealed them. Version 0: there was no
    /// numbering. `false` when another writer changed the numbering since the version, or the data key is gone
    /// and lies in the same database; where it lies elsewhere, the vault looks for it afterwards.
    async fn keep(
        &self,
        conversation: Uuid,
        numbers: (i64, Vec<u8>),
        entries: &[SealedEntry<'_>],
    ) -> Result<bool, StoreError>;

    /// All placeholders with their sealed originals.
    async fn entries(&self, conversation: Uuid) -> Result<Vec<(String, Vec<u8>)>, StoreError>;

    async fn entry(
        &self,
        conversation: Uuid,
        placeholder: &str,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Removes everything of an erased conversation; gives the number of originals.
    async fn remove(&self, conversation: Uuid) -> Result<u64, StoreError>;

    /// Removes originals and numberings whose data keys are gone, in one transaction, and keeps the numbers
    /// of their placeholders taken. Each with the version of its numbering as it was read: where that has
    /// changed, it was sealed anew, and stays. Gives the number of originals.
    async fn expire(&self, read: &[(Uuid, i64)]) -> Result<u64, StoreError>;

    /// Every conversation of which originals or floors are stored.
    async fn all(&self) -> Result<HashSet<Uuid>, StoreError>;

    async fn knows(&self, conversation: Uuid) -> Result<bool, StoreError>;

    /// Conversations with originals whose newest is older than `before`.
    async fn older_than(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError>;

    /// The version of a numbering whose newest original is older than `before`; `None` for another one, and
    /// without originals.
    async fn version_older_than(
        &self,
        conversation: Uuid,
        before: Timestamp,
    ) -> Result<Option<i64>, StoreError>;
}

/// Sealed data keys, the list of erased conversations, the master key in use.
#[async_trait]
pub trait KeyRows: Send + Sync {
    /// Whether processes on other machines use them too, each with a copy of the master key of its own.
    fn shared(&self) -> bool;

    /// Id of the master key that seals new data keys; `None` before the first start.
    async fn master(&self) -> Result<Option<String>, StoreError>;

    /// How many data keys there are.
    async fn count(&self) -> Result<u64, StoreError>;

    async fn get(&self, conversation: Uuid) -> Result<Option<WrappedKey>, StoreError>;

    async fn add(&self, id: Uuid, key: &WrappedKey) -> Result<Added, StoreError>;

    /// Seals every data key with the current master key of `ring`, all or none. Gives their number.
    async fn rewrap(&self, ring: &KeyRing) -> Result<u64, VaultStoreError>;

    /// Destroys the data key and remembers that the conversation was erased. Gives whether there was one.
    async fn destroy(&self, id: Uuid, at: Timestamp) -> Result<bool, StoreError>;

    /// Destroys the data keys of originals whose time is over; the conversations stay.
    async fn expire(&self, conversations: &[Uuid]) -> Result<u64, StoreError>;

    /// Whether the conversation was erased.
    async fn is_erased(&self, conversation: Uuid) -> Result<bool, StoreError>;

    /// All conversations that were ever erased, for erasing again what a restored back-up brought back.
    async fn erased(&self) -> Result<Vec<Uuid>, StoreError>;

    /// Leaves nothing of deleted keys. Gives whether everything was written anew.
    async fn scrub(&self, how: Scrub) -> Result<bool, StoreError>;

    /// Whether a scrub was left for the daily task.
    async fn wants_scrub(&self) -> Result<bool, StoreError>;

    async fn close(&self);
}

/// An original about to be stored.
pub struct SealedEntry<'a> {
    pub placeholder: &'a str,
    pub kind: &'a str,
    pub sealed: Vec<u8>,
}

/// What became of a new data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    Stored,
    /// Another writer was first; use its key.
    Exists,
    /// The conversation was erased and never gets a key again.
    Erased,
    /// Sealed with a master key that is in use no more; read the keys again.
    OldMaster,
}

/// Label and number of a placeholder (`[EMAIL_4]`: EMAIL, 4).
pub(in crate::store) fn numbered(placeholder: &str) -> Option<(&str, u32)> {
    let (label, number) = placeholder.trim_matches(['[', ']']).rsplit_once('_')?;
    Some((label, number.parse().ok()?))
}

/// A data key sealed anew with the current master key.
pub(in crate::store) fn rewrapped(
    ring: &KeyRing,
    conversation: &str,
    old: &WrappedKey,
) -> Result<WrappedKey, VaultStoreError> {
    let id = Uuid::try_parse(conversation)
        .map_err(|_| StoreError::Database("the list of data keys is damaged".to_owned()))?;
    Ok(ring.wrap(id, &ring.unwrap(id, old)?)?)
}
