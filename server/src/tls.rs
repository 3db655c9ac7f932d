//! TLS for outgoing connections: which cryptography is used, said once for the whole process.
//!
//! Called at the start of every program and by tests, before the first HTTP client is made.

/// Makes *ring* the provider of cryptography. Later calls change nothing.
pub fn install() {
    // An error says that there is one already, which may only be the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
