//! The vault: customers' originals, stored sealed, one data key a conversation. The one place where a
//! customer's words are redacted with the originals kept, and the one place that gives them back.
//!
//! Originals are stored sealed, the sealed data keys apart from them, so that back-ups may treat these apart
//! ([`rows`] says what either database must do). A value is stored before the redacted text that names it,
//! so no placeholder is ever without its original. Used by the conversations and by `rights`, which decides
//! who may look.

mod rows;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use uuid::Uuid;
use zeroize::Zeroizing;

pub use rows::{Added, KeyRows, SealedEntry, SealedRows};
pub(super) use rows::{numbered, rewrapped};

use super::StoreError;
use super::file::Scrub;
use crate::privacy::vault::{
    DataKey, KeyRing, KeySource, MasterKey, Restorer, VaultError, VaultSettings,
};
use crate::privacy::{CustomerText, Numbering, RedactedText, Redaction, Redactor, is_of_note};

/// The folder of keys in the data folder.
pub const KEYS_FOLDER: &str = "keys";
/// What the numbering is sealed under; no placeholder.
const NUMBERS: &str = "numbers";
/// Two messages of one conversation at once are rare; more tries than this are a defect.
const TRIES: u32 = 20;
/// Conversations whose originals expire together: what is begun is over before a call's time-out.
const EXPIRED_AT_ONCE: usize = 50;
/// What an operator does for a new master key, who alone can give it to every process.
const NEW_KEY_FOR_ALL: &str = "the first master key is the one in use and seals all data keys; processes on other \
    machines need the same one, so none of them makes another: put a new one (`openssl rand -base64 32`) before it \
    wherever a process has its keys from, with the old one behind it; restart the processes one by one; run this \
    again; then remove the old one everywhere";
const NEW_KEY: &str = "the first master key is the one in use and seals all data keys; put a new one before it where \
    the keys come from (`openssl rand -base64 32`), with the old one behind it, then rotate again";

/// Why the vault did not do it.
#[derive(Debug, thiserror::Error)]
pub enum VaultStoreError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It never comes back.
    #[error("the conversation was erased")]
    Erased,
    #[error("the vault is busy with this conversation; try again")]
    Busy,
}

/// The open vault. Shared by everything that works with conversations.
pub struct Vault {
    rows: Arc<dyn SealedRows>,
    keys: Arc<dyn KeyRows>,
    source: KeySource,
    /// The current one is that which seals new data keys, wherever the source has it.
    ring: ArcSwap<KeyRing>,
    /// How many data keys were sealed anew when this vault was opened, where another key was in use before.
    resealed: Option<u64>,
}

/// What was destroyed of one conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destroyed {
    pub originals: u64,
    pub keys: u64,
}

impl Vault {
    /// Opens the vault; `folder` is for the master key, where it is made here. Where the first key of the
    /// source is not the one in use, the rotation is finished, unless other machines have the store open:
    /// they may not have that key yet, so there [`rotate`](Self::rotate) alone seals with it.
    ///
    /// # Errors
    /// [`VaultStoreError`] when the store fails or the master key that sealed the data keys is not at hand.
    pub async fn open(
        folder: &Path,
        (rows, keys): (Arc<dyn SealedRows>, Arc<dyn KeyRows>),
        settings: &VaultSettings,
    ) -> Result<Self, VaultStoreError> {
        let source = KeySource::new(settings, folder)?;
        if keys.count().await? > 0
            && matches!(&source, KeySource::File { file, .. } if !file.exists())
        {
            let master = keys.master().await?.unwrap_or_default();
            return Err(VaultError::UnknownMaster(master).into());
        }
        let ring = ArcSwap::from_pointee(source.read().await?);
        let mut vault = Self { rows, keys, source, ring, resealed: None };
        vault.resealed = vault.finish_rotation().await?;
        Ok(vault)
    }

    pub async fn close(&self) {
        self.keys.close().await;
    }

    pub fn keys(&self) -> &dyn KeyRows {
        &*self.keys
    }

    /// Redacts a customer's words within a conversation; what is taken out is kept sealed.
    ///
    /// # Errors
    /// [`VaultStoreError`]; then nothing of the words may be used.
    pub async fn redact(
        &self,
        redactor: &Redactor,
        conversation: Uuid,
        text: &CustomerText,
        locale: Option<&str>,
    ) -> Result<RedactedText, VaultStoreError> {
        let words = (text.expose(), text.reader());
        self.redact_with(conversation, |n| redactor.redact_for(words, locale, n)).await
    }

