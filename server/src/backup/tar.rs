//! A plain tar archive (POSIX ustar) of regular files with short names: as much of the format as a
//! backup needs, so that any `tar` can look into one. Called by [`super`].

use std::io::{self, Read, Write};

const BLOCK: usize = 512;
/// Largest size that eleven octal digits hold.
const MAX_BYTES: u64 = 0o777_7777_7777;

/// Writes entries one after the other; [`Writer::finish`] ends the archive.
pub(super) struct Writer<W: Write> {
    out: W,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }

    /// Adds a file of `bytes` bytes that `content` gives.
    ///
    /// # Errors
    /// When writing fails, the name does not fit, or `content` has another length.
    pub(super) fn add(&mut self, name: &str, bytes: u64, content: &mut dyn Read) -> io::Result<()> {
        self.out.write_all(&header(name, bytes)?)?;
        let copied = io::copy(&mut content.take(bytes), &mut self.out)?;
        if copied != bytes {
            return Err(io::Error::other(format!("{name} has shrunk while it was read")));
        }
        let rest = (BLOCK - (bytes % BLOCK as u64) as usize) % BLOCK;
        self.out.write_all(&[0; BLOCK][..rest])
    }

    /// Writes the end and gives the stream back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn header(name: &str, bytes: u64) -> io::Result<[u8; BLOCK]> {
    if name.is_empty() || name.len() > 100 || bytes > MAX_BYTES {
        return Err(io::Error::other(format!(
            "{name} ({bytes} bytes) does not fit into a tar entry"
        )));
    }
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{bytes:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

/// Reads entries one after the other.
pub(super) struct Reader<R: Read> {
    input: R,
    /// Of the entry in work: bytes that were not read, and the padding behind them.
    left: u64,
    padding: u64,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, left: 0, padding: 0 }
    }

    /// Name and size of the next entry, whose content is then read from `self`; `None` at the end.
    ///
    /// # Errors
    /// When reading fails or the archive is damaged, cut off or has entries that are no plain files.
    pub(super) fn next(&mut self) -> io::Result<Option<(String, u64)>> {
        let skip = self.left + self.padding;
        if io::copy(&mut (&mut self.input).take(skip), &mut io::sink())? != skip {
            return Err(damaged("it is cut off"));
        }
        (self.left, self.padding) = (0, 0);
        let mut block = [0; BLOCK];
        self.input.read_exact(&mut block).map_err(|_| damaged("it is cut off"))?;
        if block.iter().all(|b| *b == 0) {
            return Ok(None);
        }
        let told = octal(&block[148..156]);
        let sum: u64 = (0..BLOCK)
            .map(|i| if (148..156).contains(&i) { 32 } else { u64::from(block[i]) })
            .sum();
        if told != Some(sum) {
            return Err(damaged("a header's checksum is wrong"));
        }
        let name = block[..100].split(|b| *b == 0).next().unwrap_or_default();
        let name = std::str::from_utf8(name).map_err(|_| damaged("a name is not UTF-8"))?;
        let bytes = octal(&block[124..136]).ok_or_else(|| damaged("a size is not a number"))?;
        if !matches!(block[156], b'0' | 0) {
            return Err(damaged("it holds something that is no plain file"));
        }
        self.left = bytes;
        self.padding = (BLOCK as u64 - bytes % BLOCK as u64) % BLOCK as u64;
        Ok(Some((name.to_owned(), bytes)))
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.input.read(&mut buffer[..most])?;
        if read == 0 && most > 0 {
            return Err(damaged("it is cut off"));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    u64::from_str_radix(text.trim_matches(['\0', ' ']), 8).ok()
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the archive is damaged: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        for (name, content) in files {
            writer.add(name, content.len() as u64, &mut &**content).unwrap();
        }
        writer.finish().unwrap()
    }

    fn read(archive: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut reader = Reader::new(archive);
        let mut out = Vec::new();
        while let Some((name, bytes)) = reader.next()? {
            let mut content = Vec::new();
            reader.read_to_end(&mut content)?;
            assert_eq!(content.len() as u64, bytes);
            out.push((name, content));
        }
        Ok(out)
    }

    #[test]
    fn what_was_written_is_read() {
        let long = vec![7; 1500];
        let files: [(&str, &[u8]); 4] =
            [("a", b"one"), ("empty", b""), ("block", &[1; 512]), ("long", &long)];
        let archive = archive(&files);
        assert_eq!(archive.len() % BLOCK, 0);
        let read = read(&archive).unwrap();
        let read: Vec<(&str, &[u8])> =
            read.iter().map(|(n, c)| (n.as_str(), c.as_slice())).collect();
        assert_eq!(read, files);
    }

    #[test]
    fn a_damaged_or_cut_archive_is_an_error_and_no_panic() {
        let whole = archive(&[("a", &[3; 700]), ("b", b"two")]);
        for length in [0, 1, 511, 512, 800, 1535, 2047, 2500] {
            assert!(read(&whole[..length]).is_err(), "{length}");
        }
        for at in [0, 30, 124, 150, 156] {
            let mut changed = whole.clone();
            changed[at] ^= 0x15;
            assert!(read(&changed).is_err(), "{at}");
        }
    }

    #[test]
    fn the_systems_tar_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.tar");
        fs_err::write(&file, archive(&[("one.txt", b"1"), ("two.txt", &[50; 600])])).unwrap();
        let Ok(listed) = std::process::Command::new("tar").arg("tf").arg(&file).output() else {
            return; // There is none.
        };
        assert!(listed.status.success());
        assert_eq!(String::from_utf8_lossy(&listed.stdout), "one.txt\ntwo.txt\n");
    }
}
