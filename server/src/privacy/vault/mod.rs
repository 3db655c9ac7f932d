//! Originals under lock: the cryptography of the vault. What is stored where is decided in
//! `store::vault`, who may look in `rights::reveal`; here are keys, sealing and restoring alone.
//!
//! Every conversation has one random data key. It seals the originals (XChaCha20-Poly1305, bound to
//! conversation and placeholder) and is itself stored only sealed by the master key. Destroying the
//! sealed data key makes every copy of the originals unreadable, wherever it is.

mod key_files;
mod key_source;
mod keys;
mod restore;
mod settings;

pub use key_files::{read_lines, write_secret};
pub use key_source::{KeySource, key_line};
pub use keys::{DataKey, KeyRing, MasterKey, WrappedKey};
pub use restore::{Restorer, Restoring};
pub use settings::{VaultError, VaultSettings};
