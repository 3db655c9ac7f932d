//! How a question ends whose reply is there already, or whose conversation went on otherwise: what stands
//! in the store, told as its customer gets it.

use super::{Assistant, Path};
use crate::domain::{
    Accepted, Answer, AssistantEvent, Author, Conversation, Failure, FailureKind, Message, Outcome,
    Proof,
};
use crate::store::Posted;

impl Assistant {
    /// The conversation went on without this answer. Another request may have replied to the same
    /// message; else what stands now is the end.
    pub(super) async fn ended_by_a_step(
        &self,
        now: &Conversation,
        posted: &Posted,
        path: &Path,
    ) -> AssistantEvent {
        match self.store.reply_to(now.id, posted.message.seq).await {
            Ok(Some(reply)) => self.told_again(&reply, posted, path).await,
            Ok(None) | Err(_) => self.superseded(now, path).await,
        }
    }

    /// The outcome of a message that has its reply.
    pub(super) async fn told_again(
        &self,
        reply: &Message,
        posted: &Posted,
        path: &Path,
    ) -> AssistantEvent {
        if reply.author == Author::Assistant {
            return AssistantEvent::Done(Box::new(answered(reply, path)));
        }
        let escalation = match &reply.ticket {
            Some(ticket) => self.store.escalation(ticket).await.ok().flatten(),
            None => None,
        };
        let Some(escalation) = escalation else {
            return self.superseded(&posted.conversation, path).await;
        };
        let outcome = Outcome::HandedOff {
            reason: escalation.reason,
            ticket: escalation.ticket,
            message: reply.text.to_string(),
        };
        AssistantEvent::Done(Box::new(Answer {
            outcome,
            seq: Some(reply.seq),
            confidence: escalation.confidence,
            generation: escalation.generation,
            ..path.answer()
        }))
    }

    /// A message that a person will answer.
    pub(super) async fn accepted(&self, posted: Posted, path: &Path) -> AssistantEvent {
        let Posted { conversation, message, .. } = posted;
        match self.superseded(&conversation, path).await {
            AssistantEvent::Done(answer) => {
                let accepted = Accepted { conversation, message, answer: *answer };
                AssistantEvent::Accepted(Box::new(accepted))
            }
            other => other,
        }
    }
}

/// A stored answer as its customer gets it.
pub(super) fn answered(message: &Message, path: &Path) -> Answer {
    let answer = Answer {
        outcome: Outcome::Answered,
        text: message.text.to_string(),
        seq: Some(message.seq),
        ..path.answer()
    };
    match message.proof.clone() {
        Some(Proof { offer: Some(offer), confidence, generation, locale, .. }) => Answer {
            outcome: Outcome::Clarify { message: message.text.to_string(), choices: offer.choices },
            text: String::new(),
            confidence,
            generation,
            locale,
            ..answer
        },
        Some(Proof { small_talk: true, generation, locale, .. }) => Answer {
            outcome: Outcome::SmallTalk { message: message.text.to_string() },
            text: String::new(),
            generation,
            locale,
            ..answer
        },
        Some(proof) => Answer {
            sentences: proof.sentences,
            citations: proof.citations,
            confidence: proof.confidence,
            generation: proof.generation,
            generator: proof.generator,
            locale: proof.locale,
            ..answer
        },
        None => answer,
    }
}

pub(super) fn missing() -> AssistantEvent {
    AssistantEvent::Failed(Failure {
        kind: FailureKind::Missing,
        message: "there is no such conversation".to_owned(),
    })
}
