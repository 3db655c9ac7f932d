//! Many requests with random sizes, deadlines, visitors and disconnects: nothing is left behind.
//!
//! 600 by default; `ATBILDE_SOAK=10000 cargo test --workspace --lib soak` looks at the memory too.

use std::time::{Duration, Instant};

use super::engine_tests::{prompt, request, settings, start, tokens};
use super::error::GenerateError;
use super::random_model::Architecture;
use super::request::{Event, Namespace, Request, Sampling, Token};
use super::settings::EngineSettings;

/// Bytes of memory that this process holds; Linux only.
fn resident() -> Option<u64> {
    let statm = fs_err::read_to_string("/proc/self/statm").ok()?;
    statm.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(4096)
}

#[test]
fn nothing_is_left_behind_whatever_clients_do() {
    let bench = start(
        Architecture::Llama,
        EngineSettings { cache_tokens: 600, context: 2048, ..settings() },
    );
    let engine = bench.engine.handle();
    let shared: Vec<Vec<Token>> = (0..5).map(|i| tokens(i, 60 + i as usize * 40)).collect();
    let mut state = 5_u64;
    let mut random = move |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut open = Vec::new();
    let (mut finished, mut refused) = (0, 0);
    let requests: u64 =
        std::env::var("ATBILDE_SOAK").ok().and_then(|count| count.parse().ok()).unwrap_or(600);
    let mut settled = None;
    for i in 0..requests {
        if i == requests / 5 {
            settled = resident();
        }
        let p = prompt(&shared[random(5) as usize], &tokens(1000 + i, 1 + random(150) as usize));
        let deadline = (random(4) == 0).then(|| Instant::now() + Duration::from_millis(random(40)));
        let sampling = Sampling { temperature: random(2) as f32, seed: i, ..Sampling::default() };
        let r = Request {
            deadline,
            sampling,
            namespace: Namespace(random(2)),
            visitor: random(4),
            ..request(p, 1 + random(60) as usize)
        };
        match engine.generate(r) {
            Ok(generation) => open.push(generation),
            Err(GenerateError::Refused { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
        while open.len() > 20 || (!open.is_empty() && random(3) == 0) {
            let mut generation = open.swap_remove(random(open.len() as u64) as usize);
            for _ in 0..random(30) {
                match generation.next_blocking() {
                    Some(Event::Done(_)) => finished += 1,
                    Some(Event::Failed(
                        GenerateError::DeadlinePassed | GenerateError::Refused { .. },
                    )) => {}
                    Some(Event::Failed(error)) => panic!("{error}"),
                    Some(_) => {}
                    None => break,
                }
            }
        }
    }
    drop(open);
    // A short run says nothing about leaks.
    if let (Some(before), Some(after), true) = (settled, resident(), requests >= 5_000) {
        assert!(after as f64 <= before as f64 * 1.03, "{before} bytes became {after}");
    }
    let audit = engine.audit().expect("alive");
    assert!(finished > 30, "{finished} finished, {refused} refused");
    assert_eq!(
        (audit.running, audit.queued, audit.reserved_cells, audit.sequences_with_cells),
        (0, 0, 0, 0)
    );
    assert!(audit.cached_cells <= 600, "{audit:?}");
    engine.forget_prefixes();
    let audit = engine.audit().expect("alive");
    assert_eq!((audit.cached_cells, audit.all_sequences_with_cells), (0, 0));
    let load = engine.load();
    assert_eq!((load.queued_requests, load.queued_tokens), (0, 0));
}
