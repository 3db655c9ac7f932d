//! A short text that a model writes for the house itself: the wording of a follow-up, a summary.
//!
//! Called by `condense` and `summarising`. The same chain as for answers, but nobody is shown the words as they
//! come, and an errand never waits in a model's queue: a model that has no place at once goes on writing
//! answers, and who sent the errand does without. One that is late every time is left alone for a while
//! (`breaker`). What comes back is hostile input, to be cleaned and checked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indexer::model::{Audience, Locale};

use super::breaker::Breaker;
use super::briefing::{TEMPLATE, messages, tokens, tokens_at_most};
use super::guard::visible;
use super::prompt::Prompt;
use super::writing::Writer;
use crate::domain::Visitor;
use crate::generate::{GenerateError, GenerateRequest, Generator, Piece, Waiting};
use crate::privacy::placeholders;

/// Bytes of a text; more is no short text.
const LONGEST: usize = 8 * 1024;

/// What is to be written.
pub(super) struct Errand<'a> {
    pub(super) prompt: &'a Prompt,
    pub(super) max_tokens: u32,
    /// For the whole chain.
    pub(super) within: Duration,
    pub(super) audience: Audience,
    pub(super) visitor: Visitor,
    /// Knows how errands of this kind went.
    pub(super) breaker: &'a Breaker,
}

/// Why there is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undone {
    /// Every model has enough to do.
    Busy,
    /// None was asked, because they were late too often.
    Resting,
    /// None was done in time.
    Late,
    /// None could.
    Failed,
}

impl Undone {
    /// Label of a metric.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Resting => "resting",
            Self::Late => "late",
            Self::Failed => "failed",
        }
    }
}

impl Writer {
    /// The whole text, as the first model of the chain that can writes it.
    pub(super) async fn run(&self, errand: &Errand<'_>) -> Result<String, Undone> {
        if errand.breaker.rests(Instant::now()) {
            return Err(Undone::Resting);
        }
        let written = self.send(errand).await;
        match written {
            Ok(_) => errand.breaker.in_time(),
            Err(Undone::Late) => errand.breaker.late(Instant::now()),
            Err(Undone::Busy | Undone::Resting | Undone::Failed) => {}
        }
        written
    }

    async fn send(&self, errand: &Errand<'_>) -> Result<String, Undone> {
        let deadline = Instant::now() + errand.within;
        let mut undone = Undone::Failed;
        for generator in &self.chain {
            let written = one(generator, errand, deadline);
            match tokio::time::timeout_at(deadline.into(), written).await {
                Ok(Ok(text)) => return Ok(text),
                // A generator that keeps the deadline itself may be the first to notice.
                Ok(Err(_)) if Instant::now() >= deadline => return Err(Undone::Late),
                Ok(Err(next)) => undone = next,
                Err(_) => return Err(Undone::Late),
            }
        }
        Err(undone)
    }
}

async fn one(
    generator: &Arc<dyn Generator>,
    errand: &Errand<'_>,
    deadline: Instant,
) -> Result<String, Undone> {
    let (messages, private_from) = messages(&errand.prompt.segments);
    if let Some(context) = generator.context() {
        let room = context.saturating_sub(TEMPLATE + errand.max_tokens as usize);
        // Bytes settle it for most prompts, and then nothing is counted.
        if messages.iter().map(|m| tokens_at_most(&m.content)).sum::<usize>() > room {
            let texts = messages.iter().map(|m| m.content.clone()).collect();
            if tokens(generator, texts).await.into_iter().sum::<usize>() > room {
                return Err(Undone::Failed);
            }
        }
    }
    let request = GenerateRequest {
        messages,
        private_from,
        audience: errand.audience,
        visitor: errand.visitor,
        max_tokens: errand.max_tokens,
        deadline: Some(deadline),
        waiting: Waiting::Never,
    };
    let mut pieces = generator.generate(request).await.map_err(undone)?;
    let mut text = String::new();
    while let Some(piece) = pieces.recv().await {
        match piece.map_err(undone)? {
            Piece::Queued { .. } => return Err(Undone::Busy),
            Piece::Text { text: more, .. } => text.push_str(&more),
        }
        if text.len() > LONGEST {
            return Err(Undone::Failed);
        }
    }
    Ok(text)
}

