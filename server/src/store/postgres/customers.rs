//! Customers who proved who they are, in Postgres.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgConnection;

use super::PostgresStore;
use super::choices::{add, objections_of, set_objections};
use super::conversations::locked;
use super::selects::select_conversations;
use crate::domain::{
    Conversation, ConversationId, CustomerKey, KnownCustomer, Objections, RecordKind, RecordedBy,
};
use crate::privacy::RedactedText;
use crate::store::StoreError;
use crate::store::choices::{NewChoice, objections};
use crate::store::customers::{Customers, Introduced, customer};
use crate::store::rows;

#[async_trait]
impl Customers for PostgresStore {
    async fn introduce(
        &self,
        id: ConversationId,
        customer: &KnownCustomer,
        at: Timestamp,
    ) -> Result<Introduced, StoreError> {
        self.within(async {
        let mut tx = self.pool.begin().await?;
        locked(&mut tx, id).await?;
        if let Some(known) = known(&mut tx, id).await? {
            let own = known.key == customer.key;
            return Ok(if own { Introduced::Own } else { Introduced::Foreign });
        }
        let before = last_objections(&mut tx, &customer.key).await?;
        sqlx::query(
            "INSERT INTO conv_known_customers (conversation, customer, customer_id, name, email, at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(id.to_string())
        .bind(&customer.key.0)
        .bind(customer.id.as_str())
        .bind(customer.name.as_ref().map(RedactedText::as_str))
        .bind(customer.email.as_ref().map(RedactedText::as_str))
        .bind(at.as_millisecond())
        .execute(&mut *tx)
        .await?;
        inherit(&mut tx, id, (before, at)).await?;
        tx.commit().await?;
        Ok(Introduced::Own)
        }).await
    }

    async fn customer_of(&self, id: ConversationId) -> Result<Option<KnownCustomer>, StoreError> {
        self.within(async {
            let mut reader = self.pool.acquire().await?;
            known(&mut reader, id).await
        })
        .await
    }

    async fn conversations_of(
        &self,
        key: &CustomerKey,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError> {
        self.within(async {
            sqlx::query(select_conversations!(
                "JOIN conv_known_customers k ON k.conversation = c.id WHERE k.customer = $1 \
             ORDER BY c.active_at DESC, c.id LIMIT $2"
            ))
            .bind(&key.0)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(rows::conversation)
            .collect()
        })
        .await
    }
}

async fn known(
    connection: &mut PgConnection,
    id: ConversationId,
) -> Result<Option<KnownCustomer>, StoreError> {
    let row = sqlx::query(
        "SELECT customer, customer_id, name, email FROM conv_known_customers WHERE conversation = $1",
    )
    .bind(id.to_string())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(customer).transpose()
}

/// What the customer objected to in the conversation before.
async fn last_objections(
    tx: &mut PgConnection,
    key: &CustomerKey,
) -> Result<Objections, StoreError> {
    let row = sqlx::query(
        "SELECT coalesce(o.analysis, false) AS analysis, coalesce(o.automation, false) AS automation \
         FROM conv_known_customers k LEFT JOIN conv_objections o ON o.conversation = k.conversation \
         WHERE k.customer = $1 ORDER BY k.at DESC, k.conversation LIMIT 1",
    )
    .bind(&key.0)
    .fetch_optional(tx)
    .await?;
    row.as_ref().map_or(Ok(Objections::default()), objections)
}

/// Lets objections hold in a conversation as well.
async fn inherit(
    tx: &mut PgConnection,
    id: ConversationId,
    (before, at): (Objections, Timestamp),
) -> Result<(), StoreError> {
    let mut now = objections_of(&mut *tx, id).await?;
    for (objects, kind) in [
        (before.analysis && !now.analysis, RecordKind::OptOut),
        (before.automation && !now.automation, RecordKind::AutomationRefused),
    ] {
        if objects {
            let choice = NewChoice { kind, version: String::new(), by: RecordedBy::System, at };
            add(&mut *tx, id, (&choice, "")).await?;
            now = now.after(kind);
            set_objections(&mut *tx, id, now).await?;
        }
    }
    Ok(())
}
