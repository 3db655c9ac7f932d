//! What customers were told and decided, in SQLite.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;

use super::conversations::present;
use super::{Durable, SqliteStore};
use crate::domain::{ConversationId, Disclosure, Objections, RecordKind, RecordedBy};
use crate::store::StoreError;
use crate::store::choices::{Choice, Choices, NewChoice, choice, objections};

#[async_trait]
impl Choices for SqliteStore {
    async fn choose(&self, id: ConversationId, choice: &NewChoice) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Now).await?;
        let mut tx = write.begin().await?;
        present(&mut tx, id).await?;
        add(&mut tx, id, (choice, "")).await?;
        let now = objections_of(&mut tx, id).await?.after(choice.kind);
        set_objections(&mut tx, id, now).await?;
        Ok(tx.commit().await?)
    }

    async fn choices(&self, id: ConversationId) -> Result<Vec<Choice>, StoreError> {
        sqlx::query(
            "SELECT c.at, c.kind, c.version, c.locale, c.by, d.text FROM choices c
             LEFT JOIN disclosures d ON d.version = c.version AND d.locale = c.locale
             WHERE c.conversation = ?1 ORDER BY c.number",
        )
        .bind(id.to_string())
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(choice)
        .collect()
    }

    async fn objections(&self, id: ConversationId) -> Result<Objections, StoreError> {
        let mut reader = self.readers.acquire().await?;
        objections_of(&mut reader, id).await
    }
}

/// Records that a customer was told of the machine, in the transaction that begins the conversation.
pub(super) async fn told(
    tx: &mut SqliteConnection,
    id: ConversationId,
    (disclosure, at): (&Disclosure, Timestamp),
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO disclosures (version, locale, text, at) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (version, locale) DO NOTHING",
    )
    .bind(&disclosure.version)
    .bind(&disclosure.locale)
    .bind(&disclosure.text)
    .bind(at.as_millisecond())
    .execute(&mut *tx)
    .await?;
    let version = disclosure.version.clone();
    let choice = NewChoice { kind: RecordKind::AiDisclosure, version, by: RecordedBy::System, at };
    add(tx, id, (&choice, &disclosure.locale)).await
}

pub(super) async fn add(
    tx: &mut SqliteConnection,
    id: ConversationId,
    (choice, locale): (&NewChoice, &str),
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO choices (conversation, number, at, kind, version, locale, by) \
         SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6 \
         FROM choices WHERE conversation = ?1",
    )
    .bind(id.to_string())
    .bind(choice.at.as_millisecond())
    .bind(choice.kind.as_str())
    .bind(&choice.version)
    .bind(locale)
    .bind(choice.by.as_str())
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn set_objections(
    tx: &mut SqliteConnection,
    id: ConversationId,
    objections: Objections,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO objections (conversation, analysis, automation) VALUES (?1, ?2, ?3) \
         ON CONFLICT (conversation) DO UPDATE SET \
             analysis = excluded.analysis, automation = excluded.automation",
    )
    .bind(id.to_string())
    .bind(i64::from(objections.analysis))
    .bind(i64::from(objections.automation))
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn objections_of(
    connection: &mut SqliteConnection,
    id: ConversationId,
) -> Result<Objections, StoreError> {
    let row = sqlx::query("SELECT analysis, automation FROM objections WHERE conversation = ?1")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map_or(Ok(Objections::default()), objections)
}
