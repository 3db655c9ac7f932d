//! Writes tiny GGUF models with random weights, for tests: a few kilobytes, loaded in milliseconds.
//!
//! Used by the engine's tests. The vocabulary has a token for every byte, for letters and letter pairs, and the special tokens that
//! chat formats use, so that any text can be tokenised and any byte generated.

use std::collections::HashMap;
use std::path::Path;

/// Shapes that differ in what the engine must get right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Architecture {
    Llama,
    /// Biases on queries, keys and values.
    Qwen2,
    /// Norms on queries and keys.
    Qwen3,
    /// Sliding-window attention in every second layer, capped logits, tied embeddings.
    Gemma2,
}

impl Architecture {
    pub(super) const ALL: [Self; 4] = [Self::Llama, Self::Qwen2, Self::Qwen3, Self::Gemma2];

    fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Gemma2 => "gemma2",
        }
    }
}

const EMBEDDING: usize = 64;
const HEADS: usize = 2;
const HEAD: usize = 32;
const KV_HEADS: usize = 1;
const FEED_FORWARD: usize = 96;
const LAYERS: usize = 2;
/// Positions that sliding-window layers see.
const WINDOW: u32 = 24;

/// Writes a model; `seed` makes the weights. Returns the file's length.
pub(super) fn write(path: &Path, architecture: Architecture, seed: u64) -> usize {
    write_as(path, architecture, architecture.name(), seed)
}

/// Writes a model that claims to be of another architecture.
pub(super) fn write_as(path: &Path, architecture: Architecture, name: &str, seed: u64) -> usize {
    let mut file = Gguf::new(seed);
    let (tokens, scores, kinds) = vocabulary();
    let count = tokens.len();
    file.metadata(name, architecture, (tokens, scores, kinds));
    file.tensors(architecture, count);
    let bytes = file.bytes();
    fs_err::write(path, &bytes).expect("writable");
    bytes.len()
}

fn vocabulary() -> (Vec<String>, Vec<f32>, Vec<i32>) {
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
    for letter in "▁\n.,:?".chars().chain(letters.chars()).chain(letters.to_uppercase().chars()) {
        entries.push((letter.to_string(), NORMAL));
    }
    for first in ["a", "e", "i", "o", "▁"] {
        entries.extend(letters.chars().map(|second| (format!("{first}{second}"), NORMAL)));
    }
    let scores = (0..entries.len())
        .map(|index| if index < 259 { 0.0 } else { index as f32 - 1000.0 })
        .collect();
    let (tokens, kinds) = entries.into_iter().unzip();
    (tokens, scores, kinds)
}

/// A file under construction.
struct Gguf {
    pairs: Vec<u8>,
    pair_count: u64,
    infos: Vec<u8>,
    tensor_count: u64,
    data: Vec<u8>,
    random: u64,
}

impl Gguf {
    fn new(seed: u64) -> Self {
        let random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        Self {
            pairs: Vec::new(),
            pair_count: 0,
            infos: Vec::new(),
            tensor_count: 0,
            data: Vec::new(),
            random,
        }
    }

    fn metadata(
        &mut self,
        name: &str,
        architecture: Architecture,
        vocabulary: (Vec<String>, Vec<f32>, Vec<i32>),
    ) {
        self.text("general.architecture", name);
        self.text("general.name", "tiny");
        let numbers = HashMap::from([
            ("context_length", 4096),
            ("embedding_length", EMBEDDING as u32),
            ("block_count", LAYERS as u32),
            ("feed_forward_length", FEED_FORWARD as u32),
            ("attention.head_count", HEADS as u32),
            ("attention.head_count_kv", KV_HEADS as u32),
            ("attention.key_length", HEAD as u32),
            ("attention.value_length", HEAD as u32),
            ("rope.dimension_count", HEAD as u32),
        ]);
        let mut numbers: Vec<_> = numbers.into_iter().collect();
        numbers.sort_unstable();
        for (key, value) in numbers {
            self.number(&format!("{name}.{key}"), value);
        }
        self.real(&format!("{name}.attention.layer_norm_rms_epsilon"), 1e-5);
        self.real(&format!("{name}.rope.freq_base"), 10_000.0);
        if architecture == Architecture::Gemma2 {
            self.number(&format!("{name}.attention.sliding_window"), WINDOW);
            self.real(&format!("{name}.attn_logit_softcapping"), 50.0);
            self.real(&format!("{name}.final_logit_softcapping"), 30.0);
        }
        let (tokens, scores, kinds) = vocabulary;
        self.text("tokenizer.ggml.model", "llama");
        self.array(
            "tokenizer.ggml.tokens",
            8,
            tokens.len(),
            tokens.iter().flat_map(|token| string(token)).collect(),
        );
        self.array(
            "tokenizer.ggml.scores",
            6,
            scores.len(),
            scores.iter().flat_map(|score| score.to_le_bytes()).collect(),
        );
        self.array(
            "tokenizer.ggml.token_type",
            5,
            kinds.len(),
            kinds.iter().flat_map(|kind| kind.to_le_bytes()).collect(),
        );
        self.number("tokenizer.ggml.unknown_token_id", 0);
        self.number("tokenizer.ggml.bos_token_id", 1);
        self.number("tokenizer.ggml.eos_token_id", 2);
    }

