//! The contracts on SQLite, and what only a file promises.

use futures::FutureExt;
use sqlx::Connection as _;

use super::*;
use crate::store::{
    Conversations, Stores, contract, contract_privacy, contract_rooms, interleavings,
};

#[tokio::test]
async fn the_contract_holds_on_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("a.sqlite")).await.unwrap();
    contract::keep(&store).await;
    store.close().await;
}

#[tokio::test]
async fn the_contract_holds_in_memory() {
    contract::keep(&SqliteStore::in_memory().await.unwrap()).await;
}

#[tokio::test]
async fn whatever_comes_first_nobody_talks_over_anybody_and_every_hand_over_has_one_ticket() {
    let store = SqliteStore::in_memory().await.unwrap();
    interleavings::keep(&[&store], 1000).await;
}

#[tokio::test]
async fn the_contracts_of_the_other_rooms_hold() {
    let folder = tempfile::tempdir().unwrap();
    for (n, contract) in contract_rooms::ALL.into_iter().enumerate() {
        let data = folder.path().join(n.to_string());
        let stores = Stores::open(&data, &Default::default()).await.unwrap();
        contract(&stores).await;
        stores.close().await;
    }
    for (n, contract) in contract_privacy::ALL.into_iter().enumerate() {
        let data = folder.path().join(format!("privacy-{n}"));
        let stores = Stores::open(&data, &Default::default()).await.unwrap();
        let file = data.join("privacy.sqlite");
        let raw = |sql: &'static str| {
            let file = file.clone();
            async move {
                let options = SqliteConnectOptions::new().filename(file);
                let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            .boxed()
        };
        contract(&stores, &raw).await;
    }
}

/// The rule that makes erasure complete.
#[tokio::test]
async fn every_table_belongs_to_a_conversation_or_holds_nothing_of_one() {
    let store = SqliteStore::in_memory().await.unwrap();
    let known = store.tables().await.unwrap().into_iter().map(|(table, _)| table).collect();
    let all: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
         AND name <> '_sqlx_migrations'",
    )
    .fetch_all(&store.readers)
    .await
    .unwrap();
    contract_rooms::all_tables_are_accounted_for(&all, known);
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart_and_in_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.sqlite");
    let store = SqliteStore::open(&file).await.unwrap();
    let begun = contract::begin(&store).await;
    let beside = SqliteStore::open(&file).await.unwrap();
    assert_eq!(beside.conversation(begun.id).await.unwrap(), Some(begun.clone()));
    beside.close().await;
    store.close().await;
    let again = SqliteStore::open(&file).await.unwrap();
    assert_eq!(again.conversation(begun.id).await.unwrap(), Some(begun));
    again.close().await;
}

#[tokio::test]
async fn a_dropped_write_leaves_nothing_behind() {
    let store = SqliteStore::in_memory().await.unwrap();
    let begun = contract::begin(&store).await;
    for _ in 0..50 {
        let new = contract::message("hello", 1);
        let post = store.post(begun.id, &new);
        // Polled once and dropped in its middle.
        let mut post = Box::pin(post);
        let _ = futures::poll!(&mut post);
    }
    let posted = store.post(begun.id, &contract::message("at last", 2)).await.unwrap();
    let all = store.messages(begun.id, 0, 1000).await.unwrap();
    assert_eq!(all.len() as u64, posted.message.seq, "numbers and messages agree");
}
