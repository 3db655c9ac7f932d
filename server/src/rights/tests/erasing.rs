//! Erasures of many conversations, and those that something breaks off.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::*;
use crate::store::{Claim, LegalHold, Scrub};

/// What a receipt says of files that are not written anew yet.
const REMAINS: &str = "unused parts of large database files";

/// Records that count how often their file is scrubbed, and that tests interfere with.
pub(super) struct Watched {
    records: Arc<dyn PrivacyRecords>,
    scrubs: AtomicU32,
    /// Whether the disk is full.
    full: AtomicBool,
    /// Of these another process holds those that are left, once the first of them is claimed.
    held_meanwhile: Mutex<Vec<Uuid>>,
}

impl Watched {
    pub(super) fn over(f: &Fixture) -> Self {
        Self {
            records: Arc::clone(&f.rights.privacy),
            scrubs: AtomicU32::new(0),
            full: AtomicBool::new(false),
            held_meanwhile: Mutex::default(),
        }
    }

    pub(super) fn hold_all_but_the_first_of(&self, ids: &[Uuid]) {
        *self.held_meanwhile.lock().unwrap() = ids.to_vec();
    }

    fn scrubs(&self) -> u32 {
        self.scrubs.load(Ordering::Relaxed)
    }
}

#[async_trait::async_trait]
impl PrivacyRecords for Watched {
    async fn wants_scrub(&self) -> Result<bool, StoreError> {
        self.records.wants_scrub().await
    }

    async fn scrub(&self, how: Scrub) -> Result<bool, StoreError> {
        self.scrubs.fetch_add(1, Ordering::Relaxed);
        if self.full.load(Ordering::Relaxed) {
            return Err(StoreError::Database("database or disk is full".to_owned()));
        }
        self.records.scrub(how).await
    }

    async fn owe_scrub(&self) -> Result<(), StoreError> {
        self.records.owe_scrub().await
    }

    async fn hold(&self, id: Uuid, reason: &str, at: Timestamp) -> Result<bool, StoreError> {
        self.records.hold(id, reason, at).await
    }

    async fn claim(&self, id: Uuid, at: Timestamp) -> Result<Claim, StoreError> {
        let claim = self.records.claim(id, at).await?;
        let others = std::mem::take(&mut *self.held_meanwhile.lock().unwrap());
        for other in others.into_iter().filter(|other| *other != id) {
            assert!(self.records.hold(other, "case 9", at).await?);
        }
        Ok(claim)
    }

    async fn end_claim(&self, id: Uuid) -> Result<(), StoreError> {
        self.records.end_claim(id).await
    }

    async fn claims(&self) -> Result<Vec<Uuid>, StoreError> {
        self.records.claims().await
    }

    async fn release(&self, id: Uuid) -> Result<bool, StoreError> {
        self.records.release(id).await
    }

    async fn holds(&self) -> Result<Vec<LegalHold>, StoreError> {
        self.records.holds().await
    }

    async fn keep_receipt(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.records.keep_receipt(receipt).await
    }

    async fn receipt(&self, id: Uuid) -> Result<Option<String>, StoreError> {
        self.records.receipt(id).await
    }

    async fn close(&self) {
        self.records.close().await;
    }
}

