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

pub use rows::{Added, Floors, KeyRows, SealedEntry, SealedRows};
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
    ring: ArcSwap<KeyRing>,
}

/// What was destroyed of one conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destroyed {
    pub originals: u64,
    pub keys: u64,
}

impl Vault {
    /// Opens the vault; `folder` is for the master key, where it is made here. Finishes a rotation that was
    /// begun.
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
        let ring = source.read().await?;
        let vault = Self { rows, keys, source, ring: ArcSwap::from_pointee(ring) };
        vault.finish_rotation().await?;
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
            if self.rows.keep(conversation, (version, numbers), &entries).await? {
                return Ok(redaction.text);
            }
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
    /// the originals. The conversation never gets a key again.
    ///
    /// # Errors
    /// [`VaultStoreError::Store`]; calling again finishes what was begun.
    pub async fn destroy(
        &self,
        conversation: Uuid,
        at: Timestamp,
    ) -> Result<Destroyed, VaultStoreError> {
        let keys = u64::from(self.keys.destroy(conversation, at).await?);
        self.keys.scrub(Scrub::Now).await?;
        let originals = self.rows.remove(&[conversation], Floors::Forget).await?;
        Ok(Destroyed { originals, keys })
    }

    /// Destroys the originals of conversations that stay, because their time is over.
    ///
    /// # Errors
    /// [`VaultStoreError::Store`]; calling again finishes what was begun.
    pub async fn expire(&self, conversations: &[Uuid]) -> Result<Destroyed, VaultStoreError> {
        let keys = self.keys.expire(conversations).await?;
        self.keys.scrub(Scrub::Now).await?;
        let originals = self.rows.remove(conversations, Floors::Remember).await?;
        Ok(Destroyed { originals, keys })
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

    /// Seals all data keys with another master key; the originals are not touched. A key file of our own
    /// gets a new key; elsewhere the operator has put the new key before the old one. Gives the new key's
    /// id and how many data keys were sealed anew.
    ///
    /// # Errors
    /// [`VaultStoreError`]; then the old key stays in use.
    pub async fn rotate(&self) -> Result<(String, u64), VaultStoreError> {
        let mut ring = self.source.read().await?;
        if let KeySource::File { .. } = &self.source {
            let older = std::iter::once(ring.current()).chain(ring.older()).cloned().collect();
            ring = KeyRing::new(MasterKey::random(), older);
            self.source.write(&ring)?;
        } else if self.keys.master().await?.as_deref() == Some(ring.current().id()) {
            return Err(VaultError::Misconfigured(
                "the first master key is the one in use; put a new one before it where the keys come from (`openssl rand -base64 32`), then rotate again"
                    .to_owned(),
            )
            .into());
        }
        let sealed = self.keys.rewrap(&ring).await?;
        let alone = KeyRing::new(ring.current().clone(), Vec::new());
        if let KeySource::File { .. } = &self.source {
            self.source.write(&alone)?;
        }
        let id = alone.current().id().to_owned();
        self.ring.store(std::sync::Arc::new(alone));
        Ok((id, sealed))
    }

    /// The numbering of a conversation with its version, and the data key if there is one.
    async fn numbering(
        &self,
        conversation: Uuid,
    ) -> Result<(Numbering, i64, Option<DataKey>), VaultStoreError> {
        let Some(key) = self.key(conversation).await? else {
            if self.keys.is_erased(conversation).await? {
                return Err(VaultStoreError::Erased);
            }
            return Ok((self.after_floors(conversation).await?, 0, None));
        };
        let Some((version, sealed)) = self.rows.numbers(conversation).await? else {
            return Ok((self.after_floors(conversation).await?, 0, Some(key)));
        };
        let json = key.open(conversation, NUMBERS, &sealed)?;
        let numbering = serde_json::from_str(&json).map_err(|_| VaultError::Opening)?;
        Ok((numbering, version, Some(key)))
    }

    /// A numbering without values, after the numbers that retention left.
    async fn after_floors(&self, conversation: Uuid) -> Result<Numbering, StoreError> {
        Ok(Numbering::after(self.rows.floors(conversation).await?))
    }

    /// The data key of a conversation, `None` when it has none.
    async fn key(&self, conversation: Uuid) -> Result<Option<DataKey>, VaultStoreError> {
        let Some(wrapped) = self.keys.get(conversation).await? else { return Ok(None) };
        match self.ring.load().unwrap(conversation, &wrapped) {
            Err(VaultError::UnknownMaster(_)) => {
                // Another process has rotated the master key.
                self.read_ring().await?;
                Ok(Some(self.ring.load().unwrap(conversation, &wrapped)?))
            }
            key => Ok(Some(key?)),
        }
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

    async fn read_ring(&self) -> Result<(), VaultStoreError> {
        let ring = self.source.read().await?;
        self.ring.store(std::sync::Arc::new(ring));
        Ok(())
    }

    /// Where the first key of the source is not the one in use, all data keys are sealed with it.
    async fn finish_rotation(&self) -> Result<(), VaultStoreError> {
        let ring = self.ring.load_full();
        if self.keys.master().await?.as_deref() != Some(ring.current().id()) {
            let sealed = self.keys.rewrap(&ring).await?;
            tracing::info!(key = ring.current().id(), sealed, "vault.master_key_in_use");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
