//! What outbox, figures and personal data must do, whatever they are made of; the queue's cases are in
//! `contract_queue.rs`. Each function wants a store of its own.

use std::time::Duration;

use futures::future::BoxFuture;

use super::outbox::{Due, Replay, SinkRow};
use super::{Duty, NewRating, Stores, contract, contract_queue};
use crate::domain::{Conversation, Counts, Step};

type Contract = fn(&Stores) -> BoxFuture<'_, ()>;

/// The whole suite.
pub(crate) const ALL: [Contract; 8] = [
    |stores| Box::pin(conversations_are_counted_by_what_became_of_them(stores)),
    |stores| Box::pin(all_of_a_conversation_is_exported_and_erased_and_nothing_of_another(stores)),
    |stores| Box::pin(a_conversation_with_a_newer_word_is_not_erased_as_silent(stores)),
    |stores| Box::pin(an_event_is_claimed_by_one_and_told_until_it_is_done(stores)),
    |stores| Box::pin(receivers_follow_the_configuration(stores)),
    |stores| Box::pin(contract_queue::an_estimate_goes_by_place_and_pace(stores)),
    |stores| Box::pin(contract_queue::a_ticket_is_found_by_its_number(stores)),
    |stores| Box::pin(contract_queue::the_inbox_is_read_in_pages_whatever_moves(stores)),
];

async fn conversations_are_counted_by_what_became_of_them(stores: &Stores) {
    let store = stores.conversations();
    let store = &*store;
    // Silent: nobody said anything; counts as nothing.
    contract::begin(store).await;
    let mut ids = Vec::new();
    for answered in [true, true, true, false] {
        let begun = contract::begin(store).await;
        let posted = store.post(begun.id, &contract::message("hello", 1)).await.unwrap();
        if answered {
            store.commit_answer(begun.id, &contract::answer(&posted, "Hi.")).await.unwrap();
        } else {
            let step = Step::HandOver(contract::ticket(begun.id, 2));
            contract::done(store, &posted.conversation, step, 2).await;
        }
        ids.push(begun.id);
    }
    let rate = |stars| NewRating { stars, comment: None, at: contract::at(3) };
    store.rate(ids[0], &rate(5)).await.unwrap();
    store.rate(ids[1], &rate(1)).await.unwrap();
    store.set_helpful(ids[2], 2, false, contract::at(3)).await.unwrap();
    let figures = stores.figures();
    let now = contract::at(24 * 3600);
    let counts = figures.counts(contract::at(0), now).await.unwrap();
    assert_eq!(counts.conversations, 4);
    assert_eq!((counts.contained, counts.confirmed, counts.deflected), (3, 1, 1));
    assert_eq!((counts.handed_off, counts.reopened), (1, 0));
    assert_eq!(counts.reasons["low_confidence"], 1);
    assert_eq!((counts.stars, counts.helpful), ([1, 0, 0, 0, 1], (0, 1)));
    let open = figures.counts(contract::at(0), contract::at(60)).await.unwrap();
    assert_eq!(open.contained, 0, "a conversation that goes on is not contained");
    assert_eq!(figures.counts(contract::at(9), now).await.unwrap(), Counts::default());
    assert_eq!(figures.states().await.unwrap().waiting, 1);
    assert_eq!(store.escalations(9).await.unwrap().len(), 1);
    // One process does what one does for all.
    assert!(stores.duties().take(Duty::Retention, Duration::from_secs(60)).await.unwrap());
}