    fn tensors(&mut self, architecture: Architecture, vocabulary: usize) {
        self.random_tensor("token_embd.weight", &[EMBEDDING, vocabulary]);
        self.ones("output_norm.weight", EMBEDDING);
        if architecture != Architecture::Gemma2 {
            self.random_tensor("output.weight", &[EMBEDDING, vocabulary]);
        }
        for layer in 0..LAYERS {
            let name = |part: &str| format!("blk.{layer}.{part}");
            self.ones(&name("attn_norm.weight"), EMBEDDING);
            self.ones(&name("ffn_norm.weight"), EMBEDDING);
            self.random_tensor(&name("attn_q.weight"), &[EMBEDDING, HEADS * HEAD]);
            self.random_tensor(&name("attn_k.weight"), &[EMBEDDING, KV_HEADS * HEAD]);
            self.random_tensor(&name("attn_v.weight"), &[EMBEDDING, KV_HEADS * HEAD]);
            self.random_tensor(&name("attn_output.weight"), &[HEADS * HEAD, EMBEDDING]);
            self.random_tensor(&name("ffn_gate.weight"), &[EMBEDDING, FEED_FORWARD]);
            self.random_tensor(&name("ffn_up.weight"), &[EMBEDDING, FEED_FORWARD]);
            self.random_tensor(&name("ffn_down.weight"), &[FEED_FORWARD, EMBEDDING]);
            match architecture {
                Architecture::Llama => {}
                Architecture::Qwen2 => {
                    self.random_tensor(&name("attn_q.bias"), &[HEADS * HEAD]);
                    self.random_tensor(&name("attn_k.bias"), &[KV_HEADS * HEAD]);
                    self.random_tensor(&name("attn_v.bias"), &[KV_HEADS * HEAD]);
                }
                Architecture::Qwen3 => {
                    self.ones(&name("attn_q_norm.weight"), HEAD);
                    self.ones(&name("attn_k_norm.weight"), HEAD);
                }
                Architecture::Gemma2 => {
                    self.ones(&name("post_attention_norm.weight"), EMBEDDING);
                    self.ones(&name("post_ffw_norm.weight"), EMBEDDING);
                }
            }
        }
    }

    fn random_tensor(&mut self, name: &str, shape: &[usize]) {
        let scale = 1.5 / (shape[0] as f32).sqrt();
        let values = (0..shape.iter().product()).map(|_| self.normal() * scale).collect();
        self.tensor(name, shape, values);
    }

    fn ones(&mut self, name: &str, length: usize) {
        self.tensor(name, &[length], vec![1.0; length]);
    }

    fn tensor(&mut self, name: &str, shape: &[usize], values: Vec<f32>) {
        self.infos.extend(string(name));
        self.infos.extend((shape.len() as u32).to_le_bytes());
        for &length in shape {
            self.infos.extend((length as u64).to_le_bytes());
        }
        self.infos.extend(0_u32.to_le_bytes());
        self.infos.extend((self.data.len() as u64).to_le_bytes());
        self.tensor_count += 1;
        self.data.extend(values.into_iter().flat_map(f32::to_le_bytes));
        self.data.resize(self.data.len().next_multiple_of(32), 0);
    }

    /// About normal: the sum of four uniform numbers.
    fn normal(&mut self) -> f32 {
        let mut sum = 0.0;
        for _ in 0..4 {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            sum += (self.random >> 40) as f32 / (1 << 24) as f32 - 0.5;
        }
        sum * 1.732
    }

    fn text(&mut self, key: &str, value: &str) {
        self.pair(key, 8, string(value));
    }

    fn number(&mut self, key: &str, value: u32) {
        self.pair(key, 4, value.to_le_bytes().to_vec());
    }

    fn real(&mut self, key: &str, value: f32) {
        self.pair(key, 6, value.to_le_bytes().to_vec());
    }

    fn array(&mut self, key: &str, kind: u32, length: usize, values: Vec<u8>) {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend((length as u64).to_le_bytes());
        bytes.extend(values);
        self.pair(key, 9, bytes);
    }

    fn pair(&mut self, key: &str, kind: u32, value: Vec<u8>) {
        self.pairs.extend(string(key));
        self.pairs.extend(kind.to_le_bytes());
        self.pairs.extend(value);
        self.pair_count += 1;
    }

    fn bytes(self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3_u32.to_le_bytes());
        bytes.extend(self.tensor_count.to_le_bytes());
        bytes.extend(self.pair_count.to_le_bytes());
        bytes.extend(self.pairs);
        bytes.extend(self.infos);
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.extend(self.data);
        bytes
    }
}

fn string(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}