#[tokio::test]
async fn many_conversations_are_erased_with_one_scrub_and_a_receipt_each() {
    let mut f = Fixture::new().await;
    let counting = Arc::new(Watched::over(&f));
    f.rights.privacy = counting.clone();
    let ids = [f.canary().await, f.canary().await, f.canary().await];
    let held = f.canary().await;
    f.rights.hold(held, "a lawsuit", Actor::Operator).await.unwrap();
    let mut erasure = f.rights.erasure(Actor::Customer);
    for id in ids {
        erasure.add(id).await.unwrap();
    }
    assert!(matches!(erasure.add(held).await, Err(RightsError::Held(_))));
    assert!(matches!(erasure.add(Uuid::new_v4()).await, Err(RightsError::Unknown(_))));
    let receipts = erasure.finish().await;
    assert_eq!(counting.scrubs(), 1);
    let erased: Vec<String> = receipts.iter().map(|r| r.conversation_id.clone()).collect();
    assert_eq!(erased, ids.map(|id| id.simple().to_string()));
    for receipt in &receipts {
        let text = receipt.to_text();
        assert!(Receipt::verify(text.as_bytes(), Some(&f.rights.public_key())).is_ok());
    }
    // Asking again scrubs nothing and gives the same receipts.
    let mut again = f.rights.erasure(Actor::Customer);
    again.add(ids[0]).await.unwrap();
    assert_eq!(again.finish().await[0].id, receipts[0].id);
    assert_eq!(counting.scrubs(), 1);
    f.rights.release(held, Actor::Operator).await.unwrap();
    f.rights.erase(held, Actor::Operator).await.unwrap();
    assert_eq!(counting.scrubs(), 2);
    let folder = f.close().await;
    assert_eq!(hits(folder.path(), WORD), Vec::<String>::new());
}

#[tokio::test]
async fn an_erasure_on_a_full_disk_has_its_receipts_and_is_cleaned_up_after_later() {
    let mut f = Fixture::new().await;
    let watched = Arc::new(Watched::over(&f));
    f.rights.privacy = watched.clone();
    let ids = [f.canary().await, f.canary().await];
    watched.full.store(true, Ordering::Relaxed);
    let mut erasure = f.rights.erasure(Actor::Customer);
    for id in ids {
        erasure.add(id).await.unwrap();
    }
    let receipts = erasure.finish().await;
    assert_eq!(receipts.len(), 2);
    for (receipt, id) in receipts.iter().zip(ids) {
        let text = receipt.to_text();
        Receipt::verify(text.as_bytes(), Some(&f.rights.public_key())).unwrap();
        assert!(text.contains(REMAINS), "{text}");
        // Asked again, the same one.
        assert_eq!(f.rights.erase(id, Actor::Customer).await.unwrap(), *receipt);
    }
    // The daily task does what was left, though nothing is over its time.
    watched.full.store(false, Ordering::Relaxed);
    assert!(watched.wants_scrub().await.unwrap());
    f.rights.retain(Timestamp::now(), Run::Real).await.unwrap();
    assert!(!watched.wants_scrub().await.unwrap());
    assert_eq!(f.hits(WORD), Vec::<String>::new());
}

#[tokio::test]
async fn an_erasure_that_is_killed_before_its_end_leaves_receipt_record_and_a_scrub_to_do() {
    for f in Fixture::all().await {
        let id = f.canary().await;
        let mut erasure = f.rights.erasure(Actor::Customer);
        erasure.add(id).await.unwrap();
        drop(erasure);
        let entries = f.rights.audit().newest(1).await.unwrap();
        assert_eq!(entries[0].action, "conversation.erased");
        let owed = f.rights.privacy.wants_scrub().await.unwrap();
        assert_eq!(owed, f.database.is_none(), "a database sees to it itself");
        let receipt = f.rights.erase(id, Actor::Customer).await.unwrap();
        let count = receipt.erased.iter().find(|e| e.what == "conversation").unwrap().count;
        assert_eq!(count, 1, "it says what was removed then: {receipt:?}");
        // Nothing is left for the next start to erase.
        assert_eq!(f.rights.erase_again().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_receipt_says_nothing_of_remains_where_there_are_none() {
    let f = Fixture::new().await;
    let id = f.canary().await;
    let receipt = f.rights.erase(id, Actor::Customer).await.unwrap();
    assert!(!receipt.to_text().contains(REMAINS));
    let stored = f.rights.privacy.receipt(id).await.unwrap().unwrap();
    assert_eq!(stored, receipt.to_text(), "the one that is stored is the one that was issued");
    assert!(!f.rights.privacy.wants_scrub().await.unwrap());
}
