//! Compares the folder with the catalog: which documents are new, edited, gone, unreadable.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::{Progress, PublishError, Stage};
use crate::catalog::{CatalogDocument, SkippedFile};
use crate::model::{DocPath, Document};
use crate::source::{self, SkipReason, SourceFile, SourceRules, UnmatchedRule};

/// Raised when the same file would give other passages than before.
const PASSAGE_FORMAT: &str = "passages-3";

/// A file that is empty for longer than this is meant to be empty.
const HALF_WRITTEN: Duration = Duration::from_secs(5);
/// What could not be read is tried again after this long: a disk or a network may have failed for a
/// moment, and no change of the folder will tell.
const UNREADABLE: Duration = Duration::from_secs(30);

/// What has to be done to make the catalog follow the folder.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// New and edited documents with the hash of their input, by path.
    pub upsert: Vec<(Document, String)>,
    pub removed: Vec<DocPath>,
    pub skipped: Vec<SkippedFile>,
    pub unchanged: usize,
    /// Rules of audience that match none of the documents that will be live.
    pub unmatched: Vec<UnmatchedRule>,
    /// When to look again though nothing changes; `None` where that would show nothing new.
    pub look_again: Option<Duration>,
}

/// Reads and parses what has changed since `known`. Blocks; uses all cores.
///
/// A file that was live and cannot be read now keeps its last good version and is reported. A folder
/// that is missing or suddenly holds no document at all is refused: a lost network mount must not
/// retire the whole base.
pub(super) fn plan(
    root: &Path,
    rules: &SourceRules,
    known: &[CatalogDocument],
    progress: &dyn Progress,
) -> Result<Plan, PublishError> {
    let refuse = |reason: &str| PublishError::Folder {
        folder: root.display().to_string(),
        reason: reason.to_owned(),
    };
    if !root.is_dir() {
        return Err(refuse(
            "there is no such folder; name the folder of your Markdown files with --kb",
        ));
    }
    let walk = source::walk(root);
    if walk.files.is_empty() && !known.is_empty() {
        return Err(refuse(
            "it holds no Markdown file any more, although documents are live; if that is meant, \
             start with a new --data folder",
        ));
    }
    let known: HashMap<&DocPath, &CatalogDocument> = known.iter().map(|d| (&d.path, d)).collect();
    let rules_hash = rules_hash(rules);
    progress.begin(Stage::Reading, walk.files.len() as u64);
    let read = |file: &SourceFile| {
        if progress.cancelled() {
            return Err(PublishError::Cancelled);
        }
        let outcome = read_one(file, rules, &rules_hash, known.get(&file.path).copied());
        progress.advance(1);
        Ok(outcome)
    };
    // Threads of its own, which step back behind those that answer questions.
    let pool = rayon::ThreadPoolBuilder::new()
        .thread_name(|number| format!("read-files-{number}"))
        .start_handler(|_| {
            crate::priority::step_back();
        })
        .build()
        .map_err(|e| refuse(&format!("the threads that read it cannot be started: {e}")))?;
    let outcomes =
        pool.install(|| walk.files.par_iter().map(read).collect::<Result<Vec<_>, _>>())?;

    let unreadable: Vec<String> =
        walk.skipped.iter().filter(|s| s.unreadable).map(|s| s.path.clone()).collect();
    let mut plan = Plan {
        skipped: walk
            .skipped
            .into_iter()
            .map(|s| SkippedFile { path: s.path, reason: s.reason })
            .collect(),
        look_again: walk.may_pass.then_some(UNREADABLE),
        ..Plan::default()
    };
    for (file, outcome) in walk.files.iter().zip(outcomes) {
        match outcome {
            Outcome::Unchanged => plan.unchanged += 1,
            Outcome::Parsed(document, hash) => plan.upsert.push((*document, hash)),
            Outcome::Skipped { reason, look_again } => {
                plan.skipped.push(SkippedFile { path: file.path.as_str().to_owned(), reason });
                plan.look_again = plan.look_again.into_iter().chain(look_again).min();
            }
        }
    }
    let seen: HashSet<&DocPath> = walk.files.iter().map(|f| &f.path).collect();
    let hidden = |path: &DocPath| {
        unreadable.iter().any(|folder| {
            path.as_str()
                .strip_prefix(folder.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || folder.is_empty())
        })
    };
    plan.removed
        .extend(known.keys().filter(|p| !seen.contains(*p) && !hidden(p)).map(|p| (*p).clone()));
    plan.removed.sort();
    plan.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    let unmatched = rules.unmatched(root, &titles(&plan, &known));
    plan.unmatched = unmatched;
    Ok(plan)
}

