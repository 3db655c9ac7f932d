//! The key with which this installation signs what it must be held to: erasure receipts and the head of
//! the audit log (Ed25519). Made on the first start, in the `keys` folder beside the master key.

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::vault::{VaultError, read_lines, write_secret};

const FILE: &str = "signing.key";
/// The public half, for auditors and for checking receipts.
const PUBLIC_FILE: &str = "signing.pub";

/// Signs in the name of this installation.
#[derive(Clone)]
pub struct Signer(SigningKey);

impl Signer {
    /// Reads the key from `folder`, or makes it.
    ///
    /// # Errors
    /// [`VaultError`] when the file cannot be read or written or holds no key.
    pub fn open(folder: &Path) -> Result<Self, VaultError> {
        let file = folder.join(FILE);
        if let Some(lines) = read_lines(&file)? {
            let line = lines.first().map_or("", |line| line.as_str());
            return Self::parse(line)
                .ok_or_else(|| VaultError::NoKey { file: file.display().to_string() });
        }
        let signer = Self::random();
        let text = Zeroizing::new(format!(
            "# Signs erasure receipts and the audit log. Keep a copy apart from the data folder.\n{}\n",
            *signer.line()
        ));
        write_secret(&file, &text)?;
        fs_err::write(folder.join(PUBLIC_FILE), format!("{}\n", signer.public()))?;
        Ok(signer)
    }

    /// The key that several processes share, from its [`line`](Self::line); its public half is left in
    /// `folder` for auditors, where the data folder around it is there.
    ///
    /// # Errors
    /// [`VaultError`] when the line is none, or the folder cannot be written.
    pub fn of_all(line: &str, folder: &Path) -> Result<Self, VaultError> {
        let place = || VaultError::NoKey { file: "the shared signing key".to_owned() };
        let signer = Self::parse(line).ok_or_else(place)?;
        if folder.parent().is_some_and(Path::is_dir) {
            fs_err::create_dir_all(folder)?;
            fs_err::write(folder.join(PUBLIC_FILE), format!("{}\n", signer.public()))?;
        }
        Ok(signer)
    }

    /// The public key that was left in `folder`.
    pub fn public_of(folder: &Path) -> Option<String> {
        let text = fs_err::read_to_string(folder.join(PUBLIC_FILE)).ok()?;
        Some(text.trim().to_owned())
    }

    /// The key as a line of text.
    pub fn line(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_bytes()))
    }

    fn parse(line: &str) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(line.as_bytes()).ok()?);
        let seed: [u8; 32] = bytes.as_slice().try_into().ok()?;
        Some(Self(SigningKey::from_bytes(&Zeroizing::new(seed))))
    }

    pub fn random() -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rand::fill(seed.as_mut_slice());
        Self(SigningKey::from_bytes(&seed))
    }

    /// The public key, base64.
    pub fn public(&self) -> String {
        STANDARD.encode(self.0.verifying_key().as_bytes())
    }

    /// Signature of `message` under a purpose, base64. What is signed for one purpose counts for no other.
    pub fn sign(&self, purpose: &str, message: &[u8]) -> String {
        STANDARD.encode(self.0.sign(&with_purpose(purpose, message)).to_bytes())
    }
}

/// Whether `signature` is one of the holder of `public`, both base64.
pub fn is_signed(public: &str, purpose: &str, message: &[u8], signature: &str) -> bool {
    let bytes = |text: &str| STANDARD.decode(text).ok();
    let key = bytes(public).and_then(|b| <[u8; 32]>::try_from(b.as_slice()).ok());
    let key = key.and_then(|b| VerifyingKey::from_bytes(&b).ok());
    let signature = bytes(signature).and_then(|b| <[u8; 64]>::try_from(b.as_slice()).ok());
    let (Some(key), Some(signature)) = (key, signature) else { return false };
    let signature = Signature::from_bytes(&signature);
    key.verify_strict(&with_purpose(purpose, message), &signature).is_ok()
}

fn with_purpose(purpose: &str, message: &[u8]) -> Vec<u8> {
    [purpose.as_bytes(), b"\0", message].concat()
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[signing key of {}]", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_key_its_purpose_and_its_message() {
        let folder = tempfile::tempdir().unwrap();
        let signer = Signer::open(folder.path()).unwrap();
        let again = Signer::open(folder.path()).unwrap();
        assert_eq!(signer.public(), again.public());
        let signature = signer.sign("receipt", b"text");
        assert!(is_signed(&again.public(), "receipt", b"text", &signature));
        assert!(!is_signed(&again.public(), "audit", b"text", &signature));
        assert!(!is_signed(&again.public(), "receipt", b"texts", &signature));
        assert!(!is_signed(&Signer::random().public(), "receipt", b"text", &signature));
        assert!(!is_signed("", "receipt", b"text", "?"));
    }

    #[test]
    fn a_damaged_key_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join(FILE), "not a key\n").unwrap();
        assert!(Signer::open(folder.path()).is_err());
        let kept = fs_err::read_to_string(folder.path().join(FILE)).unwrap();
        assert_eq!(kept, "not a key\n");
    }
}
