//! `atbilde-indexer inspect`: what is live, as the catalog holds it. Only reads, so it works beside a
//! server that owns the folder; how far the index of another model is stands in the catalog, too.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use indexer::catalog::{Catalog, GenerationRecord, SkippedFile, SnapshotRows, SpaceRow};
use indexer::model::{Audience, DocumentMeta, Generation};
use indexer::publish::{PendingChanges, pending_changes};
use indexer::settings::IndexerSettings;
use indexer::source::UnmatchedRule;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::knowledge_base::DataFlag;
use super::output::{plain, table};
use super::{Exit, output, passages, summary};

/// Show what is indexed: documents, languages, skipped files, or one document's passages
#[derive(Debug, Args)]
pub(super) struct Inspect {
    #[command(flatten)]
    data: DataFlag,
    /// Show the passages of this document, named as in the list
    #[arg(long, value_name = "DOC")]
    path: Option<String>,
    /// Also compare with this folder of Markdown files: what waits to become live, and the lag
    #[arg(long, value_name = "DIR")]
    kb: Option<PathBuf>,
    /// Print the result as one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Overview {
    #[serde(flatten)]
    generation: GenerationRecord,
    documents: usize,
    passages: usize,
    languages: Vec<Language>,
    list: Vec<Listed>,
    skipped: Vec<SkippedFile>,
    /// Vector spaces in the catalog: the live one, one that is being built, old ones.
    spaces: Vec<Space>,
    /// With `--kb`: how long the oldest change that is not live yet has been waiting; 0 when all is live.
    lag_ms: Option<i64>,
    /// With `--kb`: what is not live yet.
    pending: Option<Pending>,
}

#[derive(Serialize)]
struct Space {
    #[serde(flatten)]
    row: SpaceRow,
    /// `live`, `building` (not live yet, or not any more) or `left`.
    state: &'static str,
}

#[derive(Serialize)]
struct Pending {
    added: Vec<String>,
    changed: Vec<String>,
    retired: Vec<String>,
    /// Rules of `source.audience` that match no document of the folder.
    unmatched_rules: Vec<UnmatchedRule>,
}

#[derive(Serialize)]
struct Language {
    locale: String,
    documents: usize,
    passages: usize,
}

#[derive(Serialize)]
struct Listed {
    path: String,
    title: String,
    locale: String,
    audience: Audience,
    draft: bool,
    valid_from: Option<Date>,
    valid_until: Option<Date>,
    passages: usize,
    version: Generation,
}

impl Inspect {
    pub(super) async fn run(self, settings: IndexerSettings) -> anyhow::Result<Exit> {
        let catalog = self.data.catalog_beside(&settings).await?;
        if let Some(path) = &self.path {
            passages::show(&*catalog, path, self.json).await?;
            return Ok(Exit::Done);
        }
        let mut overview = overview(&*catalog, &self.data.folder.display().to_string()).await?;
        if let Some(kb) = &self.kb {
            let pending = pending_changes(kb, &settings.source, &*catalog).await?;
            let pending = Pending::new(pending);
            overview.lag_ms = Some(pending.lag_ms(kb, Timestamp::now()));
            overview.pending = Some(pending);
        }
        if self.json {
            output::json_line(&overview)?;
        } else {
            output::result(overview.text());
        }
        Ok(Exit::Done)
    }
}

impl Pending {
    fn new(changes: PendingChanges) -> Self {
        let names = |paths: Vec<indexer::model::DocPath>| {
            paths.iter().map(|p| p.as_str().to_owned()).collect()
        };
        Self {
            added: names(changes.added),
            changed: names(changes.changed),
            retired: names(changes.retired),
            unmatched_rules: changes.unmatched_rules,
        }
    }

    /// How long the oldest of these changes has been waiting at `now`, milliseconds; 0 without any.
    fn lag_ms(&self, kb: &Path, now: Timestamp) -> i64 {
        let paths = [&self.added, &self.changed, &self.retired].into_iter().flatten();
        let oldest = paths.filter_map(|path| changed_ms(&kb.join(path))).min();
        oldest.map_or(0, |at| (now.as_millisecond() - at).max(0))
    }
}

