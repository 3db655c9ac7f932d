//! A customer's own words back in place of placeholders, in what this customer is sent and nowhere else.

use actix_web::web;
use tokio::sync::mpsc;

use super::State;
use super::conversation_dto::{MessageDto, RatingDto};
use crate::domain::{Answer, AssistantEvent, ConversationId};
use crate::privacy::vault::Restorer;

/// Events that wait for a slow reader.
const EVENTS: usize = 16;

impl State {
    /// The originals of a conversation. Where they cannot be read, the placeholders stay.
    pub(super) async fn originals(&self, id: ConversationId) -> Restorer {
        self.rights.vault().restorer(id.0).await.unwrap_or_else(|error| {
            tracing::error!(conversation = %id, %error, "vault.not_read");
            Restorer::default()
        })
    }

    /// An answer as its customer reads it.
    pub(super) async fn put_back(&self, id: ConversationId, answer: &mut Answer) {
        let held = |text: &str| text.contains('[');
        if held(&answer.text) || answer.sentences.iter().any(|s| held(&s.text)) {
            let originals = self.originals(id).await;
            answer.text = originals.restore(&answer.text);
            for sentence in &mut answer.sentences {
                sentence.text = originals.restore(&sentence.text);
            }
        }
    }
}

impl MessageDto {
    /// A message as its customer reads it.
    pub(super) fn put_back(mut self, originals: &Restorer) -> Self {
        self.text = originals.restore(&self.text);
        for sentence in self.sentences.iter_mut().flatten() {
            sentence.text = originals.restore(&sentence.text);
        }
        self
    }
}

impl RatingDto {
    /// A rating as its customer reads it.
    pub(super) fn put_back(mut self, originals: &Restorer) -> Self {
        self.comment = self.comment.map(|comment| originals.restore(&comment));
        self
    }
}

/// The events of an answer as its customer reads them. Sentences come whole, so no placeholder is cut.
/// Dropping the receiver cancels the answer.
pub(super) fn with_originals(
    state: web::Data<State>,
    id: ConversationId,
    mut events: mpsc::Receiver<AssistantEvent>,
) -> mpsc::Receiver<AssistantEvent> {
    let (sender, receiver) = mpsc::channel(EVENTS);
    tokio::spawn(async move {
        loop {
            let event = tokio::select! {
                () = sender.closed() => return,
                event = events.recv() => event,
            };
            let event = match event {
                None => return,
                Some(AssistantEvent::Sentence(mut sentence)) if sentence.text.contains('[') => {
                    sentence.text = state.originals(id).await.restore(&sentence.text);
                    AssistantEvent::Sentence(sentence)
                }
                Some(AssistantEvent::Done(mut answer)) => {
                    state.put_back(id, &mut answer).await;
                    AssistantEvent::Done(answer)
                }
                Some(other) => other,
            };
            if sender.send(event).await.is_err() {
                return;
            }
        }
    });
    receiver
}
