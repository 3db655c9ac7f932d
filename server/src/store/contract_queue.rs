//! What the queue of hand-overs must do, whatever keeps it: places, estimates of a wait, finding a ticket
//! by its number, and the agents' list in pages. Each function wants a store of its own.

use super::contract::{at, begin, colleague, done, message, ticket, words};
use super::{ConversationStore, InboxFilter, InboxRow, Stores};
use crate::domain::{Conversation, ConversationId, ConversationState, ReasonCode, Step, Ticket};

/// Takings are ten minutes apart.
const GAP: i64 = 600;

pub(super) async fn an_estimate_goes_by_place_and_pace(stores: &Stores) {
    let store = stores.conversations();
    let store = &*store;
    let agent = colleague(store, "edith").await;
    // Who steps in unasked lets nobody wait: that is no taking.
    for second in 0..6 {
        let begun = begin(store).await;
        let mut unasked = ticket(begun.id, second);
        unasked.reason = ReasonCode::AgentSteppedIn;
        done(store, &begun, Step::StepIn(agent.id, unasked), second).await;
    }
    let mut queue: Vec<Conversation> = Vec::new();
    for second in 0..8 {
        let begun = begin(store).await;
        queue.push(done(store, &begun, Step::HandOver(ticket(begun.id, second)), second).await.0);
    }
    let eta = |c: &Conversation, second| {
        let id = c.id;
        async move { store.queue_place(id, at(second)).await.unwrap().unwrap().eta_s }
    };
    for taken in 1..=4 {
        let first = queue.remove(0);
        done(store, &first, Step::Take(agent.id), taken * GAP).await;
    }
    assert_eq!(eta(&queue[0], 4 * GAP + 60).await, None, "four takings say nothing");
    assert_eq!(store.newcomers_wait_s(at(4 * GAP + 60)).await.unwrap(), None);
    let first = queue.remove(0);
    done(store, &first, Step::Take(agent.id), 5 * GAP).await;

    let soon = 5 * GAP + 60;
    for (place, waiting) in (1..).zip(&queue) {
        assert_eq!(eta(waiting, soon).await, Some(place * 600), "place {place}");
    }
    assert_eq!(store.newcomers_wait_s(at(soon)).await.unwrap(), Some(4 * 600));
    // Nobody was taken for an hour: the oldest ticket came at second 5 and still waits.
    let later = 5 * GAP + 3600;
    for waiting in &queue {
        assert!(eta(waiting, later).await.unwrap() >= (later - 5).unsigned_abs());
    }
    // After a night nobody can say.
    assert_eq!(eta(&queue[0], later + 12 * 3600).await, None);
    // What was taken weeks ago says nothing of today.
    assert_eq!(store.newcomers_wait_s(at(soon + 30 * 24 * 3600)).await.unwrap(), None);
}

pub(super) async fn a_ticket_is_found_by_its_number(stores: &Stores) {
    let store = stores.conversations();
    let store = &*store;
    let agent = colleague(store, "edith").await;
    let mut ids = Vec::new();
    for (number, other) in [("T-4FGH000001", "T-4FXY000003"), ("T-4F00000002", "T-ZZ00000004")] {
        let begun = begin(store).await;
        let mut first = ticket(begun.id, 1);
        first.ticket = Ticket(number.to_owned());
        first.summary = words("The first matter.");
        let (now, _) = done(store, &begun, Step::HandOver(first), 1).await;
        let (now, _) = done(store, &now, Step::Return, 2).await;
        let mut second = ticket(begun.id, 3);
        second.ticket = Ticket(other.to_owned());
        let (now, _) = done(store, &now, Step::HandOver(second), 3).await;
        ids.push(begun.id);
        if ids.len() == 1 {
            let (now, _) = done(store, &now, Step::Take(agent.id), 4).await;
            done(store, &now, Step::Resolve, 5).await;
        }
    }
    let find = |number: &str, state| {
        let filter = InboxFilter {
            state,
            ticket: Some(number.to_owned()),
            limit: 100,
            ..InboxFilter::default()
        };
        async move { store.inbox(&filter).await.unwrap() }
    };
    let found = |rows: &[InboxRow]| -> Vec<_> { rows.iter().map(|r| r.conversation.id).collect() };
    let rows = find("T-4FGH000001", None).await;
    assert_eq!(found(&rows), [ids[0]], "resolved, and not its newest ticket");
    let last = rows[0].last.as_ref().unwrap();
    assert_eq!(last.ticket.as_str(), "T-4FGH000001");
    assert_eq!(last.summary.as_str(), "The first matter.");
    assert_eq!(found(&find("T-4F", None).await), [ids[1], ids[0]], "who waits stands first");
    assert_eq!(found(&find("T-4F", Some(ConversationState::Resolved)).await), [ids[0]]);
    assert_eq!(found(&find("T-ZZ00000004", None).await), [ids[1]]);
    for nothing in ["T-4FGH0000011", "T-5", "T-4F%", "t-4f"] {
        assert!(find(nothing, None).await.is_empty(), "{nothing}");
    }
    // Without a number a list is as it was, and names the newest ticket.
    let open = store.inbox(&InboxFilter { limit: 100, ..InboxFilter::default() }).await.unwrap();
    assert_eq!(found(&open), [ids[1]]);
    assert_eq!(open[0].last.as_ref().unwrap().ticket.as_str(), "T-ZZ00000004");
}

