//! The local model: llama.cpp in this process, with many answers at once.
//!
//! Used by `startup` (which starts [`Llama`], the `Generator` over it), by `check-config` and by `bench-llm`. Nothing outside
//! this folder knows llama.cpp. How a question becomes an answer:
//!
//! `generator` keeps an engine running and turns a prompt into a request ->
//! `handle` takes a request or refuses it (`admission`) -> the thread in `worker` gives it, when it is its turn (`line`), a sequence and what the prefix tree
//! (`prefix`) has of its prompt -> `step` computes prompts and streams together, as `plan` and `costs` say -> `sampling`
//! chooses tokens -> `slot` turns them into events through `text` (`utf8`, `stop`, and `thoughts` beside this folder).
//! Beside that: `check` looks at the settings; `load` and `backend` wrap llama.cpp; `prompt` and `template` make prompts;
//! `lookup` drafts; `spare` keeps cells for answers together; `keep` and `state` hold on to the system prompt.

mod admission;
mod backend;
mod check;
mod costs;
mod error;
mod generator;
mod gguf;
mod handle;
mod keep;
mod line;
mod load;
mod log_capture;
mod lookup;
mod memory;
mod plan;
mod prefix;
mod prompt;
mod random_model;
mod request;
mod sampling;
mod sequences;
mod slot;
mod spare;
mod state;
mod step;
mod stop;
mod template;
mod template_families;
mod text;
mod utf8;
mod waiting;
mod worker;

#[cfg(test)]
mod admission_tests;
#[cfg(test)]
mod cache_tests;
#[cfg(test)]
mod engine_tests;
#[cfg(test)]
mod prefix_tests;
#[cfg(test)]
mod soak_tests;
#[cfg(test)]
mod template_tests;
#[cfg(test)]
mod worker_tests;

use super::{llama_settings as settings, thoughts};
pub use admission::Load;
pub use error::{GenerateError, LoadError};
pub use handle::{Audit, EngineHandle, Generation, LlamaEngine, ModelFacts};
pub use prompt::{Border, ChatPrompt, Prompter};
pub use random_model::{Architecture, RandomModel};
pub use request::{
    Done, Drafting, EndOfText, Event, FinishReason, Namespace, Prompt, Request, Sampling, Thoughts,
    Token,
};

pub use generator::Llama;
pub use settings::{Drafts, EngineSettings, FlashAttention, KvType, ModelSettings, SplitMode};
pub use template::{ChatMessage, ChatTemplate, Rendered, Role, SpecialTokens, TemplateError};
pub use template_families::Family;
