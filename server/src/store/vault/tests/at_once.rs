//! Redacting while the conversation is erased, or while the time of its originals ends.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;

use super::*;

/// What another one does between sealing and keeping.
enum Meanwhile {
    Erase,
    Expire,
}

/// Rows before whose next write something happens.
struct Overtaken {
    rows: Arc<dyn SealedRows>,
    keys: Arc<dyn KeyRows>,
    meanwhile: Mutex<Option<Meanwhile>>,
}

/// A process whose next redaction is overtaken.
async fn overtaken(f: &Fixture, meanwhile: Meanwhile) -> Vault {
    let mut vault = f.beside().await.unwrap();
    vault.rows = Arc::new(Overtaken {
        rows: Arc::clone(&vault.rows),
        keys: Arc::clone(&vault.keys),
        meanwhile: Mutex::new(Some(meanwhile)),
    });
    vault
}

#[async_trait]
impl SealedRows for Overtaken {
    async fn numbers(&self, conversation: Uuid) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
        self.rows.numbers(conversation).await
    }

    async fn floors(&self, conversation: Uuid) -> Result<Vec<(String, u32)>, StoreError> {
        self.rows.floors(conversation).await
    }

    async fn keep(
        &self,
        conversation: Uuid,
        numbers: (i64, Vec<u8>),
        entries: &[SealedEntry<'_>],
    ) -> Result<bool, StoreError> {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        match meanwhile {
            Some(Meanwhile::Erase) => {
                assert!(self.keys.destroy(conversation, Timestamp::now()).await?);
                self.rows.remove(conversation).await?;
            }
            Some(Meanwhile::Expire) => assert_eq!(self.keys.expire(&[conversation]).await?, 1),
            None => {}
        }
        self.rows.keep(conversation, numbers, entries).await
    }

    async fn entries(&self, conversation: Uuid) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.rows.entries(conversation).await
    }

    async fn entry(
        &self,
        conversation: Uuid,
        placeholder: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.rows.entry(conversation, placeholder).await
    }

    async fn remove(&self, conversation: Uuid) -> Result<u64, StoreError> {
        self.rows.remove(conversation).await
    }

    async fn expire(&self, read: &[(Uuid, i64)]) -> Result<u64, StoreError> {
        self.rows.expire(read).await
    }

    async fn all(&self) -> Result<HashSet<Uuid>, StoreError> {
        self.rows.all().await
    }

    async fn knows(&self, conversation: Uuid) -> Result<bool, StoreError> {
        self.rows.knows(conversation).await
    }

    async fn older_than(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        self.rows.older_than(before).await
    }

    async fn version_older_than(
        &self,
        conversation: Uuid,
        before: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        self.rows.version_older_than(conversation, before).await
    }
}

#[tokio::test]
async fn what_was_sealed_before_an_erasure_is_not_kept_after_it() {
    for f in Fixture::all().await {
        for spoken_before in [false, true] {
            let id = Uuid::new_v4();
            if spoken_before {
                f.redact(id, "I am anna@example.org").await.unwrap();
            }
            let vault = overtaken(&f, Meanwhile::Erase).await;
            let redacted = f.redact_by(&vault, id, "not berta@example.org").await;
            assert!(matches!(redacted, Err(VaultStoreError::Erased)), "{redacted:?}");
            assert!(!f.vault.knows(id).await.unwrap());
            assert!(f.vault.rows.numbers(id).await.unwrap().is_none());
        }
    }
}

#[tokio::test]
async fn what_was_sealed_before_the_key_expired_is_sealed_anew() {
    for f in Fixture::all().await {
        let id = Uuid::new_v4();
        f.redact(id, "I am anna@example.org").await.unwrap();
        let vault = overtaken(&f, Meanwhile::Expire).await;
        let redacted = f.redact_by(&vault, id, "not berta@example.org").await.unwrap();
        assert_ne!(redacted, "not [EMAIL_1]", "that is Anna");
        assert_eq!(f.restored(id, &redacted).await, "not berta@example.org");
    }
}

#[tokio::test]
async fn originals_that_were_used_since_they_were_listed_do_not_expire() {
    for f in Fixture::all().await {
        let (used, over) = (Uuid::new_v4(), Uuid::new_v4());
        for id in [used, over] {
            f.redact(id, "I am anna@example.org").await.unwrap();
        }
        // The clock of a database counts milliseconds.
        tokio::time::sleep(Duration::from_millis(5)).await;
        let before = Timestamp::now();
        let mut listed = f.vault.older_than(before).await.unwrap();
        listed.sort_unstable();
        let mut both = vec![used, over];
        both.sort_unstable();
        assert_eq!(listed, both);
        tokio::time::sleep(Duration::from_millis(5)).await;
        f.redact(used, "not berta@example.org").await.unwrap();
        let gone = f.vault.expire(&listed, before).await.unwrap();
        assert_eq!(gone, Destroyed { originals: 1, keys: 1 });
        let expected = "anna@example.org, berta@example.org";
        assert_eq!(f.restored(used, "[EMAIL_1], [EMAIL_2]").await, expected);
        assert_eq!(f.restored(over, "[EMAIL_1]").await, "[EMAIL_1]");
    }
}
