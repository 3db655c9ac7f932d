//! Who may come in, and how often: visitor tokens of customers, accounts and sessions of agents, keys
//! of programs, limits for all.
//!
//! Called by `http`, which asks here before anything is done. Knows no web framework; secrets are
//! compared in constant time and stored as hashes alone.

mod address;
mod files;
mod gate;
mod identity;
mod identity_settings;
mod keys;
mod limits;
mod oidc;
mod password;
mod settings;
mod streams;
mod visitor;

pub use address::{ClientAddress, Network, Networks};
pub use files::{fresh_key, secret_key};
pub use gate::{Gate, LoggedIn, LoginError};
pub use identity::{IdentityError, IdentityTokens};
pub use identity_settings::IdentitySettings;
pub use keys::{key_hash, new_key};
pub use limits::{LimitSettings, Limited, Limits};
pub use oidc::{
    Answer, Begun, Come, FLOW_S, Oidc, OidcSettings, ProviderFault, Refused, TokenFault,
};
pub use password::{PasswordError, Passwords};
pub use settings::{AccessError, AccessSettings, Cookies};
pub use streams::Place;
pub use visitor::{TokenError, VisitorTokens};

use sha2::{Digest, Sha256};

/// SHA-256 of a token, as the store keeps it.
fn hash(token: &str) -> String {
    hex(&Sha256::digest(token))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
