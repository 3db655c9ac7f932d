//! Retention against a customer who goes on: what has come alive since it was listed stays.

use super::*;
use crate::rights::retention::Expiry;

#[tokio::test]
async fn a_conversation_that_came_alive_since_it_was_listed_stays_whole() {
    for f in Fixture::all().await {
        let id = f.canary().await;
        // Its last word is newer than the end of its time.
        assert_eq!(f.rights.expire(id, soon(-60)).await.unwrap(), Expiry::Alive);
        let export = f.rights.export(id, Actor::Operator).await.unwrap().to_json();
        assert!(export.contains(EMAIL) && export.contains(WORD), "{export}");
        assert!(f.rights.privacy.claims().await.unwrap().is_empty());
        let entries = f.rights.audit().newest(3).await.unwrap();
        let said = entries.iter().any(|entry| entry.action == "conversation.expiry_refused");
        assert!(said, "{entries:?}");

        f.rights.hold(id, "case 7", Actor::Operator).await.unwrap();
        assert_eq!(f.rights.expire(id, soon(3600)).await.unwrap(), Expiry::Held);
        f.rights.release(id, Actor::Operator).await.unwrap();
        assert_eq!(f.rights.expire(id, soon(3600)).await.unwrap(), Expiry::Gone);
        assert!(!f.rights.personal.knows(id).await.unwrap());
        assert!(!f.rights.vault().knows(id).await.unwrap());
        assert!(f.rights.vault().keys().is_erased(id).await.unwrap());
        assert!(f.rights.privacy.claims().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_expiry_that_was_cut_short_is_finished_at_the_next_start() {
    for f in Fixture::all().await {
        let id = f.canary().await;
        // The process dies after the rows were removed.
        f.rights.privacy.claim(id, Timestamp::now()).await.unwrap();
        assert!(f.rights.personal.erase_silent(id, soon(3600)).await.unwrap());
        assert!(!f.rights.vault().restorer(id).await.unwrap().is_empty());
        assert_eq!(f.rights.erase_again().await.unwrap(), 1);
        assert!(f.rights.vault().restorer(id).await.unwrap().is_empty());
        assert!(!f.rights.vault().knows(id).await.unwrap());
    }
}