    /// As [`redact`](Self::redact), by any of the redactor's functions. `redact` may be called again.
    ///
    /// # Errors
    /// As [`redact`](Self::redact).
    pub async fn redact_with(
        &self,
        conversation: Uuid,
        redact: impl Fn(&mut Numbering) -> Redaction,
    ) -> Result<RedactedText, VaultStoreError> {
        for _ in 0..TRIES {
            let (mut numbering, version, key) = self.numbering(conversation).await?;
            let redaction = redact(&mut numbering);
            if redaction.originals.is_empty() {
                return Ok(redaction.text);
            }
            let key = match key {
                Some(key) => key,
                // What was taken out is numbered again then, behind the numbers of what is gone.
                None if version > 0 => {
                    self.forget_unreadable(conversation, version).await?;
                    continue;
                }
                None => self.new_key(conversation).await?,
            };
            let json = Zeroizing::new(serde_json::to_string(&numbering).unwrap_or_default());
            let numbers = key.seal(conversation, NUMBERS, &json)?;
            let mut entries = Vec::with_capacity(redaction.originals.len());
            for original in &redaction.originals {
                let sealed = key.seal(conversation, &original.placeholder, &original.value)?;
                let (placeholder, kind) = (original.placeholder.as_str(), original.kind.label());
                entries.push(SealedEntry { placeholder, kind, sealed });
            }
            if !self.rows.keep(conversation, (version, numbers), &entries).await? {
                continue;
            }
            // The key may have been destroyed since it sealed them.
            if self.keys.get(conversation).await?.is_some() {
                return Ok(redaction.text);
            }
            if self.keys.is_erased(conversation).await? {
                // After the rows of before were removed: these are removed by nobody else.
                self.rows.remove(conversation).await?;
                return Err(VaultStoreError::Erased);
            }
            // The time of the originals was over just then: once more, with a key of its own.
        }
        Err(VaultStoreError::Busy)
    }

    /// The originals of a conversation, for the customer whose they are or for an export; without what
    /// internal notes alone hold. Empty when there are none or their key is gone.
    ///
    /// # Errors
    /// [`VaultStoreError`] when a store fails or an entry was changed.
    pub async fn restorer(&self, conversation: Uuid) -> Result<Restorer, VaultStoreError> {
        let mut originals = self.originals(conversation).await?;
        originals.retain(|placeholder, _| !is_of_note(placeholder));
        Ok(Restorer::new(originals))
    }

    /// As [`restorer`](Self::restorer), with what internal notes hold.
    ///
    /// # Errors
    /// [`VaultStoreError`] when a store fails or an entry was changed.
    pub async fn restorer_with_notes(
        &self,
        conversation: Uuid,
    ) -> Result<Restorer, VaultStoreError> {
        Ok(Restorer::new(self.originals(conversation).await?))
    }

    async fn originals(
        &self,
        conversation: Uuid,
    ) -> Result<HashMap<String, Zeroizing<String>>, VaultStoreError> {
        let Some(key) = self.key(conversation).await? else { return Ok(HashMap::new()) };
        let rows = self.rows.entries(conversation).await?;
        let mut originals = HashMap::with_capacity(rows.len());
        for (placeholder, sealed) in rows {
            let original = key.open(conversation, &placeholder, &sealed)?;
            originals.insert(placeholder, original);
        }
        Ok(originals)
    }

    /// The original behind one placeholder. Asked for by `rights::reveal` alone, which checks and records.
    ///
    /// # Errors
    /// [`VaultStoreError`] when a store fails or the entry was changed.
    pub async fn original(
        &self,
        conversation: Uuid,
        placeholder: &str,
    ) -> Result<Option<Zeroizing<String>>, VaultStoreError> {
        let Some(key) = self.key(conversation).await? else { return Ok(None) };
        let sealed = self.rows.entry(conversation, placeholder).await?;
        let original = sealed.map(|sealed| key.open(conversation, placeholder, &sealed));
        Ok(original.transpose()?)
    }

    /// Seals a secret of the installation itself, under a data key that is nobody's.
    ///
    /// # Errors
    /// [`VaultStoreError`].
    pub async fn seal_own(&self, name: &str, secret: &str) -> Result<Vec<u8>, VaultStoreError> {
        let key = match self.key(Uuid::nil()).await? {
            Some(key) => key,
            None => self.new_key(Uuid::nil()).await?,
        };
        Ok(key.seal(Uuid::nil(), name, secret)?)
    }

