//! Questions that were not answered well, in SQLite: customers' messages with what became of them.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Durable, SqliteStore};
use crate::domain::{ConversationId, ReasonCode};
use crate::store::StoreError;
use crate::store::questions::{
    CitedAnswer, Judgement, OpenQuestion, Questions, Trouble, Wanted, cited, question,
};
use crate::store::rows::signed;

/// What was answered counts by its reply, what was handed over by its ticket. An answer without a source
/// is a question back, not an answer.
const OPEN: &str = "SELECT m.conversation, m.seq, m.at, m.text, c.locale, r.author, f.helpful,
        e.reason, e.locale AS ticket_locale, e.confidence AS ticket_confidence, e.passages,
        json_extract(r.proof, '$.confidence') AS confidence,
        json_extract(r.proof, '$.locale') AS answer_locale,
        json_extract(r.proof, '$.citations') AS citations,
        v.verdict, v.at AS judged_at, k.customer
    FROM messages m
    JOIN conversations c ON c.id = m.conversation
    JOIN messages r ON r.conversation = m.conversation AND r.reply_to = m.seq
    LEFT JOIN escalations e ON e.ticket = r.ticket
    LEFT JOIN feedback f ON f.conversation = r.conversation AND f.seq = r.seq
    LEFT JOIN question_verdicts v ON v.conversation = m.conversation AND v.seq = m.seq
    LEFT JOIN known_customers k ON k.conversation = m.conversation
    WHERE m.author = 'customer' AND m.at >= ?1
        AND NOT EXISTS (SELECT 1 FROM objections o
            WHERE o.conversation = m.conversation AND o.analysis <> 0)
        AND (e.reason IN (?2, ?3, ?4)
            OR (r.author = 'assistant' AND json_array_length(r.proof, '$.citations') > 0
                AND (f.helpful = 0 OR json_extract(r.proof, '$.confidence') < ?5)))
    ORDER BY m.at DESC, m.conversation, m.seq LIMIT ?6";

const CITED: &str = "SELECT coalesce(k.customer, m.conversation) AS asker, f.helpful,
        json_extract(m.proof, '$.citations') AS citations
    FROM messages m
    LEFT JOIN feedback f ON f.conversation = m.conversation AND f.seq = m.seq
    LEFT JOIN known_customers k ON k.conversation = m.conversation
    WHERE m.author = 'assistant' AND m.at >= ?1
        AND json_array_length(m.proof, '$.citations') > 0
        AND NOT EXISTS (SELECT 1 FROM objections o
            WHERE o.conversation = m.conversation AND o.analysis <> 0)
    ORDER BY m.at DESC, m.conversation, m.seq LIMIT ?2";

#[async_trait]
impl Questions for SqliteStore {
    async fn open_questions(&self, wanted: &Wanted) -> Result<Vec<OpenQuestion>, StoreError> {
        let [first, second, third] = Trouble::REASONS.map(ReasonCode::as_str);
        sqlx::query(OPEN)
            .bind(wanted.since.as_millisecond())
            .bind(first)
            .bind(second)
            .bind(third)
            .bind(wanted.uncertain_below)
            .bind(wanted.limit)
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(question)
            .collect()
    }

    async fn cited_answers(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<CitedAnswer>, StoreError> {
        sqlx::query(CITED)
            .bind(since.as_millisecond())
            .bind(limit)
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(cited)
            .collect()
    }

    async fn judge(
        &self,
        questions: &[(ConversationId, u64)],
        judgement: &Judgement,
    ) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Now).await?;
        let mut tx = write.begin().await?;
        for (conversation, seq) in questions {
            let statement = match judgement.verdict {
                None => sqlx::query(
                    "DELETE FROM question_verdicts WHERE conversation = ?1 AND seq = ?2",
                )
                .bind(conversation.to_string())
                .bind(signed(*seq)),
                Some(verdict) => sqlx::query(
                    "INSERT INTO question_verdicts (conversation, seq, verdict, agent, at)
                     SELECT conversation, seq, ?3, ?4, ?5 FROM messages
                     WHERE conversation = ?1 AND seq = ?2
                     ON CONFLICT (conversation, seq) DO UPDATE SET
                         verdict = excluded.verdict, agent = excluded.agent, at = excluded.at",
                )
                .bind(conversation.to_string())
                .bind(signed(*seq))
                .bind(verdict.as_str())
                .bind(judgement.agent.map(|agent| agent.to_string()))
                .bind(judgement.at.as_millisecond()),
            };
            statement.execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }
}
