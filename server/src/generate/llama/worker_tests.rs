//! Tests of who runs and who waits, with tiny random models: what is kept for good, what never fits, and what those who ask
//! are told while a step is computed.

use std::sync::atomic::{AtomicBool, Ordering};

use super::engine_tests::{KB, answer, prompt, request, settings, start, tokens};
use super::error::GenerateError;
use super::handle::EngineHandle;
use super::random_model::Architecture;
use super::request::{Namespace, Request};
use super::settings::EngineSettings;

fn cached(engine: &EngineHandle) -> usize {
    engine.audit().expect("alive").cached_cells
}

/// Computes 200 tokens and keeps them; returns when that is done.
fn keep(engine: &EngineHandle) -> Vec<i32> {
    let system = tokens(1, 200);
    engine.keep_prefix(KB, system.clone());
    while engine.audit().expect("alive").running > 0 {
        std::thread::yield_now();
    }
    assert_eq!(cached(engine), 200);
    system
}

#[test]
fn of_what_the_first_customers_asked_for_nothing_is_kept_with_the_system_prompt() {
    for architecture in [Architecture::Llama, Architecture::Gemma2] {
        let bench = start(architecture, settings());
        let engine = bench.engine.handle();
        let system = keep(&engine);
        let about = |article: u64| {
            let shared = [system.clone(), tokens(article, 100)].concat();
            answer(&engine, request(prompt(&shared, &tokens(50, 10)), 8)).expect("answered")
        };
        let first = about(2);
        assert_eq!(first.done.cached_tokens, 200);
        assert_eq!(about(3).done.cached_tokens, 200);
        assert_eq!(cached(&engine), 400);
        let again = about(2);
        assert_eq!((again.done.cached_tokens, &again.text), (300, &first.text), "{architecture:?}");
        engine.forget_prefixes();
        assert_eq!(cached(&engine), 200, "{architecture:?}");
        let computed = about(2);
        assert_eq!(computed.done.cached_tokens, 200);
        assert_eq!(computed.text, first.text, "{architecture:?}");
    }
}

#[test]
fn what_can_never_fit_beside_the_kept_prefix_fails_and_lets_others_by() {
    let bench = start(Architecture::Llama, EngineSettings { context: 2048, ..settings() });
    let engine = bench.engine.handle();
    let system = keep(&engine);
    let whole = request(prompt(&[], &tokens(2, 2008)), 40);
    let other = Request { namespace: Namespace(2), ..whole.clone() };
    for never_fits in [whole, other] {
        let failed = answer(&engine, never_fits);
        let error =
            GenerateError::ContextTooLong { prompt: 2008, max_tokens: 40, context: 2048 - 200 };
        assert_eq!(failed.map(|answer| answer.text), Err(error));
    }
    let fits = request(prompt(&system, &tokens(2, 1808)), 40);
    assert_eq!(answer(&engine, fits).expect("it has the prefix").done.cached_tokens, 200);
    assert_eq!(engine.audit().expect("alive").running, 0);
    let load = engine.load();
    assert_eq!((load.running, load.queued_requests, load.queued_tokens), (0, 0, 0));
}

#[test]
fn a_long_leaf_of_which_little_is_shared_makes_room() {
    let roomy = EngineSettings { context: 2048, cache_tokens: 2000, ..settings() };
    let bench = start(Architecture::Llama, roomy);
    let engine = bench.engine.handle();
    let leaf = tokens(1, 1500);
    answer(&engine, request(prompt(&leaf, &tokens(2, 10)), 4)).expect("cached");
    assert_eq!(cached(&engine), 1500);
    let little = [leaf[..50].to_vec(), tokens(3, 1900)].concat();
    let done = answer(&engine, request(prompt(&little, &tokens(4, 10)), 40)).expect("it fits").done;
    assert_eq!(done.cached_tokens, 50);
}

#[test]
fn the_load_counts_what_runs_while_its_first_step_is_computed() {
    // One step computes the whole prompt and the one token of the answer.
    let in_one_step = EngineSettings { batch: 2048, idle_step_target_ms: 1_000_000, ..settings() };
    let bench = start(Architecture::Llama, in_one_step);
    let engine = bench.engine.handle();
    let seen = AtomicBool::new(false);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                if engine.load().running == 1 {
                    seen.store(true, Ordering::Relaxed);
                }
                std::thread::yield_now();
            }
        });
        for seed in 0..50 {
            if seen.load(Ordering::Relaxed) {
                break;
            }
            let whole = request(prompt(&[], &tokens(seed, 2000)), 1);
            let answered = answer(&engine, whole).is_ok();
            if !answered {
                break;
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(seen.into_inner(), "the meter was blind during every step");
}
