//! Seeded interleavings of answers, take-overs, returns and disconnects on one conversation
//! each: whatever comes first, no assistant message stands behind a take-over, no hand-over lacks its
//! ticket, none has two. Deterministic: one thread, every step of every actor in an order drawn from
//! the seed. Where several stores stand over one database, each step is made through one of them.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use super::contract::{answer, begin, colleague, message, ticket, transition, words};
use super::{AgentMessage, Changed, ConversationStore, MessageFor, NewMessage, Posted};
use crate::domain::{
    Agent, AgentId, Author, Conversation, ConversationId, ConversationState, Step, SystemKind,
};

/// Somebody in the middle of what they do; the words in brackets are what they know from before.
enum Actor {
    /// A customer asks, sending the same message again after a broken connection.
    Asks { sends: u32, id: Uuid },
    /// The assistant answers (a question that was posted), or has given up on it.
    Answers(Posted),
    /// The assistant hands over (a question that was posted).
    HandsOver(Posted),
    /// Somebody looks at the conversation and decides on a step.
    Looks(Intent),
    /// ... and makes it (from what was seen).
    Steps(Intent, Conversation),
    /// An agent replies, having the conversation or not.
    Replies(AgentId),
}

#[derive(Clone, Copy)]
enum Intent {
    Take(AgentId),
    PassOn(AgentId),
    Return,
    Resolve,
    CallPerson,
}

/// Plays so many cases and checks each.
pub(crate) async fn keep(stores: &[&dyn ConversationStore], cases: u64) {
    let agents = [colleague(stores[0], "one").await, colleague(stores[0], "two").await];
    let mut seen = Seen::default();
    for seed in 0..cases {
        let mut random = StdRng::seed_from_u64(seed);
        let id = begin(stores[0]).await.id;
        let mut actors = cast(&mut random, &agents);
        let mut second = 1;
        while !actors.is_empty() {
            let next = random.random_range(0..actors.len());
            let actor = actors.swap_remove(next);
            // Some break off in their middle: a closed tab, a lost connection.
            if random.random_bool(0.05) {
                continue;
            }
            let store = stores[second as usize % stores.len()];
            let goes_on = play(store, id, (actor, second), &mut random).await;
            actors.extend(goes_on);
            second += 1;
        }
        seen.check(stores[0], id, seed).await;
    }
    // The cases hold enough of everything for the checks to mean something.
    let cases = cases as usize;
    assert!(seen.answers > cases * 3 / 10 && seen.hand_overs > cases * 3 / 10, "{seen:?}");
    assert!(seen.voided > cases / 10, "{seen:?}");
}

fn cast(random: &mut StdRng, agents: &[Agent; 2]) -> Vec<Actor> {
    let mut actors = Vec::new();
    for _ in 0..random.random_range(1..5) {
        let id = Uuid::from_u128(random.random());
        actors.push(Actor::Asks { sends: random.random_range(1..3), id });
    }
    for _ in 0..random.random_range(1..7) {
        let agent = agents[random.random_range(0..2)].id;
        actors.push(match random.random_range(0..7) {
            0 | 1 => Actor::Looks(Intent::Take(agent)),
            2 => Actor::Looks(Intent::PassOn(agent)),
            3 => Actor::Looks(Intent::Return),
            4 => Actor::Looks(Intent::Resolve),
            5 => Actor::Looks(Intent::CallPerson),
            _ => Actor::Replies(agent),
        });
    }
    actors
}

