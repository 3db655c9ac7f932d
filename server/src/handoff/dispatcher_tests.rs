//! What the outbox promises: every event is told, each once in effect, whatever the receiver does and
//! wherever the sender dies. Days pass on a clock that the tests move.

use std::collections::BTreeSet;

use futures::FutureExt;

use super::super::fake_receiver::{Act, Receiver};
use super::super::signature::tests::EXAMPLE;
use super::super::webhook::tests::endpoint;
use super::*;
use crate::domain::{Conversation, Step};
use crate::store::outbox::Replay;
use crate::store::personal::PersonalData;
use crate::store::{Conversations, NewRating, SqliteStore, contract};

struct Fixture {
    store: Arc<SqliteStore>,
    outbox: Arc<dyn Outbox>,
    clock: Clock,
    dispatcher: Dispatcher,
}

impl Fixture {
    async fn new(receiver: &Receiver) -> Self {
        Self::with(receiver, |_| {}).await
    }

    async fn with(receiver: &Receiver, change: impl FnOnce(&mut WebhookSettings)) -> Self {
        crate::tls::install();
        let store = Arc::new(SqliteStore::in_memory().await.unwrap());
        let mut endpoint = endpoint(&receiver.url);
        endpoint.allow_private = true;
        let mut settings = WebhookSettings { endpoints: vec![endpoint], ..Default::default() };
        change(&mut settings);
        let outbox: Arc<dyn Outbox> = store.clone();
        let clock = Clock::manual();
        let sinks = (&settings, &EmailSettings::default());
        let conversations: Arc<dyn ConversationStore> = store.clone();
        let dispatcher =
            Dispatcher::new(sinks, outbox.clone(), conversations, clock.clone()).unwrap();
        dispatcher.register().await.unwrap();
        // What the triggers write is due by the clock of the machine.
        clock.advance(Duration::from_secs(40 * 365 * 24 * 3600));
        Self { store, outbox, clock, dispatcher }
    }

    /// A conversation that is handed over: two messages and a hand-over.
    async fn hand_over(&self) -> Conversation {
        let begun = contract::begin(&*self.store).await;
        let message = contract::message("Where is [ORDER_1]?", 1);
        let posted = self.store.post(begun.id, &message).await.unwrap();
        let step = Step::HandOver(contract::ticket(begun.id, 2));
        let (conversation, _) = contract::done(&*self.store, &posted.conversation, step, 2).await;
        conversation
    }

    async fn send(&self) -> usize {
        self.dispatcher.send_due().await.unwrap()
    }

    async fn depth(&self) -> (u64, u64) {
        self.outbox.depth().await.unwrap()
    }
}

fn ids(receiver: &Receiver) -> Vec<String> {
    receiver.requests().iter().map(|got| got.header("webhook-id").to_owned()).collect()
}

