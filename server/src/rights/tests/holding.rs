//! Legal holds against erasure, retention and what is erased again: the first one counts.

use super::erasing::Watched;
use super::*;
use crate::store::Claim;

#[tokio::test]
async fn a_legal_hold_keeps_a_conversation_from_erasure_and_retention() {
    for f in Fixture::all().await {
        let id = f.canary().await;
        f.rights.hold(id, "case 7", Actor::Operator).await.unwrap();
        let refused = f.rights.erase(id, Actor::Customer).await.unwrap_err();
        assert!(refused.to_string().contains("case 7"), "{refused}");
        let late = Timestamp::now() + SignedDuration::from_hours(24 * 5000);
        let report = f.rights.retain(late, Run::Real).await.unwrap();
        let class = |name: &str| report.classes.iter().find(|c| c.class == name).unwrap();
        assert_eq!((class("conversations").erased, class("conversations").held), (0, 1));
        assert_eq!((class("vault").erased, class("vault").held), (0, 1));
        assert!(!f.rights.vault().restorer(id).await.unwrap().is_empty());
        assert!(f.rights.release(id, Actor::Operator).await.unwrap());
        f.rights.erase(id, Actor::Customer).await.unwrap();
    }
}

#[tokio::test]
async fn a_hold_that_comes_while_retention_runs_keeps_its_conversation() {
    let mut all = Fixture::all().await;
    for f in &mut all {
        let watched = Arc::new(Watched::over(f));
        f.rights.privacy = watched.clone();
        let ids = [f.canary().await, f.canary().await, f.canary().await];
        watched.hold_all_but_the_first_of(&ids);
        let late = Timestamp::now() + SignedDuration::from_hours(24 * 400);
        let report = f.rights.retain(late, Run::Real).await.unwrap();
        let class = |name: &str| report.classes.iter().find(|c| c.class == name).unwrap();
        assert_eq!((class("conversations").erased, class("conversations").held), (1, 2));
        assert_eq!((class("vault").erased, class("vault").held), (0, 2));
        for hold in f.rights.privacy.holds().await.unwrap() {
            let id = Uuid::try_parse(&hold.conversation).unwrap();
            let export = f.rights.export(id, Actor::Operator).await.unwrap().to_json();
            assert!(export.contains(EMAIL) && export.contains(WORD), "{export}");
        }
    }
}

#[tokio::test]
async fn what_is_being_erased_is_not_held_and_goes_at_the_next_start() {
    for f in Fixture::all().await {
        let id = f.canary().await;
        // The process dies after the key was destroyed.
        let claim = f.rights.privacy.claim(id, Timestamp::now()).await.unwrap();
        assert_eq!(claim, Claim::Granted);
        f.rights.vault().destroy(id, Timestamp::now()).await.unwrap();
        let refused = f.rights.hold(id, "case 7", Actor::Operator).await.unwrap_err();
        assert!(matches!(refused, RightsError::BeingErased(_)), "{refused}");
        let entries = f.rights.audit().newest(1).await.unwrap();
        assert_eq!(entries[0].action, "conversation.hold_refused");
        assert!(f.rights.privacy.holds().await.unwrap().is_empty());
        assert!(!f.rights.release(id, Actor::Operator).await.unwrap(), "a claim is no hold");
        assert_eq!(f.rights.erase_again().await.unwrap(), 1);
        assert!(f.rights.privacy.claims().await.unwrap().is_empty());
        let gone = f.rights.hold(id, "case 7", Actor::Operator).await.unwrap_err();
        assert!(matches!(gone, RightsError::Unknown(_)), "{gone}");
        assert!(f.rights.privacy.holds().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_erasure_that_was_begun_and_touched_nothing_is_finished_at_the_next_start() {
    for f in Fixture::all().await {
        let id = f.canary().await;
        f.rights.privacy.claim(id, Timestamp::now()).await.unwrap();
        assert_eq!(f.rights.erase_again().await.unwrap(), 1);
        assert_eq!(f.hits(WORD), Vec::<String>::new());
        f.rights.erase(id, Actor::Customer).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_held_is_not_erased_again() {
    for f in Fixture::all().await {
        let id = f.canary().await;
        // As a restored back-up leaves it: erased by the list beside the keys, and there.
        f.rights.vault().destroy(id, Timestamp::now()).await.unwrap();
        f.rights.hold(id, "case 7", Actor::Operator).await.unwrap();
        assert_eq!(f.rights.erase_again().await.unwrap(), 0);
        assert!(f.rights.personal.knows(id).await.unwrap());
        assert!(f.rights.release(id, Actor::Operator).await.unwrap());
        assert_eq!(f.rights.erase_again().await.unwrap(), 1);
        assert!(!f.rights.personal.knows(id).await.unwrap());
    }
}
