//! Models with random weights: of every size, and of the architectures that the engine must get right.
//!
//! Used by `bench-llm` (a model that is larger than the processor's caches) and by tests (a few kilobytes, loaded in
//! milliseconds). What they write means nothing; how long they take is real. The vocabulary has a token for every byte, for
//! letters and letter groups, and the special tokens that chat formats use, so that any text can be tokenised and any byte
//! generated.

use std::path::Path;

use super::gguf::{Gguf, string};

/// Shapes that differ in what the engine must get right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    Llama,
    /// Biases on queries, keys and values.
    Qwen2,
    /// Norms on queries and keys.
    Qwen3,
    /// Sliding-window attention in every second layer, capped logits, tied embeddings.
    Gemma2,
}

impl Architecture {
    pub const ALL: [Self; 4] = [Self::Llama, Self::Qwen2, Self::Qwen3, Self::Gemma2];

    fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Gemma2 => "gemma2",
        }
    }
}

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    F32,
    /// Blocks of 32 bytes with a scale.
    Q8,
}

/// What to write.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomModel {
    pub architecture: Architecture,
    /// What it claims to be; only tests claim what is not true.
    pub claims: String,
    pub embedding: usize,
    pub layers: usize,
    pub heads: usize,
    pub kv_heads: usize,
    /// Numbers of one head.
    pub head: usize,
    pub feed_forward: usize,
    /// Tokens at least; filled up with groups of letters.
    pub vocabulary: usize,
    pub context: u32,
    pub weights: Weights,
    pub seed: u64,
}

/// Positions that sliding-window layers see.
const WINDOW: u32 = 24;

impl RandomModel {
    /// A few kilobytes.
    pub fn tiny(architecture: Architecture, seed: u64) -> Self {
        Self {
            architecture,
            claims: architecture.name().to_owned(),
            embedding: 64,
            layers: 2,
            heads: 2,
            kv_heads: 1,
            head: 32,
            feed_forward: 96,
            vocabulary: 0,
            context: 4096,
            weights: Weights::F32,
            seed,
        }
    }

    /// 213 million parameters, 227 MB: larger than the last cache, so that writing reads memory.
    pub fn bench() -> Self {
        Self {
            embedding: 1024,
            layers: 16,
            heads: 16,
            kv_heads: 4,
            head: 64,
            feed_forward: 2816,
            vocabulary: 16_000,
            context: 8192,
            weights: Weights::Q8,
            ..Self::tiny(Architecture::Llama, 7)
        }
    }

