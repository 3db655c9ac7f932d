//! The one place that speaks with llama.cpp: the loaded model, and the context with its KV cache.
//!
//! Called by `load` (which makes them), `prompt` (tokenising) and the engine's thread. Everything above uses plain
//! numbers. What the binding leaves unchecked is checked here: a batch never holds more rows than it was made for,
//! and every row belongs to exactly one sequence.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use llama_cpp_2::DecodeError;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::session::LlamaStateSeqFlags;
pub(super) use llama_cpp_2::context::session::SeqState as Saved;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token_type::LlamaTokenAttr;

use super::prefix::{Change, SequenceId};
use super::request::Token;
use super::thoughts;

/// llama.cpp's process-wide state. `None` when somebody else holds it, which nothing in this program does.
pub(super) fn backend() -> Option<&'static LlamaBackend> {
    static BACKEND: OnceLock<Option<LlamaBackend>> = OnceLock::new();
    BACKEND
        .get_or_init(|| {
            llama_cpp_2::send_logs_to_tracing(llama_cpp_2::LogOptions::default());
            LlamaBackend::init().ok()
        })
        .as_ref()
}

/// A loaded model: its vocabulary and what its file says of itself. Cheap to clone, usable from any thread.
#[derive(Clone)]
pub(super) struct Model {
    pub(super) inner: Arc<LlamaModel>,
    /// The bytes that each token stands for.
    pieces: Arc<Vec<Box<[u8]>>>,
    ends: Arc<Vec<Token>>,
}

impl Model {
    pub(super) fn new(inner: LlamaModel) -> Self {
        let mut pieces = Vec::new();
        let mut ends = Vec::new();
        let vocab = inner.vocab();
        for token in vocab.tokens() {
            let mut piece = vocab.token_to_piece(token, false, None);
            if piece.is_empty() && !vocab.is_eog(token) {
                // A control token is no text, unless it is how the model writes its thoughts.
                let special = vocab.token_to_piece(token, true, None);
                if std::str::from_utf8(&special).is_ok_and(thoughts::is_part_of_a_marker) {
                    piece = special;
                }
            }
            if vocab.is_eog(token) {
                ends.push(token.0);
            }
            pieces.push(piece.into_boxed_slice());
        }
        Self { inner: Arc::new(inner), pieces: Arc::new(pieces), ends: Arc::new(ends) }
    }

    /// Tokens of `text`; special tokens in it are recognised, and the beginning of text is added where the model wants
    /// it and the text has none.
    pub(super) fn tokenize(&self, text: &str) -> Vec<Token> {
        let vocab = self.inner.vocab();
        let bos = self.special_text(vocab.bos());
        let has_bos = !bos.is_empty() && text.starts_with(&bos);
        let mut tokens: Vec<Token> = vocab
            .tokenize(text.as_bytes(), !has_bos, true)
            .into_iter()
            .map(|token| token.0)
            .collect();
        if vocab.should_add_eos() && tokens.last() == Some(&vocab.eos().0) {
            tokens.pop();
        }
        tokens
    }

    pub(super) fn piece(&self, token: Token) -> &[u8] {
        usize::try_from(token)
            .ok()
            .and_then(|index| self.pieces.get(index))
            .map_or(&[], |piece| piece)
    }

    pub(super) fn vocabulary_size(&self) -> usize {
        self.pieces.len()
    }

    /// Tokens that end a text.
    pub(super) fn ends(&self) -> &[Token] {
        &self.ends
    }

    pub(super) fn bos_text(&self) -> String {
        self.special_text(self.inner.vocab().bos())
    }

    pub(super) fn eos_text(&self) -> String {
        self.special_text(self.inner.vocab().eos())
    }

    /// The texts of all tokens that steer the model: contents must not spell them.
    pub(super) fn special_texts(&self) -> Vec<String> {
        let vocab = self.inner.vocab();
        let mut texts = Vec::new();
        for token in vocab.tokens() {
            let user_defined = || vocab.attr(token).contains(LlamaTokenAttr::UserDefined);
            let control = vocab.is_control(token);
            if !control && !user_defined() {
                continue;
            }
            // Many vocabularies call runs of spaces and HTML tags user-defined; those are plain words.
            if let Ok(text) = String::from_utf8(vocab.token_to_piece(token, true, None))
                && text.chars().count() > 1
                && (control
                    || text.starts_with("<|")
                    || text.contains("tool")
                    || thoughts::is_part_of_a_marker(&text))
            {
                texts.push(text);
            }
        }
        texts.sort();
        texts.dedup();
        texts
    }

    pub(super) fn has_special(&self, text: &str) -> bool {
        let tokens = self.inner.vocab().tokenize(text.as_bytes(), false, true);
        match tokens.as_slice() {
            [token] => self.special_text(*token) == text,
            _ => false,
        }
    }

    pub(super) fn metadata(&self, key: &str) -> Option<String> {
        self.inner.meta_val_str(key).ok()
    }

    /// The chat template that the file carries.
    pub(super) fn chat_template(&self) -> Option<String> {
        self.inner.chat_template(None).ok()?.to_string().ok()
    }