/// When the file got what it holds, or was put where it is; of a file that is gone when something was last
/// put into its folder or taken out. Milliseconds since 1970. (A copy may keep the time of the original's last
/// write, so that time says nothing.)
fn changed_ms(file: &Path) -> Option<i64> {
    let there = file.ancestors().find_map(|place| fs_err::metadata(place).ok())?;
    Some(there.ctime() * 1000 + there.ctime_nsec() / 1_000_000)
}

async fn overview(catalog: &dyn Catalog, folder: &str) -> anyhow::Result<Overview> {
    let Some(generation) = catalog.latest().await? else {
        bail!("data folder {folder}: nothing has been indexed yet; run `atbilde-indexer build`");
    };
    let rows = catalog.snapshot().await?;
    let list = listed(&rows);
    let mut languages: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for document in &list {
        let count = languages.entry(&document.locale).or_default();
        count.0 += 1;
        count.1 += document.passages;
    }
    let languages = languages
        .into_iter()
        .map(|(locale, (documents, passages))| Language {
            locale: locale.to_owned(),
            documents,
            passages,
        })
        .collect();
    let spaces = catalog.spaces().await?.into_iter().map(|row| {
        let state = if row.fingerprint == generation.fingerprint {
            "live"
        } else if row.left_at.is_none() {
            "building"
        } else {
            "left"
        };
        Space { row, state }
    });
    Ok(Overview {
        spaces: spaces.collect(),
        lag_ms: None,
        pending: None,
        generation,
        documents: rows.documents.len(),
        passages: rows.passages.len(),
        languages,
        list,
        skipped: catalog.skipped().await?,
    })
}

fn listed(rows: &SnapshotRows) -> Vec<Listed> {
    let mut passages = vec![0; rows.documents.len()];
    for passage in &rows.passages {
        if let Some(count) = passages.get_mut(passage.document as usize) {
            *count += 1;
        }
    }
    rows.documents
        .iter()
        .zip(passages)
        .map(|((path, meta, version), passages)| Listed {
            path: path.as_str().to_owned(),
            title: meta.title.clone(),
            locale: meta.locale.as_str().to_owned(),
            audience: meta.audience,
            draft: meta.draft,
            valid_from: meta.valid_from,
            valid_until: meta.valid_until,
            passages,
            version: *version,
        })
        .collect()
}

impl Overview {
    /// Models beside the live one, and what waits in the folder.
    fn movement(&self) -> String {
        let mut out = String::new();
        for Space { row, state } in self.spaces.iter().filter(|s| s.state != "live") {
            let what = match *state {
                "building" => format!("{} live texts have a vector", row.live),
                _ => format!("left {}", row.left_at.as_deref().unwrap_or_default()),
            };
            out.push_str(&format!("\nVector space {}: {state}, {what}", row.fingerprint));
        }
        if let (Some(waiting), Some(lag)) = (&self.pending, self.lag_ms) {
            let lists =
                [("new", &waiting.added), ("edited", &waiting.changed), ("gone", &waiting.retired)];
            let all_live = lists.iter().all(|(_, paths)| paths.is_empty());
            let why = if all_live {
                "everything in the folder is live"
            } else {
                "so long has the oldest change below been waiting"
            };
            out.push_str(&format!("\nLag: {lag} ms, {why}"));
            for (what, paths) in lists {
                for path in paths {
                    out.push_str(&format!("\nNot live yet: {what} {}", plain(path, 200)));
                }
            }
        }
        out
    }

    fn text(&self) -> String {
        let g = &self.generation;
        let mut out = format!(
            "Generation {}, committed {}, vector space {}\n{} documents, {} passages{}\n\n{}\n\n{}",
            g.generation.0,
            g.committed_at,
            g.fingerprint,
            self.documents,
            self.passages,
            self.movement(),
            table(
                &["language", "documents", "passages"],
                &[1, 2],
                self.languages.iter().map(|l| vec![
                    l.locale.clone(),
                    l.documents.to_string(),
                    l.passages.to_string()
                ]),
            ),
            table(
                &["path", "title", "locale", "audience", "draft", "valid", "passages", "version"],
                &[6, 7],
                self.list.iter().map(Listed::row),
            ),
        );
        if !self.skipped.is_empty() {
            out.push_str("\n\nSkipped by the last build\n");
            let rows =
                self.skipped.iter().map(|s| vec![plain(&s.path, 200), plain(&s.reason, 400)]);
            out.push_str(&table(&["file", "reason"], &[], rows));
        }
        if let Some(pending) = &self.pending {
            out.push_str(&summary::unmatched(&pending.unmatched_rules));
        }
        out
    }
}

