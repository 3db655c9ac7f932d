//! Erasure (GDPR Art. 17): everything of one conversation, everywhere, with a signed receipt.
//!
//! First the conversation is claimed, so that nobody holds what is being destroyed: of a hold and an erasure the
//! first counts, and an erasure that was begun is finished. Then the data key goes: from then on every copy of
//! the originals is unreadable, back-ups included. Then rows, then what deleting leaves in the files. The list of
//! erased conversations beside the keys remembers the id, so that what a restored back-up brings back is erased
//! again when the server starts.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Rights, RightsError};
use crate::privacy::audit::{Actor, Subject};
use crate::privacy::{Erased, Kept, Receipt};
use crate::store::{Claim, Scrub, StoreNames};

/// The erasure of any number of conversations: each is removed and has its receipt when it is added, and what
/// that leaves in the files goes once, at the end.
pub struct Erasure<'a> {
    rights: &'a Rights,
    actor: Actor,
    /// Receipts as they are stored: of files that are not written anew yet.
    removed: Vec<Receipt>,
    /// Of conversations that were erased before.
    issued: Vec<Receipt>,
}

impl Erasure<'_> {
    /// Removes a conversation, or finds the receipt where that was done before.
    ///
    /// # Errors
    /// As [`Rights::erase`]. Others may be added all the same, and what was added wants its
    /// [`finish`](Self::finish).
    pub async fn add(&mut self, id: Uuid) -> Result<(), RightsError> {
        let rights = self.rights;
        let known = rights.personal.knows(id).await? || rights.vault.knows(id).await?;
        if !known {
            if let Some(receipt) = rights.privacy.receipt(id).await? {
                let issued = Receipt::verify(receipt.as_bytes(), None);
                self.issued.push(issued.map_err(|_| RightsError::Unknown(id))?);
                return Ok(());
            }
            if !rights.vault.keys().is_erased(id).await? {
                return Err(RightsError::Unknown(id));
            }
        }
        let at = Timestamp::now();
        if let Claim::Held(reason) = rights.privacy.claim(id, at).await? {
            return Err(RightsError::Held(reason));
        }
        let subject = Subject::Conversation(id);
        rights.audit.record(self.actor, "conversation.erasure_begun", subject).await?;
        let erased = rights.remove(id, (at, Some(at))).await?;
        // Stored at once: whatever happens from here on, there is proof of what was removed.
        let receipt = Receipt {
            format: String::new(),
            id: format!("R-{}", Uuid::new_v4().simple()),
            conversation_id: id.simple().to_string(),
            requested_by: self.actor.to_string(),
            erased_at: at.to_string(),
            erased,
            kept: kept(false, rights.names),
            public_key: String::new(),
            signature: String::new(),
        }
        .sign(&rights.signer);
        rights.privacy.keep_receipt(&receipt).await?;
        rights.audit.record(self.actor, "conversation.erased", subject).await?;
        self.removed.push(receipt);
        Ok(rights.privacy.end_claim(id).await?)
    }

    /// Leaves nothing in the files as far as a request can wait, and gives the receipts. They say what
    /// remains for the daily task.
    pub async fn finish(self) -> Vec<Receipt> {
        let Self { rights, removed, issued: mut receipts, .. } = self;
        if removed.is_empty() {
            return receipts;
        }
        let whole = rights.scrub_now().await;
        for receipt in removed {
            receipts.push(if whole { rights.nothing_remains(receipt).await } else { receipt });
        }
        receipts
    }
}

