//! A customer who proved who they are: their conversation becomes their own, their name and address go
//! into the vault and placeholders into the conversation, and articles for customers may answer in it.

use indexer::model::Audience;
use jiff::Timestamp;

use super::Assistant;
use crate::domain::{ConversationId, Identity, KnownCustomer};
use crate::privacy::{CustomerText, PersonalDataKind, RedactedText};
use crate::store::{Introduced, StoreError};

/// Label of the company's id for a customer.
const CUSTOMER_ID: &str = "CUSTOMER_ID";

impl Assistant {
    /// Whose a conversation is, seen from a customer; `None` while it is nobody's. Changes nothing.
    pub(super) async fn owner(
        &self,
        id: ConversationId,
        identity: &Identity,
    ) -> Result<Option<Introduced>, StoreError> {
        let Some(known) = self.store.customer_of(id).await? else { return Ok(None) };
        let own = known.key == identity.key;
        Ok(Some(if own { Introduced::Own } else { Introduced::Foreign }))
    }

    /// What may be said in a conversation: what is for customers once it is a known customer's own, whoever
    /// asks for it. Of one that was erased, and of a guest's, what is public.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn audience_in(&self, id: ConversationId) -> Result<Audience, StoreError> {
        let known = self.store.customer_of(id).await?;
        Ok(if known.is_some() { Audience::Customer } else { Audience::Public })
    }

    /// Makes a conversation the customer's own.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such a conversation.
    pub async fn introduce(
        &self,
        id: ConversationId,
        identity: &Identity,
    ) -> Result<Introduced, StoreError> {
        if let Some(owner) = self.owner(id, identity).await? {
            return Ok(owner);
        }
        // Nothing of a conversation that is not there gets into the vault.
        self.known(id).await?;
        let own = (PersonalDataKind::Custom, CUSTOMER_ID);
        let person = (PersonalDataKind::Person, PersonalDataKind::Person.label());
        let email = (PersonalDataKind::Email, PersonalDataKind::Email.label());
        let customer = KnownCustomer {
            key: identity.key.clone(),
            id: self.whole(id, &identity.id, own).await?,
            name: match &identity.name {
                Some(name) => Some(self.whole(id, name, person).await?),
                None => None,
            },
            email: match &identity.email {
                Some(address) => Some(self.whole(id, address, email).await?),
                None => None,
            },
        };
        self.store.introduce(id, &customer, Timestamp::now()).await
    }

    async fn whole(
        &self,
        id: ConversationId,
        value: &CustomerText,
        kind: (PersonalDataKind, &str),
    ) -> Result<RedactedText, StoreError> {
        self.originals.redact_whole(id, value, kind).await
    }
}