async fn all_of_a_conversation_is_exported_and_erased_and_nothing_of_another(stores: &Stores) {
    let store = stores.conversations();
    let personal = stores.personal();
    let sink = SinkRow { name: "crm".to_owned(), events: vec!["handed_off", "message", "rated"] };
    stores.outbox().register(&[sink]).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let begun = contract::begin(&*store).await;
        let asked = contract::message("Where is [ORDER_1]?", 1);
        let posted = store.post(begun.id, &asked).await.unwrap();
        let step = Step::HandOver(contract::ticket(begun.id, 2));
        contract::done(&*store, &posted.conversation, step, 2).await;
        let comment = Some(contract::words("slow, says [PERSON_1]"));
        store.rate(begun.id, &NewRating { stars: 2, comment, at: contract::at(3) }).await.unwrap();
        ids.push(begun.id.0);
    }
    let export = personal.export(ids[0]).await.unwrap();
    let json =
        serde_json::to_string(&export.iter().map(|t| (&t.table, &t.rows)).collect::<Vec<_>>())
            .unwrap();
    for part in ["[ORDER_1]", "slow, says [PERSON_1]", "low_confidence", "\"T-", "Z\""] {
        assert!(json.contains(part), "{part} is not in {json}");
    }
    assert_eq!(export[0].table, "conversations");
    assert!(!json.contains(&ids[1].simple().to_string()));
    let ticket =
        export.iter().find(|t| t.table == "escalations").unwrap().rows[0]["ticket"].clone();
    assert_eq!(personal.of_ticket(ticket.as_str().unwrap()).await.unwrap(), Some(ids[0]));
    assert_eq!(personal.all().await.unwrap(), ids.iter().copied().collect());
    assert_eq!(personal.silent_since(contract::at(60)).await.unwrap().len(), 2);
    assert!(personal.silent_since(contract::at(0)).await.unwrap().is_empty());
    assert_eq!(personal.feedback_before(contract::at(4)).await.unwrap().len(), 2);
    assert_eq!(personal.remove_feedback(&ids[1..], contract::at(4)).await.unwrap(), 1);
    assert!(personal.tickets_before(contract::at(60)).await.unwrap().is_empty(), "it waits");
    assert_eq!(personal.remove_tickets(&ids, contract::at(60)).await.unwrap(), 0);

    let counts = personal.erase(ids[0], None).await.unwrap();
    let count = |table: &str| counts.iter().find(|(t, _)| t == table).unwrap().1;
    assert_eq!((count("conversations"), count("escalations"), count("feedback")), (1, 1, 1));
    assert!(count("messages") >= 2 && count("outbox_events") >= 3);
    assert!(!personal.knows(ids[0]).await.unwrap());
    assert!(personal.export(ids[0]).await.unwrap().is_empty());
    assert!(personal.knows(ids[1]).await.unwrap());
    // That it was erased is told once, however often it is asked for, and is none of its rows.
    let sink = SinkRow { name: "crm".to_owned(), events: vec!["erased"] };
    stores.outbox().register(&[sink]).await.unwrap();
    for id in [ids[0], ids[1], ids[0]] {
        personal.erase(id, Some(contract::at(5))).await.unwrap();
        assert!(!personal.knows(id).await.unwrap());
    }
    personal.erase(ids[0], None).await.unwrap();
    let due = stores.outbox().claim("crm", late(0), LEASE, 100).await.unwrap();
    let told: Vec<_> = due.iter().filter(|d| d.kind == "erased").map(|d| d.conversation).collect();
    assert_eq!(told, [ids[0], ids[1]]);
    personal.scrub(super::Scrub::Now).await.unwrap();
}

async fn a_conversation_with_a_newer_word_is_not_erased_as_silent(stores: &Stores) {
    let (store, personal) = (stores.conversations(), stores.personal());
    let begun = contract::begin(&*store).await;
    store.post(begun.id, &contract::message("Where is [ORDER_1]?", 10)).await.unwrap();
    let id = begun.id.0;
    // When it was listed, its last word was older.
    assert!(!personal.erase_silent(id, contract::at(10)).await.unwrap());
    assert_eq!(store.messages(begun.id, 0, 9).await.unwrap().len(), 1);
    assert!(personal.erase_silent(id, contract::at(11)).await.unwrap());
    assert!(!personal.knows(id).await.unwrap());
    assert!(personal.erase_silent(id, contract::at(11)).await.unwrap(), "nothing is silent, too");
}

const LEASE: Duration = Duration::from_secs(60);

/// By then everything that the triggers write is due.
fn late(second: i64) -> jiff::Timestamp {
    contract::at(second + 40 * 365 * 24 * 3600)
}

/// A conversation that is handed over, with the events `message` and `handed_off`.
async fn told(stores: &Stores) -> Conversation {
    let store = stores.conversations();
    let begun = contract::begin(&*store).await;
    let posted = store.post(begun.id, &contract::message("hello", 1)).await.unwrap();
    let step = Step::HandOver(contract::ticket(begun.id, 2));
    contract::done(&*store, &posted.conversation, step, 2).await.0
}