    /// Writes the file; its length in bytes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> std::io::Result<usize> {
        let mut file = Gguf::new(self.seed);
        let entries = vocabulary(self.vocabulary);
        let count = entries.len();
        self.metadata(&mut file, entries);
        self.tensors(&mut file, count);
        let bytes = file.bytes();
        fs_err::write(path, &bytes)?;
        Ok(bytes.len())
    }

    fn metadata(&self, file: &mut Gguf, entries: Vec<(String, i32)>) {
        let name = self.claims.as_str();
        file.text("general.architecture", name);
        file.text("general.name", "random");
        for (key, value) in [
            ("attention.head_count", self.heads),
            ("attention.head_count_kv", self.kv_heads),
            ("attention.key_length", self.head),
            ("attention.value_length", self.head),
            ("block_count", self.layers),
            ("embedding_length", self.embedding),
            ("feed_forward_length", self.feed_forward),
            ("rope.dimension_count", self.head),
        ] {
            file.number(&format!("{name}.{key}"), value as u32);
        }
        file.number(&format!("{name}.context_length"), self.context);
        file.real(&format!("{name}.attention.layer_norm_rms_epsilon"), 1e-5);
        file.real(&format!("{name}.rope.freq_base"), 10_000.0);
        if self.architecture == Architecture::Gemma2 {
            file.number(&format!("{name}.attention.sliding_window"), WINDOW);
            file.real(&format!("{name}.attn_logit_softcapping"), 50.0);
            file.real(&format!("{name}.final_logit_softcapping"), 30.0);
        }
        file.text("tokenizer.ggml.model", "llama");
        let count = entries.len();
        let score = |index: usize| if index < 259 { 0.0_f32 } else { -(index as f32) };
        let scores = (0..count).flat_map(|index| score(index).to_le_bytes()).collect();
        let kinds = entries.iter().flat_map(|(_, kind)| kind.to_le_bytes()).collect();
        let tokens = entries.iter().flat_map(|(token, _)| string(token)).collect();
        file.array("tokenizer.ggml.tokens", 8, count, tokens);
        file.array("tokenizer.ggml.scores", 6, count, scores);
        file.array("tokenizer.ggml.token_type", 5, count, kinds);
        file.number("tokenizer.ggml.unknown_token_id", 0);
        file.number("tokenizer.ggml.bos_token_id", 1);
        file.number("tokenizer.ggml.eos_token_id", 2);
    }

    fn tensors(&self, file: &mut Gguf, vocabulary: usize) {
        let (embedding, feed_forward) = (self.embedding, self.feed_forward);
        let (queries, keys) = (self.heads * self.head, self.kv_heads * self.head);
        self.random(file, "token_embd.weight", &[embedding, vocabulary]);
        file.ones("output_norm.weight", embedding);
        if self.architecture != Architecture::Gemma2 {
            self.random(file, "output.weight", &[embedding, vocabulary]);
        }
        for layer in 0..self.layers {
            let name = |part: &str| format!("blk.{layer}.{part}");
            file.ones(&name("attn_norm.weight"), embedding);
            file.ones(&name("ffn_norm.weight"), embedding);
            self.random(file, &name("attn_q.weight"), &[embedding, queries]);
            self.random(file, &name("attn_k.weight"), &[embedding, keys]);
            self.random(file, &name("attn_v.weight"), &[embedding, keys]);
            self.random(file, &name("attn_output.weight"), &[queries, embedding]);
            self.random(file, &name("ffn_gate.weight"), &[embedding, feed_forward]);
            self.random(file, &name("ffn_up.weight"), &[embedding, feed_forward]);
            self.random(file, &name("ffn_down.weight"), &[feed_forward, embedding]);
            match self.architecture {
                Architecture::Llama => {}
                Architecture::Qwen2 => {
                    file.random_f32(&name("attn_q.bias"), &[queries]);
                    file.random_f32(&name("attn_k.bias"), &[keys]);
                    file.random_f32(&name("attn_v.bias"), &[keys]);
                }
                Architecture::Qwen3 => {
                    file.ones(&name("attn_q_norm.weight"), self.head);
                    file.ones(&name("attn_k_norm.weight"), self.head);
                }
                Architecture::Gemma2 => {
                    file.ones(&name("post_attention_norm.weight"), embedding);
                    file.ones(&name("post_ffw_norm.weight"), embedding);
                }
            }
        }
    }

    fn random(&self, file: &mut Gguf, name: &str, shape: &[usize]) {
        match self.weights {
            Weights::F32 => file.random_f32(name, shape),
            Weights::Q8 => file.random_q8(name, shape),
        }
    }
}

/// Tokens with their kinds; at least `least` of them.
fn vocabulary(least: usize) -> Vec<(String, i32)> {
    const NORMAL: i32 = 1;
    const UNKNOWN: i32 = 2;
    const CONTROL: i32 = 3;
    const USER_DEFINED: i32 = 4;
    const BYTE: i32 = 6;
    let mut entries = vec![
        ("<unk>".to_owned(), UNKNOWN),
        ("<s>".to_owned(), CONTROL),
        ("</s>".to_owned(), CONTROL),
    ];
    entries.extend((0..256).map(|byte| (format!("<0x{byte:02X}>"), BYTE)));
    for special in ["<|im_start|>", "<|im_end|>"] {
        entries.push((special.to_owned(), CONTROL));
    }
    for special in ["<think>", "</think>"] {
        entries.push((special.to_owned(), USER_DEFINED));
    }
    let letters = "abcdefghijklmnopqrstuvwxyz";
    for letter in
        "\u{2581}\n.,:?".chars().chain(letters.chars()).chain(letters.to_uppercase().chars())
    {
        entries.push((letter.to_string(), NORMAL));
    }
    for first in ["a", "e", "i", "o", "\u{2581}"] {
        entries.extend(letters.chars().map(|second| (format!("{first}{second}"), NORMAL)));
    }
    // Groups of three letters, most of them at the beginning of a word.
    let groups = letters.chars().flat_map(|a| {
        letters
            .chars()
            .flat_map(move |b| letters.chars().map(move |c| (format!("\u{2581}{a}{b}{c}"), NORMAL)))
    });
    let missing = least.saturating_sub(entries.len());
    entries.extend(groups.take(missing));
    entries
}
