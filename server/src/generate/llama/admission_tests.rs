//! What is let in, and what is learned from how it went.

use std::time::Duration;

use super::admission::{Course, Demand, Meter, Running, Ticket};
use crate::generate::Waiting;

fn demand(prompt: usize) -> Demand {
    Demand {
        prompt,
        shared: 0,
        max_tokens: 100,
        patience: None,
        visitor: 0,
        waiting: Waiting::InLine,
    }
}

fn busy(meter: &mut Meter, requests: usize) {
    meter.update(Running {
        requests,
        prefill: 1000,
        decode: 100,
        prefill_token: 0.01,
        decode_token: 0.02,
        ..Running::default()
    });
}

/// An answer of 50 tokens of 100 that took `seconds`.
fn course(ticket: Ticket, seconds: u64) -> Course {
    Course {
        ticket,
        shared: 0,
        shared_computed: 0,
        max_tokens: 100,
        generated: 50,
        took: Duration::from_secs(seconds),
        late: false,
    }
}

#[test]
fn an_idle_engine_takes_any_request() {
    let mut meter = Meter::new(2, 1, 10);
    assert!(meter.admit(demand(1_000_000)).is_ok());
}

#[test]
fn the_queue_is_bounded_by_tokens_and_by_requests() {
    let mut meter = Meter::new(1, 2, 500);
    busy(&mut meter, 1);
    let first = meter.admit(demand(400)).expect("fits");
    let wait = meter.admit(demand(200)).expect_err("too many tokens");
    assert!(wait >= Duration::from_secs(14), "{wait:?}");
    meter.admit(demand(50)).expect("fits");
    meter.admit(demand(1)).expect_err("too many requests");
    meter.leave(first);
    meter.admit(demand(100)).expect("there is room again");
}

#[test]
fn a_deadline_that_cannot_be_kept_is_refused_at_once() {
    let mut meter = Meter::new(1, 10, 10_000);
    busy(&mut meter, 1);
    let hurried = Demand { patience: Some(Duration::from_secs(5)), ..demand(100) };
    meter.admit(hurried).expect_err("12 seconds of work are ahead");
    meter
        .admit(Demand { patience: Some(Duration::from_secs(60)), ..hurried })
        .expect("enough time");
}

#[test]
fn estimates_that_were_too_low_let_fewer_in() {
    let mut meter = Meter::new(1, 1000, 1_000_000);
    busy(&mut meter, 1);
    let hurried = Demand { patience: Some(Duration::from_secs(30)), ..demand(100) };
    // 12 seconds ahead and 2 of its own.
    let ticket = meter.admit(hurried).expect("in time");
    meter.leave(ticket);
    let before = meter.wait();
    for _ in 0..20 {
        meter.learn(&course(ticket, 42));
    }
    meter.admit(hurried).expect_err("things take twice as long and more");
    assert!(meter.wait() > before.mul_f64(1.8), "{:?}", meter.wait());
    // It finds back.
    for _ in 0..20 {
        meter.learn(&course(ticket, 14));
    }
    let ticket = meter.admit(hurried).expect("in time again");
    meter.leave(ticket);
    // An answer that the deadline cut off tells that, too.
    for _ in 0..20 {
        meter.learn(&Course { late: true, generated: 10, ..course(ticket, 42) });
    }
    meter.admit(hurried).expect_err("a fifth of an answer in that time");
    assert_eq!(meter.expected(100, 0), 50, "nobody knows how long it would have been");
}

#[test]
fn an_answer_longer_than_usual_is_expected_to_go_on() {
    let meter = Meter::new(1, 1, 1);
    assert_eq!([0, 40, 50, 92, 99, 100].map(|n| meter.expected(100, n)), [50, 10, 7, 1, 1, 0]);
}

#[test]
fn a_step_that_serves_many_is_not_a_step_for_one_alone() {
    let mut meter = Meter::new(8, 10, 100_000);
    // 8 streams of 20 ms a token: a token every 160 ms for each of them.
    let running = Running {
        requests: 8,
        prefill_token: 0.001,
        decode_token: 0.02,
        step: 0.16,
        ..Running::default()
    };
    meter.update(running);
    let hurried = Demand { patience: Some(Duration::from_secs(7)), ..demand(100) };
    meter.admit(hurried).expect_err("50 tokens take 8 seconds");
    let patient = Demand { patience: Some(Duration::from_secs(10)), ..hurried };
    let ticket = meter.admit(patient).expect("in time");
    assert!(meter.comes_late(&ticket, Duration::from_secs(7)));
    assert!(!meter.comes_late(&ticket, Duration::from_secs(9)));
}

#[test]
fn what_never_waits_comes_in_at_once_or_not_at_all() {
    let never = Demand { waiting: Waiting::Never, visitor: 7, ..demand(10) };
    let mut meter = Meter::new(2, 10, 100_000);
    busy(&mut meter, 1);
    let ticket = meter.admit(never).expect("a sequence is free");
    meter.admit(never).expect_err("none is free");
    meter.leave(ticket);

    let mut full = Meter::new(1, 3, 100_000);
    busy(&mut full, 1);
    for _ in 0..3 {
        full.admit(demand(10)).expect("fits");
    }
    assert!(full.load().is_full() && !Meter::new(1, 3, 0).load().is_full());
    full.admit(never).expect_err("it takes nobody's place");
    assert!(full.admit(Demand { waiting: Waiting::InLine, ..never }).expect("in").displaces);
}

#[test]
fn what_never_waits_is_refused_by_an_idle_engine_that_is_too_slow_for_it() {
    let mut meter = Meter::new(2, 10, 100_000);
    let slow = Running { prefill_token: 0.05, decode_token: 0.2, ..Running::default() };
    meter.update(slow);
    let hurried = Demand { patience: Some(Duration::from_secs(2)), ..demand(100) };
    let never = Demand { waiting: Waiting::Never, ..hurried };
    meter.admit(never).expect_err("15 seconds of work");
    meter.admit(hurried).expect("whoever waits for it may try");
}

#[test]
fn leaving_gives_back_exactly_what_entering_took() {
    let mut meter = Meter::new(1, 100, 100_000);
    busy(&mut meter, 1);
    let tickets: Vec<_> = (1..50).map(|i| meter.admit(demand(i * 10)).expect("fits")).collect();
    for ticket in tickets {
        meter.leave(ticket);
    }
    let load = meter.load();
    assert_eq!((load.queued_requests, load.queued_tokens), (0, 0));
}

#[test]
fn cached_prefixes_make_requests_count_less() {
    let mut meter = Meter::new(1, 100, 1000);
    busy(&mut meter, 1);
    let ticket = meter.ticket_for_own_use();
    for _ in 0..100 {
        meter.learn(&Course { shared: 1000, ..course(ticket, 1) });
    }
    let shared = Demand { shared: 2000, ..demand(2100) };
    meter.admit(shared).expect("only 100 tokens are expected to be computed");
}

#[test]
fn a_full_queue_takes_who_has_far_less_than_another() {
    let mut meter = Meter::new(1, 3, 100_000);
    busy(&mut meter, 1);
    for _ in 0..3 {
        meter.admit(demand(10)).expect("fits");
    }
    meter.admit(demand(10)).expect_err("its own queue is full");
    let other = Demand { visitor: 7, ..demand(10) };
    let ticket = meter.admit(other).expect("comes in beyond the bound");
    assert!(ticket.displaces);
    meter.admit(other).expect_err("nobody has gone yet");
    meter.displaced();
    meter.leave(ticket);
    assert!(meter.admit(other).expect("again").displaces);
}