/// A text that was cut off is none: its end may have changed its meaning.
fn undone(error: GenerateError) -> Undone {
    match error {
        GenerateError::Overloaded { .. } => Undone::Busy,
        GenerateError::TimedOut { .. } => Undone::Late,
        GenerateError::Misconfigured(_)
        | GenerateError::Transient(_)
        | GenerateError::CutOff(_) => Undone::Failed,
    }
}

/// What a model wrote into the `tag` that its prompt leaves open: without characters that nobody sees,
/// without the tag where the model repeats it, and nothing from where it closes it.
pub(super) fn cleaned(raw: &str, tag: &str, locale: &Locale) -> String {
    let text = visible(raw);
    let closing = format!("</{tag}>");
    let text = text.split_once(&closing).map_or(&*text, |(inside, _)| inside).trim();
    let opening = format!("<{tag} lang=\"{}\">", locale.language());
    text.strip_prefix(&opening).unwrap_or(text).trim().to_owned()
}

/// Placeholders as they are written here: a prompt has them in round brackets (`prompt::escape`).
pub(super) fn bracketed(text: &str, said: &[&str]) -> String {
    let mut known: Vec<&str> = said.iter().flat_map(|s| placeholders(s)).collect();
    known.sort_unstable();
    known.dedup();
    known.iter().fold(text.to_owned(), |text, placeholder| {
        let inner = placeholder.trim_matches(['[', ']']);
        text.replace(&format!("({inner})"), placeholder)
    })
}

/// A generator for tests that says what a script makes of its prompt.
#[cfg(test)]
pub(super) mod scripted {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use tokio::sync::mpsc;

    use super::*;
    use crate::domain::GeneratorId;
    use crate::generate::{GeneratorSettings, Pieces};