async fn an_event_is_claimed_by_one_and_told_until_it_is_done(stores: &Stores) {
    let outbox = stores.outbox();
    let events = vec!["handed_off", "message", "resolved", "rated"];
    outbox.register(&[SinkRow { name: "crm".to_owned(), events }]).await.unwrap();
    let conversation = told(stores).await;
    let kinds = |due: &[Due]| due.iter().map(|d| d.kind.clone()).collect::<Vec<_>>();
    // Two who send at the same time get different ones.
    let (one, two) = tokio::join!(
        outbox.claim("crm", late(0), LEASE, 1),
        outbox.claim("crm", late(0), LEASE, 1)
    );
    let mut claimed = [one.unwrap(), two.unwrap()].concat();
    claimed.sort_by_key(|due| due.event);
    if claimed.len() < 2 {
        // One waited for the other and found nothing left within its limit; it comes again.
        claimed.extend(outbox.claim("crm", late(0), LEASE, 1).await.unwrap());
    }
    assert_eq!(kinds(&claimed), ["message", "handed_off"]);
    assert_eq!(claimed[0].seq, Some(1));
    assert!(claimed[1].ticket.is_some());
    assert!(claimed.iter().all(|d| d.tries == 1 && d.conversation == conversation.id.0));
    assert!(outbox.claim("crm", late(59), LEASE, 9).await.unwrap().is_empty());
    // One is told; whoever had the other dies, and it is claimed again under the same id.
    outbox.done(&claimed[0]).await.unwrap();
    let again = outbox.claim("crm", late(60), LEASE, 9).await.unwrap();
    assert_eq!(kinds(&again), ["handed_off"]);
    assert_eq!((&again[0].id, again[0].tries), (&claimed[1].id, 2));
    // The one that was taken for dead has no say any more.
    outbox.failed(&claimed[1], None, "too late").await.unwrap();
    assert!(outbox.troubles(9).await.unwrap().is_empty());
    outbox.failed(&again[0], Some(late(600)), "503").await.unwrap();
    let trouble = outbox.troubles(9).await.unwrap().remove(0);
    assert_eq!((trouble.state.as_str(), trouble.why.as_str()), ("due", "503"));
    assert_eq!(outbox.depth().await.unwrap(), (1, 0));
    assert!(outbox.claim("crm", late(599), LEASE, 9).await.unwrap().is_empty());
    let third = outbox.claim("crm", late(600), LEASE, 9).await.unwrap();
    outbox.failed(&third[0], None, "404").await.unwrap();
    assert_eq!(outbox.depth().await.unwrap(), (0, 1));
    // What was given up or told may be told again, with all its tries.
    assert_eq!(outbox.replay(Replay::FailedOf("crm"), late(700)).await.unwrap(), 1);
    assert_eq!(outbox.replay(Replay::Event(&claimed[0].id), late(700)).await.unwrap(), 1);
    let all = outbox.claim("crm", late(700), LEASE, 9).await.unwrap();
    assert_eq!(all.iter().map(|d| d.tries).collect::<Vec<_>>(), [1, 1]);
    for due in &all {
        outbox.done(due).await.unwrap();
    }
    // The rest of the story, and what nobody is told.
    let store = stores.conversations();
    let agent = contract::colleague(&*store, "outbox").await;
    let (taken, _) = contract::done(&*store, &conversation, Step::Take(agent.id), 3).await;
    contract::done(&*store, &taken, Step::Resolve, 4).await;
    for stars in [2, 2, 3] {
        let rating = NewRating { stars, comment: None, at: contract::at(5) };
        store.rate(conversation.id, &rating).await.unwrap();
    }
    let rest = outbox.claim("crm", late(800), LEASE, 9).await.unwrap();
    assert_eq!(kinds(&rest), ["resolved", "rated", "rated"], "the same stars again are no news");
    assert_eq!(outbox.forget_old(late(900)).await.unwrap(), 2);
}

async fn receivers_follow_the_configuration(stores: &Stores) {
    let outbox = stores.outbox();
    let row = |name: &str, events: &[&'static str]| SinkRow {
        name: name.to_owned(),
        events: events.to_vec(),
    };
    let both = [row("crm", &["message"]), row("mail", &["handed_off"])];
    // Two processes start at the same time.
    let (one, two) = tokio::join!(outbox.register(&both), outbox.register(&both));
    one.and(two).unwrap();
    told(stores).await;
    assert_eq!(outbox.claim("crm", late(0), LEASE, 9).await.unwrap().len(), 1);
    assert_eq!(outbox.claim("mail", late(0), LEASE, 9).await.unwrap().len(), 1);
    outbox.disable("mail", late(1)).await.unwrap();
    told(stores).await;
    assert!(outbox.claim("mail", late(100), LEASE, 9).await.unwrap().is_empty(), "it said 410");
    outbox.register(&both[1..]).await.unwrap();
    told(stores).await;
    let troubles = outbox.troubles(9).await.unwrap();
    assert_eq!(troubles.iter().filter(|t| t.sink == "crm" && t.state == "failed").count(), 2);
    outbox.replay(Replay::FailedOf("mail"), late(200)).await.unwrap();
    told(stores).await;
    assert_eq!(outbox.claim("mail", late(200), LEASE, 9).await.unwrap().len(), 2);
    outbox.register(&[]).await.unwrap();
    told(stores).await;
    assert_eq!(outbox.depth().await.unwrap().0, 0);
}

/// Tables have a column `conversation`, or are listed here because they hold no personal data.
pub(crate) fn all_tables_are_accounted_for(all: &[String], known: Vec<String>) {
    const OTHERS: [&str; 8] = [
        "agents",
        "agent_sessions",
        "api_keys",
        "conversations",
        "disclosures",
        "duties",
        "outbox_sinks",
        "restored",
    ];
    // Go with the event that they belong to.
    const DEPENDENT: [&str; 1] = ["outbox_deliveries"];
    assert!(all.len() > 8, "the rule looks at the wrong place: {all:?}");
    for table in all {
        assert!(
            known.contains(table)
                || OTHERS.contains(&table.as_str())
                || DEPENDENT.contains(&table.as_str()),
            "{table}: give it a column `conversation`, or name it here if it holds no personal data"
        );
    }
}
