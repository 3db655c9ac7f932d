//! The files of one model, in the layout of the model hubs: compiled in, or in a folder of the operator's.

use std::borrow::Cow;
use std::path::Path;

use fastembed::TokenizerFiles;

use super::OnnxError;

/// The files of one model, in memory.
pub struct ModelFiles {
    pub name: String,
    pub onnx: Cow<'static, [u8]>,
    pub tokenizer: Cow<'static, [u8]>,
    pub config: Cow<'static, [u8]>,
    pub tokenizer_config: Cow<'static, [u8]>,
    pub special_tokens_map: Cow<'static, [u8]>,
}

macro_rules! bundled {
    ($file:literal) => {
        Cow::Borrowed(
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../config/models/", $file))
                .as_slice(),
        )
    };
}

impl ModelFiles {
    /// The embedding model that is compiled in.
    pub fn bundled_embedder() -> Self {
        Self {
            name: "all-minilm-l6-v2".to_owned(),
            onnx: bundled!("all-minilm-l6-v2/model.onnx"),
            tokenizer: bundled!("all-minilm-l6-v2/tokenizer.json"),
            config: bundled!("all-minilm-l6-v2/config.json"),
            tokenizer_config: bundled!("all-minilm-l6-v2/tokenizer_config.json"),
            special_tokens_map: bundled!("all-minilm-l6-v2/special_tokens_map.json"),
        }
    }

    /// The files in `dir`, which the key `key` of the configuration names.
    ///
    /// # Errors
    /// Naming the file that is missing or cannot be read, and the key.
    pub fn read(dir: &Path, key: &str) -> Result<Self, OnnxError> {
        let file = |name: &str| {
            fs_err::read(dir.join(name)).map(Cow::Owned).map_err(|e| {
                OnnxError(format!(
                    "{e}; `{key}` must name a folder with model.onnx, tokenizer.json, config.json, \
                     tokenizer_config.json and special_tokens_map.json"
                ))
            })
        };
        Ok(Self {
            name: dir
                .file_name()
                .map_or_else(|| dir.display().to_string(), |n| n.to_string_lossy().into_owned()),
            onnx: file("model.onnx")?,
            tokenizer: file("tokenizer.json")?,
            config: file("config.json")?,
            tokenizer_config: file("tokenizer_config.json")?,
            special_tokens_map: file("special_tokens_map.json")?,
        })
    }

    /// The model and what its tokenizer needs, as a session takes them.
    pub fn into_parts(self) -> (Vec<u8>, TokenizerFiles) {
        let tokenizer = TokenizerFiles {
            tokenizer_file: self.tokenizer.into_owned(),
            config_file: self.config.into_owned(),
            special_tokens_map_file: self.special_tokens_map.into_owned(),
            tokenizer_config_file: self.tokenizer_config.into_owned(),
        };
        (self.onnx.into_owned(), tokenizer)
    }
}
