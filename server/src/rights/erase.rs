//! Erasure (GDPR Art. 17): everything of one conversation, everywhere, with a signed receipt.
//!
//! The data key goes first: from then on every copy of the originals is unreadable, back-ups included. Then
//! rows, then what deleting leaves in the files. The list of erased conversations beside the keys remembers the
//! id, so that what a restored back-up brings back is erased again when the server starts.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Rights, RightsError};
use crate::privacy::audit::{Actor, Subject};
use crate::privacy::{Erased, Kept, Receipt};
use crate::store::{Scrub, StoreNames};

impl Rights {
    /// Erases a conversation and gives the receipt. Asking again gives the same receipt.
    ///
    /// # Errors
    /// [`RightsError::Unknown`] when nothing was ever stored of it, [`RightsError::Held`] under a legal
    /// hold. After any other error, asking again finishes what was begun.
    pub async fn erase(&self, id: Uuid, actor: Actor) -> Result<Receipt, RightsError> {
        let known = self.personal.knows(id).await? || self.vault.knows(id).await?;
        if !known {
            if let Some(receipt) = self.privacy.receipt(id).await? {
                let issued = Receipt::verify(receipt.as_bytes(), None);
                return issued.map_err(|_| RightsError::Unknown(id));
            }
            if !self.vault.keys().is_erased(id).await? {
                return Err(RightsError::Unknown(id));
            }
        }
        self.refuse_held(id).await?;
        self.note(actor, "conversation.erasure_begun", Subject::Conversation(id)).await?;
        let at = Timestamp::now();
        let erased = self.remove(id, (at, Some(at))).await?;
        let whole = self.scrub(Scrub::Now).await?;
        let receipt = Receipt {
            format: String::new(),
            id: format!("R-{}", Uuid::new_v4().simple()),
            conversation_id: id.simple().to_string(),
            requested_by: actor.to_string(),
            erased_at: at.to_string(),
            erased,
            kept: kept(whole, self.names),
            public_key: String::new(),
            signature: String::new(),
        }
        .sign(&self.signer);
        self.privacy.keep_receipt(&receipt).await?;
        self.note(actor, "conversation.erased", Subject::Conversation(id)).await?;
        Ok(receipt)
    }

    /// Erases again what was erased before and is back, as after restoring a back-up. At every start and
    /// with every run of retention. Gives how many conversations that were.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn erase_again(&self) -> Result<u64, RightsError> {
        let mut again = 0;
        let erased = self.vault.keys().erased().await?;
        if erased.is_empty() {
            return Ok(0);
        }
        let mut stored = self.personal.all().await?;
        stored.extend(self.vault.all().await?);
        for id in erased.into_iter().filter(|id| stored.contains(id)) {
            let subject = Subject::Conversation(id);
            self.note(Actor::System, "conversation.erased_again", subject).await?;
            self.remove(id, (Timestamp::now(), None)).await?;
            again += 1;
        }
        if again > 0 {
            self.scrub(Scrub::Whole).await?;
            tracing::warn!(
                conversations = again,
                "privacy.erased_again: a restored back-up held what was erased"
            );
        }
        Ok(again)
    }

    pub(super) async fn refuse_held(&self, id: Uuid) -> Result<(), RightsError> {
        let name = id.simple().to_string();
        let hold = self.privacy.holds().await?.into_iter().find(|h| h.conversation == name);
        hold.map_or(Ok(()), |hold| Err(RightsError::Held(hold.reason)))
    }

    /// Removes everything of a conversation, the key first; the receivers of events learn of it where there
    /// is a time to tell. What deleting leaves in the files is for [`scrub`](Self::scrub), once after any
    /// number of them.
    pub(super) async fn remove(
        &self,
        id: Uuid,
        (at, tell): (Timestamp, Option<Timestamp>),
    ) -> Result<Vec<Erased>, RightsError> {
        let entry = |store: &str, what: &str, count| Erased {
            store: store.to_owned(),
            what: what.to_owned(),
            count,
        };
        let vault = self.vault.destroy(id, at).await?;
        let mut erased = vec![
            entry(self.names.keys, "data key of the originals", vault.keys),
            entry(self.names.privacy, "sealed originals", vault.originals),
        ];
        for (table, count) in self.personal.erase(id, tell).await? {
            erased.push(entry(self.names.conversations, what(&table), count));
        }
        Ok(erased)
    }

    /// Leaves nothing of what was deleted in any file, of the keys first. Gives whether all files were written
    /// anew.
    pub(super) async fn scrub(&self, how: Scrub) -> Result<bool, RightsError> {
        let keys = self.vault.scrub(how).await?;
        let conversations = self.personal.scrub(how).await?;
        let privacy = self.privacy.scrub(how).await?;
        Ok(keys && conversations && privacy)
    }
}

/// What a table holds, in words.
fn what(table: &str) -> &str {
    match table {
        "conversations" => "conversation",
        "escalations" => "tickets with summary and contact",
        "feedback" => "ratings and comments",
        "outbox_events" => "events for webhooks and e-mail",
        "known_customers" => "who the customer proved to be",
        "choices" => "records of disclosure and consent",
        "question_verdicts" => "editors' decisions about questions",
        other => other,
    }
}

fn kept(whole: bool, names: &StoreNames) -> Vec<Kept> {
    let entry = |what: &str, why: &str| Kept { what: what.to_owned(), why: why.to_owned() };
    let mut kept = vec![
        entry(
            "the id of the conversation in this receipt, in the list of erased conversations and in the audit log",
            "proof of the erasure (Art. 5(2) GDPR), and so that a restored back-up is erased again; it names nobody",
        ),
        entry(
            "lines of the server's log, where the operator keeps its standard error",
            "they may name the id, and hold no words and nothing of a person",
        ),
        entry("back-ups made before", names.backups),
    ];
    if !whole || names.always_remains {
        let (what, why) = names.remains;
        kept.push(entry(what, why));
    }
    kept
}
