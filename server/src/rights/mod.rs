//! What a person may ask for of their data, and what the law asks of the operator: reveal, export, erase,
//! retention, records. Every deed is in the audit log.
//!
//! Knows the stores and the vault; called by the HTTP interface and by `atbilde privacy`.

mod erase;
mod export;
mod record;
mod retention;
mod reveal;
mod settings;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::{ConversationId, RecordKind, RecordedBy};
use crate::privacy::Signer;
use crate::privacy::audit::{Actor, Subject};
use crate::privacy::vault::VaultSettings;
use crate::store::outbox::Outbox;
use crate::store::personal::PersonalData;
use crate::store::{
    AuditLog, Choices, Duties, KEYS_FOLDER, NewChoice, PrivacyRecords, PrivacySide, StoreError,
    StoreNames, Stores, Vault, VaultStoreError,
};

pub use erase::Erasure;
pub use export::Export;
pub use record::{processing_record, to_markdown};
pub use retention::{ClassReport, RetentionReport, Run};
pub use reveal::Revealer;
pub use settings::{PrivacySettings, RecordSettings, RetentionSettings};

/// The key of receipts and the audit log, among the secrets that several processes share.
pub(crate) const SIGNING_SECRET: &str = "signing";

/// Everything that is needed to keep the promises, open.
pub struct Rights {
    personal: Arc<dyn PersonalData>,
    choices: Arc<dyn Choices>,
    outbox: Arc<dyn Outbox>,
    duties: Arc<dyn Duties>,
    privacy: Arc<dyn PrivacyRecords>,
    names: &'static StoreNames,
    vault: Arc<Vault>,
    audit: AuditLog,
    signer: Signer,
    settings: PrivacySettings,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    #[error("nothing is stored of the conversation {0}")]
    Unknown(Uuid),
    #[error(
        "the conversation is under a legal hold ({0}); release it with `atbilde privacy release`, then erase"
    )]
    Held(String),
    #[error(
        "the conversation {0} is being erased and cannot be held any more; what is left of it goes at the next \
         start or daily run at the latest, and `atbilde privacy erase` gives the receipt"
    )]
    BeingErased(Uuid),
    #[error("this person may not see it")]
    Forbidden,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultStoreError),
}

impl Rights {
    /// Opens the privacy side of `stores`; keys that are files lie in the data folder `data`.
    ///
    /// # Errors
    /// When a store does not open or a key is missing.
    pub async fn open(
        data: &Path,
        stores: &Stores,
        vault: &VaultSettings,
        settings: &PrivacySettings,
    ) -> Result<Self, VaultStoreError> {
        let PrivacySide { records, sealed, keys, audit } = stores.privacy_side().await?;
        let folder = data.join(KEYS_FOLDER);
        let vault = Vault::open(&folder, (sealed, keys), vault).await?;
        let fresh = || Signer::random().line();
        let signer = match stores.own_secret(&vault, SIGNING_SECRET, fresh).await? {
            Some(line) => Signer::of_all(&line, &folder)?,
            None => Signer::open(&folder)?,
        };
        let audit = AuditLog::new(audit, signer.clone());
        Ok(Self {
            personal: stores.personal(),
            choices: stores.conversations(),
            outbox: stores.outbox(),
            duties: stores.duties(),
            privacy: records,
            names: stores.names(),
            vault: Arc::new(vault),
            audit,
            signer,
            settings: settings.clone(),
        })
    }

    pub async fn close(&self) {
        self.vault.close().await;
        self.privacy.close().await;
    }

    pub fn vault(&self) -> &Arc<Vault> {
        &self.vault
    }

    pub fn audit(&self) -> &AuditLog {
        &self.audit
    }

    pub fn privacy(&self) -> &dyn PrivacyRecords {
        &*self.privacy
    }

    pub fn outbox(&self) -> &Arc<dyn Outbox> {
        &self.outbox
    }

    /// The public key that receipts of this installation are signed with.
    pub fn public_key(&self) -> String {
        self.signer.public()
    }

    /// The conversation of a ticket, so that a customer who knows nothing else can be helped.
    ///
    /// # Errors
    /// [`RightsError::Store`].
    pub async fn of_ticket(&self, ticket: &str) -> Result<Option<Uuid>, RightsError> {
        Ok(self.personal.of_ticket(ticket).await?)
    }

    /// Puts a conversation under a legal hold: when this returns it is there, and neither erasure nor
    /// retention touches it.
    ///
    /// # Errors
    /// [`RightsError::BeingErased`] when an erasure came first.
    pub async fn hold(&self, id: Uuid, reason: &str, actor: Actor) -> Result<(), RightsError> {
        if !self.personal.knows(id).await? {
            return Err(RightsError::Unknown(id));
        }
        let subject = Subject::Conversation(id);
        self.audit.record(actor, "conversation.held", subject).await?;
        if !self.privacy.hold(id, reason, Timestamp::now()).await? {
            self.audit.record(actor, "conversation.hold_refused", subject).await?;
            return Err(RightsError::BeingErased(id));
        }
        // An erasure may have ended between the first look and the hold.
        if !self.personal.knows(id).await? {
            self.release(id, Actor::System).await?;
            return Err(RightsError::Unknown(id));
        }
        Ok(())
    }

    /// Ends a legal hold; gives whether there was one.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn release(&self, id: Uuid, actor: Actor) -> Result<bool, RightsError> {
        self.audit.record(actor, "conversation.released", Subject::Conversation(id)).await?;
        Ok(self.privacy.release(id).await?)
    }

    /// Records what a customer decided about their words.
    ///
    /// # Errors
    /// [`RightsError::Unknown`] without such a conversation.
    pub async fn choose(
        &self,
        id: Uuid,
        (kind, version): (RecordKind, &str),
        actor: Actor,
    ) -> Result<(), RightsError> {
        let by = match actor {
            Actor::Customer => RecordedBy::Customer,
            Actor::System => RecordedBy::System,
            Actor::Operator | Actor::Account(_) => RecordedBy::Operator,
        };
        let choice = NewChoice { kind, version: version.to_owned(), by, at: Timestamp::now() };
        match self.choices.choose(ConversationId(id), &choice).await {
            Err(StoreError::Missing(_)) => return Err(RightsError::Unknown(id)),
            other => other?,
        }
        Ok(self
            .audit
            .record(actor, "conversation.choice_recorded", Subject::Conversation(id))
            .await?)
    }

    /// Whether what customers say can be stored, as far as is known.
    pub async fn writable(&self) -> bool {
        self.personal.writable().await
    }

    /// Seals all data keys with a new master key ([`Vault::rotate`] says where it comes from). Gives its id
    /// and how many were sealed.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn rotate_key(&self, actor: Actor) -> Result<(String, u64), RightsError> {
        self.audit.record(actor, "vault.master_key_rotated", Subject::System).await?;
        Ok(self.vault.rotate().await?)
    }
}

#[cfg(test)]
mod tests;
