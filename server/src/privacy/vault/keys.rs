//! Keys and sealing. A data key seals the originals of one conversation; a master key seals data keys.
//!
//! Sealed form: one version byte, 24 random bytes of nonce, cipher text with its tag. The associated data
//! names purpose, conversation and placeholder, so a sealed value moved to another place does not open.

use std::fmt;

use chacha20poly1305::aead::array::Array;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::VaultError;

const VERSION: u8 = 1;
const NONCE: usize = 24;
const ENTRY: &[u8] = b"atbilde vault entry\0";
const DATA_KEY: &[u8] = b"atbilde data key\0";

/// Thirty-two random bytes, wiped when dropped.
type KeyBytes = Zeroizing<[u8; 32]>;

/// Seals the originals of one conversation.
#[derive(Clone)]
pub struct DataKey(KeyBytes);

/// Seals data keys.
#[derive(Clone)]
pub struct MasterKey {
    id: String,
    key: KeyBytes,
}

/// A data key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Id of the master key that opens it.
    pub master: String,
    pub sealed: Vec<u8>,
}

/// The master key in use and those that older data keys may still need.
#[derive(Clone)]
pub struct KeyRing {
    current: MasterKey,
    older: Vec<MasterKey>,
}

impl DataKey {
    pub fn random() -> Self {
        Self(random())
    }

    /// Seals an original under its placeholder.
    ///
    /// # Errors
    /// [`VaultError::Sealing`]; practically never.
    pub fn seal(
        &self,
        conversation: Uuid,
        placeholder: &str,
        text: &str,
    ) -> Result<Vec<u8>, VaultError> {
        seal(&self.0, &bound(ENTRY, conversation, placeholder), text.as_bytes())
    }

    /// # Errors
    /// [`VaultError::Opening`] when it was changed or sealed for another place or with another key.
    pub fn open(
        &self,
        conversation: Uuid,
        placeholder: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<String>, VaultError> {
        let bytes = open(&self.0, &bound(ENTRY, conversation, placeholder), sealed)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| VaultError::Opening)?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

impl MasterKey {
    pub fn random() -> Self {
        Self::from_bytes(random())
    }

    /// The id is derived from the key, so equal keys have equal names on every machine.
    pub fn from_bytes(key: KeyBytes) -> Self {
        let hash = Sha256::new().chain_update(b"atbilde master key id\0").chain_update(*key);
        let id = hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect();
        Self { id, key }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.key
    }
}

impl KeyRing {
    pub fn new(current: MasterKey, older: Vec<MasterKey>) -> Self {
        Self { current, older }
    }

    pub fn current(&self) -> &MasterKey {
        &self.current
    }

    pub fn older(&self) -> &[MasterKey] {
        &self.older
    }

    /// The same keys with the one of this id as the current one; `None` when it is not among them.
    pub fn using(&self, id: &str) -> Option<Self> {
        let mut keys: Vec<MasterKey> =
            std::iter::once(&self.current).chain(&self.older).cloned().collect();
        let at = keys.iter().position(|key| key.id == id)?;
        let current = keys.remove(at);
        Some(Self { current, older: keys })
    }

    /// Seals a data key with the current master key.
    ///
    /// # Errors
    /// [`VaultError::Sealing`]; practically never.
    pub fn wrap(&self, conversation: Uuid, key: &DataKey) -> Result<WrappedKey, VaultError> {
        let bound = bound(DATA_KEY, conversation, &self.current.id);
        let sealed = seal(&self.current.key, &bound, key.0.as_slice())?;
        Ok(WrappedKey { master: self.current.id.clone(), sealed })
    }

    /// # Errors
    /// [`VaultError::UnknownMaster`] when the key that sealed it is not at hand, [`VaultError::Opening`]
    /// when it was changed.
    pub fn unwrap(&self, conversation: Uuid, wrapped: &WrappedKey) -> Result<DataKey, VaultError> {
        let master = std::iter::once(&self.current)
            .chain(&self.older)
            .find(|m| m.id == wrapped.master)
            .ok_or_else(|| VaultError::UnknownMaster(wrapped.master.clone()))?;
        let bytes = open(&master.key, &bound(DATA_KEY, conversation, &master.id), &wrapped.sealed)?;
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| VaultError::Opening)?;
        Ok(DataKey(Zeroizing::new(key)))
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[a data key]")
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[master key {}]", self.id)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} and {} older", self.current, self.older.len())
    }
}

