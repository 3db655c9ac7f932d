//! Tests of the whole engine with tiny random models: what it computes does not depend on who else is served, on the prefix
//! tree or on drafts, and nothing is left behind whatever clients do.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::error::{GenerateError, LoadError};
use super::handle::{EngineHandle, LlamaEngine};
use super::random_model::{Architecture, RandomModel};
use super::request::{
    Done, Drafting, EndOfText, Event, FinishReason, Namespace, Prompt, Request, Sampling, Thoughts,
    Token,
};
use super::settings::{Drafts, EngineSettings, FlashAttention, KvType, ModelSettings};
use crate::generate::Waiting;

pub(super) const KB: Namespace = Namespace(1);

pub(super) struct Bench {
    pub(super) engine: LlamaEngine,
    _folder: tempfile::TempDir,
}

/// Without flash attention: llama.cpp's sums in half precision there, and a random model's choices are close calls.
pub(super) fn settings() -> EngineSettings {
    EngineSettings {
        flash_attention: FlashAttention::Off,
        slots: 8,
        context: 4096,
        threads: 1,
        batch: 256,
        kv_type_k: KvType::F32,
        kv_type_v: KvType::F32,
        step_target_ms: 20,
        drafts: Drafts::Off,
        ..EngineSettings::default()
    }
}

pub(super) fn start(architecture: Architecture, settings: EngineSettings) -> Bench {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("tiny.gguf");
    RandomModel::tiny(architecture, 11).write(&path).expect("writable");
    let engine = LlamaEngine::start(ModelSettings { path, ..ModelSettings::default() }, settings)
        .expect("the model loads");
    Bench { engine, _folder: folder }
}

/// `length` tokens that depend on `seed`.
pub(super) fn tokens(seed: u64, length: usize) -> Vec<Token> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            3 + (state >> 33) as Token % 300
        })
        .collect()
}

pub(super) fn prompt(shared: &[Token], private: &[Token]) -> Prompt {
    Prompt { tokens: [shared, private].concat(), shared: shared.len() }
}

pub(super) fn request(prompt: Prompt, max_tokens: usize) -> Request {
    Request {
        end_of_text: EndOfText::Ignore,
        thoughts: Thoughts::Keep,
        ..Request::greedy(KB, prompt, max_tokens)
    }
}

#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) text: String,
    logprobs: Vec<f32>,
    pub(super) done: Done,
}

pub(super) fn answer(engine: &EngineHandle, request: Request) -> Result<Answer, GenerateError> {
    let mut generation = engine.generate(request)?;
    let (mut text, mut logprobs) = (String::new(), Vec::new());
    while let Some(event) = generation.next_blocking() {
        match event {
            Event::Queued { .. } => {}
            Event::Token { text: piece, logprob } => {
                text.push_str(&piece);
                logprobs.push(logprob);
            }
            Event::Done(done) => return Ok(Answer { text, logprobs, done }),
            Event::Failed(error) => return Err(error),
        }
    }
    panic!("the stream ended without an end");
}

