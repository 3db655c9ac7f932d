//! Where master keys come from: a file, the configuration (an environment variable), or a command such as
//! the client of a key service. Read at start, and again when a key turns up that is not known.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, Zeroizing};

use super::key_files::{lines, read_lines, write_secret};
use super::{KeyRing, MasterKey, VaultError, VaultSettings};
use crate::privacy::Secret;

/// Bytes that a key command may print.
const MOST_OUTPUT: u64 = 16 * 1024;

/// One place of keys.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// `made`: this program makes the file where it is missing, and rewrites it when keys are rotated and
    /// no other machine has a copy of it. Any other file is the operator's alone.
    File {
        file: PathBuf,
        made: bool,
    },
    Given(Secret),
    Command {
        command: Vec<String>,
        timeout: Duration,
    },
}

impl KeySource {
    /// # Errors
    /// [`VaultError::Misconfigured`] when more than one place is named.
    pub fn new(settings: &VaultSettings, folder: &Path) -> Result<Self, VaultError> {
        let given = settings.key.clone().filter(|key| !key.is_empty());
        let named = usize::from(settings.key_file.is_some())
            + usize::from(given.is_some())
            + usize::from(!settings.key_command.is_empty());
        if named > 1 {
            return Err(VaultError::Misconfigured(
                "key_file, key and key_command name more than one place of the master key; keep one"
                    .to_owned(),
            ));
        }
        if let Some(key) = given {
            return Ok(Self::Given(key));
        }
        if !settings.key_command.is_empty() {
            let timeout = Duration::from_secs(settings.key_command_timeout_s.max(1));
            return Ok(Self::Command { command: settings.key_command.clone(), timeout });
        }
        Ok(match &settings.key_file {
            Some(file) => Self::File { file: file.clone(), made: false },
            None => Self::File { file: folder.join("master.key"), made: true },
        })
    }

    /// The keys. A file of our own that does not exist is made, with a warning.
    ///
    /// # Errors
    /// [`VaultError`] naming the place and what is wrong with it.
    pub async fn read(&self) -> Result<KeyRing, VaultError> {
        match self {
            Self::Given(keys) => ring(
                keys.expose().split_whitespace().map(|k| Zeroizing::new(k.to_owned())).collect(),
                "vault.key",
            ),
            Self::Command { command, timeout } => {
                let output = run(command, *timeout).await?;
                ring(lines(&output), "the output of vault.key_command")
            }
            Self::File { file, made } => match read_lines(file)? {
                Some(found) => ring(found, &file.display().to_string()),
                None if *made => {
                    let key = MasterKey::random();
                    self.write(&KeyRing::new(key.clone(), Vec::new()))?;
                    tracing::warn!(
                        file = %file.display(),
                        key = key.id(),
                        "vault.key_made: back this file up apart from the data folder; without it \
                         customers' originals cannot be read, with it anybody can"
                    );
                    Ok(KeyRing::new(key, Vec::new()))
                }
                None => Err(VaultError::NoKey { file: file.display().to_string() }),
            },
        }
    }

    /// Writes the keys where this program may; for other places the operator does it.
    ///
    /// # Errors
    /// When the file cannot be written, or the place is not a file that this program made.
    pub fn write(&self, ring: &KeyRing) -> Result<(), VaultError> {
        let Self::File { file, made: true } = self else {
            return Err(VaultError::Misconfigured(
                "the master key comes from a file of yours, the configuration or a command; put the new key before the old one there, then rotate again"
                    .to_owned(),
            ));
        };
        let mut text = Zeroizing::new(String::from(
            "# Master keys of the vault, the current one first. Keep a copy apart from the data folder.\n",
        ));
        for key in std::iter::once(ring.current()).chain(ring.older()) {
            text.push_str(&key_line(key));
            text.push('\n');
        }
        Ok(write_secret(file, &text)?)
    }
}

/// A key as a line of a key file.
pub fn key_line(key: &MasterKey) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(key.bytes()))
}

fn ring(found: Vec<Zeroizing<String>>, place: &str) -> Result<KeyRing, VaultError> {
    let no_key = || VaultError::NoKey { file: place.to_owned() };
    let mut keys = Vec::with_capacity(found.len());
    for line in found {
        let mut bytes = STANDARD.decode(line.as_bytes()).map_err(|_| no_key())?;
        let key: Result<[u8; 32], _> = bytes.as_slice().try_into();
        bytes.zeroize();
        keys.push(MasterKey::from_bytes(Zeroizing::new(key.map_err(|_| no_key())?)));
    }
    let mut keys = keys.into_iter();
    let current = keys.next().ok_or_else(no_key)?;
    Ok(KeyRing::new(current, keys.collect()))
}