/// Every page of a list, each of `size` at most.
async fn in_pages(
    store: &dyn ConversationStore,
    filter: &InboxFilter,
    size: u32,
) -> Vec<ConversationId> {
    let (mut all, mut after) = (Vec::new(), filter.after);
    loop {
        let page = InboxFilter { limit: size, after, ..filter.clone() };
        let rows = store.inbox(&page).await.unwrap();
        assert!(rows.len() <= size as usize);
        let Some(last) = rows.last() else { return all };
        after = Some(last.place());
        all.extend(rows.iter().map(|row| row.conversation.id));
    }
}

pub(super) async fn the_inbox_is_read_in_pages_whatever_moves(stores: &Stores) {
    let store = stores.conversations();
    let store = &*store;
    let agent = colleague(store, "edith").await;
    let (mut waits, mut taken) = (Vec::new(), Vec::new());
    // Three came in the same second, and in the same second others were taken.
    for second in [1, 2, 2, 2, 3] {
        let begun = begin(store).await;
        let step = Step::HandOver(ticket(begun.id, second));
        waits.push((second, done(store, &begun, step, second).await.0.id));
    }
    for second in [14, 13, 13, 13, 12] {
        let begun = begin(store).await;
        let (now, _) = done(store, &begun, Step::HandOver(ticket(begun.id, 4)), 4).await;
        done(store, &now, Step::Take(agent.id), second).await;
        taken.push((-second, begun.id));
    }
    // Of the same time the smaller id stands first, as text.
    waits.sort_by_key(|(second, id)| (*second, id.to_string()));
    taken.sort_by_key(|(second, id)| (*second, id.to_string()));
    let waits: Vec<ConversationId> = waits.into_iter().map(|(_, id)| id).collect();
    let taken: Vec<ConversationId> = taken.into_iter().map(|(_, id)| id).collect();
    let whole = [waits.clone(), taken.clone()].concat();

    let open = InboxFilter { limit: 100, ..InboxFilter::default() };
    let mine = InboxFilter { agent: Some(agent.id), ..open.clone() };
    let waiting = InboxFilter { state: Some(ConversationState::Waiting), ..open.clone() };
    let found = InboxFilter { ticket: Some("T-".to_owned()), ..open.clone() };
    for (filter, all) in [(&open, &whole), (&mine, &taken), (&waiting, &waits), (&found, &whole)] {
        for size in [1, 2, 3, 4, 100] {
            assert_eq!(in_pages(store, filter, size).await, *all, "{filter:?} by {size}");
        }
    }

    // Behind the third: the first is taken and the third itself resolved. All others come, and once.
    let rows = store.inbox(&InboxFilter { limit: 3, ..open.clone() }).await.unwrap();
    let behind = InboxFilter { after: Some(rows[2].place()), ..open.clone() };
    let now = rows[0].conversation.clone();
    done(store, &now, Step::Take(agent.id), 20).await;
    done(store, &rows[2].conversation, Step::Resolve, 20).await;
    let rest = [&waits[3..], &[now.id], &taken[..]].concat();
    for size in [1, 3, 100] {
        assert_eq!(in_pages(store, &behind, size).await, rest, "by {size}");
    }

    // Among the others: the last one moves to their top, which is before this place.
    let rows = store.inbox(&InboxFilter { limit: 2, ..mine.clone() }).await.unwrap();
    assert_eq!(rows[1].conversation.id, taken[0]);
    let behind = InboxFilter { after: Some(rows[1].place()), ..mine.clone() };
    store.post(taken[4], &message("Hello?", 30)).await.unwrap();
    for size in [1, 3, 100] {
        assert_eq!(in_pages(store, &behind, size).await, taken[1..4], "by {size}");
    }
    let top = store.inbox(&InboxFilter { limit: 1, ..mine }).await.unwrap();
    assert_eq!(top[0].conversation.id, taken[4], "it stands on the first page");
}
