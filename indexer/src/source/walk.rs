//! Which files of a folder are documents.
//!
//! Called by `publish` and by the command line. Promises the same order every time, an end in spite
//! of links that loop, and nothing outside the root. Opens no file; sizes are as of the walk.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::model::DocPath;

/// Deeper folders are reported instead of read.
const MAX_DEPTH: usize = 64;
const EXTENSIONS: [&str; 3] = ["md", "markdown", "mdx"];

/// What a walk found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    /// Documents, sorted by path.
    pub files: Vec<SourceFile>,
    /// What was left out, sorted by path: hidden entries, links out of the root, loops, what may
    /// not be read.
    pub skipped: Vec<Skipped>,
    /// Something could not be looked at for a reason that may pass without a change of the folder
    /// (a disk or a network that fails for a moment).
    pub may_pass: bool,
}

/// A Markdown file below the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    pub path: DocPath,
    pub absolute: PathBuf,
    pub bytes: u64,
}

/// An entry that is not read, with a sentence that says why and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Relative to the root; bytes that are not UTF-8 are replaced.
    pub path: String,
    pub reason: String,
    /// It may hold documents that just cannot be read now: what is live below it stays live.
    pub unreadable: bool,
}

/// Finds every `.md`, `.markdown` and `.mdx` file (in any case) below `root`.
///
/// Skipped and reported: hidden folders and hidden Markdown files, `node_modules`, links whose target
/// lies outside the root or above itself, names that are not UTF-8 or hold control characters, what
/// cannot be opened. Links to files and folders inside the root are followed. A root that does not
/// exist gives no file and one report.
pub fn walk(root: &Path) -> Walk {
    let mut found = Walk::default();
    let Ok(real_root) = fs_err::canonicalize(root) else {
        found.skip(
            &root.to_string_lossy(),
            "the folder cannot be opened; check the path and its permissions",
        );
        return found;
    };
    let mut linked_folders = HashSet::new();
    let mut entries = WalkDir::new(&real_root)
        .follow_links(true)
        .max_depth(MAX_DEPTH)
        .sort_by_file_name()
        .into_iter();
    while let Some(next) = entries.next() {
        let entry = match next {
            Ok(entry) => entry,
            Err(error) => {
                report_error(&mut found, &real_root, &error);
                continue;
            }
        };
        if entry.depth() == 0 {
            if entry.file_type().is_dir() {
                continue;
            }
            found.skip(&root.to_string_lossy(), "this is a file; give the folder it lies in");
            break;
        }
        let is_dir = entry.file_type().is_dir();
        match judge(&entry, &real_root, &mut linked_folders) {
            Verdict::Enter | Verdict::Ignore => {}
            Verdict::Document(path) => found.files.push(SourceFile {
                path,
                absolute: entry.path().to_owned(),
                bytes: entry.metadata().map_or(0, |m| m.len()),
            }),
            Verdict::Leave(reason) => {
                found.skip(&relative(entry.path(), &real_root), reason);
                if is_dir {
                    entries.skip_current_dir();
                }
            }
        }
    }
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    found.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

impl Walk {
    fn skip(&mut self, path: &str, reason: &str) {
        self.skipped.push(Skipped {
            path: path.to_owned(),
            reason: reason.to_owned(),
            unreadable: false,
        });
    }

    fn unreadable(&mut self, path: &str, reason: &str) {
        self.skip(path, reason);
        if let Some(last) = self.skipped.last_mut() {
            last.unreadable = true;
        }
    }
}

enum Verdict {
    Enter,
    Ignore,
    Document(DocPath),
    Leave(&'static str),
}

fn judge(entry: &DirEntry, root: &Path, linked: &mut HashSet<PathBuf>) -> Verdict {
    let is_dir = entry.file_type().is_dir();
    if !is_dir && !is_markdown(entry.path()) {
        return Verdict::Ignore;
    }
    let name = entry.file_name().to_string_lossy();
    if name.starts_with('.') {
        return Verdict::Leave("hidden (its name starts with a dot); rename it to have it read");
    }
    if is_dir && name == "node_modules" {
        return Verdict::Leave("a folder of program packages is not read");
    }
    let Some(path) = document_path(entry.path(), root) else {
        return Verdict::Leave(
            "the name is not UTF-8 or holds control characters; rename it to have it read",
        );
    };
    if entry.path_is_symlink() {
        match fs_err::canonicalize(entry.path()) {
            Err(_) => return Verdict::Leave("the target of the link cannot be opened"),
            Ok(target) if !target.starts_with(root) => {
                return Verdict::Leave(
                    "the link leads out of the folder; copy the target into the folder instead",
                );
            }
            Ok(target) if is_dir && !linked.insert(target.clone()) => {
                return Verdict::Leave("another link to the same folder was already followed");
            }
            Ok(_) => {}
        }
    }
    if is_dir {
        if entry.depth() == MAX_DEPTH {
            return Verdict::Leave("nested deeper than 64 folders; move it further up");
        }
        return Verdict::Enter;
    }
    if entry.file_type().is_file() {
        Verdict::Document(path)
    } else {
        Verdict::Leave("not a regular file")
    }
}

fn report_error(found: &mut Walk, root: &Path, error: &walkdir::Error) {
    let path = error.path().map_or_else(String::new, |p| relative(p, root));
    if let Some(ancestor) = error.loop_ancestor() {
        let above = relative(ancestor, root);
        let above = if above.is_empty() { "the root" } else { &above };
        let reason = format!("the link leads back to {above}, a loop; it is not followed");
        found.skip(&path, &reason);
        return;
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.starts_with('.') {
        return found.skip(&path, "hidden (its name starts with a dot)");
    }
    match error.io_error() {
        Some(io) => {
            // A link without a target, or a right that is lacking, is mended by a change that shows.
            found.may_pass |= io.kind() != ErrorKind::PermissionDenied
                && !error.path().is_some_and(Path::is_symlink);
            found.unreadable(&path, &format!("cannot be read: {io}; check link and permissions"));
        }
        None => found.unreadable(&path, "cannot be read"),
    }
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|e| EXTENSIONS.iter().any(|known| e.eq_ignore_ascii_case(known)))
}

fn document_path(path: &Path, root: &Path) -> Option<DocPath> {
    let mut parts = Vec::new();
    for part in path.strip_prefix(root).ok()?.components() {
        let part = part.as_os_str().to_str()?;
        if part.chars().any(char::is_control) {
            return None;
        }
        parts.push(part);
    }
    Some(DocPath::new(parts.join("/")))
}

fn relative(path: &Path, root: &Path) -> String {
    let shown = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
    shown.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(walk: &Walk) -> Vec<&str> {
        walk.files.iter().map(|f| f.path.as_str()).collect()
    }

    #[test]
    fn finds_markdown_of_every_spelling_in_order() {
        let dir = tempfile::tempdir().unwrap();
        for file in ["b.md", "a/UPPER.MD", "a/p.markdown", "c.mdx", "d.txt", "like.md/in.md"] {
            let path = dir.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "text").unwrap();
        }
        for file in [".git/x.md", ".hidden.md", ".env", "node_modules/m.md"] {
            let path = dir.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "text").unwrap();
        }
        let found = walk(dir.path());
        assert_eq!(names(&found), ["a/UPPER.MD", "a/p.markdown", "b.md", "c.mdx", "like.md/in.md"]);
        assert_eq!(found.files[0].bytes, 4);
        let skipped: Vec<&str> = found.skipped.iter().map(|s| s.path.as_str()).collect();
        assert_eq!(skipped, [".git", ".hidden.md", "node_modules"]);
        assert_eq!(found, walk(dir.path()));
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_inside_and_loops_end() {
        use std::os::unix::fs::symlink;
        let outside = tempfile::tempdir().unwrap();
        fs_err::write(outside.path().join("secret.md"), "x").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs_err::create_dir_all(root.join("real/.store")).unwrap();
        fs_err::write(root.join("real/a.md"), "x").unwrap();
        fs_err::write(root.join("real/.store/k.md"), "x").unwrap();
        symlink(root.join("real"), root.join("alias")).unwrap();
        symlink(root.join("real"), root.join("alias2")).unwrap();
        symlink(root, root.join("real/up")).unwrap();
        symlink(outside.path(), root.join("out")).unwrap();
        symlink(outside.path().join("secret.md"), root.join("out.md")).unwrap();
        symlink("nowhere", root.join("broken.md")).unwrap();
        symlink("loop.md", root.join("loop.md")).unwrap();
        symlink(root.join("real/.store/k.md"), root.join("k.md")).unwrap();
        let found = walk(root);
        assert_eq!(names(&found), ["alias/a.md", "k.md", "real/a.md"]);
        let skipped: Vec<&str> = found.skipped.iter().map(|s| s.path.as_str()).collect();
        for expected in ["out", "out.md", "broken.md", "loop.md", "alias2", "real/up"] {
            assert!(skipped.contains(&expected), "{expected} in {skipped:?}");
        }
        assert!(!found.may_pass, "dead links stay dead: looking again is no use");
    }

    #[cfg(unix)]
    #[test]
    fn odd_names_and_pipes_are_reported() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let dir = tempfile::tempdir().unwrap();
        fs_err::write(dir.path().join(OsStr::from_bytes(b"b\xffd.md")), "x").unwrap();
        fs_err::write(dir.path().join("new\nline.md"), "x").unwrap();
        let found = walk(dir.path());
        assert!(found.files.is_empty());
        assert_eq!(found.skipped.len(), 2);
        assert!(found.skipped.iter().all(|s| !s.path.contains('\n')));
    }

    #[test]
    fn a_missing_root_is_a_report() {
        let found = walk(Path::new("/does/not/exist"));
        assert!(found.files.is_empty());
        assert_eq!(found.skipped[0].path, "/does/not/exist");
    }
}
