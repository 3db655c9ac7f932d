//! How an answer comes about, for editors: the same search, confidence, writing and guard as in
//! [`Assistant::ask`], but nothing is decided, stored, remembered or sent. Called by the playground.

use std::collections::BTreeMap;
use std::time::Instant;

use indexer::search::SearchError;
use tokio::sync::mpsc;

use super::quoting::quote;
use super::writing::Subject;
use super::{Assessment, Assistant, triggers};
use crate::domain::{GeneratorId, Question, ReasonCode};
use crate::generate::extractive::Drafted;
use crate::privacy::Numbering;

/// Everything behind an answer.
#[derive(Debug)]
pub struct Explanation {
    pub assessment: Assessment,
    /// Below this probability a person takes over.
    pub threshold: f64,
    /// The question as everything after the front door sees it.
    pub redacted: String,
    /// Why a person would take over before anything is searched.
    pub trigger: Option<ReasonCode>,
    /// The answer that would be given, also where the confidence would not do.
    pub drafted: Drafted,
    pub generator: GeneratorId,
    /// Sentences of a model that the guard withheld, by reason.
    pub withheld: BTreeMap<&'static str, u32>,
    /// Confidence of the answer: that of the passages, lowered where a model was unsure of its words.
    pub confidence: f64,
    pub generate_ms: f64,
}

impl Assistant {
    /// Explains what `question` would be answered, were it the first of a conversation.
    ///
    /// # Errors
    /// When the search fails.
    pub async fn explain(&self, question: &Question) -> Result<Explanation, SearchError> {
        let locale = self.locale_of(question);
        let mut numbering = Numbering::default();
        let asked = self.redactor.redact(&question.text, Some(locale.as_str()), &mut numbering);
        let assessment = self.assess(question, &[]).await?;
        let started = Instant::now();
        let subject = Subject {
            asked: &asked,
            turns: &[],
            hits: &assessment.found.retrieved.hits,
            locale: &locale,
            guard: &self.settings.guard,
            knowledge: &self.knowledge,
            audience: question.audience,
            visitor: question.visitor,
        };
        // Nobody listens: sending fails, which the writer does not mind.
        let (events, _) = mpsc::channel(1);
        let written = self.writer.write(&subject, &events).await;
        let found = assessment.confidence.as_ref().map_or(0.0, |c| c.probability);
        let (drafted, generator, withheld, confidence) = match written {
            Ok(w) => (w.drafted, w.generator, w.withheld, w.certainty.applied(found)),
            Err(_) => {
                let drafted = quote(&assessment.found, &self.settings.answer);
                (drafted, GeneratorId::Extractive, BTreeMap::new(), found)
            }
        };
        Ok(Explanation {
            threshold: self.settings.confidence.threshold_in(&assessment.found.fingerprint),
            trigger: triggers::before_search(&asked, &self.settings.triggers).map(|t| t.reason),
            redacted: asked.as_str().to_owned(),
            assessment,
            drafted,
            generator,
            withheld,
            confidence,
            generate_ms: started.elapsed().as_micros() as f64 / 1e3,
        })
    }
}
