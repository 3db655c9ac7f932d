//! What the assistant says in the house's own words, from the language packs: the question which article is
//! meant, and replies to small talk. Neither has anything to prove.

use super::small_talk::SmallTalk;
use super::{Assistant, Path, messages};
use crate::domain::{AssistantEvent, Choice, GeneratorId, Message};
use crate::generate::extractive::Drafted;
use crate::store::Posted;

impl Assistant {
    /// Stores a question back, if the assistant still speaks, and ends the stream with it.
    pub(super) async fn ask_back(
        &self,
        choices: Vec<Choice>,
        (posted, path): (&Posted, &Path),
    ) -> AssistantEvent {
        let message = messages::clarify(&self.locales, &path.locale, &choices);
        let drafted = Drafted { text: message, sentences: Vec::new(), citations: Vec::new() };
        self.commit(drafted, GeneratorId::Extractive, (posted, path)).await
    }

    /// Stores the house's reply to small talk, and ends the stream with it. Before any rule: "am I talking to a
    /// human?" is no wish for one, and "thanks" is not one turn too many.
    pub(super) async fn reply_to_small_talk(
        &self,
        kind: SmallTalk,
        (posted, path): (&Posted, &mut Path),
    ) -> AssistantEvent {
        path.generation = self.knowledge.snapshot().generation;
        path.small_talk = true;
        let message = messages::small_talk(&self.locales, &path.locale, kind);
        let drafted = Drafted { text: message, sentences: Vec::new(), citations: Vec::new() };
        self.commit(drafted, GeneratorId::Extractive, (posted, path)).await
    }
}

/// What was said but for small talk and the replies to it: they are nothing that a question follows up.
pub(super) fn without_small_talk(mut said: Vec<Message>) -> Vec<Message> {
    let replies = said.iter().filter(|m| m.is_small_talk());
    let asked: Vec<u64> = replies.filter_map(|m| m.reply_to).collect();
    said.retain(|m| !m.is_small_talk() && !asked.contains(&m.seq));
    said
}