/// Path and title of every document that is live once `plan` is carried out.
fn titles<'a>(
    plan: &'a Plan,
    known: &HashMap<&'a DocPath, &'a CatalogDocument>,
) -> Vec<(&'a DocPath, &'a str)> {
    let new = plan.upsert.iter().map(|(d, _)| (&d.path, d.meta.title.as_str()));
    let replaced = plan.upsert.iter().map(|(d, _)| &d.path);
    let gone: HashSet<&DocPath> = plan.removed.iter().chain(replaced).collect();
    let kept = known.values().filter(|d| !gone.contains(&d.path));
    new.chain(kept.map(|d| (&d.path, d.title.as_str()))).collect()
}

/// The plan that makes the catalog hold exactly `documents`.
///
/// # Errors
/// The path that two documents share.
pub(super) fn plan_documents(
    documents: Vec<Document>,
    known: &[CatalogDocument],
) -> Result<Plan, DocPath> {
    let known: HashMap<&DocPath, &CatalogDocument> = known.iter().map(|d| (&d.path, d)).collect();
    let mut plan = Plan::default();
    let mut seen: HashSet<DocPath> = HashSet::with_capacity(documents.len());
    for document in documents {
        if !seen.insert(document.path.clone()) {
            return Err(document.path);
        }
        let hash = document_hash(&document);
        if known.get(&document.path).is_some_and(|k| k.input_hash == hash) {
            plan.unchanged += 1;
        } else {
            plan.upsert.push((document, hash));
        }
    }
    plan.removed = known.keys().filter(|p| !seen.contains(**p)).map(|p| (*p).clone()).collect();
    plan.removed.sort();
    Ok(plan)
}

enum Outcome {
    Unchanged,
    Parsed(Box<Document>, String),
    /// Left out or left as it was, with the time after which another look may find otherwise.
    Skipped {
        reason: String,
        look_again: Option<Duration>,
    },
}

fn read_one(
    file: &SourceFile,
    rules: &SourceRules,
    rules_hash: &str,
    known: Option<&CatalogDocument>,
) -> Outcome {
    let skipped = |reason: SkipReason| {
        let kept = if known.is_some() { " The last good version stays live." } else { "" };
        let passing = matches!(reason, SkipReason::Unreadable { .. });
        let look_again = passing.then_some(UNREADABLE);
        Outcome::Skipped { reason: format!("{reason}.{kept}"), look_again }
    };
    let bytes = match source::read_bytes(file, rules) {
        Ok(bytes) => bytes,
        Err(reason) => return skipped(reason),
    };
    // Many programs empty a file before they fill it again.
    if bytes.is_empty()
        && known.is_some()
        && let Some(left) = fresh_for(file)
    {
        let reason = "empty, and written just now: taken for half written. The last good version \
                      stays live.";
        return Outcome::Skipped { reason: reason.to_owned(), look_again: Some(left) };
    }
    let hash = input_hash(&bytes, rules_hash);
    if known.is_some_and(|k| k.input_hash == hash) {
        return Outcome::Unchanged;
    }
    match source::parse_document(&file.path, &bytes, rules) {
        Ok(document) => Outcome::Parsed(Box::new(document), hash),
        Err(reason) => skipped(reason),
    }
}

/// How long a file that was written a moment ago still counts as being written; `None` of an older
/// one, and of one from the future.
fn fresh_for(file: &SourceFile) -> Option<Duration> {
    let written = fs_err::metadata(&file.absolute).and_then(|m| m.modified()).ok()?;
    HALF_WRITTEN.checked_sub(written.elapsed().ok()?).filter(|left| !left.is_zero())
}

