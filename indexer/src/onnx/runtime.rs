//! Finds and loads the ONNX Runtime library once per process.
//!
//! Order: `ORT_DYLIB_PATH`; `libonnxruntime.so*` beside the executable or in `../lib` of it; the
//! cache folder that `docker/onnxruntime.sh` fills. Nothing is ever downloaded from here.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ort::environment::Environment;

use super::OnnxError;

/// Version the set-up scripts install.
const VERSION: &str = "1.31.1";

static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();

/// Loads the library at the first call; the environment that every session belongs to.
///
/// # Errors
/// [`OnnxError`] listing the places that were looked at and the command to run.
pub fn environment() -> Result<Environment, OnnxError> {
    ENVIRONMENT
        .get_or_init(|| {
            let path = locate()?;
            let failed = |e: &dyn std::fmt::Display| {
                format!("ONNX Runtime at {} does not load: {e}", path.display())
            };
            let builder = ort::init_from(&path).map_err(|e| failed(&e))?;
            tracing::debug!(path = %path.display(), "onnx_runtime.loaded");
            builder.with_name("atbilde").with_telemetry(false).build().map_err(|e| failed(&e))
        })
        .clone()
        .map_err(OnnxError)
}

fn locate() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("ORT_DYLIB_PATH").filter(|p| !p.is_empty()) {
        let path = PathBuf::from(path);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(format!(
                "ORT_DYLIB_PATH names {}, which is not a file; unset it or point it at \
                 libonnxruntime.so",
                path.display()
            ))
        };
    }
    let folders = folders();
    folders.iter().find_map(|folder| library_in(folder)).ok_or_else(|| {
        let places: Vec<_> = folders.iter().map(|f| f.display().to_string()).collect();
        format!(
            "ONNX Runtime (libonnxruntime.so) was not found in {}; run `make setup`, or set \
             ORT_DYLIB_PATH to the library of the PyPI wheel onnxruntime {VERSION}",
            places.join(", ")
        )
    })
}

fn folders() -> Vec<PathBuf> {
    let mut out = Vec::new();
    if let Some(dir) = std::env::current_exe()
        .ok()
        .and_then(|exe| exe.canonicalize().ok())
        .and_then(|exe| exe.parent().map(Path::to_owned))
    {
        out.push(dir.clone());
        out.push(dir.join("../lib"));
    }
    // The path as it was typed may be a link in a folder that holds the library.
    if let Some(dir) =
        std::env::args_os().next().and_then(|a| Path::new(&a).parent().map(Path::to_owned))
        && !dir.as_os_str().is_empty()
    {
        out.push(dir);
    }
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .filter(|v| !v.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    if let Some(cache) = cache {
        out.push(
            cache.join("atbilde").join(format!("onnxruntime-{VERSION}-{}", std::env::consts::ARCH)),
        );
    }
    out
}

/// `libonnxruntime.so`, or the first of `libonnxruntime.so.*` by name.
fn library_in(folder: &Path) -> Option<PathBuf> {
    let plain = folder.join("libonnxruntime.so");
    if plain.is_file() {
        return Some(plain);
    }
    let mut found: Vec<_> = fs_err::read_dir(folder)
        .ok()?
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with("libonnxruntime.so."))
        .map(|e| e.path())
        .collect();
    found.sort();
    found.pop()
}
