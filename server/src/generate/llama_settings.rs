//! The settings of the local model, as configuration spells them: `[generator.llama.model]`,
//! `[generator.llama.engine]`, `[generator.llama.sampling]`.
//!
//! Part of every build, so that one configuration suits builds with and without llama.cpp. Used by
//! `llama`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[generator.llama]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LlamaSettings {
    pub model: ModelSettings,
    pub engine: EngineSettings,
    pub sampling: SamplingSettings,
}

impl LlamaSettings {
    /// Whether a model is named at all.
    pub fn is_on(&self) -> bool {
        !self.model.path.as_os_str().is_empty()
    }
}

/// How words are chosen. The default, greedy, is right for answers that are checked against their
/// sources: the same question gives the same answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamplingSettings {
    /// 0: always the likeliest token.
    pub temperature: f32,
    /// Keep the k likeliest tokens; 0 keeps all.
    pub top_k: usize,
    /// Keep the smallest set of tokens with at least this probability; 1 keeps all.
    pub top_p: f32,
    /// Drop tokens less likely than this share of the likeliest; 0 keeps all.
    pub min_p: f32,
    /// The same seed, prompt and model give the same text.
    pub seed: u64,
    /// Divides the logits of seen tokens; 1 is off.
    pub repetition_penalty: f32,
}

impl Default for SamplingSettings {
    fn default() -> Self {
        Self {
            temperature: 0.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            seed: 0,
            repetition_penalty: 1.0,
        }
    }
}

/// Which model, and where it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSettings {
    /// The GGUF file; of a split model the first file. Empty: no local model.
    pub path: PathBuf,
    /// Layers on the GPU; more than the model has means all. Without a GPU in the build it has no effect.
    pub n_gpu_layers: u32,
    /// The GPU that holds what is not split.
    pub main_gpu: i32,
    /// The GPUs to use, as indices of llama.cpp's list; empty: all.
    pub devices: Vec<usize>,
    /// How a model is spread over several GPUs.
    pub split_mode: SplitMode,
    /// Map the file instead of reading it.
    pub mmap: bool,
    /// Keep the weights from being swapped out.
    pub mlock: bool,
    /// A Jinja chat template to use instead of the model's own.
    pub chat_template: Option<PathBuf>,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            n_gpu_layers: 999,
            main_gpu: 0,
            devices: Vec::new(),
            split_mode: SplitMode::Layer,
            mmap: true,
            mlock: false,
            chat_template: None,
        }
    }
}

/// How the engine runs the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineSettings {
    /// Answers generated at the same time, 1 to 64.
    pub slots: usize,
    /// Tokens of the KV cache, shared by all answers and cached prefixes. 0: the model's own context length.
    pub context: usize,
    /// CPU threads; 0: one for each physical core that this process may use.
    pub threads: usize,
    /// Most tokens of one call to the model.
    pub batch: usize,
    /// Type of cached keys and values. On CPUs anything but f16 and f32 loses the fast attention.
    pub kv_type_k: KvType,
    pub kv_type_v: KvType,
    pub flash_attention: FlashAttention,
    /// While answers stream, a step takes about this long, milliseconds: the gap between two tokens. Up to four
    /// times as long where more prompts wait than answers stream, and on a CPU never less than 64 prompt tokens.
    pub step_target_ms: u64,
    /// The same while none does: how long a new request may have to wait for the step in hand.
    pub idle_step_target_ms: u64,
    /// Tokens of prefixes that may stay cached when nobody uses them; 0: half the context on
    /// a GPU, a quarter on a CPU, where cells that are held slow every step down.
    pub cache_tokens: usize,
    /// Waiting prompts may hold this many tokens to compute; beyond it requests are refused. 0: 30 seconds' worth.
    pub max_queued_tokens: usize,
    /// Most waiting requests.
    pub max_queued_requests: usize,
    /// Drafts copied from the prompt.
    pub drafts: Drafts,
    /// Most tokens of one draft.
    pub max_draft: usize,
    /// Folder that keeps the state of the system prompt over restarts; none: `llama` in the data folder.
    pub state_dir: Option<PathBuf>,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            slots: 8,
            context: 16_384,
            threads: 0,
            batch: 512,
            kv_type_k: KvType::F16,
            kv_type_v: KvType::F16,
            flash_attention: FlashAttention::Auto,
            step_target_ms: 280,
            idle_step_target_ms: 1_000,
            cache_tokens: 0,
            max_queued_tokens: 0,
            max_queued_requests: 256,
            drafts: Drafts::Auto,
            max_draft: 6,
            state_dir: None,
        }
    }
}

/// How a model is spread over several GPUs. llama.cpp's proportions (`tensor_split`) are not reachable through the
/// binding: it splits by free memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitMode {
    /// One GPU.
    None,
    /// Whole layers.
    Layer,
    /// Rows of the matrices.
    Row,
}

/// Number type of the KV cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KvType {
    F32,
    F16,
    Bf16,
    Q8_0,
    Q5_1,
    Q5_0,
    Q4_1,
    Q4_0,
}

/// Whether attention is computed without storing its matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlashAttention {
    /// As llama.cpp finds right for the model and device.
    Auto,
    On,
    Off,
}

/// When answers are drafted by looking their last words up in the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drafts {
    Off,
    /// Wherever the costs measured while running say that it is faster.
    Auto,
    /// Always.
    On,
}
