//! Files that hold secrets: written whole or not at all, readable by their owner alone.

use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use zeroize::Zeroizing;

/// Replaces `file` by `text`, which nobody but the owner may read (0600, its folder 0700). A crash leaves
/// the old file or the new one.
///
/// # Errors
/// When folder or file cannot be written.
pub fn write_secret(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = folder.join(name);
    let _ = fs_err::remove_file(&fresh);
    let mut out =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs_err::rename(&fresh, file)?;
    fs_err::File::open(folder)?.sync_all()
}

/// The lines of a secret file without blanks and comments (`#`). `None` when there is no such file.
///
/// # Errors
/// When it exists and cannot be read.
pub fn read_lines(file: &Path) -> io::Result<Option<Vec<Zeroizing<String>>>> {
    let text = match fs_err::read_to_string(file) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(lines(&text)))
}

pub(super) fn lines(text: &str) -> Vec<Zeroizing<String>> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| Zeroizing::new(line.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_file_is_for_its_owner_and_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys/master.key");
        assert!(read_lines(&file).unwrap().is_none());
        write_secret(&file, "# a comment\nfirst\n\n second \n").unwrap();
        let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(file.parent().unwrap()), 0o700);
        write_secret(&file, "third\n").unwrap();
        assert_eq!(read_lines(&file).unwrap().unwrap()[0].as_str(), "third");
        assert_eq!(fs_err::read_dir(file.parent().unwrap()).unwrap().count(), 1);
        assert_eq!(lines("# a\nfirst\n\n second \n").len(), 2);
    }
}
