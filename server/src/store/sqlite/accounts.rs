//! People, sessions and keys in SQLite.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteQueryResult;
use uuid::Uuid;

use super::{Durable, SqliteStore};
use crate::domain::{Agent, AgentId, AgentRole, SignOn};
use crate::store::accounts::NO_PASSWORD;
use crate::store::{Accounts, ApiKey, KeyScope, NewSession, StoreError, rows, unique};

impl SqliteStore {
    /// Ends the sessions of everybody, as in a store that was restored: who was shut out since must not come
    /// in by an old one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_sessions(&self) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Now).await?;
        sqlx::query("DELETE FROM agent_sessions").execute(write.statement()).await?;
        Ok(())
    }

    async fn insert_agent(
        &self,
        agent: &Agent,
        password_hash: &str,
        sign_on: Option<&SignOn>,
    ) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Now).await?;
        sqlx::query(
            "INSERT INTO agents (id, login, name, role, password_hash, disabled, created_at, issuer, \
             subject) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )
        .bind(agent.id.to_string())
        .bind(&agent.login)
        .bind(&agent.name)
        .bind(agent.role.as_str())
        .bind(password_hash)
        .bind(agent.disabled)
        .bind(agent.created_at.as_millisecond())
        .bind(sign_on.map(|s| s.issuer.as_str()))
        .bind(sign_on.map(|s| s.subject.as_str()))
        .execute(write.statement())
        .await
        .map_err(|e| unique(e, "user"))?;
        Ok(())
    }
}

#[async_trait]
impl Accounts for SqliteStore {
    async fn add_agent(&self, agent: &Agent, password_hash: &str) -> Result<(), StoreError> {
        self.insert_agent(agent, password_hash, None).await
    }

    async fn agents(&self) -> Result<Vec<Agent>, StoreError> {
        sqlx::query("SELECT * FROM agents ORDER BY login")
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(rows::agent)
            .collect()
    }

    async fn agent(&self, id: AgentId) -> Result<Option<Agent>, StoreError> {
        sqlx::query("SELECT * FROM agents WHERE id = ?1")
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(rows::agent)
            .transpose()
    }

    async fn agent_by_login(&self, login: &str) -> Result<Option<(Agent, String)>, StoreError> {
        sqlx::query("SELECT * FROM agents WHERE login = ?1")
            .bind(login)
            .fetch_optional(&self.readers)
            .await?
            .map(|row| Ok((rows::agent(&row)?, row.try_get("password_hash")?)))
            .transpose()
    }

    async fn add_agent_of(&self, agent: &Agent, sign_on: &SignOn) -> Result<(), StoreError> {
        self.insert_agent(agent, NO_PASSWORD, Some(sign_on)).await
    }

    async fn agent_of(&self, sign_on: &SignOn) -> Result<Option<Agent>, StoreError> {
        sqlx::query("SELECT * FROM agents WHERE issuer = ?1 AND subject = ?2")
            .bind(&sign_on.issuer)
            .bind(&sign_on.subject)
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(rows::agent)
            .transpose()
    }

