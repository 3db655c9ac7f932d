//! Tests of the cache itself: logits after a prefix that was taken from the tree are those of a prompt computed whole.

use std::sync::Arc;

use super::backend::{Context, Model, Row};
use super::load;
use super::prefix::{PrefixTree, SequenceId};
use super::random_model::{Architecture, RandomModel};
use super::request::{Namespace, Token};
use super::sequences::SequencePlan;
use super::settings::{EngineSettings, FlashAttention, KvType, ModelSettings};

const KB: Namespace = Namespace(1);

fn compute(
    context: &mut Context<'_>,
    tokens: &[Token],
    from: usize,
    sequence: SequenceId,
) -> Vec<f32> {
    let rows: Vec<Row> = tokens
        .iter()
        .enumerate()
        .skip(from)
        .map(|(position, &token)| Row {
            token,
            position,
            sequence,
            wanted: position + 1 == tokens.len(),
        })
        .collect();
    let mut logits = Vec::new();
    for call in rows.chunks(96) {
        context.decode(call).expect("computed");
        if call.last().is_some_and(|row| row.wanted) {
            logits = context.logits(call.len() - 1).to_vec();
        }
    }
    logits
}

#[test]
fn first_token_logits_with_and_without_the_tree_agree() {
    for architecture in Architecture::ALL {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("tiny.gguf");
        RandomModel::tiny(architecture, 5).write(&path).expect("writable");
        let (model, traits): (Model, _) =
            load::model(&ModelSettings { path: path.clone(), ..ModelSettings::default() })
                .expect("loads");
        let settings = EngineSettings {
            slots: 4,
            context: 4096,
            threads: 1,
            batch: 256,
            kv_type_k: KvType::F32,
            kv_type_v: KvType::F32,
            flash_attention: FlashAttention::Off,
            ..EngineSettings::default()
        };
        let sequences = SequencePlan::new(4, traits);
        let inner = Arc::clone(&model.inner);
        let context = load::context(&inner, &path, &settings, traits).expect("fits");
        let mut context = Context::new(context, sequences.shadow);
        let mut tree = PrefixTree::new(sequences.holders.clone());
        let (mut worst, mut reused) = (0.0_f32, 0);
        for number in 0..100_usize {
            // Prompts that branch off each other at many places.
            let tokens: Vec<Token> = (0..120 + number % 70)
                .map(|i| {
                    10 + ((i * 7 + if i > number % 110 { number * 31 } else { 0 }) % 300) as Token
                })
                .collect();
            let whole = compute(&mut context, &tokens, 0, 0);
            context.remove(0, 0);
            let mut from = 0;
            if let Some(found) = tree.find(KB, &tokens[..tokens.len() - 1]) {
                context.copy(found.holder, 1, 0, found.length);
                from = found.length;
            }
            let shared = compute(&mut context, &tokens, from, 1);
            reused += from;
            let mut inserted = tree.insert(KB, &tokens, 1);
            if inserted.is_none() {
                context.apply(tree.evict().expect("a leaf to evict").1);
                inserted = tree.insert(KB, &tokens, 1);
            }
            for change in inserted.map(|(_, _, changes)| changes).unwrap_or_default() {
                context.apply(change);
            }
            while tree.cells() > 2500 {
                context.apply(tree.evict().expect("a leaf to evict").1);
            }
            context.remove(1, 0);
            for (a, b) in whole.iter().zip(&shared) {
                worst = worst.max((a - b).abs());
            }
        }
        assert!(reused > 3000, "{architecture:?}: only {reused} tokens came from the tree");
        assert!(worst < 1e-2, "{architecture:?}: logits differ by {worst}");
    }
}