#[tokio::test]
async fn an_event_is_told_once_signed_and_with_redacted_words() {
    let receiver = Receiver::start(Act::Status(204));
    let f = Fixture::new(&receiver).await;
    let conversation = f.hand_over().await;
    while f.send().await > 0 {}
    assert_eq!(f.depth().await, (0, 0));
    let requests = receiver.requests();
    let kinds: BTreeSet<String> = requests
        .iter()
        .map(|got| serde_json::from_str::<serde_json::Value>(&got.body).unwrap())
        .map(|body| body["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        ["conversation.handed_off", "conversation.message"]
    );
    for got in &requests {
        let secret =
            super::super::signature::SigningSecret::parse(&crate::privacy::Secret::new(EXAMPLE))
                .unwrap();
        let (id, at) = (got.header("webhook-id"), got.header("webhook-timestamp"));
        let expected =
            super::super::signature::header(&[secret], id, at.parse().unwrap(), &got.body);
        assert_eq!(got.header("webhook-signature"), expected);
        let body: serde_json::Value = serde_json::from_str(&got.body).unwrap();
        assert_eq!(body["data"]["conversation_id"], conversation.id.to_string());
    }
    let handed = requests.iter().find(|got| got.body.contains("handed_off")).unwrap();
    let body: serde_json::Value = serde_json::from_str(&handed.body).unwrap();
    assert_eq!(body["data"]["reason"], "low_confidence");
    assert_eq!(body["data"]["transcript"][0]["text"], "Where is [ORDER_1]?");
}

#[tokio::test]
async fn a_receiver_that_comes_back_after_a_day_gets_every_event_once_in_effect() {
    for act in [Act::Status(500), Act::Status(404), Act::HangUp, Act::With(302, "Location: /")] {
        let receiver = Receiver::start(act);
        let f = Fixture::new(&receiver).await;
        f.hand_over().await;
        let told = f.depth().await.0;
        let mut tries = 0;
        for _ in 0..24 {
            tries += f.send().await;
            f.clock.advance(Duration::from_secs(3600));
        }
        assert!(tries as u64 > told * 4, "{act:?}: {tries}");
        assert_eq!(f.depth().await, (told, 0), "{act:?}");
        let before: BTreeSet<String> = ids(&receiver).into_iter().collect();
        assert_eq!(before.len() as u64, told, "{act:?}: an event changed its id");
        receiver.now(Act::Status(200));
        f.clock.advance(Duration::from_secs(24 * 3600));
        while f.send().await > 0 {}
        assert_eq!(f.depth().await, (0, 0), "{act:?}");
        let after: BTreeSet<String> = ids(&receiver).into_iter().collect();
        assert_eq!(after, before, "{act:?}");
        f.clock.advance(Duration::from_secs(24 * 3600));
        assert_eq!(f.send().await, 0, "nothing is told again");
    }
}

#[tokio::test]
async fn a_receiver_that_never_comes_back_is_given_up_and_may_be_replayed() {
    let receiver = Receiver::start(Act::Status(503));
    let f = Fixture::new(&receiver).await;
    f.hand_over().await;
    let told = f.depth().await.0;
    for _ in 0..20 {
        f.send().await;
        f.clock.advance(Duration::from_secs(30 * 3600));
    }
    assert_eq!(f.depth().await, (0, told));
    let failed = f.outbox.troubles(10).await.unwrap();
    assert_eq!(failed[0].why, "status 503");
    assert_eq!(failed[0].tries, 10);
    receiver.now(Act::Status(200));
    let now = f.clock.now();
    assert_eq!(f.outbox.replay(Replay::FailedOf("crm"), now).await.unwrap(), told);
    while f.send().await > 0 {}
    assert_eq!(f.depth().await, (0, 0));
    assert_eq!(f.outbox.replay(Replay::Event(&failed[0].id), now).await.unwrap(), 1);
    f.send().await;
    assert_eq!(ids(&receiver).last(), Some(&failed[0].id));
}

#[tokio::test]
async fn a_receiver_that_hangs_is_left_after_the_time_out() {
    let receiver = Receiver::start(Act::Hang);
    let f = Fixture::with(&receiver, |settings| {
        settings.timeout_s = 1;
        settings.endpoints[0].events = BTreeSet::from([EventKind::HandedOff]);
    })
    .await;
    f.hand_over().await;
    assert_eq!(f.send().await, 1);
    assert_eq!(f.outbox.troubles(1).await.unwrap()[0].why, "no answer in time");
}

#[tokio::test]
async fn a_receiver_that_is_gone_gets_nothing_more() {
    let receiver = Receiver::start(Act::Status(410));
    let f = Fixture::new(&receiver).await;
    f.hand_over().await;
    f.send().await;
    assert_eq!(f.depth().await.0, 0);
    let told = receiver.requests().len();
    f.hand_over().await;
    f.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(f.send().await, 0);
    assert_eq!(receiver.requests().len(), told);
}

#[tokio::test]
async fn a_receiver_may_ask_for_time() {
    let receiver = Receiver::start(Act::With(429, "Retry-After: 600"));
    let f = Fixture::with(&receiver, |settings| {
        settings.endpoints[0].events = BTreeSet::from([EventKind::HandedOff]);
    })
    .await;
    f.hand_over().await;
    assert_eq!(f.send().await, 1);
    f.clock.advance(Duration::from_secs(599));
    assert_eq!(f.send().await, 0);
    f.clock.advance(Duration::from_secs(2));
    assert_eq!(f.send().await, 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::start(Act::Status(200));
    let location: &'static str = Box::leak(format!("Location: {}", elsewhere.url).into_boxed_str());
    let receiver = Receiver::start(Act::With(307, location));
    let f = Fixture::new(&receiver).await;
    f.hand_over().await;
    f.send().await;
    assert!(elsewhere.requests().is_empty());
    assert!(f.depth().await.0 > 0);
}

#[tokio::test]
async fn a_sender_that_dies_in_the_middle_loses_nothing() {
    let receiver = Receiver::start(Act::Hang);
    let f = Fixture::with(&receiver, |settings| {
        settings.endpoints[0].events = BTreeSet::from([EventKind::HandedOff]);
    })
    .await;
    f.hand_over().await;
    {
        // Dropped while the receiver holds the request.
        let mut sending = Box::pin(f.dispatcher.send_due());
        while receiver.requests().is_empty() {
            assert!(sending.as_mut().now_or_never().is_none());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    receiver.now(Act::Status(200));
    assert_eq!(f.send().await, 0, "another sender leaves it alone while the claim holds");
    f.clock.advance(Duration::from_secs(600));
    assert_eq!(f.send().await, 1);
    assert_eq!(f.depth().await, (0, 0));
    let all = ids(&receiver);
    assert_eq!(all.len(), 2);
    assert_eq!(all[0], all[1], "the receiver tells the second by its id");
}

#[tokio::test]
async fn what_was_erased_meanwhile_is_told_to_nobody() {
    let receiver = Receiver::start(Act::Status(500));
    let f = Fixture::new(&receiver).await;
    let conversation = f.hand_over().await;
    f.send().await;
    PersonalData::erase(&*f.store, conversation.id.0, None).await.unwrap();
    receiver.now(Act::Status(200));
    let before = receiver.requests().len();
    f.clock.advance(Duration::from_secs(24 * 3600));
    while f.send().await > 0 {}
    assert_eq!(receiver.requests().len(), before);
    let now = Some(f.clock.now());
    PersonalData::erase(&*f.store, conversation.id.0, now).await.unwrap();
    f.send().await;
    let last = receiver.requests().pop().unwrap().body;
    assert!(last.contains("conversation.erased") && !last.contains("ORDER"), "{last}");
}

#[tokio::test]
async fn only_wanted_events_are_queued_and_a_rating_counts_anew() {
    let receiver = Receiver::start(Act::Status(200));
    let f = Fixture::with(&receiver, |settings| {
        settings.endpoints[0].events = BTreeSet::from([EventKind::Rated]);
    })
    .await;
    let conversation = f.hand_over().await;
    assert_eq!(f.depth().await, (0, 0));
    for (stars, told) in [(4, 1), (4, 0), (2, 1)] {
        let rating = NewRating { stars, comment: None, at: contract::at(9) };
        f.store.rate(conversation.id, &rating).await.unwrap();
        assert_eq!(f.send().await, told, "{stars}");
    }
    assert!(receiver.requests().pop().unwrap().body.contains("\"rating\":2"));
}

#[tokio::test]
async fn without_receivers_nothing_is_queued() {
    let store = Arc::new(SqliteStore::in_memory().await.unwrap());
    let outbox: Arc<dyn Outbox> = store.clone();
    contract::keep(&*store).await;
    assert_eq!(outbox.depth().await.unwrap(), (0, 0));
}

#[tokio::test]
async fn what_waits_for_a_receiver_that_is_configured_no_more_has_failed() {
    let receiver = Receiver::start(Act::Status(500));
    let f = Fixture::new(&receiver).await;
    f.hand_over().await;
    f.outbox.register(&[]).await.unwrap();
    let (due, failed) = f.depth().await;
    assert!(due == 0 && failed > 0);
}