    async fn connect(&self, id: AgentId, sign_on: Option<&SignOn>) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Now).await?;
        let changed = sqlx::query("UPDATE agents SET issuer = ?2, subject = ?3 WHERE id = ?1")
            .bind(id.to_string())
            .bind(sign_on.map(|s| s.issuer.as_str()))
            .bind(sign_on.map(|s| s.subject.as_str()))
            .execute(write.statement())
            .await
            .map_err(|e| unique(e, "user"))?;
        some(&changed, "user")
    }

    async fn connected(&self) -> Result<Vec<AgentId>, StoreError> {
        sqlx::query("SELECT * FROM agents WHERE subject IS NOT NULL")
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(|row| Ok(rows::agent(row)?.id))
            .collect()
    }

    async fn set_role(&self, id: AgentId, role: AgentRole) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Now).await?;
        let changed = sqlx::query("UPDATE agents SET role = ?2 WHERE id = ?1")
            .bind(id.to_string())
            .bind(role.as_str())
            .execute(write.statement())
            .await?;
        some(&changed, "user")
    }

    async fn end_sessions(&self, id: AgentId) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Now).await?;
        sqlx::query("DELETE FROM agent_sessions WHERE agent = ?1")
            .bind(id.to_string())
            .execute(write.statement())
            .await?;
        Ok(())
    }

    async fn set_password(&self, id: AgentId, password_hash: &str) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Now).await?;
        let mut tx = write.begin().await?;
        let changed = sqlx::query("UPDATE agents SET password_hash = ?2 WHERE id = ?1")
            .bind(id.to_string())
            .bind(password_hash)
            .execute(&mut *tx)
            .await?;
        some(&changed, "user")?;
        sqlx::query("DELETE FROM agent_sessions WHERE agent = ?1")
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn set_disabled(&self, id: AgentId, disabled: bool) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Now).await?;
        let mut tx = write.begin().await?;
        let changed = sqlx::query("UPDATE agents SET disabled = ?2 WHERE id = ?1")
            .bind(id.to_string())
            .bind(disabled)
            .execute(&mut *tx)
            .await?;
        some(&changed, "user")?;
        sqlx::query("DELETE FROM agent_sessions WHERE agent = ?1 AND ?2")
            .bind(id.to_string())
            .bind(disabled)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn open_session(&self, session: &NewSession) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Soon).await?;
        sqlx::query(
            "INSERT INTO agent_sessions (token_hash, agent, created_at, expires_at) \
             VALUES (?1, ?2, ?3, ?4)",
        )
        .bind(&session.token_hash)
        .bind(session.agent.to_string())
        .bind(session.at.as_millisecond())
        .bind(session.expires_at.as_millisecond())
        .execute(write.statement())
        .await?;
        Ok(())
    }

    async fn session(&self, token_hash: &str, now: Timestamp) -> Result<Option<Agent>, StoreError> {
        sqlx::query(
            "SELECT a.* FROM agents a JOIN agent_sessions s ON s.agent = a.id \
             WHERE s.token_hash = ?1 AND s.expires_at > ?2 AND NOT a.disabled",
        )
        .bind(token_hash)
        .bind(now.as_millisecond())
        .fetch_optional(&self.readers)
        .await?
        .as_ref()
        .map(rows::agent)
        .transpose()
    }

    async fn close_session(&self, token_hash: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Now).await?;
        sqlx::query("DELETE FROM agent_sessions WHERE token_hash = ?1 OR expires_at <= ?2")
            .bind(token_hash)
            .bind(now.as_millisecond())
            .execute(write.statement())
            .await?;
        Ok(())
    }

    async fn add_key(&self, key: &ApiKey, key_hash: &str) -> Result<(), StoreError> {
        let scopes: Vec<&str> = key.scopes.iter().map(|s| KeyScope::as_str(*s)).collect();
        let mut write = self.write(Durable::Now).await?;
        sqlx::query(
            "INSERT INTO api_keys (id, name, key_hash, scopes, disabled, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(Uuid::new_v4().simple().to_string())
        .bind(&key.name)
        .bind(key_hash)
        .bind(scopes.join(" "))
        .bind(key.disabled)
        .bind(key.created_at.as_millisecond())
        .execute(write.statement())
        .await
        .map_err(|e| unique(e, "key"))?;
        Ok(())
    }

    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        sqlx::query("SELECT * FROM api_keys ORDER BY name")
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(rows::key)
            .collect()
    }

    async fn key(&self, key_hash: &str) -> Result<Option<ApiKey>, StoreError> {
        sqlx::query("SELECT * FROM api_keys WHERE key_hash = ?1 AND NOT disabled")
            .bind(key_hash)
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(rows::key)
            .transpose()
    }

    async fn disable_key(&self, name: &str) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Now).await?;
        let changed = sqlx::query("UPDATE api_keys SET disabled = 1 WHERE name = ?1")
            .bind(name)
            .execute(write.statement())
            .await?;
        some(&changed, "key")
    }
}

fn some(changed: &SqliteQueryResult, what: &'static str) -> Result<(), StoreError> {
    if changed.rows_affected() == 0 { Err(StoreError::Missing(what)) } else { Ok(()) }
}