fn random() -> KeyBytes {
    let mut key = Zeroizing::new([0; 32]);
    rand::fill(key.as_mut_slice());
    key
}

/// The id has a fixed length, so no two places have the same associated data.
fn bound(purpose: &[u8], conversation: Uuid, name: &str) -> Vec<u8> {
    [purpose, conversation.as_bytes(), name.as_bytes()].concat()
}

fn seal(key: &KeyBytes, bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE];
    rand::fill(&mut nonce);
    let cipher = XChaCha20Poly1305::new(&Key::from(**key));
    let text = cipher
        .encrypt(&Array(nonce), Payload { msg: plain, aad: bound })
        .map_err(|_| VaultError::Sealing)?;
    Ok([&[VERSION], nonce.as_slice(), &text].concat())
}

fn open(key: &KeyBytes, bound: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (version, rest) = sealed.split_first().ok_or(VaultError::Opening)?;
    let (nonce, text) = rest.split_at_checked(NONCE).ok_or(VaultError::Opening)?;
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| VaultError::Opening)?;
    if *version != VERSION {
        return Err(VaultError::Opening);
    }
    let cipher = XChaCha20Poly1305::new(&Key::from(**key));
    cipher
        .decrypt(&Array(nonce), Payload { msg: text, aad: bound })
        .map(Zeroizing::new)
        .map_err(|_| VaultError::Opening)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_original_opens_in_its_own_place_alone() {
        let (key, here, there) = (DataKey::random(), Uuid::new_v4(), Uuid::new_v4());
        let sealed = key.seal(here, "[EMAIL_1]", "anna@example.org").unwrap();
        assert_eq!(*key.open(here, "[EMAIL_1]", &sealed).unwrap(), "anna@example.org");
        assert!(key.open(there, "[EMAIL_1]", &sealed).is_err());
        assert!(key.open(here, "[EMAIL_2]", &sealed).is_err());
        assert!(DataKey::random().open(here, "[EMAIL_1]", &sealed).is_err());
        assert!(!sealed.windows(4).any(|w| w == b"anna"));
        assert_ne!(sealed, key.seal(here, "[EMAIL_1]", "anna@example.org").unwrap());
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_found() {
        let (key, id) = (DataKey::random(), Uuid::new_v4());
        let sealed = key.seal(id, "[EMAIL_1]", "a@b.co").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(id, "[EMAIL_1]", &changed).is_err(), "byte {at}");
            assert!(key.open(id, "[EMAIL_1]", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_data_key_opens_with_the_master_that_sealed_it() {
        let (id, key) = (Uuid::new_v4(), DataKey::random());
        let old = KeyRing::new(MasterKey::random(), Vec::new());
        let wrapped = old.wrap(id, &key).unwrap();
        assert_eq!(*old.unwrap(id, &wrapped).unwrap().0, *key.0);
        assert!(old.unwrap(Uuid::new_v4(), &wrapped).is_err());

        let rotated = KeyRing::new(MasterKey::random(), vec![old.current().clone()]);
        assert_eq!(*rotated.unwrap(id, &wrapped).unwrap().0, *key.0);
        let forgot = KeyRing::new(rotated.current().clone(), Vec::new());
        assert!(matches!(forgot.unwrap(id, &wrapped), Err(VaultError::UnknownMaster(_))));
    }

    #[test]
    fn the_key_in_use_need_not_be_the_first_one() {
        let (first, second) = (MasterKey::random(), MasterKey::random());
        let ring = KeyRing::new(first.clone(), vec![second.clone()]);
        let turned = ring.using(second.id()).unwrap();
        assert_eq!(turned.current().id(), second.id());
        assert_eq!(turned.older()[0].id(), first.id());
        let (id, key) = (Uuid::new_v4(), DataKey::random());
        let wrapped = turned.wrap(id, &key).unwrap();
        assert_eq!(wrapped.master, second.id());
        // In whichever order, both open what either sealed.
        assert_eq!(*ring.unwrap(id, &wrapped).unwrap().0, *key.0);
        assert!(ring.using("another").is_none());
    }

    #[test]
    fn keys_are_never_printed() {
        let ring = KeyRing::new(MasterKey::random(), Vec::new());
        let shown = format!("{ring:?} {:?}", DataKey::random());
        let key: String = ring.current().key.iter().map(|b| format!("{b:02x}")).collect();
        assert!(!shown.contains(&key) && shown.contains("a data key"), "{shown}");
    }
}