impl Listed {
    fn row(&self) -> Vec<String> {
        vec![
            plain(&self.path, 120),
            plain(&self.title, 60),
            self.locale.clone(),
            self.audience.as_str().to_owned(),
            if self.draft { "draft".to_owned() } else { String::new() },
            validity(self.valid_from, self.valid_until),
            self.passages.to_string(),
            self.version.0.to_string(),
        ]
    }
}

/// `2026-01-01 to 2026-12-31`, `from ...`, `until ...`; empty without bounds.
pub(super) fn validity(from: Option<Date>, until: Option<Date>) -> String {
    match (from, until) {
        (Some(from), Some(until)) => format!("{from} to {until}"),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (None, None) => String::new(),
    }
}

/// What decides who sees a document, in one line.
pub(super) fn visibility(meta: &DocumentMeta) -> String {
    let mut parts = vec![meta.audience.as_str().to_owned()];
    if meta.draft {
        parts.push("draft".to_owned());
    }
    let validity = validity(meta.valid_from, meta.valid_until);
    if !validity.is_empty() {
        parts.push(validity);
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use indexer::model::{DocPath, Locale};
    use jiff::civil::date;

    #[test]
    fn validity_is_said_in_words() {
        let (a, b) = (Some(date(2026, 1, 2)), Some(date(2026, 3, 4)));
        assert_eq!(validity(a, b), "2026-01-02 to 2026-03-04");
        assert_eq!(validity(a, None), "from 2026-01-02");
        assert_eq!(validity(None, b), "until 2026-03-04");
        assert_eq!(validity(None, None), "");
    }

    #[test]
    fn the_lag_is_that_of_the_oldest_change_which_is_not_live() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(folder.path().join("en")).unwrap();
        fs_err::write(folder.path().join("en/a.md"), "# A\n").unwrap();
        let written = changed_ms(&folder.path().join("en/a.md")).unwrap();
        let lag = |pending: &Pending, later_ms: i64| {
            let now = Timestamp::from_millisecond(written + later_ms).unwrap();
            pending.lag_ms(folder.path(), now)
        };
        let none = || Pending::new(PendingChanges::default());
        let path = || vec!["en/a.md".to_owned()];
        assert_eq!(
            lag(&none(), 5_000),
            0,
            "what is live does not wait, however long ago it was edited"
        );
        assert_eq!(lag(&Pending { changed: path(), ..none() }, 5_000), 5_000);
        assert_eq!(lag(&Pending { added: path(), ..none() }, -60_000), 0, "clocks may differ");
        fs_err::remove_file(folder.path().join("en/a.md")).unwrap();
        let gone = lag(&Pending { retired: path(), ..none() }, 5_000);
        assert!((0..=5_000).contains(&gone), "since it was taken out of its folder: {gone}");
    }

    #[test]
    fn documents_are_listed_with_the_number_of_their_passages() {
        let meta = DocumentMeta {
            title: "Returns".to_owned(),
            description: None,
            slug: "returns".to_owned(),
            locale: Locale::parse("en").unwrap(),
            tags: Vec::new(),
            product: None,
            audience: Audience::Customer,
            draft: true,
            last_updated: None,
            valid_from: None,
            valid_until: Some(date(2027, 1, 31)),
            canonical_url: None,
        };
        assert_eq!(visibility(&meta), "customer, draft, until 2027-01-31");
        let rows = SnapshotRows {
            documents: vec![(DocPath::new("en/returns.md"), meta, Generation(3))],
            ..SnapshotRows::default()
        };
        let row = listed(&rows)[0].row();
        assert_eq!(
            row,
            ["en/returns.md", "Returns", "en", "customer", "draft", "until 2027-01-31", "0", "3"]
        );
    }
}