fn rules_hash(rules: &SourceRules) -> String {
    // Settings are plain values: serialising cannot fail.
    serde_json::to_string(rules).unwrap_or_default() + PASSAGE_FORMAT
}

/// Covers all that the catalog and the indexes store of a document that was parsed already.
fn document_hash(document: &Document) -> String {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    field(PASSAGE_FORMAT.as_bytes());
    field(document.body.as_bytes());
    // Plain values: serialising cannot fail.
    field(&serde_json::to_vec(&document.meta).unwrap_or_default());
    for passage in &document.passages {
        field(passage.id(&document.path, &document.meta).0.as_bytes());
        field(&serde_json::to_vec(&passage.units).unwrap_or_default());
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

fn input_hash(bytes: &[u8], rules_hash: &str) -> String {
    let mut hash = Sha256::new();
    hash.update((rules_hash.len() as u64).to_le_bytes());
    hash.update(rules_hash);
    hash.update(bytes);
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Audience;
    use crate::publish::Silent;
    use crate::source::AudienceRule;

    fn known(path: &str) -> CatalogDocument {
        CatalogDocument {
            path: DocPath::new(path),
            input_hash: "of an older text".to_owned(),
            slug: "a".to_owned(),
            title: "A".to_owned(),
        }
    }

    #[test]
    fn what_cannot_be_read_is_looked_at_again_though_nothing_changes() {
        let file = SourceFile { path: DocPath::new("a.md"), absolute: "/no/a.md".into(), bytes: 1 };
        let outcome = read_one(&file, &SourceRules::default(), "", Some(&known("a.md")));
        let Outcome::Skipped { reason, look_again } = outcome else { panic!("it is skipped") };
        assert!(reason.contains("last good version"), "{reason}");
        assert_eq!(look_again, Some(UNREADABLE));
    }

    #[test]
    fn an_emptied_file_waits_for_its_time_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.md");
        fs_err::write(&file, "").unwrap();
        let known = [known("a.md")];
        let look = || plan(folder.path(), &SourceRules::default(), &known, &Silent).unwrap();
        let now = look();
        assert!(now.upsert.is_empty() && now.skipped.len() == 1, "{now:?}");
        assert!(now.look_again.is_some_and(|after| after <= HALF_WRITTEN), "{now:?}");
        let open = fs_err::OpenOptions::new().write(true).open(&file).unwrap();
        open.file().set_modified(std::time::SystemTime::now() - HALF_WRITTEN).unwrap();
        let later = look();
        assert_eq!((later.upsert.len(), later.skipped.len()), (1, 0), "{later:?}");
        assert_eq!(later.look_again, None);
    }

    #[test]
    fn rules_are_compared_with_what_will_be_live_also_where_it_was_not_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, title: &str| {
            fs_err::write(folder.path().join(name), format!("# {title}\n\nText.\n")).unwrap();
        };
        write("a.md", "Fees");
        write("b.md", "Internal: staff");
        let rule = |title: &str| AudienceRule {
            path: None,
            title: Some(title.to_owned()),
            audience: Audience::Internal,
        };
        let audience = ["Fees", "Internal:*", "Gone", "Fes"].map(rule).to_vec();
        let rules = SourceRules { audience, ..SourceRules::default() };
        let numbers = |known: &[CatalogDocument]| -> Vec<usize> {
            let plan = plan(folder.path(), &rules, known, &Silent).unwrap();
            plan.unmatched.iter().map(|r| r.rule).collect()
        };
        assert_eq!(numbers(&[]), [3, 4]);

        // One is as the catalog has it, one was edited, one has left the folder.
        let bytes = fs_err::read(folder.path().join("a.md")).unwrap();
        let title = |path: &str, title: &str| {
            let title = title.to_owned();
            CatalogDocument { title, ..known(path) }
        };
        let same = input_hash(&bytes, &rules_hash(&rules));
        let same = CatalogDocument { input_hash: same, ..title("a.md", "Fees") };
        assert_eq!(numbers(&[same, title("b.md", "Fes"), title("c.md", "Gone")]), [3, 4]);
    }
}
