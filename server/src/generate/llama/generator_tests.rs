//! Tests of the `Generator` over the engine with tiny random models.

use std::path::Path;

use super::*;
use crate::domain::Visitor;
use crate::generate::PrivateFrom;
use crate::generate::llama::{Architecture, EngineSettings, ModelSettings, RandomModel};

fn settings(path: &Path) -> LlamaSettings {
    LlamaSettings {
        model: ModelSettings { path: path.to_path_buf(), ..ModelSettings::default() },
        engine: EngineSettings {
            slots: 2,
            context: 2048,
            threads: 1,
            batch: 256,
            ..EngineSettings::default()
        },
        sampling: SamplingSettings::default(),
    }
}

fn request(question: &str) -> GenerateRequest {
    let system = "You answer from passages.\n\n<passage>The fee is 4 euros.</passage>";
    let message = |role, text: &str| Message { role, content: text.to_owned() };
    GenerateRequest {
        messages: vec![message("system", system), message("user", question)],
        private_from: Some(PrivateFrom { message: 1, byte: 0 }),
        audience: Audience::Public,
        visitor: Visitor(1),
        max_tokens: 8,
        deadline: None,
        waiting: Waiting::InLine,
    }
}

async fn written(llama: &Llama, question: &str) -> Result<String, GenerateError> {
    let mut pieces = llama.generate(request(question)).await?;
    let mut text = String::new();
    while let Some(piece) = pieces.recv().await {
        match piece {
            Ok(Piece::Text { text: piece, logprobs }) => {
                assert_eq!(logprobs.len(), usize::from(!piece.is_empty()));
                text.push_str(&piece);
            }
            Ok(Piece::Queued { .. }) => {}
            Err(GenerateError::CutOff(_)) => return Ok(text),
            Err(error) => return Err(error),
        }
    }
    Ok(text)
}

async fn started(path: &Path) -> Llama {
    let llama = Llama::start(&settings(path), "You answer from passages.").unwrap();
    llama.ready().await;
    llama
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_writes_and_knows_its_context() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    RandomModel::tiny(Architecture::Llama, 3).write(&path).unwrap();
    let llama = started(&path).await;
    assert_eq!(llama.context(), Some(2048));
    assert!(llama.count("some words to count") > 3);
    let text = written(&llama, "What is the fee?").await.unwrap();
    assert_eq!(text, written(&llama, "What is the fee?").await.unwrap(), "greedy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_does_not_load_refuses_with_the_loaders_words_until_it_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    fs_err::write(&path, "GGUF and then nothing of use").unwrap();
    let llama = started(&path).await;
    let error = written(&llama, "What is the fee?").await.unwrap_err();
    assert!(
        matches!(&error, GenerateError::Transient(why) if why.contains("tiny.gguf")),
        "{error}"
    );
    assert_eq!(llama.context(), None);
    RandomModel::tiny(Architecture::Llama, 3).write(&path).unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while written(&llama, "What is the fee?").await.is_err() {
        assert!(Instant::now() < patience, "it was never loaded again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_died_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    RandomModel::tiny(Architecture::Llama, 3).write(&path).unwrap();
    let llama = started(&path).await;
    let before = written(&llama, "What is the fee?").await.unwrap();
    let mut pieces = llama
        .generate(GenerateRequest { max_tokens: 1500, ..request("Tell me all.") })
        .await
        .unwrap();
    assert!(pieces.recv().await.unwrap().is_ok());
    llama.handle().unwrap().panic_for_test();
    let mut last = None;
    while let Some(piece) = pieces.recv().await {
        last = Some(piece);
    }
    assert!(matches!(last, Some(Err(GenerateError::Transient(_)))), "{last:?}");
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        match written(&llama, "What is the fee?").await {
            Ok(text) => break assert_eq!(text, before),
            Err(error) => assert!(Instant::now() < patience, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn an_engine_that_keeps_dying_is_loaded_less_and_less_often() {
    let later = Duration::from_secs(64);
    assert_eq!(pause_after(Duration::from_secs(10), later), later);
    assert_eq!(pause_after(LONGEST_PAUSE + Duration::from_secs(1), later), FIRST_PAUSE);
}

#[test]
fn an_errand_is_refused_at_once_where_every_sequence_is_taken() {
    let free = Load {
        slots: 2,
        running: 1,
        queued_requests: 0,
        queued_tokens: 0,
        estimated_wait: Duration::from_secs(7),
        cached_cells: 0,
        cells: 2048,
    };
    assert_eq!(refuse_at_once(free), Ok(()));
    let error = refuse_at_once(Load { queued_requests: 1, ..free }).unwrap_err();
    let GenerateError::Overloaded { retry_after, .. } = error else { panic!("{error}") };
    assert_eq!(retry_after, free.estimated_wait);
}

#[tokio::test(flavor = "multi_thread")]
async fn audiences_share_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    RandomModel::tiny(Architecture::Llama, 3).write(&path).unwrap();
    let all = [Audience::Public, Audience::Customer, Audience::Internal];
    for (i, one) in all.iter().enumerate() {
        for other in &all[i + 1..] {
            assert_ne!(namespace(*one), namespace(*other));
        }
    }
    let llama = started(&path).await;
    written(&llama, "What is the fee?").await.unwrap();
    let internal = GenerateRequest { audience: Audience::Internal, ..request("And mine?") };
    llama.generate(internal).await.unwrap().recv().await.unwrap().unwrap();
}

#[test]
fn check_says_what_is_in_the_file_or_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    RandomModel::tiny(Architecture::Qwen3, 3).write(&path).unwrap();
    assert_eq!(Llama::check(&settings(&path)).unwrap().architecture, "qwen3");
    let error = Llama::check(&settings(&folder.path().join("none.gguf"))).unwrap_err();
    assert!(matches!(error, LoadError::Missing { .. }), "{error}");
}
