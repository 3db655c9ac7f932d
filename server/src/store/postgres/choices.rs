//! What customers were told and decided, in Postgres.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgConnection;

use super::PostgresStore;
use super::conversations::locked;
use crate::domain::{ConversationId, Disclosure, Objections, RecordKind, RecordedBy};
use crate::store::StoreError;
use crate::store::choices::{Choice, Choices, NewChoice, choice, objections};

#[async_trait]
impl Choices for PostgresStore {
    async fn choose(&self, id: ConversationId, choice: &NewChoice) -> Result<(), StoreError> {
        self.within(async {
            let mut tx = self.pool.begin().await?;
            locked(&mut tx, id).await?;
            add(&mut tx, id, (choice, "")).await?;
            let now = objections_of(&mut tx, id).await?.after(choice.kind);
            set_objections(&mut tx, id, now).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    async fn choices(&self, id: ConversationId) -> Result<Vec<Choice>, StoreError> {
        self.within(async {
            sqlx::query(
                "SELECT c.at, c.kind, c.version, c.locale, c.by, d.text FROM conv_choices c
             LEFT JOIN conv_disclosures d ON d.version = c.version AND d.locale = c.locale
             WHERE c.conversation = $1 ORDER BY c.number",
            )
            .bind(id.to_string())
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(choice)
            .collect()
        })
        .await
    }

    async fn objections(&self, id: ConversationId) -> Result<Objections, StoreError> {
        self.within(async {
            let mut reader = self.pool.acquire().await?;
            objections_of(&mut reader, id).await
        })
        .await
    }
}

/// Records that a customer was told of the machine, in the transaction that begins the conversation.
pub(super) async fn told(
    tx: &mut PgConnection,
    id: ConversationId,
    (disclosure, at): (&Disclosure, Timestamp),
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO conv_disclosures (version, locale, text, at) VALUES ($1, $2, $3, $4) \
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
    tx: &mut PgConnection,
    id: ConversationId,
    (choice, locale): (&NewChoice, &str),
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO conv_choices (conversation, number, at, kind, version, locale, by) \
         SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6 \
         FROM conv_choices WHERE conversation = $1",
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
    tx: &mut PgConnection,
    id: ConversationId,
    objections: Objections,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO conv_objections (conversation, analysis, automation) VALUES ($1, $2, $3) \
         ON CONFLICT (conversation) DO UPDATE SET \
             analysis = excluded.analysis, automation = excluded.automation",
    )
    .bind(id.to_string())
    .bind(objections.analysis)
    .bind(objections.automation)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn objections_of(
    connection: &mut PgConnection,
    id: ConversationId,
) -> Result<Objections, StoreError> {
    let row =
        sqlx::query("SELECT analysis, automation FROM conv_objections WHERE conversation = $1")
            .bind(id.to_string())
            .fetch_optional(connection)
            .await?;
    row.as_ref().map_or(Ok(Objections::default()), objections)
}