    /// What it does with a request.
    #[derive(Clone)]
    pub(in crate::assistant) enum Act {
        Say(&'static str),
        Queue,
        Hang,
        CutOff(&'static str),
        Refuse(GenerateError),
    }

    /// Keeps the prompts that it was sent.
    pub(in crate::assistant) struct Scripted {
        act: Act,
        pub(in crate::assistant) seen: Arc<Mutex<Vec<String>>>,
    }

    impl Scripted {
        /// A writer whose models act so, one after the other, and what they were sent.
        pub(in crate::assistant) fn writer(acts: &[Act]) -> (Writer, Arc<Mutex<Vec<String>>>) {
            let seen: Arc<Mutex<Vec<String>>> = Arc::default();
            let model = |act: &Act| -> Arc<dyn Generator> {
                Arc::new(Self { act: act.clone(), seen: Arc::clone(&seen) })
            };
            let chain = acts.iter().map(model).collect();
            (Writer::new(chain, &GeneratorSettings::default()).unwrap(), seen)
        }
    }

    #[async_trait]
    impl Generator for Scripted {
        fn id(&self) -> GeneratorId {
            GeneratorId::OpenAi
        }

        fn context(&self) -> Option<usize> {
            None
        }

        async fn generate(&self, request: GenerateRequest) -> Result<Pieces, GenerateError> {
            let prompt: Vec<&str> = request.messages.iter().map(|m| m.content.as_str()).collect();
            self.seen.lock().unwrap().push(prompt.join("\n"));
            let (sender, pieces) = mpsc::channel(256);
            let mut said = Vec::new();
            match self.act.clone() {
                Act::Say(words) => said.extend(words.split_inclusive(' ').map(Piece::text).map(Ok)),
                Act::CutOff(words) => {
                    said.push(Ok(Piece::text(words)));
                    said.push(Err(GenerateError::CutOff("it reached its length")));
                }
                Act::Queue => {
                    said.push(Ok(Piece::Queued { position: 1, wait: Duration::from_secs(1) }));
                }
                Act::Refuse(error) => return Err(error),
                Act::Hang => std::future::pending().await,
            }
            for piece in said {
                sender.try_send(piece).unwrap();
            }
            Ok(pieces)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::scripted::{Act, Scripted};
    use super::*;
    use crate::assistant::prompt::{Segment, Speaker};

    async fn run(acts: &[Act], within: Duration) -> Result<String, Undone> {
        run_with(acts, within, &Breaker::default()).await
    }

    async fn run_with(acts: &[Act], within: Duration, breaker: &Breaker) -> Result<String, Undone> {
        let (writer, _) = Scripted::writer(acts);
        let text = "Write one line.".to_owned();
        let segments = vec![Segment { speaker: Speaker::System, shared: true, text }];
        let prompt = Prompt { version: "test/1".to_owned(), segments, numbered: Vec::new() };
        let errand = Errand {
            prompt: &prompt,
            max_tokens: 8,
            within,
            audience: Audience::Public,
            visitor: Visitor::default(),
            breaker,
        };
        writer.run(&errand).await
    }

    fn overloaded() -> GenerateError {
        GenerateError::Overloaded { what: String::new(), retry_after: Duration::from_secs(1) }
    }

    #[tokio::test]
    async fn the_first_model_that_can_writes_it_and_none_is_waited_for() {
        let good = Act::Say("delivery to Germany");
        let said = |acts: Vec<Act>| async move { run(&acts, Duration::from_secs(60)).await };
        assert_eq!(said(vec![good.clone()]).await.as_deref(), Ok("delivery to Germany"));
        for broken in [Act::Queue, Act::CutOff("delivery"), Act::Refuse(overloaded())] {
            let acts = vec![broken, good.clone()];
            assert_eq!(said(acts).await.as_deref(), Ok("delivery to Germany"));
        }
        assert_eq!(said(vec![Act::Queue]).await, Err(Undone::Busy));
        assert_eq!(said(vec![Act::Refuse(overloaded())]).await, Err(Undone::Busy));
        assert_eq!(said(vec![Act::CutOff("x")]).await, Err(Undone::Failed));
        assert_eq!(said(vec![]).await, Err(Undone::Failed));
        let late = run(&[Act::Hang, good], Duration::from_millis(20)).await;
        assert_eq!(late, Err(Undone::Late));
    }

    #[tokio::test]
    async fn a_model_that_is_always_late_costs_nothing_in_the_end() {
        let breaker = Breaker::default();
        for _ in 0..3 {
            let late = run_with(&[Act::Hang], Duration::from_millis(5), &breaker).await;
            assert_eq!(late, Err(Undone::Late));
        }
        let good = [Act::Say("delivery to Germany")];
        let next = run_with(&good, Duration::from_secs(60), &breaker).await;
        assert_eq!(next, Err(Undone::Resting));
        breaker.in_time();
        assert!(run_with(&good, Duration::from_secs(60), &breaker).await.is_ok());
    }

    #[test]
    fn the_tag_of_the_prompt_and_what_nobody_sees_are_cut_off() {
        let locale = Locale::parse("en").unwrap();
        for raw in [
            "delivery to Germany",
            " delivery to Germany</query>",
            "<query lang=\"en\">\ndelivery to Germany\n</query>\nThat is all.",
            "del\u{200b}ivery to\u{e0041} Germany\u{202e}</qu\u{ad}ery>",
        ] {
            assert_eq!(cleaned(raw, "query", &locale), "delivery to Germany", "{raw}");
        }
        let other = "<summary>delivery to Germany</summary>";
        assert_eq!(cleaned(other, "query", &locale), other);
    }
}
