//! TLS for outgoing connections: which cryptography is used, said once for the whole process, and files of
//! authorities that are trusted beside the system's.
//!
//! Called at the start of every program and by tests, before the first HTTP client is made; the files are read
//! by whoever has a `ca_file` in its settings.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Makes *ring* the provider of cryptography. Later calls change nothing.
pub fn install() {
    // An error says that there is one already, which may only be the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// What `file` holds: certificates (PEM), at least one.
///
/// # Errors
/// Naming `key`, the file and what is wrong.
pub(crate) fn bundle(key: &str, file: &Path) -> Result<Vec<u8>, String> {
    let pem = fs_err::read(file).map_err(|e| format!("{key}: {e}"))?;
    let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    if found.is_ok_and(|found| !found.is_empty()) {
        Ok(pem)
    } else {
        Err(format!("{key}: {} holds no certificate (PEM)", file.display()))
    }
}

/// The certificates of `file` for an HTTP client; none without a file.
///
/// # Errors
/// Naming `key`, the file and what is wrong.
pub(crate) fn authorities(
    key: &str,
    file: Option<&Path>,
) -> Result<Vec<reqwest::Certificate>, String> {
    let Some(file) = file else { return Ok(Vec::new()) };
    reqwest::Certificate::from_pem_bundle(&bundle(key, file)?)
        .map_err(|e| format!("{key}: {}: {e}", file.display()))
}