    fn special_text(&self, token: LlamaToken) -> String {
        if usize::try_from(token.0).is_ok_and(|index| index < self.pieces.len()) {
            String::from_utf8(self.inner.vocab().token_to_piece(token, true, None))
                .unwrap_or_default()
        } else {
            String::new()
        }
    }
}

/// One row of a call: a token at a place of a sequence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) token: Token,
    pub(super) position: usize,
    pub(super) sequence: SequenceId,
    /// Whether the logits after this token are wanted.
    pub(super) wanted: bool,
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallError {
    /// The cache has no room; nothing was changed.
    Full,
    /// llama.cpp's code. Some rows may have been computed.
    Failed(i32),
}

/// The context: computes rows and owns the KV cache.
pub(super) struct Context<'model> {
    inner: LlamaContext<'model>,
    batch: LlamaBatch<'static>,
    capacity: usize,
    /// Distance from a sequence id to its shadow. With sliding-window attention llama.cpp reuses a cell outside the window
    /// when only one sequence has it; a second owner keeps cached prefixes whole.
    shadow: Option<SequenceId>,
}

impl<'model> Context<'model> {
    pub(super) fn new(inner: LlamaContext<'model>, shadow: Option<SequenceId>) -> Self {
        let capacity = inner.n_batch() as usize;
        Self { inner, batch: LlamaBatch::new(capacity, 1), capacity, shadow }
    }

    /// Most rows of one call.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Cells of the cache.
    pub(super) fn cells(&self) -> usize {
        self.inner.n_ctx() as usize
    }

    /// Computes `rows`. The logits of the wanted ones are then to be had by their index in `rows`.
    pub(super) fn decode(&mut self, rows: &[Row]) -> Result<(), CallError> {
        self.batch.clear();
        for row in rows.iter().take(self.capacity) {
            let position = i32::try_from(row.position).map_err(|_| CallError::Failed(-1))?;
            self.batch
                .add(LlamaToken(row.token), position, &[row.sequence], row.wanted)
                .map_err(|_| CallError::Failed(-1))?;
        }
        let result = self.inner.decode(&mut self.batch).map_err(|error| match error {
            DecodeError::NoKvCacheSlot => CallError::Full,
            DecodeError::NTokensZero => CallError::Failed(-1),
            DecodeError::Unknown(code) => CallError::Failed(code),
        });
        self.inner.synchronize();
        result
    }

    /// Logits after row `index` of the last call, which must have been a wanted one: `[vocabulary]`.
    pub(super) fn logits(&self, index: usize) -> &[f32] {
        i32::try_from(index).map_or(&[], |index| self.inner.get_logits_ith(index))
    }

    /// Carries out what the prefix tree decided.
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Copy { from, to, start, end } => {
                self.copy(from, to, start, end);
                if let Some(shadow) = self.shadow {
                    self.copy(from, to + shadow, start, end);
                }
            }
            Change::Remove { sequence, start } => {
                self.remove(sequence, start);
                if let Some(shadow) = self.shadow {
                    self.remove(sequence + shadow, start);
                }
            }
        }
    }

    /// `to` gets the cells of `from` in the range too.
    pub(super) fn copy(&mut self, from: SequenceId, to: SequenceId, start: usize, end: usize) {
        let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) else { return };
        if self.inner.kv_cache_seq_cp(from, to, Some(start), Some(end)).is_err() {
            tracing::error!(from, to, start, end, "llama.cpp would not copy cache cells");
        }
    }

    /// `sequence` gives up its cells from `start` on. False when the model's memory cannot forget a part.
    pub(super) fn remove(&mut self, sequence: SequenceId, start: usize) -> bool {
        let from = if start == 0 { None } else { u32::try_from(start).ok() };
        self.inner.kv_cache_seq_rm(sequence, from, None).is_ok()
    }

    /// Tokens that `sequence` holds: one more than its last position.
    pub(super) fn length(&self, sequence: SequenceId) -> usize {
        usize::try_from(self.inner.kv_cache_seq_pos_max(sequence) + 1).unwrap_or(0)
    }

    /// A copy of what `sequence` holds.
    pub(super) fn save_in_memory(&self, sequence: SequenceId) -> Option<Saved> {
        self.inner.state_seq_get(sequence, LlamaStateSeqFlags::empty()).ok()
    }

    /// Lets `sequence` hold what was saved.
    pub(super) fn replay(&mut self, state: &Saved, sequence: SequenceId) -> bool {
        self.inner.state_seq_set(state, sequence).is_ok()
    }

    /// Writes the state of `sequence` to a file.
    pub(super) fn save(&self, path: &Path, sequence: SequenceId, tokens: &[Token]) -> bool {
        let tokens: Vec<LlamaToken> = tokens.iter().map(|&token| LlamaToken(token)).collect();
        self.inner.state_seq_save_file(path, sequence, &tokens).is_ok()
    }

    /// Reads a state written by [`Self::save`] into `sequence`; the tokens it is of.
    pub(super) fn restore(
        &mut self,
        path: &Path,
        sequence: SequenceId,
        most: usize,
    ) -> Option<Vec<Token>> {
        let (tokens, _) = self.inner.state_seq_load_file(path, sequence, most).ok()?;
        Some(tokens.into_iter().map(|token| token.0).collect())
    }
}
