//! Files and folders of a data folder are for their owner: they hold what customers wrote and what is
//! sealed of it. Called before a database is opened, here and in the server's store.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use fs_err::os::unix::fs::OpenOptionsExt;

/// Read, write and search by those who are neither owner nor of the group.
const OTHERS: u32 = 0o007;

/// Makes `path` for its owner alone where it is missing.
///
/// # Errors
/// When it cannot be made.
pub fn new_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())))
}

/// The same for a folder that nobody but this program makes: from one that is there everybody but owner
/// and group is shut out, if it is ours. Not for a folder that the operator named, which may be any.
///
/// # Errors
/// When it cannot be made.
pub fn folder(path: &Path) -> io::Result<()> {
    new_folder(path)?;
    shut_out_others(path);
    Ok(())
}

/// The same for a file, which is made empty. What a database keeps beside its file gets the file's mode.
///
/// # Errors
/// When it cannot be made.
pub fn file(path: &Path) -> io::Result<()> {
    let made = fs_err::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            shut_out_others(path);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// What belongs to somebody else keeps its mode: its owner decides.
fn shut_out_others(path: &Path) {
    let Ok(found) = fs_err::metadata(path) else { return };
    let mode = found.permissions().mode();
    if mode & OTHERS != 0 {
        let _ = fs_err::set_permissions(path, Permissions::from_mode(mode & 0o7770));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs_err::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_for_its_owner_and_what_is_there_no_longer_for_everybody() {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("a/data");
        new_folder(&data).unwrap();
        let database = data.join("b.sqlite");
        file(&database).unwrap();
        assert_eq!((mode(&data), mode(&database)), (0o700, 0o600));
        fs_err::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
        fs_err::write(&database, "kept").unwrap();
        fs_err::set_permissions(&database, Permissions::from_mode(0o644)).unwrap();
        new_folder(&data).unwrap();
        assert_eq!(mode(&data), 0o755, "the operator's own");
        folder(&data).unwrap();
        file(&database).unwrap();
        assert_eq!((mode(&data), mode(&database)), (0o750, 0o640));
        assert_eq!(fs_err::read_to_string(&database).unwrap(), "kept");
        assert!(file(&place.path().join("absent/c.sqlite")).is_err());
    }
}
