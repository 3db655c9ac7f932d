//! Questions that were not answered well, in Postgres.

use async_trait::async_trait;
use jiff::Timestamp;

use super::PostgresStore;
use crate::domain::{ConversationId, ReasonCode};
use crate::store::StoreError;
use crate::store::questions::{
    CitedAnswer, Judgement, OpenQuestion, Questions, Trouble, Wanted, cited, question,
};
use crate::store::rows::signed;

/// What was answered counts by its reply, what was handed over by its ticket. An answer without a source
/// is a question back, not an answer.
const OPEN: &str = "SELECT m.conversation, m.seq, m.at, m.text, c.locale, f.helpful,
        e.reason, e.locale AS ticket_locale, e.confidence AS ticket_confidence, e.passages,
        (r.proof::json ->> 'confidence')::float8 AS confidence,
        r.proof::json ->> 'locale' AS answer_locale,
        (r.proof::json -> 'citations')::text AS citations,
        v.verdict, v.at AS judged_at, k.customer
    FROM conv_messages m
    JOIN conv_conversations c ON c.id = m.conversation
    JOIN conv_messages r ON r.conversation = m.conversation AND r.reply_to = m.seq
    LEFT JOIN conv_escalations e ON e.ticket = r.ticket
    LEFT JOIN conv_feedback f ON f.conversation = r.conversation AND f.seq = r.seq
    LEFT JOIN conv_question_verdicts v ON v.conversation = m.conversation AND v.seq = m.seq
    LEFT JOIN conv_known_customers k ON k.conversation = m.conversation
    WHERE m.author = 'customer' AND m.at >= $1
        AND NOT EXISTS (SELECT 1 FROM conv_objections o
            WHERE o.conversation = m.conversation AND o.analysis)
        AND (e.reason = ANY($2)
            OR (r.author = 'assistant' AND json_array_length(r.proof::json -> 'citations') > 0
                AND (NOT f.helpful OR (r.proof::json ->> 'confidence')::float8 < $3)))
    ORDER BY m.at DESC, m.conversation, m.seq LIMIT $4";

const CITED: &str = "SELECT coalesce(k.customer, m.conversation) AS asker, f.helpful,
        (m.proof::json -> 'citations')::text AS citations
    FROM conv_messages m
    LEFT JOIN conv_feedback f ON f.conversation = m.conversation AND f.seq = m.seq
    LEFT JOIN conv_known_customers k ON k.conversation = m.conversation
    WHERE m.author = 'assistant' AND m.at >= $1
        AND json_array_length(m.proof::json -> 'citations') > 0
        AND NOT EXISTS (SELECT 1 FROM conv_objections o
            WHERE o.conversation = m.conversation AND o.analysis)
    ORDER BY m.at DESC, m.conversation, m.seq LIMIT $2";

#[async_trait]
impl Questions for PostgresStore {
    async fn open_questions(&self, wanted: &Wanted) -> Result<Vec<OpenQuestion>, StoreError> {
        self.within(async {
            sqlx::query(OPEN)
                .bind(wanted.since.as_millisecond())
                .bind(Trouble::REASONS.map(ReasonCode::as_str).to_vec())
                .bind(wanted.uncertain_below)
                .bind(i64::from(wanted.limit))
                .fetch_all(&self.pool)
                .await?
                .iter()
                .map(question)
                .collect()
        })
        .await
    }

    async fn cited_answers(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<CitedAnswer>, StoreError> {
        self.within(async {
            sqlx::query(CITED)
                .bind(since.as_millisecond())
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
                .await?
                .iter()
                .map(cited)
                .collect()
        })
        .await
    }

    async fn judge(
        &self,
        questions: &[(ConversationId, u64)],
        judgement: &Judgement,
    ) -> Result<(), StoreError> {
        self.within(async {
            let mut tx = self.pool.begin().await?;
            for (conversation, seq) in questions {
                let statement = match judgement.verdict {
                    None => sqlx::query(
                        "DELETE FROM conv_question_verdicts WHERE conversation = $1 AND seq = $2",
                    )
                    .bind(conversation.to_string())
                    .bind(signed(*seq)),
                    Some(verdict) => sqlx::query(
                        "INSERT INTO conv_question_verdicts (conversation, seq, verdict, agent, at) \
                         SELECT conversation, seq, $3, $4, $5 FROM conv_messages \
                         WHERE conversation = $1 AND seq = $2 \
                         ON CONFLICT (conversation, seq) DO UPDATE SET \
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
        })
        .await
    }
}