#[test]
fn the_answer_is_the_same_alone_in_a_crowd_and_from_the_cache() {
    for architecture in Architecture::ALL {
        let bench = start(architecture, settings());
        let engine = bench.engine.handle();
        let shared = tokens(1, 200);
        let prompts: Vec<Prompt> =
            (0..8).map(|i| prompt(&shared, &tokens(100 + i, 20 + i as usize * 7))).collect();
        let unshared = |p: &Prompt| Prompt { shared: 0, ..p.clone() };
        let alone: Vec<Answer> = prompts
            .iter()
            .map(|p| answer(&engine, request(unshared(p), 24)).expect("alone"))
            .collect();
        assert!(alone.iter().all(|answer| answer.done.cached_tokens == 0));
        let crowd: Vec<Answer> = std::thread::scope(|scope| {
            let threads: Vec<_> = prompts
                .iter()
                .map(|p| {
                    scope.spawn(|| answer(&engine, request(p.clone(), 24)).expect("in a crowd"))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        let again = answer(&engine, request(prompts[3].clone(), 24)).expect("from the cache");
        assert_eq!(again.done.cached_tokens, 200, "{architecture:?}");
        for (one, other) in alone.iter().zip(&crowd).chain([(&alone[3], &again)]) {
            assert_eq!(one.text, other.text, "{architecture:?}");
            for (a, b) in one.logprobs.iter().zip(&other.logprobs) {
                assert!((a - b).abs() < 1e-3, "{architecture:?}: {a} and {b}");
            }
        }
    }
}

#[test]
fn the_first_tokens_logits_are_the_same_from_the_cache() {
    // Room for all ten prefixes, so that they come back from the cache.
    let roomy = EngineSettings { cache_tokens: 3000, ..settings() };
    let bench = start(Architecture::Llama, roomy);
    let engine = bench.engine.handle();
    let first = |p: Prompt| {
        let (probe, logits) = std::sync::mpsc::channel();
        let probed = Request { probe: Some(probe), ..request(p, 1) };
        let done = answer(&engine, probed).expect("answered").done;
        (logits.recv().expect("probed"), done.cached_tokens)
    };
    let (mut largest, mut cached) = (0.0_f32, 0);
    for seed in 0..100 {
        let shared = tokens(seed % 10, 60 + (seed % 10) as usize * 30);
        let p = prompt(&shared, &tokens(1000 + seed, 5 + seed as usize % 40));
        let (without, nothing) = first(Prompt { shared: 0, ..p.clone() });
        let (with, some) = first(p);
        assert_eq!(nothing, 0);
        cached += some;
        for (a, b) in without.iter().zip(&with) {
            largest = largest.max((a - b).abs());
        }
    }
    assert!(cached > 10_000, "{cached} tokens came from the cache, so the test shows little");
    assert!(largest < 1e-2, "{largest}");
}

#[test]
fn a_burst_computes_what_it_shares_once() {
    let bench = start(Architecture::Llama, settings());
    let engine = bench.engine.handle();
    let (shared, more) = (tokens(1, 400), tokens(2, 300));
    let both = [shared.clone(), more].concat();
    let generations: Vec<_> = (0..8)
        .map(|i| {
            let common = if i < 4 { &both } else { &shared };
            engine.generate(request(prompt(common, &tokens(50 + i, 30)), 4)).expect("admitted")
        })
        .collect();
    let computed: usize = generations
        .into_iter()
        .map(|mut generation| {
            loop {
                match generation.next_blocking() {
                    Some(Event::Done(done)) => break done.computed_tokens,
                    Some(Event::Failed(error)) => panic!("{error}"),
                    Some(_) => {}
                    None => panic!("no end"),
                }
            }
        })
        .sum();
    assert_eq!(computed, 700 + 8 * 30);
}

#[test]
fn drafts_do_not_change_the_answer() {
    for architecture in Architecture::ALL {
        let bench = start(architecture, settings());
        let engine = bench.engine.handle();
        let (mut drafts, mut accepted) = (0, 0);
        for seed in 0..6 {
            let text = tokens(seed, 60);
            let p = prompt(&[], &[text.clone(), text].concat());
            let plain = answer(&engine, request(p.clone(), 200)).expect("plain");
            let drafted = Request { drafting: Drafting::On, ..request(p, 200) };
            let drafted = answer(&engine, drafted).expect("drafted");
            assert_eq!(plain.text, drafted.text, "{architecture:?} {seed}");
            assert_eq!(plain.done.generated_tokens, drafted.done.generated_tokens);
            drafts += drafted.done.drafted_tokens;
            accepted += drafted.done.accepted_tokens;
        }
        assert!(
            drafts > 0 && accepted > 0,
            "{architecture:?}: no draft was ever right, so the test shows nothing"
        );
    }
}

#[test]
fn a_namespace_does_not_see_the_prefixes_of_another() {
    let bench = start(Architecture::Llama, settings());
    let engine = bench.engine.handle();
    let p = prompt(&tokens(1, 100), &tokens(2, 10));
    let in_namespace =
        |namespace| Request { namespace: Namespace(namespace), ..request(p.clone(), 2) };
    assert_eq!(answer(&engine, in_namespace(1)).expect("first").done.cached_tokens, 0);
    assert_eq!(answer(&engine, in_namespace(1)).expect("again").done.cached_tokens, 100);
    assert_eq!(answer(&engine, in_namespace(2)).expect("other").done.cached_tokens, 0);
}

#[test]
fn dropping_an_answer_frees_its_sequence_within_a_step() {
    let bench = start(Architecture::Llama, settings());
    let engine = bench.engine.handle();
    let mut generation =
        engine.generate(request(prompt(&[], &tokens(1, 50)), 3000)).expect("admitted");
    while !matches!(generation.next_blocking(), Some(Event::Token { .. })) {}
    let before = engine.audit().expect("alive");
    assert_eq!(before.running, 1);
    drop(generation);
    let after = engine.audit().expect("alive");
    assert_eq!((after.running, after.reserved_cells, after.sequences_with_cells), (0, 0, 0));
}

#[test]
fn spare_cells_come_back_and_give_way_to_a_long_request() {
    let cells = 2048;
    let bench = start(Architecture::Llama, EngineSettings { context: cells, ..settings() });
    let engine = bench.engine.handle();
    let spare = || engine.audit().expect("alive").spare_cells;
    answer(&engine, request(prompt(&[], &tokens(1, 50)), 40)).expect("an answer");
    let before = spare();
    assert!(before >= 64, "{before}");
    for seed in 2..8 {
        answer(&engine, request(prompt(&[], &tokens(seed, 50)), 40)).expect("an answer");
        assert_eq!(spare(), before);
    }
    let whole = request(prompt(&[], &tokens(9, cells - 40)), 40);
    assert_eq!(answer(&engine, whole).expect("it fits").done.generated_tokens, 40);
    assert_eq!(spare(), before, "filled again");
}

#[test]
fn what_never_waits_fails_at_once_where_cells_are_missing_and_evicts_nothing() {
    let bench = start(Architecture::Llama, settings());
    let engine = bench.engine.handle();
    let shared = tokens(1, 200);
    answer(&engine, request(prompt(&shared, &tokens(2, 10)), 4)).expect("cached");
    let cached = engine.audit().expect("alive").cached_cells;
    assert_eq!(cached, 200);
    let held = engine.generate(request(prompt(&[], &tokens(3, 20)), 3000)).expect("admitted");
    assert_eq!(engine.audit().expect("alive").running, 1);
    let errand = |length| {
        let p = prompt(&[], &tokens(4, length));
        answer(&engine, Request { waiting: Waiting::Never, ..request(p, 64) })
    };
    let refused = errand(1200);
    assert!(matches!(refused, Err(GenerateError::Refused { .. })), "{refused:?}");
    assert_eq!(engine.audit().expect("alive").cached_cells, cached);
    assert_eq!(errand(100).expect("there is room").done.generated_tokens, 64);
    drop(held);
    assert!(errand(1200).is_ok());
    let load = engine.load();
    assert_eq!((load.queued_requests, load.queued_tokens), (0, 0));
}

#[test]
fn a_request_that_cannot_be_served_is_refused_at_once_and_says_why() {
    let bench = start(
        Architecture::Llama,
        EngineSettings {
            slots: 1,
            max_queued_requests: 2,
            max_queued_tokens: 100_000,
            ..settings()
        },
    );
    let engine = bench.engine.handle();
    let r = || request(prompt(&[], &tokens(1, 100)), 500);
    let held: Vec<_> = (0..2).map(|_| engine.generate(r()).expect("admitted")).collect();
    engine.audit().expect("the first one runs");
    let _third = engine.generate(r()).expect("admitted");
    assert!(matches!(engine.generate(r()), Err(GenerateError::Refused { .. })));
    drop(held);
    let too_long = engine.generate(request(prompt(&[], &tokens(1, 4000)), 500));
    assert!(matches!(too_long, Err(GenerateError::ContextTooLong { prompt: 4000, .. })));
    assert!(matches!(
        engine.generate(request(prompt(&[], &[]), 5)),
        Err(GenerateError::Invalid { .. })
    ));
    assert!(matches!(
        engine.generate(request(prompt(&[], &[5, -1]), 5)),
        Err(GenerateError::Invalid { .. })
    ));
    assert!(matches!(
        engine.generate(request(prompt(&[], &[1_000_000]), 5)),
        Err(GenerateError::Invalid { .. })
    ));
}

#[test]
fn a_deadline_ends_an_answer_with_what_there_is() {
    let bench = start(Architecture::Llama, settings());
    let engine = bench.engine.handle();
    let deadline = Some(Instant::now() + Duration::from_millis(150));
    let done = answer(&engine, Request { deadline, ..request(prompt(&[], &tokens(1, 20)), 3500) })
        .expect("some of it")
        .done;
    assert_eq!(done.reason, FinishReason::Deadline);
    assert!(done.generated_tokens > 0 && done.generated_tokens < 3500);
}

#[test]
fn stop_strings_and_the_end_of_text_end_an_answer() {
    let bench = start(Architecture::Llama, settings());
    let engine = bench.engine.handle();
    let p = prompt(&[], &tokens(1, 20));
    let full = answer(&engine, request(p.clone(), 60)).expect("whole");
    let characters: Vec<char> = full.text.chars().collect();
    let stop: String = characters[characters.len() / 2..][..3].iter().collect();
    let cut = answer(&engine, Request { stop: vec![stop.clone()], ..request(p, 60) }).expect("cut");
    assert_eq!(cut.done.reason, FinishReason::StopString);
    assert_eq!(Some(cut.text.as_str()), full.text.split(&stop).next());
}

#[test]
fn the_same_seed_gives_the_same_answer_and_another_seed_another() {
    let bench = start(Architecture::Llama, settings());
    let engine = bench.engine.handle();
    let run = |seed| {
        let sampling = Sampling { temperature: 1.0, seed, ..Sampling::default() };
        answer(&engine, Request { sampling, ..request(prompt(&[], &tokens(1, 20)), 30) })
            .expect("sampled")
            .text
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn a_dead_thread_fails_every_answer_at_once() {
    let bench = start(Architecture::Llama, settings());
    let engine = bench.engine.handle();
    let mut running =
        engine.generate(request(prompt(&[], &tokens(1, 20)), 3000)).expect("admitted");
    while !matches!(running.next_blocking(), Some(Event::Token { .. })) {}
    engine.panic_for_test();
    let last = std::iter::from_fn(|| running.next_blocking()).last();
    assert!(matches!(last, Some(Event::Failed(GenerateError::Stopped { .. }))), "{last:?}");
    assert!(running.next_blocking().is_none());
    let later = answer(&engine, request(prompt(&[], &tokens(1, 20)), 5));
    assert!(matches!(later, Err(GenerateError::Stopped { .. })), "{later:?}");
    assert!(engine.health().is_err());
}

#[test]
fn the_system_prompt_survives_a_restart() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("tiny.gguf");
    RandomModel::tiny(Architecture::Llama, 11).write(&path).expect("writable");
    let states = folder.path().join("states");
    let model = ModelSettings { path, ..ModelSettings::default() };
    let with_states = EngineSettings { state_dir: Some(states.clone()), ..settings() };
    let system = tokens(1, 150);
    let r = || request(prompt(&system, &tokens(2, 10)), 20);
    let run = || {
        let engine = LlamaEngine::start(model.clone(), with_states.clone()).expect("loads");
        engine.handle().keep_prefix(KB, system.clone());
        let answer = answer(&engine.handle(), r()).expect("answered");
        let steps = engine.handle().audit().expect("alive").steps;
        (answer, steps)
    };
    let (first, _) = run();
    let files = || fs_err::read_dir(&states).expect("made").count();
    assert_eq!(files(), 2);
    let (second, _) = run();
    assert_eq!(first.text, second.text);
    assert_eq!(second.done.cached_tokens, 150);
    let engine = LlamaEngine::start(model, with_states).expect("loads");
    engine.handle().keep_prefix(KB, system.clone());
    let audit = engine.handle().audit().expect("alive");
    assert_eq!((audit.steps, audit.cached_cells), (0, 150), "read from disk, not computed");
    engine.handle().forget_prefixes();
    assert_eq!(engine.handle().audit().expect("alive").cached_cells, 150, "kept for good");
}

fn load_error(path: PathBuf) -> LoadError {
    match LlamaEngine::start(ModelSettings { path, ..ModelSettings::default() }, settings()) {
        Ok(_) => panic!("it must not load"),
        Err(error) => error,
    }
}

#[test]
fn a_bad_model_file_is_named_for_what_it_is() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = |name: &str| folder.path().join(name);
    assert!(matches!(load_error(file("none.gguf")), LoadError::Missing { .. }));
    assert!(matches!(load_error(folder.path().to_path_buf()), LoadError::Missing { .. }));
    fs_err::write(file("garbage.gguf"), "this is no model at all").expect("writable");
    assert!(matches!(load_error(file("garbage.gguf")), LoadError::NotGguf { .. }));
    fs_err::write(file("empty.gguf"), "").expect("writable");
    assert!(matches!(load_error(file("empty.gguf")), LoadError::NotGguf { .. }));
    let martian =
        RandomModel { claims: "martian".to_owned(), ..RandomModel::tiny(Architecture::Llama, 1) };
    martian.write(&file("strange.gguf")).expect("writable");
    let error = load_error(file("strange.gguf"));
    assert!(matches!(error, LoadError::Architecture { .. }), "{error}");
    assert!(error.to_string().contains("martian"), "{error}");
    let whole = RandomModel::tiny(Architecture::Llama, 1);
    let length = whole.write(&file("whole.gguf")).expect("writable");
    let whole = fs_err::read(file("whole.gguf")).expect("readable");
    for keep in [5, 24, 100, 3000, length / 2, length - 1] {
        fs_err::write(file("cut.gguf"), &whole[..keep]).expect("writable");
        let error = load_error(file("cut.gguf"));
        assert!(matches!(error, LoadError::Damaged { .. }), "{keep} bytes: {error:?}");
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("tiny.gguf");
    RandomModel::tiny(Architecture::Llama, 1).write(&path).expect("writable");
    let model = ModelSettings { path, ..ModelSettings::default() };
    for wrong in [
        EngineSettings { slots: 0, ..settings() },
        EngineSettings { slots: 65, ..settings() },
        EngineSettings { batch: 8, ..settings() },
        EngineSettings { context: 10, ..settings() },
    ] {
        assert!(matches!(
            LlamaEngine::start(model.clone(), wrong),
            Err(LoadError::Settings { .. })
        ));
    }
    let huge = EngineSettings { context: 4_000_000_000, ..settings() };
    let error = LlamaEngine::start(model, huge).err().expect("no machine has so much memory");
    assert!(matches!(error, LoadError::TooLarge { .. }), "{error}");
}