/// Runs the command on a thread that waits for it; what takes too long is killed.
async fn run(command: &[String], timeout: Duration) -> Result<Zeroizing<String>, VaultError> {
    let command = command.to_vec();
    tokio::task::spawn_blocking(move || run_and_wait(&command, timeout))
        .await
        .map_err(|e| VaultError::Command(e.to_string()))?
}

fn run_and_wait(command: &[String], timeout: Duration) -> Result<Zeroizing<String>, VaultError> {
    let (program, arguments) =
        command.split_first().ok_or_else(|| VaultError::Command("it is empty".to_owned()))?;
    let failed = |what: String| VaultError::Command(format!("{program}: {what}"));
    let mut child = std::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| failed(e.to_string()))?;
    let output = child.stdout.take();
    let (sender, receiver) = mpsc::sync_channel(1);
    // Ends with the child's output; a child that keeps it open is killed below.
    std::thread::Builder::new()
        .name("vault-key-command".to_owned())
        .spawn(move || {
            let mut text = Zeroizing::new(String::new());
            let read = output.map_or(Ok(0), |o| o.take(MOST_OUTPUT).read_to_string(&mut text));
            let _ = sender.send(read.map(|_| text));
        })
        .map_err(|e| failed(e.to_string()))?;
    let until = Instant::now() + timeout;
    let read = receiver.recv_timeout(timeout);
    let status = loop {
        match child.try_wait().map_err(|e| failed(e.to_string()))? {
            Some(status) => break status,
            None if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
            None => {
                let _ = child.kill();
                break child.wait().map_err(|e| failed(e.to_string()))?;
            }
        }
    };
    let text = read
        .map_err(|_| failed(format!("no answer in {} s", timeout.as_secs())))?
        .map_err(|e| failed(e.to_string()))?;
    if status.success() { Ok(text) } else { Err(failed(status.to_string())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::new(&VaultSettings::default(), folder.path()).unwrap();
        let first = source.read().await.unwrap();
        assert_eq!(source.read().await.unwrap().current().id(), first.current().id());
        let rotated = KeyRing::new(MasterKey::random(), vec![first.current().clone()]);
        source.write(&rotated).unwrap();
        let read = source.read().await.unwrap();
        assert_eq!(read.current().id(), rotated.current().id());
        assert_eq!(read.older()[0].id(), first.current().id());
    }

    #[tokio::test]
    async fn a_named_file_is_never_made_up() {
        let folder = tempfile::tempdir().unwrap();
        let settings = VaultSettings {
            key_file: Some(folder.path().join("absent.key")),
            ..VaultSettings::default()
        };
        let error = KeySource::new(&settings, folder.path()).unwrap().read().await.unwrap_err();
        assert!(error.to_string().contains("absent.key"), "{error}");
        fs_err::write(folder.path().join("absent.key"), "dG9vIHNob3J0\n").unwrap();
        let source = KeySource::new(&settings, folder.path()).unwrap();
        assert!(source.read().await.is_err());
        // Nor is it ever rewritten.
        let refused = source.write(&KeyRing::new(MasterKey::random(), Vec::new()));
        assert!(matches!(refused, Err(VaultError::Misconfigured(_))));
        let kept = fs_err::read_to_string(folder.path().join("absent.key")).unwrap();
        assert_eq!(kept, "dG9vIHNob3J0\n");
    }

    #[tokio::test]
    async fn a_command_or_the_configuration_gives_the_same_key() {
        let key = MasterKey::random();
        let line = key_line(&key);
        let folder = Path::new("/nowhere");
        let given = VaultSettings { key: Some(Secret::new(line.as_str())), ..Default::default() };
        let echo = vec!["echo".to_owned(), line.to_string()];
        let command = VaultSettings { key_command: echo, ..Default::default() };
        for settings in [&given, &command] {
            let ring = KeySource::new(settings, folder).unwrap().read().await.unwrap();
            assert_eq!(ring.current().id(), key.id());
        }
        let both = VaultSettings { key: given.key.clone(), ..command };
        assert!(matches!(KeySource::new(&both, folder), Err(VaultError::Misconfigured(_))));
    }

    #[tokio::test]
    async fn a_command_that_fails_or_hangs_is_named() {
        for (command, limit) in [(vec!["false"], 5), (vec!["sleep", "60"], 0)] {
            let command: Vec<String> = command.into_iter().map(str::to_owned).collect();
            let source = KeySource::Command {
                command: command.clone(),
                timeout: Duration::from_secs(limit),
            };
            let error = source.read().await.unwrap_err().to_string();
            assert!(error.contains(&command[0]), "{error}");
        }
    }
}