    /// Opens what [`Vault::seal_own`] sealed, in this process or in another.
    ///
    /// # Errors
    /// [`VaultStoreError`] when it was changed, or its key is gone.
    pub async fn open_own(
        &self,
        name: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<String>, VaultStoreError> {
        let key = self.key(Uuid::nil()).await?.ok_or(VaultError::Opening)?;
        Ok(key.open(Uuid::nil(), name, sealed)?)
    }

    /// Destroys the data key first, so that every copy of the originals is unreadable from then on, then
    /// the originals. The conversation never gets a key again. What deleting leaves of the key is for
    /// [`scrub`](Self::scrub), once after any number of them.
    ///
    /// # Errors
    /// [`VaultStoreError::Store`]; calling again finishes what was begun.
    pub async fn destroy(
        &self,
        conversation: Uuid,
        at: Timestamp,
    ) -> Result<Destroyed, VaultStoreError> {
        let keys = u64::from(self.keys.destroy(conversation, at).await?);
        let originals = self.rows.remove(conversation).await?;
        Ok(Destroyed { originals, keys })
    }

    /// Destroys the originals of conversations that stay, because their time is over, some at a time; those of
    /// a conversation where one is not older than `before` by now are kept. What deleting leaves of the keys is
    /// for [`scrub`](Self::scrub).
    ///
    /// # Errors
    /// [`VaultStoreError::Store`]; calling again finishes what was begun.
    pub async fn expire(
        &self,
        conversations: &[Uuid],
        before: Timestamp,
    ) -> Result<Destroyed, VaultStoreError> {
        let mut gone = Destroyed { originals: 0, keys: 0 };
        for part in conversations.chunks(EXPIRED_AT_ONCE) {
            // Read while their keys are there: what a new key seals from then on stays.
            let mut read = Vec::with_capacity(part.len());
            for id in part {
                if let Some(version) = self.rows.version_older_than(*id, before).await? {
                    read.push((*id, version));
                }
            }
            let over: Vec<Uuid> = read.iter().map(|(id, _)| *id).collect();
            gone.keys += self.keys.expire(&over).await?;
            gone.originals += self.rows.expire(&read).await?;
        }
        Ok(gone)
    }

    /// Leaves nothing of destroyed keys. Gives whether everything was written anew.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn scrub(&self, how: Scrub) -> Result<bool, StoreError> {
        self.keys.scrub(how).await
    }

