//! People, sessions and keys in Postgres.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::postgres::PgQueryResult;
use uuid::Uuid;

use super::PostgresStore;
use crate::domain::{Agent, AgentId, AgentRole, SignOn};
use crate::store::accounts::NO_PASSWORD;
use crate::store::{Accounts, ApiKey, KeyScope, NewSession, StoreError, rows, unique};

impl PostgresStore {
    async fn insert_agent(
        &self,
        agent: &Agent,
        password_hash: &str,
        sign_on: Option<&SignOn>,
    ) -> Result<(), StoreError> {
        self.within(async {
            sqlx::query(
                "INSERT INTO conv_agents (id, login, name, role, password_hash, disabled, \
                 created_at, issuer, subject) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
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
            .execute(&self.pool)
            .await
            .map_err(|e| unique(e, "user"))?;
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl Accounts for PostgresStore {
    async fn add_agent(&self, agent: &Agent, password_hash: &str) -> Result<(), StoreError> {
        self.insert_agent(agent, password_hash, None).await
    }

    async fn agents(&self) -> Result<Vec<Agent>, StoreError> {
        self.within(async {
            sqlx::query("SELECT * FROM conv_agents ORDER BY login")
                .fetch_all(&self.pool)
                .await?
                .iter()
                .map(rows::agent)
                .collect()
        })
        .await
    }

    async fn agent(&self, id: AgentId) -> Result<Option<Agent>, StoreError> {
        self.within(async {
            sqlx::query("SELECT * FROM conv_agents WHERE id = $1")
                .bind(id.to_string())
                .fetch_optional(&self.pool)
                .await?
                .as_ref()
                .map(rows::agent)
                .transpose()
        })
        .await
    }

    async fn agent_by_login(&self, login: &str) -> Result<Option<(Agent, String)>, StoreError> {
        self.within(async {
            sqlx::query("SELECT * FROM conv_agents WHERE login = $1")
                .bind(login)
                .fetch_optional(&self.pool)
                .await?
                .map(|row| Ok((rows::agent(&row)?, row.try_get("password_hash")?)))
                .transpose()
        })
        .await
    }

    async fn add_agent_of(&self, agent: &Agent, sign_on: &SignOn) -> Result<(), StoreError> {
        self.insert_agent(agent, NO_PASSWORD, Some(sign_on)).await
    }

    async fn agent_of(&self, sign_on: &SignOn) -> Result<Option<Agent>, StoreError> {
        self.within(async {
            sqlx::query("SELECT * FROM conv_agents WHERE issuer = $1 AND subject = $2")
                .bind(&sign_on.issuer)
                .bind(&sign_on.subject)
                .fetch_optional(&self.pool)
                .await?
                .as_ref()
                .map(rows::agent)
                .transpose()
        })
        .await
    }

    async fn connect(&self, id: AgentId, sign_on: Option<&SignOn>) -> Result<(), StoreError> {
        self.within(async {
            let changed =
                sqlx::query("UPDATE conv_agents SET issuer = $2, subject = $3 WHERE id = $1")
                    .bind(id.to_string())
                    .bind(sign_on.map(|s| s.issuer.as_str()))
                    .bind(sign_on.map(|s| s.subject.as_str()))
                    .execute(&self.pool)
                    .await
                    .map_err(|e| unique(e, "user"))?;
            some(&changed, "user")
        })
        .await
    }

    async fn connected(&self) -> Result<Vec<AgentId>, StoreError> {
        self.within(async {
            sqlx::query("SELECT * FROM conv_agents WHERE subject IS NOT NULL")
                .fetch_all(&self.pool)
                .await?
                .iter()
                .map(|row| Ok(rows::agent(row)?.id))
                .collect()
        })
        .await
    }

    async fn set_role(&self, id: AgentId, role: AgentRole) -> Result<(), StoreError> {
        self.within(async {
            let changed = sqlx::query("UPDATE conv_agents SET role = $2 WHERE id = $1")
                .bind(id.to_string())
                .bind(role.as_str())
                .execute(&self.pool)
                .await?;
            some(&changed, "user")
        })
        .await
    }

    async fn end_sessions(&self, id: AgentId) -> Result<(), StoreError> {
        self.within(async {
            sqlx::query("DELETE FROM conv_agent_sessions WHERE agent = $1")
                .bind(id.to_string())
                .execute(&self.pool)
                .await?;
            Ok(())
        })
        .await
    }

    async fn set_password(&self, id: AgentId, password_hash: &str) -> Result<(), StoreError> {
        self.within(async {
            let mut tx = self.pool.begin().await?;
            let changed = sqlx::query("UPDATE conv_agents SET password_hash = $2 WHERE id = $1")
                .bind(id.to_string())
                .bind(password_hash)
                .execute(&mut *tx)
                .await?;
            some(&changed, "user")?;
            sqlx::query("DELETE FROM conv_agent_sessions WHERE agent = $1")
                .bind(id.to_string())
                .execute(&mut *tx)
                .await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    async fn set_disabled(&self, id: AgentId, disabled: bool) -> Result<(), StoreError> {
        self.within(async {
            let mut tx = self.pool.begin().await?;
            let changed = sqlx::query("UPDATE conv_agents SET disabled = $2 WHERE id = $1")
                .bind(id.to_string())
                .bind(disabled)
                .execute(&mut *tx)
                .await?;
            some(&changed, "user")?;
            sqlx::query("DELETE FROM conv_agent_sessions WHERE agent = $1 AND $2")
                .bind(id.to_string())
                .bind(disabled)
                .execute(&mut *tx)
                .await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    async fn open_session(&self, session: &NewSession) -> Result<(), StoreError> {
        self.within(async {
            sqlx::query(
                "INSERT INTO conv_agent_sessions (token_hash, agent, created_at, expires_at) \
             VALUES ($1, $2, $3, $4)",
            )
            .bind(&session.token_hash)
            .bind(session.agent.to_string())
            .bind(session.at.as_millisecond())
            .bind(session.expires_at.as_millisecond())
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    async fn session(&self, token_hash: &str, now: Timestamp) -> Result<Option<Agent>, StoreError> {
        self.within(async {
            sqlx::query(
                "SELECT a.* FROM conv_agents a JOIN conv_agent_sessions s ON s.agent = a.id \
             WHERE s.token_hash = $1 AND s.expires_at > $2 AND NOT a.disabled",
            )
            .bind(token_hash)
            .bind(now.as_millisecond())
            .fetch_optional(&self.pool)
            .await?
            .as_ref()
            .map(rows::agent)
            .transpose()
        })
        .await
    }

    async fn close_session(&self, token_hash: &str, now: Timestamp) -> Result<(), StoreError> {
        self.within(async {
            sqlx::query(
                "DELETE FROM conv_agent_sessions WHERE token_hash = $1 OR expires_at <= $2",
            )
            .bind(token_hash)
            .bind(now.as_millisecond())
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    async fn add_key(&self, key: &ApiKey, key_hash: &str) -> Result<(), StoreError> {
        self.within(async {
            let scopes: Vec<&str> = key.scopes.iter().map(|s| KeyScope::as_str(*s)).collect();
            sqlx::query(
                "INSERT INTO conv_api_keys (id, name, key_hash, scopes, disabled, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(Uuid::new_v4().simple().to_string())
            .bind(&key.name)
            .bind(key_hash)
            .bind(scopes.join(" "))
            .bind(key.disabled)
            .bind(key.created_at.as_millisecond())
            .execute(&self.pool)
            .await
            .map_err(|e| unique(e, "key"))?;
            Ok(())
        })
        .await
    }

    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.within(async {
            sqlx::query("SELECT * FROM conv_api_keys ORDER BY name")
                .fetch_all(&self.pool)
                .await?
                .iter()
                .map(rows::key)
                .collect()
        })
        .await
    }

    async fn key(&self, key_hash: &str) -> Result<Option<ApiKey>, StoreError> {
        self.within(async {
            sqlx::query("SELECT * FROM conv_api_keys WHERE key_hash = $1 AND NOT disabled")
                .bind(key_hash)
                .fetch_optional(&self.pool)
                .await?
                .as_ref()
                .map(rows::key)
                .transpose()
        })
        .await
    }

    async fn disable_key(&self, name: &str) -> Result<(), StoreError> {
        self.within(async {
            let changed = sqlx::query("UPDATE conv_api_keys SET disabled = true WHERE name = $1")
                .bind(name)
                .execute(&self.pool)
                .await?;
            some(&changed, "key")
        })
        .await
    }
}

fn some(changed: &PgQueryResult, what: &'static str) -> Result<(), StoreError> {
    if changed.rows_affected() == 0 { Err(StoreError::Missing(what)) } else { Ok(()) }
}
