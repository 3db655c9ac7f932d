//! The contracts on a real Postgres, and what only a shared store promises. Two stores over one database are
//! two processes.

use std::sync::Arc;

use futures::FutureExt;
use uuid::Uuid;

use super::*;
use crate::domain::{Author, ConversationState, Epoch, Step};
use crate::store::test_postgres::Database;
use crate::store::{
    Accounts, Changed, Committed, ConversationStore, Conversations, Duties, Duty, HandOvers,
    NewMessage, Stores, contract, contract_privacy, contract_rooms, interleavings,
};

fn settings(database: &Database) -> ConversationSettings {
    let url = Some(Secret::new(database.url.clone()));
    ConversationSettings { url, ..ConversationSettings::default() }
}

async fn open(database: &Database) -> PostgresStore {
    let settings = settings(database);
    PostgresStore::open(settings.url.as_ref().unwrap(), &settings).await.unwrap()
}

async fn stores(database: &Database) -> Stores {
    Stores::open(std::path::Path::new("/nowhere"), &settings(database)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds() {
    let Some(database) = Database::new() else { return };
    contract::keep(&open(&database).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contracts_of_the_other_rooms_hold() {
    for contract in contract_rooms::ALL {
        let Some(database) = Database::new() else { return };
        contract(&stores(&database).await).await;
    }
    for contract in contract_privacy::ALL {
        let Some(database) = Database::new() else { return };
        let stores = stores(&database).await;
        let raw = |sql: &'static str| {
            let sql = sql.replace("audit", "privacy_audit");
            database.sql(&sql);
            std::future::ready(()).boxed()
        };
        contract(&stores, &raw).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_comes_first_in_two_processes_nobody_talks_over_anybody() {
    let Some(database) = Database::new() else { return };
    let (one, two) = tokio::join!(open(&database), open(&database));
    interleavings::keep(&[&one, &two], 150).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_steps_at_once_one_is_made_and_an_answer_from_before_is_void() {
    let Some(database) = Database::new() else { return };
    let (one, two) = tokio::join!(open(&database), open(&database));
    let (one, two) = (Arc::new(one), Arc::new(two));
    let agents = [contract::colleague(&*one, "one").await, contract::colleague(&*one, "two").await];
    for _ in 0..40 {
        let begun = contract::begin(&*one).await;
        let asked = one.post(begun.id, &contract::message("a question", 1)).await.unwrap();
        let take = |store: &Arc<PostgresStore>, agent| {
            let (store, from) = (Arc::clone(store), asked.conversation.clone());
            let step = Step::StepIn(agent, contract::ticket(begun.id, 2));
            tokio::spawn(async move {
                store.step(from.id, &contract::transition(&from, step, 2)).await.unwrap()
            })
        };
        let answer = |store: &Arc<PostgresStore>| {
            let (store, asked) = (Arc::clone(store), asked.clone());
            tokio::spawn(async move {
                let answer = contract::answer(&asked, "An answer.");
                store.commit_answer(begun.id, &answer).await.unwrap()
            })
        };
        let (a, b, c, d) = tokio::join!(
            take(&one, agents[0].id),
            take(&two, agents[1].id),
            answer(&one),
            answer(&two)
        );
        let steps = [a.unwrap(), b.unwrap()];
        assert_eq!(steps.iter().filter(|s| matches!(s, Changed::Done { .. })).count(), 1);
        let answers = [c.unwrap(), d.unwrap()];
        assert!(answers.iter().filter(|a| matches!(a, Committed::Stored(_))).count() <= 1);
        let all = two.messages(begun.id, 0, 100).await.unwrap();
        let taken = all.iter().position(|m| matches!(m.author, Author::System(_))).unwrap();
        assert!(all[taken..].iter().all(|m| m.author != Author::Assistant), "{all:?}");
        assert_eq!(two.tickets_of(begun.id).await.unwrap().len(), 1);
        assert!(all.iter().enumerate().all(|(i, m)| m.seq == i as u64 + 1), "{all:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_through_two_processes_at_once_counts_once() {
    let Some(database) = Database::new() else { return };
    let (one, two) = tokio::join!(open(&database), open(&database));
    let begun = contract::begin(&one).await;
    for second in 1..30 {
        let new = NewMessage {
            message_id: Some(Uuid::new_v4()),
            ..contract::message("a question", second)
        };
        let (a, b) = tokio::join!(one.post(begun.id, &new), two.post(begun.id, &new));
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!(a.message, b.message);
        assert_ne!(a.repeated, b.repeated);
    }
    assert_eq!(one.messages(begun.id, 0, 100).await.unwrap().len(), 29);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_heard_by_its_id_in_the_other_process() {
    let Some(database) = Database::new() else { return };
    let (one, two) = tokio::join!(open(&database), open(&database));
    let mut changes = two.changes().await.unwrap();
    // Only an announcement ends a wait within the life of a test.
    let long = Duration::from_secs(3600);
    let begun = contract::begin(&one).await;
    assert_eq!(changes.next(long).await.unwrap(), Some(News::Changed(begun.id, Epoch(0))));
    one.post(begun.id, &contract::message("hello", 1)).await.unwrap();
    assert_eq!(changes.next(long).await.unwrap(), Some(News::Changed(begun.id, Epoch(0))));
    let agent = contract::colleague(&one, "anna").await;
    let step = Step::StepIn(agent.id, contract::ticket(begun.id, 2));
    contract::done(&one, &begun, step, 2).await;
    assert_eq!(changes.next(long).await.unwrap(), Some(News::Changed(begun.id, Epoch(1))));
    one.relay("a word").await.unwrap();
    assert_eq!(changes.next(long).await.unwrap(), Some(News::Relayed("a word".to_owned())));
    let standing = two.standing(&[begun.id]).await.unwrap();
    assert_eq!((standing[0].0, standing[0].1), (begun.id, Epoch(1)));
    assert!(standing[0].2.starts_with(&format!("2 {} ", agent.id)), "{}", standing[0].2);
    // A summary that a model wrote meanwhile is heard of, too, and looked for.
    let tickets = one.tickets_of(begun.id).await.unwrap();
    assert!(one.set_summary(&tickets[0].ticket, &contract::words("Shorter.")).await.unwrap());
    assert_eq!(changes.next(long).await.unwrap(), Some(News::Changed(begun.id, Epoch(1))));
    assert_ne!(two.standing(&[begun.id]).await.unwrap(), standing);
    // A broken connection is said, and made again.
    database.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    assert_eq!(changes.next(long).await.unwrap(), Some(News::Missed));
    crate::store::PersonalData::erase(&one, begun.id.0, None).await.unwrap();
    assert_eq!(changes.next(long).await.unwrap(), Some(News::Changed(begun.id, Epoch(2))));
    assert!(two.standing(&[begun.id]).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_does_what_one_does_for_all() {
    let Some(database) = Database::new() else { return };
    let (one, two) = tokio::join!(open(&database), open(&database));
    let long = Duration::from_secs(3600);
    assert!(one.take(Duty::Housekeeping, long).await.unwrap());
    assert!(!two.take(Duty::Housekeeping, long).await.unwrap());
    assert!(two.take(Duty::Retention, Duration::ZERO).await.unwrap());
    assert!(one.take(Duty::Retention, long).await.unwrap(), "the lease is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_sessions_are_those_of_all_processes() {
    let Some(database) = Database::new() else { return };
    let (one, two) = tokio::join!(open(&database), open(&database));
    let agent = contract::colleague(&one, "anna").await;
    assert_eq!(two.agent(agent.id).await.unwrap(), Some(agent.clone()));
    let twin = contract::begin(&two).await;
    assert_eq!(twin.state, ConversationState::Assistant);
    let both: [&dyn ConversationStore; 2] = [&one, &two];
    for store in both {
        assert_eq!(store.conversation(twin.id).await.unwrap(), Some(twin.clone()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_belongs_to_a_conversation_or_holds_nothing_of_one() {
    let Some(database) = Database::new() else { return };
    let store = open(&database).await;
    let known = store.tables().await.unwrap().into_iter().map(|table| table.name).collect();
    let all = database.sql(
        "SELECT substr(relname, 6) FROM pg_class WHERE relkind = 'r' AND starts_with(relname, 'conv_') \
         AND relname <> 'conv_migrations'",
    );
    let all: Vec<String> = all.lines().map(str::to_owned).collect();
    contract_rooms::all_tables_are_accounted_for(&all, known);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_or_absent_database_is_said_without_its_password() {
    for url in ["postgres://shop:pearl@127.0.0.1:1/shop", "postgres://shop:pearl@[/shop"] {
        let settings =
            ConversationSettings { connect_timeout_ms: 500, ..ConversationSettings::default() };
        let error = PostgresStore::open(&Secret::new(url), &settings).await.err().unwrap();
        let asked = database_version(&Secret::new(url), 500).await.err().unwrap();
        for text in [error.to_string(), asked.to_string()] {
            assert!(text.contains("database.url") && !text.contains("pearl"), "{text}");
        }
    }
}