    /// Whether a scrub was left for the daily task.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn wants_scrub(&self) -> Result<bool, StoreError> {
        self.keys.wants_scrub().await
    }

    /// Every conversation of which originals are stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self) -> Result<HashSet<Uuid>, StoreError> {
        self.rows.all().await
    }

    /// Whether originals of the conversation are stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn knows(&self, conversation: Uuid) -> Result<bool, StoreError> {
        self.rows.knows(conversation).await
    }

    /// Conversations with originals whose newest is older than `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn older_than(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        self.rows.older_than(before).await
    }

    /// Seals all data keys with another master key; the originals are not touched. Gives the new key's id
    /// and how many data keys were sealed anew.
    ///
    /// A key file that this program made gets a new key here, unless other machines have copies of it.
    /// Elsewhere the operator has put the new key before the old one. Where several machines share the store,
    /// that is done for each of them first: until this call all go on with the old key, after it each needs
    /// the new one, and both are at hand for as long as both are in the lists.
    ///
    /// # Errors
    /// [`VaultStoreError`], saying how a new key is brought where there is none; then the old key stays in
    /// use.
    pub async fn rotate(&self) -> Result<(String, u64), VaultStoreError> {
        let mut ring = self.source.read().await?;
        let ours = matches!(self.source, KeySource::File { made: true, .. }) && !self.keys.shared();
        if ours {
            let older = std::iter::once(ring.current()).chain(ring.older()).cloned().collect();
            ring = KeyRing::new(MasterKey::random(), older);
            self.source.write(&ring)?;
        } else if self.keys.master().await?.as_deref() == Some(ring.current().id()) {
            // When this vault was opened, the new key was there and has been taken into use.
            if let Some(sealed) = self.resealed {
                return Ok((ring.current().id().to_owned(), sealed));
            }
            let how = if self.keys.shared() { NEW_KEY_FOR_ALL } else { NEW_KEY };
            return Err(VaultError::Misconfigured(how.to_owned()).into());
        }
        let sealed = self.keys.rewrap(&ring).await?;
        let alone = KeyRing::new(ring.current().clone(), Vec::new());
        if ours {
            self.source.write(&alone)?;
        }
        let id = alone.current().id().to_owned();
        self.ring.store(Arc::new(alone));
        Ok((id, sealed))
    }

    /// The numbering of a conversation with its version, and the data key if there is one. A version without
    /// a key is of a numbering that nothing opens.
    async fn numbering(
        &self,
        conversation: Uuid,
    ) -> Result<(Numbering, i64, Option<DataKey>), VaultStoreError> {
        let Some(key) = self.key(conversation).await? else {
            if self.keys.is_erased(conversation).await? {
                return Err(VaultStoreError::Erased);
            }
            // First this: whoever removes it leaves its numbers behind.
            let unreadable = self.rows.numbers(conversation).await?;
            let version = unreadable.map_or(0, |(version, _)| version);
            return Ok((self.after_floors(conversation).await?, version, None));
        };
        let Some((version, sealed)) = self.rows.numbers(conversation).await? else {
            return Ok((self.after_floors(conversation).await?, 0, Some(key)));
        };
        let json = key.open(conversation, NUMBERS, &sealed)?;
        let numbering = serde_json::from_str(&json).map_err(|_| VaultError::Opening)?;
        Ok((numbering, version, Some(key)))
    }

    /// Removes what was sealed with a key that is gone, as after a restore without the keys or a crash
    /// within [`expire`](Self::expire): a new key could neither open it nor be used beside it. Done when the
    /// conversation needs a new key and not for all at the start, where a folder of keys that is not mounted
    /// would cost every original.
    async fn forget_unreadable(&self, conversation: Uuid, version: i64) -> Result<(), StoreError> {
        // A key is stored before what it seals. One that is there by now is of another writer at work.
        if self.keys.get(conversation).await?.is_none() {
            let originals = self.rows.expire(&[(conversation, version)]).await?;
            tracing::warn!(
                conversation = %conversation.simple(),
                originals,
                "vault.key_gone: its originals cannot be read any more and were removed"
            );
        }
        Ok(())
    }

    /// A numbering without values, after the numbers that retention left.
    async fn after_floors(&self, conversation: Uuid) -> Result<Numbering, StoreError> {
        Ok(Numbering::after(self.rows.floors(conversation).await?))
    }

    /// The data key of a conversation, `None` when it has none.
    async fn key(&self, conversation: Uuid) -> Result<Option<DataKey>, VaultStoreError> {
        let Some(wrapped) = self.keys.get(conversation).await? else { return Ok(None) };
        match self.ring.load().unwrap(conversation, &wrapped) {
            Err(VaultError::UnknownMaster(_)) => {}
            key => return Ok(Some(key?)),
        }
        // The master key has been rotated: by another process, or after the row was read.
        self.read_ring().await?;
        let Some(wrapped) = self.keys.get(conversation).await? else { return Ok(None) };
        Ok(Some(self.ring.load().unwrap(conversation, &wrapped)?))
    }

    async fn new_key(&self, conversation: Uuid) -> Result<DataKey, VaultStoreError> {
        for _ in 0..TRIES {
            let key = DataKey::random();
            let wrapped = self.ring.load().wrap(conversation, &key)?;
            match self.keys.add(conversation, &wrapped).await? {
                Added::Stored => return Ok(key),
                Added::Erased => return Err(VaultStoreError::Erased),
                Added::OldMaster => self.read_ring().await?,
                Added::Exists => {
                    if let Some(key) = self.key(conversation).await? {
                        return Ok(key);
                    }
                }
            }
        }
        Err(VaultStoreError::Busy)
    }

    /// Reads the keys anew, for what others have changed.
    async fn read_ring(&self) -> Result<(), VaultStoreError> {
        let mut ring = self.ring_in_use().await;
        if matches!(ring, Err(VaultStoreError::Vault(VaultError::UnknownMaster(_)))) {
            // A rotation may have ended between the look at the keys and that at the one in use.
            ring = self.ring_in_use().await;
        }
        self.ring.store(Arc::new(ring?));
        Ok(())
    }

    /// The keys of the source, the one in use as the current one.
    async fn ring_in_use(&self) -> Result<KeyRing, VaultStoreError> {
        let ring = self.source.read().await?;
        match self.keys.master().await? {
            Some(used) => Ok(ring.using(&used).ok_or(VaultError::UnknownMaster(used))?),
            None => Ok(ring),
        }
    }

    /// Where the first key of the source is not the one in use, all data keys are sealed with it, and their
    /// number is given if another key was in use before.
    ///
    /// In a store that machines share the key in use stays: one whose list has no new key yet could not open
    /// what is sealed with it. There [`rotate`](Self::rotate) does it, when the operator knows that all have
    /// both.
    async fn finish_rotation(&self) -> Result<Option<u64>, VaultStoreError> {
        let ring = self.ring.load_full();
        let used = self.keys.master().await?;
        if used.as_deref() == Some(ring.current().id()) {
            return Ok(None);
        }
        if let Some(used) = used.as_deref().filter(|_| self.keys.shared()) {
            let in_use = ring.using(used);
            let in_use = in_use.ok_or_else(|| VaultError::UnknownMaster(used.to_owned()))?;
            self.ring.store(Arc::new(in_use));
            tracing::info!(
                key = ring.current().id(),
                "vault.master_key_waits: `atbilde privacy rotate-key` takes it into use, once every process has it"
            );
            return Ok(None);
        }
        let sealed = self.keys.rewrap(&ring).await?;
        tracing::info!(key = ring.current().id(), sealed, "vault.master_key_in_use");
        Ok(used.map(|_| sealed))
    }
}

#[cfg(test)]
mod tests;
