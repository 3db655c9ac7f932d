//! Keys that the server makes itself at its first start, in the data folder, for its owner alone.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::hex;
use crate::privacy::Secret;

/// The key in `file`; a new random one is written (mode 0600) where there is none. Two processes that
/// start at once get the same one.
///
/// # Errors
/// When the file can neither be read nor made, or holds no key.
pub fn secret_key(file: &Path) -> io::Result<Secret> {
    if let Some(folder) = file.parent() {
        fs_err::create_dir_all(folder)?;
    }
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    match made {
        Ok(mut out) => {
            let key = fresh_key();
            writeln!(out, "{}", *key)?;
            out.sync_all()?;
            Ok(Secret::new(key.as_str()))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let key = fs_err::read_to_string(file)?;
            let key = key.trim();
            if key.len() < 32 {
                let what = format!(
                    "{} holds no key of at least 32 characters; write one, or remove the file and \
                     a new one is made",
                    file.display()
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
            Ok(Secret::new(key))
        }
        Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", file.display()))),
    }
}

/// A new random key.
pub fn fresh_key() -> Zeroizing<String> {
    Zeroizing::new(hex(&rand::random::<[u8; 32]>()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys/visitor.key");
        let made = secret_key(&file).unwrap();
        assert_eq!(made.expose().len(), 64);
        assert_eq!(secret_key(&file).unwrap(), made);
        assert_eq!(fs_err::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs_err::write(&file, "short\n").unwrap();
        assert!(secret_key(&file).unwrap_err().to_string().contains("32 characters"));
    }
}