impl Rights {
    /// Begins an erasure of several conversations.
    pub fn erasure(&self, actor: Actor) -> Erasure<'_> {
        Erasure { rights: self, actor, removed: Vec::new(), issued: Vec::new() }
    }

    /// Erases a conversation and gives the receipt. Asking again gives the same receipt.
    ///
    /// # Errors
    /// [`RightsError::Unknown`] when nothing was ever stored of it, [`RightsError::Held`] under a legal
    /// hold. After any other error, asking again finishes what was begun.
    pub async fn erase(&self, id: Uuid, actor: Actor) -> Result<Receipt, RightsError> {
        let mut erasure = self.erasure(actor);
        erasure.add(id).await?;
        erasure.finish().await.pop().ok_or(RightsError::Unknown(id))
    }

    /// Erases again what was erased before and is back, as after restoring a back-up, and finishes erasures
    /// that were cut short. At every start and with every run of retention. What has a legal hold by now
    /// stays. Gives how many conversations were erased.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn erase_again(&self) -> Result<u64, RightsError> {
        let mut again = 0;
        let begun = self.privacy.claims().await?;
        let erased = self.vault.keys().erased().await?;
        if begun.is_empty() && erased.is_empty() {
            return Ok(0);
        }
        let mut stored = self.personal.all().await?;
        stored.extend(self.vault.all().await?);
        for id in begun.iter().filter(|id| !stored.contains(*id)) {
            self.privacy.end_claim(*id).await?;
        }
        let gone: BTreeSet<Uuid> = begun.into_iter().chain(erased).collect();
        for id in gone.into_iter().filter(|id| stored.contains(id)) {
            if self.remove_again(id).await? {
                again += 1;
            } else {
                tracing::warn!(
                    conversation = %id.simple(),
                    "privacy.held: a legal hold keeps what was erased before and is back; \
                     `atbilde privacy release` ends it"
                );
            }
        }
        if again > 0 {
            self.scrub(Scrub::Whole).await?;
            tracing::warn!(
                conversations = again,
                "privacy.erased_again: an erasure had been cut short, or a restored back-up held what was erased"
            );
        }
        Ok(again)
    }

    /// Removes a conversation that was erased before; `false` when a legal hold keeps it.
    async fn remove_again(&self, id: Uuid) -> Result<bool, RightsError> {
        let at = Timestamp::now();
        if let Claim::Held(_) = self.privacy.claim(id, at).await? {
            return Ok(false);
        }
        let subject = Subject::Conversation(id);
        self.audit.record(Actor::System, "conversation.erased_again", subject).await?;
        self.remove(id, (at, None)).await?;
        self.privacy.end_claim(id).await?;
        Ok(true)
    }

    /// Removes everything of a conversation that was claimed, the key first; the receivers of events learn of
    /// it where there is a time to tell. What deleting leaves in the files is for [`scrub`](Self::scrub), once
    /// after any number of them; should it not come to that, the daily task knows.
    async fn remove(
        &self,
        id: Uuid,
        (at, tell): (Timestamp, Option<Timestamp>),
    ) -> Result<Vec<Erased>, RightsError> {
        let entry = |store: &str, what: &str, count| Erased {
            store: store.to_owned(),
            what: what.to_owned(),
            count,
        };
        self.privacy.owe_scrub().await?;
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

    /// [`scrub`](Self::scrub) for somebody who waits: what is not done now is left to the daily task.
    async fn scrub_now(&self) -> bool {
        let whole = self.scrub(Scrub::Now).await.unwrap_or_else(|error| {
            tracing::error!(%error, "privacy.not_scrubbed: left to the daily task");
            false
        });
        if !whole && let Err(error) = self.privacy.owe_scrub().await {
            tracing::error!(%error, "privacy.scrub_not_owed");
        }
        whole
    }

    /// The receipt once the files are written anew.
    async fn nothing_remains(&self, receipt: Receipt) -> Receipt {
        let kept = kept(true, self.names);
        if receipt.kept == kept {
            return receipt;
        }
        let whole = Receipt { kept, ..receipt.clone() }.sign(&self.signer);
        match self.privacy.keep_receipt(&whole).await {
            Ok(()) => whole,
            Err(error) => {
                tracing::error!(%error, "privacy.receipt_not_replaced: the one before is good, too");
                receipt
            }
        }
    }

    /// Leaves nothing of what was deleted in any file, of the keys first. Gives whether all files were written
    /// anew. The privacy records come last: what is owed is marked there.
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
