//! What the audit log and the privacy records must do, whatever they are made of. Each function wants a store
//! of its own; tests damage it with statements that either database understands.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::audit::Shown;
use super::{AuditLog, Claim, Stores};
use crate::privacy::Signer;
use crate::privacy::audit::{Actor, Deed, Subject};

/// Runs statements beside the store. Tables are called as in SQLite.
pub(crate) type Raw<'a> = &'a (dyn Fn(&'static str) -> BoxFuture<'a, ()> + Sync);

type Contract = for<'a> fn(&'a Stores, Raw<'a>) -> BoxFuture<'a, ()>;

/// The whole suite.
pub(crate) const ALL: [Contract; 6] = [
    |stores, raw| Box::pin(damage_of_the_log_is_found(stores, raw)),
    |stores, raw| Box::pin(retention_removes_the_oldest_and_the_rest_still_verifies(stores, raw)),
    |stores, _| Box::pin(writers_at_once_make_one_chain(stores)),
    |stores, _| Box::pin(holds_are_kept(stores)),
    |stores, _| Box::pin(what_is_being_erased_is_not_held_and_what_is_held_not_erased(stores)),
    |stores, _| Box::pin(of_a_hold_and_an_erasure_at_once_one_is_in_force(stores)),
];

async fn log(stores: &Stores) -> AuditLog {
    AuditLog::new(stores.privacy_side().await.unwrap().audit, Signer::random())
}

fn deed(at: Timestamp) -> Deed {
    let subject = Subject::Conversation(Uuid::new_v4());
    Deed { at, actor: Actor::Operator, action: "conversation.erased", subject }
}

async fn damage_of_the_log_is_found(stores: &Stores, raw: Raw<'_>) {
    let log = log(stores).await;
    for _ in 0..6 {
        log.append(deed(Timestamp::now())).await.unwrap();
    }
    assert!(log.verify().await.unwrap().ok);
    raw("CREATE TABLE spare AS SELECT * FROM audit; \
         CREATE TABLE spare_ends AS SELECT * FROM audit_ends")
    .await;
    for damage in [
        "UPDATE audit SET action = 'conversation.erasee' WHERE seq = 3",
        "UPDATE audit SET at = replace(at, 'Z', 'z') WHERE seq = 6",
        "DELETE FROM audit WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 4",
        "DELETE FROM audit WHERE seq = 6",
        "DELETE FROM audit",
        "DELETE FROM audit_ends",
        "DELETE FROM audit_ends; DELETE FROM audit",
        "UPDATE audit_ends SET seq = 5",
    ] {
        raw(damage).await;
        let report = log.verify().await.unwrap();
        assert!(!report.ok, "{damage}: {report:?}");
        raw("DELETE FROM audit_ends; INSERT INTO audit_ends SELECT * FROM spare_ends; \
             DELETE FROM audit; INSERT INTO audit SELECT * FROM spare")
        .await;
        assert!(log.verify().await.unwrap().ok);
    }
    // Old entries with their own old, well-signed head.
    log.append(deed(Timestamp::now())).await.unwrap();
    raw("DELETE FROM audit_ends; INSERT INTO audit_ends SELECT * FROM spare_ends; \
         DELETE FROM audit WHERE seq = 7")
    .await;
    assert!(!log.verify().await.unwrap().ok);
    log.append(deed(Timestamp::now())).await.unwrap();
    assert!(log.verify().await.unwrap().ok);
    let entries = log.newest(2).await.unwrap();
    assert_eq!(entries[0].action, "audit.log_was_shortened");
}

async fn retention_removes_the_oldest_and_the_rest_still_verifies(stores: &Stores, raw: Raw<'_>) {
    let log = log(stores).await;
    let now = Timestamp::now();
    for days in [30, 20, 10] {
        log.append(deed(now - SignedDuration::from_hours(24 * days))).await.unwrap();
    }
    let before = now - SignedDuration::from_hours(24 * 15);
    assert_eq!(log.count_before(before).await.unwrap(), 2);
    assert_eq!(log.expire(before).await.unwrap(), 2);
    assert_eq!(log.expire(before).await.unwrap(), 0);
    let report = log.verify().await.unwrap();
    assert!(report.ok && report.entries == 1, "{report:?}");
    log.append(deed(now)).await.unwrap();
    assert!(log.verify().await.unwrap().ok);
    raw("DELETE FROM audit WHERE seq = 3").await;
    assert!(!log.verify().await.unwrap().ok);
    assert_eq!(log.expire(now + SignedDuration::from_hours(1)).await.unwrap(), 1);
}

async fn writers_at_once_make_one_chain(stores: &Stores) {
    // As two processes have it open.
    let signer = Signer::random();
    let one = stores.privacy_side().await.unwrap().audit;
    let two = stores.privacy_side().await.unwrap().audit;
    let logs = [AuditLog::new(Arc::clone(&one), signer.clone()), AuditLog::new(two, signer)];
    for round in 1..=5 {
        let mut writers = tokio::task::JoinSet::new();
        for log in logs.iter().cycle().take(8) {
            let log = log.clone();
            writers.spawn(async move { log.append(deed(Timestamp::now())).await.unwrap() });
        }
        writers.join_all().await;
        let ends = one.read(&mut |_: Shown<'_>| {}).await.unwrap();
        let (head, mark) = (ends.head.unwrap(), ends.mark.unwrap());
        assert_eq!((head.seq, mark.seq), (8 * round, 8 * round), "whoever was last made the mark");
        assert_eq!(head.hash, mark.hash);
    }
    let report = logs[0].verify().await.unwrap();
    assert!(report.ok && report.entries == 40, "{report:?}");
}

async fn holds_are_kept(stores: &Stores) {
    let records = stores.privacy_side().await.unwrap().records;
    let (id, now) = (Uuid::new_v4(), Timestamp::now());
    assert!(records.hold(id, "case 7", now).await.unwrap());
    assert!(records.hold(id, "case 8", now).await.unwrap());
    let holds = records.holds().await.unwrap();
    assert_eq!((holds.len(), holds[0].reason.as_str()), (1, "case 8"));
    assert!(records.release(id).await.unwrap());
    assert!(!records.release(id).await.unwrap());
    assert_eq!(records.receipt(id).await.unwrap(), None);
}

async fn what_is_being_erased_is_not_held_and_what_is_held_not_erased(stores: &Stores) {
    let records = stores.privacy_side().await.unwrap().records;
    let (erased, held, now) = (Uuid::new_v4(), Uuid::new_v4(), Timestamp::now());
    records.hold(held, "case 7", now).await.unwrap();
    assert_eq!(records.claim(held, now).await.unwrap(), Claim::Held("case 7".to_owned()));
    records.end_claim(held).await.unwrap();
    assert_eq!(records.holds().await.unwrap().len(), 1, "the end of a claim ends no hold");

    assert_eq!(records.claim(erased, now).await.unwrap(), Claim::Granted);
    assert!(!records.hold(erased, "case 8", now).await.unwrap());
    assert_eq!(records.claim(erased, now).await.unwrap(), Claim::Granted, "a second try goes on");
    assert_eq!(records.claims().await.unwrap(), [erased]);
    assert_eq!(records.holds().await.unwrap().len(), 1, "a claim is no hold");
    assert!(!records.release(erased).await.unwrap());
    records.end_claim(erased).await.unwrap();
    assert!(records.claims().await.unwrap().is_empty());
    assert!(records.hold(erased, "case 8", now).await.unwrap());
    assert!(records.release(held).await.unwrap());
    assert_eq!(records.claim(held, now).await.unwrap(), Claim::Granted);
}

async fn of_a_hold_and_an_erasure_at_once_one_is_in_force(stores: &Stores) {
    // As two processes have them open.
    let server = stores.privacy_side().await.unwrap().records;
    let command = stores.privacy_side().await.unwrap().records;
    for _ in 0..20 {
        let (id, now) = (Uuid::new_v4(), Timestamp::now());
        let (claim, held) = tokio::join!(server.claim(id, now), command.hold(id, "case 7", now));
        assert_ne!(claim.unwrap() == Claim::Granted, held.unwrap());
    }
}