/// One step of one actor; what goes on of it.
async fn play(
    store: &dyn ConversationStore,
    id: ConversationId,
    (actor, second): (Actor, i64),
    random: &mut StdRng,
) -> Vec<Actor> {
    match actor {
        Actor::Asks { sends, id: message_id } => {
            let new = NewMessage { message_id: Some(message_id), ..message("a question", second) };
            let posted = store.post(id, &new).await.unwrap();
            let mut goes_on = Vec::new();
            if sends > 1 {
                goes_on.push(Actor::Asks { sends: sends - 1, id: message_id });
            }
            let speaks = posted.conversation.state == ConversationState::Assistant;
            if speaks && posted.reply.is_none() {
                goes_on.push(match random.random_bool(0.6) {
                    true => Actor::Answers(posted),
                    false => Actor::HandsOver(posted),
                });
            }
            goes_on
        }
        Actor::Answers(posted) => {
            store.commit_answer(id, &answer(&posted, "An answer.")).await.unwrap();
            Vec::new()
        }
        Actor::HandsOver(posted) => {
            let step = Step::HandOver(ticket(id, second));
            let mut new = transition(&posted.conversation, step, second);
            new.reply_to = Some(posted.message.seq);
            store.step(id, &new).await.unwrap();
            Vec::new()
        }
        Actor::Looks(intent) => {
            let now = store.conversation(id).await.unwrap().unwrap();
            vec![Actor::Steps(intent, now)]
        }
        Actor::Steps(intent, from) => {
            let step = match (intent, from.state) {
                (Intent::Take(agent), ConversationState::Assistant) => {
                    Step::StepIn(agent, ticket(id, second))
                }
                (Intent::Take(agent), _) => Step::Take(agent),
                (Intent::PassOn(agent), _) => Step::PassOn(agent),
                (Intent::Return, _) => Step::Return,
                (Intent::Resolve, _) => Step::Resolve,
                (Intent::CallPerson, _) => Step::HandOver(ticket(id, second)),
            };
            let made = store.step(id, &transition(&from, step, second)).await.unwrap();
            // Who was too late looks again, once in a while.
            match made {
                Changed::Not(_) if random.random_bool(0.5) => vec![Actor::Looks(intent)],
                _ => Vec::new(),
            }
        }
        Actor::Replies(agent) => {
            let new = AgentMessage {
                agent,
                to: MessageFor::Customer,
                text: words("Hello."),
                message_id: None,
                at: super::contract::at(second),
            };
            store.agent_message(id, &new).await.unwrap();
            Vec::new()
        }
    }
}

/// What all cases held together.
#[derive(Debug, Default)]
struct Seen {
    answers: usize,
    hand_overs: usize,
    /// Questions that stand without an answer because a person came.
    voided: usize,
}

impl Seen {
    /// Replays the transcript and checks it.
    async fn check(&mut self, store: &dyn ConversationStore, id: ConversationId, seed: u64) {
        use ConversationState::{Assistant, Resolved, Waiting, WithAgent};
        let all = store.messages(id, 0, 10_000).await.unwrap();
        let mut state = Assistant;
        let mut told = Vec::new();
        let mut answered = Vec::new();
        for (i, message) in all.iter().enumerate() {
            assert_eq!(message.seq, i as u64 + 1, "seed {seed}: a gap");
            told.extend(message.ticket.clone());
            match &message.author {
                Author::Assistant => {
                    assert_eq!(state, Assistant, "seed {seed}: it talks over at {}", message.seq);
                    answered.push(message.reply_to.unwrap());
                    self.answers += 1;
                }
                Author::Agent(_) => assert_eq!(state, WithAgent, "seed {seed}"),
                Author::System(SystemKind::HandedOff) => {
                    assert_eq!(state, Assistant, "seed {seed}");
                    assert!(message.ticket.is_some(), "seed {seed}: told without a ticket");
                    state = Waiting;
                }
                Author::System(SystemKind::AgentJoined) => {
                    assert_ne!(state, Resolved, "seed {seed}");
                    let unasked = state == Assistant;
                    assert_eq!(message.ticket.is_some(), unasked, "seed {seed}");
                    state = WithAgent;
                }
                Author::System(SystemKind::Returned | SystemKind::Reopened) => state = Assistant,
                Author::System(SystemKind::Resolved) => state = Resolved,
                Author::Customer => {
                    assert_ne!(state, Resolved, "seed {seed}: not reopened");
                }
                Author::Note(_) => {}
            }
        }
        let now = store.conversation(id).await.unwrap().unwrap();
        assert_eq!(now.state, state, "seed {seed}");
        let open = matches!(state, Waiting | WithAgent);
        assert_eq!(
            now.hand_over.is_some(),
            open,
            "seed {seed}: an open ticket for an open hand-over"
        );
        let mut kept: Vec<String> =
            store.tickets_of(id).await.unwrap().iter().map(|e| e.ticket.to_string()).collect();
        let mut told: Vec<String> = told.iter().map(ToString::to_string).collect();
        kept.sort();
        told.sort();
        assert_eq!(kept, told, "seed {seed}: tickets and what was told of them");
        let distinct: std::collections::BTreeSet<_> = answered.iter().collect();
        assert_eq!(distinct.len(), answered.len(), "seed {seed}: one question, two answers");
        self.hand_overs += kept.len();
        let asked = all.iter().filter(|m| m.author == Author::Customer).count();
        self.voided += asked.saturating_sub(answered.len());
    }
}
