//! Small ONNX models of a company's own: real files that the real library loads, with a vocabulary of a few
//! words, so that a test knows what they have to say.
//!
//! The writer knows as much of the format (protocol buffers, `onnx.proto`) as two graphs need.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

/// Values of a vector.
const DIMENSIONS: usize = 16;

/// Writes an embedding model: words of a group mean the same, words of no group nearly nothing.
pub(crate) fn write_embedder(folder: &Path, groups: &[&[&str]]) {
    assert!(groups.len() < DIMENSIONS - 1, "the last value is for words of no group");
    let words = Words::of(groups.iter().flat_map(|group| group.iter().copied()));
    let mut table = vec![vec![0.0; DIMENSIONS]; words.0.len()];
    for row in &mut table {
        row[DIMENSIONS - 1] = 0.05;
    }
    for (axis, group) in groups.iter().enumerate() {
        for word in *group {
            let row = &mut table[words.0[*word]];
            row[DIMENSIONS - 1] = 0.0;
            row[axis] = 1.0;
        }
    }
    let graph = Graph {
        table,
        nodes: vec![node("Gather", &["table", "input_ids"], "last_hidden_state", None)],
        output: ("last_hidden_state", &[-1, -1, DIMENSIONS as i64]),
    };
    write(folder, &graph, &words);
}

/// Writes a cross-encoder: the log-odds of a pair are those of its word with the highest ones, -4 for a word
/// that is not in `odds`.
pub(crate) fn write_cross_encoder(folder: &Path, odds: &[(&str, f32)]) {
    let words = Words::of(odds.iter().map(|(word, _)| *word));
    let mut table = vec![vec![-4.0]; words.0.len()];
    for (word, value) in odds {
        table[words.0[*word]] = vec![*value];
    }
    let graph = Graph {
        table,
        nodes: vec![
            node("Gather", &["table", "input_ids"], "of_words", None),
            node("ReduceMax", &["of_words"], "logits", Some(1)),
        ],
        output: ("logits", &[-1, 1]),
    };
    write(folder, &graph, &words);
}

/// Numbers of words; the first two are padding and the unknown word.
struct Words(BTreeMap<String, usize>);

impl Words {
    fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let all = ["[PAD]", "[UNK]"].into_iter().chain(words);
        Self(all.enumerate().map(|(number, word)| (word.to_owned(), number)).collect())
    }
}

/// A graph over one table of weights, `[words, values]`.
struct Graph {
    table: Vec<Vec<f32>>,
    nodes: Vec<Vec<u8>>,
    /// Name and shape; -1: any.
    output: (&'static str, &'static [i64]),
}

fn write(folder: &Path, graph: &Graph, words: &Words) {
    fs_err::create_dir_all(folder).unwrap();
    let tokenizer = json!({
        "version": "1.0",
        "added_tokens": [],
        "normalizer": { "type": "Lowercase" },
        "pre_tokenizer": { "type": "Whitespace" },
        "post_processor": null,
        "decoder": null,
        "truncation": null,
        "padding": null,
        "model": { "type": "WordLevel", "vocab": words.0, "unk_token": "[UNK]" },
    });
    for (name, content) in [
        ("tokenizer.json", tokenizer),
        ("config.json", json!({ "hidden_size": DIMENSIONS, "pad_token_id": 0 })),
        ("tokenizer_config.json", json!({ "model_max_length": 512, "pad_token": "[PAD]" })),
        ("special_tokens_map.json", json!({ "pad_token": "[PAD]", "unk_token": "[UNK]" })),
    ] {
        fs_err::write(folder.join(name), content.to_string()).unwrap();
    }
    fs_err::write(folder.join("model.onnx"), graph.model()).unwrap();
}

const FLOAT: u64 = 1;
const INT64: u64 = 7;

impl Graph {
    /// `ModelProto`.
    fn model(&self) -> Vec<u8> {
        let mut graph = Vec::new();
        for node in &self.nodes {
            bytes(&mut graph, 1, node);
        }
        bytes(&mut graph, 2, b"test");
        bytes(&mut graph, 5, &self.weights());
        for input in ["input_ids", "attention_mask"] {
            bytes(&mut graph, 11, &value(input, INT64, &[-1, -1]));
        }
        bytes(&mut graph, 12, &value(self.output.0, FLOAT, self.output.1));
        let mut opset = Vec::new();
        number(&mut opset, 2, 13);
        let mut model = Vec::new();
        number(&mut model, 1, 8);
        bytes(&mut model, 7, &graph);
        bytes(&mut model, 8, &opset);
        model
    }

    /// `TensorProto` of the table.
    fn weights(&self) -> Vec<u8> {
        let mut out = Vec::new();
        number(&mut out, 1, self.table.len() as u64);
        number(&mut out, 1, self.table[0].len() as u64);
        number(&mut out, 2, FLOAT);
        bytes(&mut out, 8, b"table");
        let raw: Vec<u8> = self.table.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
        bytes(&mut out, 9, &raw);
        out
    }
}

/// `NodeProto`; `axis` is the one that is reduced away.
fn node(kind: &str, inputs: &[&str], output: &str, axis: Option<u64>) -> Vec<u8> {
    let mut out = Vec::new();
    for input in inputs {
        bytes(&mut out, 1, input.as_bytes());
    }
    bytes(&mut out, 2, output.as_bytes());
    bytes(&mut out, 4, kind.as_bytes());
    if let Some(axis) = axis {
        bytes(&mut out, 5, &attribute("axes", 8, axis, 7));
        bytes(&mut out, 5, &attribute("keepdims", 3, 0, 2));
    }
    out
}

/// `AttributeProto` of a number in `field`, of type `kind`.
fn attribute(name: &str, field: u32, value: u64, kind: u64) -> Vec<u8> {
    let mut out = Vec::new();
    bytes(&mut out, 1, name.as_bytes());
    number(&mut out, field, value);
    number(&mut out, 20, kind);
    out
}

/// `ValueInfoProto` of a tensor.
fn value(name: &str, element: u64, shape: &[i64]) -> Vec<u8> {
    let mut dimensions = Vec::new();
    for (place, size) in shape.iter().enumerate() {
        let mut dimension = Vec::new();
        match u64::try_from(*size) {
            Ok(size) => number(&mut dimension, 1, size),
            Err(_) => bytes(&mut dimension, 2, format!("any{place}").as_bytes()),
        }
        bytes(&mut dimensions, 1, &dimension);
    }
    let mut tensor = Vec::new();
    number(&mut tensor, 1, element);
    bytes(&mut tensor, 2, &dimensions);
    let mut kind = Vec::new();
    bytes(&mut kind, 1, &tensor);
    let mut out = Vec::new();
    bytes(&mut out, 1, name.as_bytes());
    bytes(&mut out, 2, &kind);
    out
}

/// A field of type `uint64`, or one that is written as such.
fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    varint(out, u64::from(field) << 3);
    varint(out, value);
}

/// A field of bytes, text or a message.
fn bytes(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    varint(out, u64::from(field) << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
