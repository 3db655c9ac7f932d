//! Loads a model file and makes the context, or says in plain words why not.
//!
//! Called by the engine's thread when it starts. llama.cpp answers a failed load with nothing but a null pointer; the reason
//! is in its log. So its log is caught while it loads, and the words in it decide which [`LoadError`] it is.

use std::io::Read as _;
use std::num::NonZeroU32;
use std::path::Path;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::{KvCacheType, LlamaContextParams};
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::{LlamaModelParams, LlamaSplitMode};

use super::backend::{Model, backend};
use super::check::Weights;
use super::error::LoadError;
use super::log_capture;
use super::memory;
use super::settings::{EngineSettings, FlashAttention, KvType, ModelSettings, SplitMode};

/// What the rest of the engine must know of a model's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Traits {
    /// A prefix of a sequence can be copied and a tail cut off (not so with recurrent state).
    pub(super) prefixes: bool,
    /// Attention looks back only so far in some layers.
    pub(super) sliding_window: bool,
    /// Weights on a GPU: prompt and decode rows go best into one call.
    pub(super) on_gpu: bool,
    /// Longest sequence the model was trained on.
    pub(super) trained_context: usize,
}

/// Where the weights will lie.
pub(super) fn weights(settings: &ModelSettings) -> Weights {
    let offload = backend().is_some_and(LlamaBackend::supports_gpu_offload);
    if offload && settings.n_gpu_layers > 0 { Weights::OnGpu } else { Weights::OnCpu }
}

/// Loads the weights.
pub(super) fn model(settings: &ModelSettings) -> Result<(Model, Traits), LoadError> {
    let path = settings.path.as_path();
    look_at_file(path)?;
    let backend = backend().ok_or_else(|| LoadError::Settings {
        reason: "llama.cpp is in use elsewhere in this process".into(),
    })?;
    let on_gpu = weights(settings) == Weights::OnGpu;
    if !on_gpu {
        fits_into_memory(path, None)?;
    }
    let mut params = LlamaModelParams::default()
        .with_n_gpu_layers(settings.n_gpu_layers)
        .with_main_gpu(settings.main_gpu)
        .with_use_mmap(settings.mmap)
        .with_use_mlock(settings.mlock)
        .with_split_mode(match settings.split_mode {
            SplitMode::None => LlamaSplitMode::None,
            SplitMode::Layer => LlamaSplitMode::Layer,
            SplitMode::Row => LlamaSplitMode::Row,
        });
    if !settings.devices.is_empty() {
        params = params
            .with_devices(&settings.devices)
            .map_err(|error| LoadError::Settings { reason: error.to_string() })?;
    }
    let (loaded, log) = log_capture::during(|| LlamaModel::load_from_file(backend, path, &params));
    let inner = loaded.map_err(|error| classify(path, &log, &error.to_string()))?;
    let architecture = inner.meta_val_str("general.architecture").unwrap_or_default();
    if ["bert", "t5", "clip", "wavtokenizer"].iter().any(|part| architecture.contains(part)) {
        return Err(LoadError::NotGenerative {
            path: path.into(),
            reason: format!("its architecture is {architecture}"),
        });
    }
    let window = inner.meta_val_str(&format!("{architecture}.attention.sliding_window"));
    let traits = Traits {
        prefixes: !inner.is_recurrent() && !inner.is_hybrid(),
        sliding_window: window.is_ok_and(|window| window != "0"),
        on_gpu,
        trained_context: inner.n_ctx_train() as usize,
    };
    let model = Model::new(inner);
    if model.vocabulary_size() == 0 {
        return Err(LoadError::NotGenerative {
            path: path.into(),
            reason: "it has no vocabulary".into(),
        });
    }
    Ok((model, traits))
}

/// Makes the context with its cache.
pub(super) fn context<'model>(
    inner: &'model LlamaModel,
    path: &Path,
    settings: &EngineSettings,
    traits: Traits,
) -> Result<LlamaContext<'model>, LoadError> {
    let backend = backend().ok_or_else(|| LoadError::Settings {
        reason: "llama.cpp is in use elsewhere in this process".into(),
    })?;
    let cells = if settings.context == 0 { traits.trained_context } else { settings.context };
    if !traits.on_gpu {
        fits_into_memory(path, Some(cache_bytes(inner, settings, cells)))?;
    }
    let wrong = |what: &str| LoadError::Settings { reason: format!("{what} is out of range") };
    let threads = match settings.threads {
        0 => memory::usable_cores(),
        threads => threads,
    };
    let threads = i32::try_from(threads).map_err(|_| wrong("threads"))?;
    let cells = u32::try_from(cells.next_multiple_of(256))
        .ok()
        .and_then(NonZeroU32::new)
        .ok_or_else(|| wrong("context"))?;
    let batch = u32::try_from(settings.batch).map_err(|_| wrong("batch"))?;
    let slots = u32::try_from(settings.slots).map_err(|_| wrong("slots"))?;
    let params = LlamaContextParams::default()
        .with_n_ctx(Some(cells))
        .with_n_batch(batch)
        .with_n_ubatch(batch)
        // Sequence ids beyond this are fine in a unified cache; it only sizes the buffer for logits.
        .with_n_seq_max(slots)
        .with_kv_unified(true)
        .with_swa_full(true)
        .with_n_threads(threads)
        .with_n_threads_batch(threads)
        .with_offload_kqv(true)
        .with_flash_attention_policy(match settings.flash_attention {
            FlashAttention::Auto => llama_cpp_sys_2::LLAMA_FLASH_ATTN_TYPE_AUTO,
            FlashAttention::On => llama_cpp_sys_2::LLAMA_FLASH_ATTN_TYPE_ENABLED,
            FlashAttention::Off => llama_cpp_sys_2::LLAMA_FLASH_ATTN_TYPE_DISABLED,
        })
        .with_type_k(cache_type(settings.kv_type_k))
        .with_type_v(cache_type(settings.kv_type_v));
    let (made, log) = log_capture::during(|| inner.new_context(backend, params));
    made.map_err(|error| classify(path, &log, &error.to_string()))
}

