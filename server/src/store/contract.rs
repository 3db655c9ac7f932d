//! What every [`ConversationStore`] must do, whatever it is made of. An implementation's tests call
//! [`keep`] with an empty store. The rooms of the content team and of customers' choices have their cases in
//! `contract_people.rs`.

use indexer::model::Generation;
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    AgentMessage, ApiKey, Changed, Committed, ConversationStore, InboxFilter, KeyScope, MessageFor,
    NewAnswer, NewConversation, NewMessage, NewRating, NewSession, Posted, StoreError, Transition,
};
use crate::domain::{
    Agent, AgentId, AgentRole, Author, Conversation, ConversationId, ConversationState, Disclosure,
    Epoch, Escalation, GeneratorId, Message, Proof, Rating, ReasonCode, Sentence, Step, SystemKind,
    Ticket, TicketStatus,
};
use crate::privacy::RedactedText;

use ConversationState::{Assistant, Resolved, Waiting, WithAgent};

/// Runs the whole suite.
pub(crate) async fn keep(store: &dyn ConversationStore) {
    a_conversation_reads_back(store).await;
    a_message_sent_twice_counts_once(store).await;
    an_answer_commits_only_in_its_epoch(store).await;
    a_hand_over_has_one_ticket(store).await;
    the_whole_story(store).await;
    replies_of_agents_need_the_conversation(store).await;
    feedback_is_kept_by_answer_and_conversation(store).await;
    the_inbox_lists_who_waits_longest_first(store).await;
    quiet_conversations_are_found(store).await;
    a_customer_who_waits_for_an_agent_is_not_quiet(store).await;
    accounts_and_sessions(store).await;
    keys(store).await;
    super::contract_people::keep(store).await;
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub(crate) fn words(text: &str) -> RedactedText {
    RedactedText::of_the_house(text)
}

pub(crate) async fn begin(store: &dyn ConversationStore) -> Conversation {
    let new = NewConversation {
        id: ConversationId::random(),
        locale: "en".to_owned(),
        site: Some("shop".to_owned()),
        page: Some(words("/cart")),
        told: Some(Disclosure::new("en", "A machine answers.")),
        at: at(0),
    };
    store.create(&new).await.unwrap()
}

pub(crate) fn message(text: &str, second: i64) -> NewMessage {
    NewMessage {
        text: words(text),
        message_id: None,
        locale: None,
        at: at(second),
        reopened: Some(words("Again.")),
    }
}

pub(crate) fn answer(posted: &Posted, text: &str) -> NewAnswer {
    NewAnswer {
        epoch: posted.conversation.epoch,
        reply_to: posted.message.seq,
        text: words(text),
        proof: Proof {
            sentences: vec![Sentence { index: 0, text: text.to_owned(), citations: vec![1] }],
            citations: Vec::new(),
            confidence: 0.9,
            generation: Generation(3),
            generator: GeneratorId::Extractive,
            locale: "en".to_owned(),
            offer: None,
            wording: None,
            small_talk: false,
        },
        at: posted.message.at,
    }
}

pub(crate) fn ticket(conversation: ConversationId, second: i64) -> Box<Escalation> {
    Box::new(Escalation { at: at(second), ..crate::domain::escalation_for_tests(conversation) })
}

pub(crate) fn transition(conversation: &Conversation, step: Step, second: i64) -> Transition {
    let epoch = conversation.epoch;
    Transition { epoch, step, at: at(second), words: words("A step."), reply_to: None }
}

pub(crate) async fn done(
    store: &dyn ConversationStore,
    conversation: &Conversation,
    step: Step,
    second: i64,
) -> (Conversation, Message) {
    let new = transition(conversation, step, second);
    match store.step(conversation.id, &new).await.unwrap() {
        Changed::Done { conversation, message } => (conversation, message),
        Changed::Not(now) => panic!("the step was not made: {now:?}"),
    }
}

pub(crate) async fn colleague(store: &dyn ConversationStore, login: &str) -> Agent {
    let agent = Agent {
        id: AgentId::random(),
        login: login.to_owned(),
        name: format!("{login}'s name"),
        role: AgentRole::Agent,
        disabled: false,
        created_at: at(0),
    };
    store.add_agent(&agent, "$argon2id$x").await.unwrap();
    agent
}

async fn a_conversation_reads_back(store: &dyn ConversationStore) {
    let begun = begin(store).await;
    assert_eq!((begun.state, begun.epoch, begun.last_seq), (Assistant, Epoch(0), 0));
    assert_eq!(begun.site.as_deref(), Some("shop"));
    assert_eq!(begun.page.as_ref().map(RedactedText::as_str), Some("/cart"));
    assert_eq!(begun.created_at, at(0));
    assert!(begun.hand_over.is_none() && begun.agent.is_none() && begun.rating.is_none());
    assert_eq!(store.conversation(begun.id).await.unwrap(), Some(begun.clone()));
    assert_eq!(store.conversation(ConversationId::random()).await.unwrap(), None);
    // The same id again changes nothing.
    let again = NewConversation {
        id: begun.id,
        locale: "lv".to_owned(),
        site: None,
        page: None,
        told: Some(Disclosure::new("lv", "Atbild mašīna.")),
        at: at(9),
    };
    assert_eq!(store.create(&again).await.unwrap(), begun);
    let missing = store.post(ConversationId::random(), &message("hi", 1)).await;
    assert!(matches!(missing, Err(StoreError::Missing(_))));
}

async fn a_message_sent_twice_counts_once(store: &dyn ConversationStore) {
    let begun = begin(store).await;
    let new = NewMessage { message_id: Some(Uuid::new_v4()), ..message("hello", 1) };
    let first = store.post(begun.id, &new).await.unwrap();
    assert_eq!((first.message.seq, first.repeated), (1, false));
    assert_eq!(first.message.author, Author::Customer);
    assert_eq!(first.message.text.as_str(), "hello");
    assert_eq!(first.message.at, at(1));
    let again = store.post(begun.id, &new).await.unwrap();
    assert!(again.repeated && again.reply.is_none());
    assert_eq!(again.message, first.message);
    let stored = store.commit_answer(begun.id, &answer(&first, "An answer.")).await.unwrap();
    let Committed::Stored(stored) = stored else { panic!("{stored:?}") };
    assert_eq!((stored.seq, stored.reply_to, &stored.author), (2, Some(1), &Author::Assistant));
    assert_eq!(stored.proof.as_ref().unwrap().confidence, 0.9);
    // The reply comes with the message that is sent again, and a second reply is not kept.
    assert_eq!(store.post(begun.id, &new).await.unwrap().reply, Some(stored.clone()));
    let second = store.commit_answer(begun.id, &answer(&first, "Another.")).await.unwrap();
    assert_eq!(second, Committed::Already(stored.clone()));
    assert_eq!(store.reply_to(begun.id, 1).await.unwrap(), Some(stored));
    let all = store.messages(begun.id, 0, 100).await.unwrap();
    assert_eq!(all.iter().map(|m| m.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(store.messages(begun.id, 1, 100).await.unwrap().len(), 1);
    assert_eq!(store.last_messages(begun.id, 1).await.unwrap()[0].seq, 2);
    // A message may change the language of the conversation.
    let latvian = NewMessage { locale: Some("lv".to_owned()), ..message("sveiki", 2) };
    assert_eq!(store.post(begun.id, &latvian).await.unwrap().conversation.locale, "lv");
    assert!(store.messages(begun.id, 3, 100).await.unwrap().is_empty());
}

async fn an_answer_commits_only_in_its_epoch(store: &dyn ConversationStore) {
    let begun = begin(store).await;
    let asked = store.post(begun.id, &message("a question", 1)).await.unwrap();
    let stepped = Step::StepIn(colleague(store, "anna").await.id, ticket(begun.id, 2));
    let (taken, _) = done(store, &asked.conversation, stepped, 2).await;
    let late = store.commit_answer(begun.id, &answer(&asked, "Too late.")).await.unwrap();
    assert_eq!(late, Committed::Superseded(taken.clone()));
    // Also when the assistant speaks again: the answer belongs to a time before.
    let (back, _) = done(store, &taken, Step::Return, 3).await;
    assert_eq!(back.state, Assistant);
    let late = store.commit_answer(begun.id, &answer(&asked, "Too late.")).await.unwrap();
    assert!(matches!(late, Committed::Superseded(_)), "{late:?}");
    let all = store.messages(begun.id, 0, 100).await.unwrap();
    assert!(all.iter().all(|m| m.author != Author::Assistant), "{all:?}");
}

async fn a_hand_over_has_one_ticket(store: &dyn ConversationStore) {
    let begun = begin(store).await;
    let asked = store.post(begun.id, &message("a person please", 1)).await.unwrap().conversation;
    let first = ticket(begun.id, 2);
    let hand_over =
        Transition { reply_to: Some(1), ..transition(&asked, Step::HandOver(first.clone()), 2) };
    let done = store.step(begun.id, &hand_over).await.unwrap();
    let Changed::Done { conversation, message } = done else { panic!("{done:?}") };
    assert_eq!((conversation.state, conversation.epoch), (Waiting, Epoch(1)));
    let open = conversation.hand_over.clone().unwrap();
    assert_eq!((&open.ticket, open.reason), (&first.ticket, ReasonCode::LowConfidence));
    assert_eq!(message.author, Author::System(SystemKind::HandedOff));
    assert_eq!((message.ticket.as_ref(), message.reply_to), (Some(&first.ticket), Some(1)));
    // The same step again, and one that starts from the new epoch.
    for step in [
        hand_over,
        transition(&asked, Step::HandOver(ticket(begun.id, 3)), 3),
        transition(&conversation, Step::HandOver(ticket(begun.id, 3)), 3),
    ] {
        let again = store.step(begun.id, &step).await.unwrap();
        assert_eq!(again, Changed::Not(conversation.clone()));
    }
    let tickets = store.tickets_of(begun.id).await.unwrap();
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0], *first, "a ticket reads back whole");
    store.set_contact(&first.ticket, &words("[EMAIL_1]")).await.unwrap();
    let found = store.escalation(&first.ticket).await.unwrap().unwrap();
    assert_eq!(found.contact.unwrap().as_str(), "[EMAIL_1]");
    assert!(store.set_summary(&first.ticket, &words("Shorter.")).await.unwrap());
    assert!(!store.set_summary(&Ticket::random(), &words("Of nothing.")).await.unwrap());
    let found = store.escalation(&first.ticket).await.unwrap().unwrap();
    assert_eq!(found.summary.as_str(), "Shorter.");
    let resolve = transition(&conversation, Step::Resolve, 4);
    store.step(begun.id, &resolve).await.unwrap();
    assert!(!store.set_summary(&first.ticket, &words("Too late.")).await.unwrap());
    assert_eq!(store.escalation(&Ticket::random()).await.unwrap(), None);
    assert!(store.escalations(100).await.unwrap().iter().any(|e| e.ticket == first.ticket));
}

async fn the_whole_story(store: &dyn ConversationStore) {
    let agent = colleague(store, "berta").await;
    let other = colleague(store, "carl").await;
    let begun = begin(store).await;
    store.post(begun.id, &message("help", 1)).await.unwrap();
    let now = store.conversation(begun.id).await.unwrap().unwrap();
    let (now, _) = done(store, &now, Step::HandOver(ticket(now.id, 2)), 2).await;
    // While it waits, the customer may go on.
    let more = store.post(begun.id, &message("are you there?", 3)).await.unwrap();
    assert_eq!(more.conversation.state, Waiting);
    assert!(store.reserve(begun.id, Some(other.id)).await.unwrap());
    let reserved = store.conversation(begun.id).await.unwrap().unwrap();
    assert_eq!(reserved.agent.unwrap().name, "carl's name");
    let (now, joined) = done(store, &now, Step::Take(agent.id), 4).await;
    assert_eq!((now.state, now.agent.as_ref().map(|a| a.id)), (WithAgent, Some(agent.id)));
    assert_eq!(joined.author, Author::System(SystemKind::AgentJoined));
    assert!(!store.reserve(begun.id, Some(other.id)).await.unwrap(), "it does not wait");
    let (now, _) = done(store, &now, Step::PassOn(other.id), 5).await;
    assert_eq!(now.agent.as_ref().map(|a| a.id), Some(other.id));
    assert!(now.hand_over.is_some(), "the ticket stays open");
    let (now, _) = done(store, &now, Step::Return, 6).await;
    assert!(now.agent.is_none() && now.hand_over.is_none());
    assert_eq!(store.tickets_of(begun.id).await.unwrap()[0].status, TicketStatus::Returned);
    // A second hand-over has a second ticket.
    let (now, _) = done(store, &now, Step::HandOver(ticket(now.id, 7)), 7).await;
    let (now, _) = done(store, &now, Step::Take(agent.id), 8).await;
    let (now, _) = done(store, &now, Step::Resolve, 9).await;
    assert_eq!((now.state, now.hand_over.is_none()), (Resolved, true));
    assert_eq!(now.agent.as_ref().map(|a| a.id), Some(agent.id), "who resolved it is known");
    let statuses: Vec<_> =
        store.tickets_of(begun.id).await.unwrap().into_iter().map(|e| e.status).collect();
    assert_eq!(statuses, [TicketStatus::Resolved, TicketStatus::Returned]);
    // The customer writes again: reopened, and the system says so before the message.
    let again = store.post(begun.id, &message("one more thing", 10)).await.unwrap();
    assert_eq!(again.conversation.state, Assistant);
    assert!(again.conversation.epoch > now.epoch && again.conversation.agent.is_none());
    let last = store.last_messages(begun.id, 2).await.unwrap();
    assert_eq!(last[0].author, Author::System(SystemKind::Reopened));
    assert_eq!(last[1], again.message);
    let seqs: Vec<u64> =
        store.messages(begun.id, 0, 100).await.unwrap().iter().map(|m| m.seq).collect();
    assert_eq!(seqs, (1..=again.message.seq).collect::<Vec<_>>(), "no gap, no double");
}

async fn replies_of_agents_need_the_conversation(store: &dyn ConversationStore) {
    let agent = colleague(store, "dora").await;
    let other = colleague(store, "emil").await;
    let begun = begin(store).await;
    let say = |agent: &Agent, to, text: &str| AgentMessage {
        agent: agent.id,
        to,
        text: words(text),
        message_id: None,
        at: at(5),
    };
    let early = say(&agent, MessageFor::Customer, "hello");
    assert_eq!(store.agent_message(begun.id, &early).await.unwrap(), None);
    let note = say(&agent, MessageFor::Colleagues, "a note");
    let note = store.agent_message(begun.id, &note).await.unwrap().unwrap();
    assert!(matches!(note.author, Author::Note(_)) && !note.is_for_customer());
    let (taken, _) = done(store, &begun, Step::StepIn(agent.id, ticket(begun.id, 1)), 1).await;
    let foreign = say(&other, MessageFor::Customer, "me too");
    assert_eq!(store.agent_message(begun.id, &foreign).await.unwrap(), None);
    let reply = AgentMessage {
        message_id: Some(Uuid::new_v4()),
        ..say(&agent, MessageFor::Customer, "hello")
    };
    let kept = store.agent_message(begun.id, &reply).await.unwrap().unwrap();
    assert!(matches!(&kept.author, Author::Agent(a) if a.name == "dora's name"));
    assert_eq!(store.agent_message(begun.id, &reply).await.unwrap(), Some(kept));
    done(store, &taken, Step::Return, 6).await;
    let late = say(&agent, MessageFor::Customer, "wait");
    assert_eq!(store.agent_message(begun.id, &late).await.unwrap(), None);
}

async fn feedback_is_kept_by_answer_and_conversation(store: &dyn ConversationStore) {
    let begun = begin(store).await;
    let asked = store.post(begun.id, &message("a question", 1)).await.unwrap();
    store.commit_answer(begun.id, &answer(&asked, "An answer.")).await.unwrap();
    for helpful in [true, false] {
        store.set_helpful(begun.id, 2, helpful, at(3)).await.unwrap();
        let answer = &store.messages(begun.id, 1, 1).await.unwrap()[0];
        assert_eq!(answer.helpful, Some(helpful));
    }
    let no_answer = store.set_helpful(begun.id, 1, true, at(3)).await;
    assert!(matches!(no_answer, Err(StoreError::Missing(_))));
    let rating = NewRating { stars: 4, comment: Some(words("quick")), at: at(4) };
    store.rate(begun.id, &rating).await.unwrap();
    let rated = store.conversation(begun.id).await.unwrap().unwrap().rating;
    assert_eq!(rated, Some(Rating { stars: 4, comment: Some(words("quick")) }));
    let nowhere = store.rate(ConversationId::random(), &rating).await;
    assert!(matches!(nowhere, Err(StoreError::Missing(_))));
}

async fn the_inbox_lists_who_waits_longest_first(store: &dyn ConversationStore) {
    let agent = colleague(store, "frida").await;
    let mut ids = Vec::new();
    for second in [30, 10, 20] {
        let begun = begin(store).await;
        store.post(begun.id, &message(&format!("since {second}"), second)).await.unwrap();
        done(store, &begun, Step::HandOver(ticket(begun.id, second)), second).await;
        ids.push(begun.id);
    }
    let waiting = InboxFilter { state: Some(Waiting), limit: 100, ..InboxFilter::default() };
    let rows = store.inbox(&waiting).await.unwrap();
    let ours: Vec<_> = rows.iter().filter(|r| ids.contains(&r.conversation.id)).collect();
    let order: Vec<_> = ours.iter().map(|r| r.conversation.id).collect();
    assert_eq!(order, [ids[1], ids[2], ids[0]]);
    assert_eq!(ours[0].preview.as_ref().unwrap().as_str(), "since 10");
    let place = |id| async move { store.queue_place(id, at(40)).await.unwrap().unwrap().position };
    let (first, last) = (place(ids[1]).await, place(ids[0]).await);
    assert_eq!(last, first + 2);

    let now = store.conversation(ids[0]).await.unwrap().unwrap();
    done(store, &now, Step::Take(agent.id), 60).await;
    assert_eq!(store.queue_place(ids[0], at(60)).await.unwrap(), None);
    let mine = InboxFilter { agent: Some(agent.id), limit: 100, ..InboxFilter::default() };
    let mine = store.inbox(&mine).await.unwrap();
    assert_eq!(mine.len(), 1);
    assert_eq!(mine[0].conversation.id, ids[0]);
    let open = store.inbox(&InboxFilter { limit: 100, ..InboxFilter::default() }).await.unwrap();
    let open: Vec<_> = open.iter().map(|r| r.conversation.id).filter(|i| ids.contains(i)).collect();
    assert_eq!(open, [ids[1], ids[2], ids[0]], "who waits stands before who is answered");
}

async fn quiet_conversations_are_found(store: &dyn ConversationStore) {
    let begun = begin(store).await;
    store.post(begun.id, &message("hello", 100)).await.unwrap();
    let quiet = |before: i64| async move {
        let found = store.quiet_since(Assistant, at(before), 1000).await.unwrap();
        found.iter().any(|c| c.id == begun.id)
    };
    assert!(!quiet(100).await && quiet(101).await);
    let unanswered = |from: i64, before: i64| async move {
        let found = store.unanswered((at(from), at(before)), 1000).await.unwrap();
        found.contains(&begun.id)
    };
    assert!(unanswered(100, 101).await);
    assert!(!unanswered(101, 102).await && !unanswered(0, 100).await);
    done(store, &begun, Step::HandOver(ticket(begun.id, 100)), 100).await;
    assert!(!quiet(101).await && !unanswered(0, 200).await);
    let waiting = store.quiet_since(Waiting, at(101), 1000).await.unwrap();
    assert!(waiting.iter().any(|c| c.id == begun.id));
}

async fn a_customer_who_waits_for_an_agent_is_not_quiet(store: &dyn ConversationStore) {
    let agent = colleague(store, "hanna").await;
    let begun = begin(store).await;
    let id = begun.id;
    let quiet = |id: ConversationId| async move {
        let found = store.quiet_since(WithAgent, at(1000), 1000).await.unwrap();
        found.iter().any(|c| c.id == id)
    };
    let say = |to, second| AgentMessage {
        agent: agent.id,
        to,
        text: words("Hello."),
        message_id: None,
        at: at(second),
    };
    let asked = store.post(id, &message("a question", 1)).await.unwrap();
    store.commit_answer(id, &answer(&asked, "An answer.")).await.unwrap();
    let (waits, _) = done(store, &asked.conversation, Step::HandOver(ticket(id, 2)), 2).await;
    done(store, &waits, Step::Take(agent.id), 3).await;
    assert!(!quiet(id).await, "the agent has said nothing since the hand-over");
    store.agent_message(id, &say(MessageFor::Customer, 4)).await.unwrap().unwrap();
    assert!(quiet(id).await, "the customer was answered");
    store.post(id, &message("and another one", 5)).await.unwrap();
    assert!(!quiet(id).await, "the customer spoke last");
    store.agent_message(id, &say(MessageFor::Colleagues, 6)).await.unwrap().unwrap();
    assert!(!quiet(id).await, "a note answers nobody");
    store.agent_message(id, &say(MessageFor::Customer, 7)).await.unwrap().unwrap();
    assert!(quiet(id).await);

    // Who steps in unasked behind an answer keeps nobody waiting.
    let begun = begin(store).await;
    let asked = store.post(begun.id, &message("a question", 1)).await.unwrap();
    store.commit_answer(begun.id, &answer(&asked, "An answer.")).await.unwrap();
    done(store, &asked.conversation, Step::StepIn(agent.id, ticket(begun.id, 2)), 2).await;
    assert!(quiet(begun.id).await);
    store.post(begun.id, &message("hello?", 3)).await.unwrap();
    assert!(!quiet(begun.id).await);
}

async fn accounts_and_sessions(store: &dyn ConversationStore) {
    let agent = colleague(store, "greta").await;
    let twin = Agent { id: AgentId::random(), ..agent.clone() };
    assert!(matches!(store.add_agent(&twin, "x").await, Err(StoreError::Taken(_))));
    assert_eq!(store.agent(agent.id).await.unwrap(), Some(agent.clone()));
    let (found, hash) = store.agent_by_login("greta").await.unwrap().unwrap();
    assert_eq!((found, hash.as_str()), (agent.clone(), "$argon2id$x"));
    assert!(store.agent_by_login("nobody").await.unwrap().is_none());
    assert!(store.agents().await.unwrap().contains(&agent));

    let session = |token: &str| NewSession {
        token_hash: token.to_owned(),
        agent: agent.id,
        at: at(0),
        expires_at: at(100),
    };
    for token in ["one", "two", "three"] {
        store.open_session(&session(token)).await.unwrap();
    }
    let whose = |token: &'static str, now| async move {
        store.session(token, at(now)).await.unwrap().map(|a| a.id)
    };
    assert_eq!(whose("one", 99).await, Some(agent.id));
    assert_eq!(whose("one", 100).await, None, "it has expired");
    assert_eq!(whose("four", 1).await, None);
    store.close_session("one", at(1)).await.unwrap();
    assert_eq!(whose("one", 1).await, None);
    store.set_password(agent.id, "$argon2id$y").await.unwrap();
    assert_eq!(whose("two", 1).await, None, "a new password ends all sessions");
    assert_eq!(store.agent_by_login("greta").await.unwrap().unwrap().1, "$argon2id$y");
    store.open_session(&session("five")).await.unwrap();
    store.set_disabled(agent.id, true).await.unwrap();
    assert_eq!(whose("five", 1).await, None);
    assert!(store.agent(agent.id).await.unwrap().unwrap().disabled);
    store.set_disabled(agent.id, false).await.unwrap();
    assert_eq!(whose("five", 1).await, None, "an opened account starts without sessions");
    let nobody = store.set_password(AgentId::random(), "x").await;
    assert!(matches!(nobody, Err(StoreError::Missing(_))));
}

async fn keys(store: &dyn ConversationStore) {
    let key = ApiKey {
        name: "shop".to_owned(),
        scopes: vec![KeyScope::Ask, KeyScope::Search],
        disabled: false,
        created_at: at(0),
    };
    store.add_key(&key, "hash").await.unwrap();
    assert!(matches!(store.add_key(&key, "other").await, Err(StoreError::Taken(_))));
    assert_eq!(store.key("hash").await.unwrap(), Some(key.clone()));
    assert_eq!(store.key("guess").await.unwrap(), None);
    store.disable_key("shop").await.unwrap();
    assert_eq!(store.key("hash").await.unwrap(), None);
    assert!(store.keys().await.unwrap()[0].disabled);
    assert!(matches!(store.disable_key("none").await, Err(StoreError::Missing(_))));
}