fn cache_type(kind: KvType) -> KvCacheType {
    match kind {
        KvType::F32 => KvCacheType::F32,
        KvType::F16 => KvCacheType::F16,
        KvType::Bf16 => KvCacheType::BF16,
        KvType::Q8_0 => KvCacheType::Q8_0,
        KvType::Q5_1 => KvCacheType::Q5_1,
        KvType::Q5_0 => KvCacheType::Q5_0,
        KvType::Q4_1 => KvCacheType::Q4_1,
        KvType::Q4_0 => KvCacheType::Q4_0,
    }
}

/// Bytes of the cache, as good as the file's metadata tells.
fn cache_bytes(inner: &LlamaModel, settings: &EngineSettings, cells: usize) -> u64 {
    let bits = |kind: KvType| match kind {
        KvType::F32 => 32.0,
        KvType::F16 | KvType::Bf16 => 16.0,
        KvType::Q8_0 => 8.5,
        KvType::Q5_1 => 6.0,
        KvType::Q5_0 => 5.5,
        KvType::Q4_1 => 5.0,
        KvType::Q4_0 => 4.5,
    };
    let heads = f64::from(inner.n_head().max(1));
    let width = f64::from(inner.n_embd()) / heads * f64::from(inner.n_head_kv());
    let per_token =
        f64::from(inner.n_layer()) * width * (bits(settings.kv_type_k) + bits(settings.kv_type_v))
            / 8.0;
    (per_token * cells as f64) as u64
}

/// Reads the first bytes: says more, and more surely, than llama.cpp's log.
fn look_at_file(path: &Path) -> Result<(), LoadError> {
    let missing = |reason: String| LoadError::Missing { path: path.into(), reason };
    let mut file = fs_err::File::open(path).map_err(|error| missing(error.to_string()))?;
    let metadata = file.metadata().map_err(|error| missing(error.to_string()))?;
    if !metadata.is_file() {
        return Err(missing("it is not a file".into()));
    }
    let mut magic = [0; 4];
    match file.read_exact(&mut magic) {
        Ok(()) if &magic == b"GGUF" => Ok(()),
        Ok(()) => Err(LoadError::NotGguf {
            path: path.into(),
            reason: "it does not begin with GGUF".into(),
        }),
        Err(_) => Err(LoadError::NotGguf {
            path: path.into(),
            reason: "it is shorter than four bytes".into(),
        }),
    }
}

/// Without the check a machine would swap itself to death, or the kernel would kill the program without a word.
fn fits_into_memory(path: &Path, cache: Option<u64>) -> Result<(), LoadError> {
    let (Some(limit), Ok(metadata)) = (memory::limit(), fs_err::metadata(path)) else {
        return Ok(());
    };
    let needed = metadata.len().saturating_add(cache.unwrap_or(0));
    if needed <= limit {
        return Ok(());
    }
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    let what = if cache.is_some() { "weights and KV cache take" } else { "the weights take" };
    let reason = format!(
        "{what} {:.1} GiB and this machine or container has {:.1} GiB",
        gib(needed),
        gib(limit)
    );
    Err(LoadError::TooLarge { path: path.into(), reason })
}

/// Which error the loader's log tells of.
fn classify(path: &Path, log: &[String], fallback: &str) -> LoadError {
    let said = log.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
    let reason = said.clone().take(4).collect::<Vec<_>>().join("; ");
    let reason = if reason.is_empty() { fallback.to_owned() } else { reason };
    let path = path.to_path_buf();
    let has = |words: &[&str]| {
        said.clone().any(|line| {
            let line = line.to_lowercase();
            words.iter().any(|word| line.contains(word))
        })
    };
    if has(&["unknown model architecture", "unsupported model architecture"]) {
        LoadError::Architecture { path, reason }
    } else if has(&["allocate", "out of memory", "bad_alloc", "cudamalloc"]) {
        LoadError::TooLarge { path, reason }
    } else if has(&[
        "invalid magic",
        "bad gguf version",
        "unsupported gguf",
        "this gguf file is version",
        "gguf version",
    ]) {
        LoadError::NotGguf { path, reason }
    } else if has(&[
        "not within the file bounds",
        "corrupted",
        "incomplete",
        "failed to read",
        "unexpectedly reached end",
        "read error",
        "failed to load model",
        "invalid",
        "missing tensor",
        "key not found",
        "wrong number of tensors",
        "wrong shape",
    ]) {
        LoadError::Damaged { path, reason }
    } else {
        LoadError::Loader { path, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(line: &str) -> String {
        format!("{:?}", classify(Path::new("m.gguf"), &[line.to_owned()], "null"))
    }

    #[test]
    fn the_loaders_words_decide_the_error() {
        assert!(
            kind("error loading model architecture: unknown model architecture: 'nothing'")
                .starts_with("Architecture")
        );
        assert!(
            kind("tensor 'output.weight' data is not within the file bounds, model is corrupted")
                .starts_with("Damaged")
        );
        assert!(
            kind("ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer")
                .starts_with("TooLarge")
        );
        assert!(kind("gguf_init_from_file: invalid magic characters").starts_with("NotGguf"));
        assert!(kind("something new").starts_with("Loader"));
    }

    #[test]
    fn the_operator_reads_what_the_loader_said() {
        assert!(
            classify(Path::new("m.gguf"), &["something new".into()], "null")
                .to_string()
                .contains("something new")
        );
    }
}
