//! Carries a plan out: embed, index, commit.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Mutex, MutexGuard};

use super::linger::Linger;
use super::plan::{Plan, plan, plan_documents};
use super::reconcile::reconcile;
use super::{BuildReport, Indexes, Progress, PublishError, Silent, Stage};
use crate::catalog::{Catalog, CatalogDocument, Change, NewPassage, SkippedFile, StoredDocument};
use crate::embed::Embedder;
use crate::keyword::{KeywordError, KeywordPassage};
use crate::model::{DocPath, Document, EmbedHash, Generation, Passage, PassageId};
use crate::source::SourceRules;
use crate::vector::VectorPoint;

/// Texts that are embedded and stored together: what a crash can lose.
pub(super) const EMBED_WINDOW: usize = 256;
/// Passages written to the indexes at a time, to bound memory.
const INDEX_WINDOW: usize = 1024;

/// The writing side of a knowledge base. One exists for a data folder. What writes takes turns: tidying
/// beside a sync could delete a passage that the sync brings back to life.
pub struct Publisher {
    pub(super) root: PathBuf,
    pub(super) rules: SourceRules,
    pub(super) catalog: Arc<dyn Catalog>,
    pub(super) embedder: Arc<dyn Embedder>,
    pub(super) indexes: Indexes,
    /// What is retired lingers where other processes read along.
    linger: Option<Linger>,
    turn: Mutex<Owed>,
}

/// Held by whoever writes: what the vector index has to lose, and may have lost from the catalog already.
type Owed = Vec<PassageId>;

/// A passage on its way into the indexes.
pub(super) struct Pending<'a> {
    pub(super) id: PassageId,
    pub(super) document: &'a Document,
    pub(super) passage: &'a Passage,
    pub(super) embed_hash: EmbedHash,
}

impl Publisher {
    /// `indexes` must be of `embedder`'s vector space.
    pub fn new(
        root: &Path,
        rules: SourceRules,
        catalog: Arc<dyn Catalog>,
        embedder: Arc<dyn Embedder>,
        indexes: Indexes,
    ) -> Self {
        Self {
            root: root.to_owned(),
            rules,
            catalog,
            embedder,
            indexes,
            linger: None,
            turn: Mutex::default(),
        }
    }

    /// The same where other processes read the catalog: what is retired lingers until they follow.
    #[must_use]
    pub fn with_readers(self) -> Self {
        Self { linger: Some(Linger::default()), ..self }
    }

    /// Makes both indexes hold exactly the live passages of the catalog. Called before the first
    /// sync, so that whatever a crash left is mended from the catalog without embedding anything.
    ///
    /// # Errors
    /// When an index or the catalog fails.
    pub async fn recover(&self) -> Result<(), PublishError> {
        let mut owed = self.turn().await;
        if self.moves().await? {
            // The live generation is of another space: filling this one is a move of its own.
            return Ok(());
        }
        let drifts = reconcile(&*self.catalog, &self.indexes, &Silent).await?;
        owed.clear();
        if self.catalog.latest().await?.is_some() {
            self.went_live().await;
        }
        let (missing, surplus) = (drifts.missing(), drifts.surplus());
        if missing > 0 {
            tracing::warn!(
                missing,
                surplus,
                "publish.rebuilt: index entries of live passages were gone and were put back from \
                 the catalog; nothing was embedded"
            );
        } else if surplus > 0 {
            tracing::info!(surplus, "publish.recovered: the indexes follow the catalog again");
        }
        Ok(())
    }

    /// Looks at the folder and publishes what has changed as one new generation. Without a change
    /// nothing is written and the generation stays.
    ///
    /// # Errors
    /// See [`PublishError`]; the old generation stays live, vectors already made are kept.
    pub async fn sync(&self, progress: Arc<dyn Progress>) -> Result<BuildReport, PublishError> {
        let _turn = self.turn().await;
        let started = Instant::now();
        let known = self.catalog.documents().await?;
        let plan = self.plan(&known, &progress).await?;
        // It may look at files.
        let asked = Arc::clone(&progress);
        if blocking(move || asked.unsettled()).await? {
            return Err(PublishError::Unsettled);
        }
        self.publish(plan, &known, (progress, started)).await
    }

    /// Makes `documents` the whole base, as [`Publisher::sync`] does with a folder: what has changed
    /// since the last call becomes one new generation. For bases that are not a folder of files
    /// (evaluation sets).
    ///
    /// # Errors
    /// See [`Publisher::sync`]; [`PublishError::Folder`] when two documents have the same path.
    pub async fn publish_documents(
        &self,
        documents: Vec<Document>,
        progress: Arc<dyn Progress>,
    ) -> Result<BuildReport, PublishError> {
        let _turn = self.turn().await;
        let started = Instant::now();
        let known = self.catalog.documents().await?;
        let plan = plan_documents(documents, &known).map_err(|path| PublishError::Folder {
            folder: self.root.display().to_string(),
            reason: format!("two documents have the path {path}"),
        })?;
        self.publish(plan, &known, (progress, started)).await
    }

    /// Waits until nobody else writes through this publisher. Whoever has the turn must call nothing
    /// that takes it again.
    pub(super) async fn turn(&self) -> MutexGuard<'_, Owed> {
        self.turn.lock().await
    }

    /// Tells the vector index that it answers now. What others call it by is a convenience: that it
    /// cannot be changed must not undo a generation that is live.
    pub(super) async fn went_live(&self) {
        if let Err(error) = self.indexes.vectors.went_live().await {
            tracing::warn!(%error, "publish.alias: the server's alias names another collection");
        }
    }

    /// Carries `plan` out; the caller has the turn.
    async fn publish(
        &self,
        mut plan: Plan,
        known: &[CatalogDocument],
        (progress, started): (Arc<dyn Progress>, Instant),
    ) -> Result<BuildReport, PublishError> {
        let moved = if self.moves().await? { self.replace_live(None, &progress).await? } else { 0 };
        let latest = self.catalog.latest().await?;
        settle_slugs(&mut plan, known, &self.rules);
        if self.catalog.skipped().await? != plan.skipped {
            self.catalog.record_skipped(&plan.skipped).await?;
        }

        let mut report = self.count(&plan, known);
        report.embedded = moved;
        let current = latest.as_ref().map_or(Generation(0), |g| g.generation);
        if plan.upsert.is_empty() && plan.removed.is_empty() {
            report.generation = current;
            self.totals(&mut report, started).await?;
            return Ok(report);
        }

        let mut touched: Vec<DocPath> = plan.removed.clone();
        touched.extend(plan.upsert.iter().map(|(d, _)| d.path.clone()));
        let before: HashSet<PassageId> =
            self.catalog.passage_ids(&touched).await?.into_iter().collect();
        let after = pending(&plan);
        let added: Vec<&Pending<'_>> = after.iter().filter(|p| !before.contains(&p.id)).collect();
        let kept: HashSet<PassageId> = after.iter().map(|p| p.id).collect();
        let mut retire: Vec<PassageId> = before.difference(&kept).copied().collect();
        retire.sort();

        report.embedded += self.embed(&added, &progress).await?;
        let generation = Generation(current.0 + 1);
        self.index(&added, generation, &*progress).await?;

        progress.begin(Stage::Committing, 0);
        let change = Change {
            generation,
            fingerprint: &self.indexes.fingerprint,
            upsert: plan.upsert.iter().map(|(d, hash)| stored(d, hash, generation)).collect(),
            remove: plan.removed.clone(),
            add: added
                .iter()
                .map(|p| NewPassage {
                    id: p.id,
                    path: &p.document.path,
                    passage: p.passage,
                    embed_hash: p.embed_hash,
                })
                .collect(),
            retire,
            added: report.added,
            changed: report.changed,
            retired: report.retired,
            embedded: report.embedded,
        };
        self.catalog.commit(&change).await?;
        if latest.is_none() {
            self.went_live().await;
        }
        report.generation = generation;
        self.totals(&mut report, started).await?;
        Ok(report)
    }

    /// Removes what is retired from indexes and catalog. Called after the new snapshot is in use;
    /// nothing depends on when, because retired passages are already invisible.
    ///
    /// # Errors
    /// When an index or the catalog fails; the next call tries again.
    pub async fn tidy(&self) -> Result<(), PublishError> {
        let mut owed = self.turn().await;
        if !owed.is_empty() {
            // An edit may have brought some back since.
            let back: HashSet<PassageId> =
                self.catalog.passages(&owed).await?.into_iter().map(|p| p.id).collect();
            owed.retain(|id| !back.contains(id));
            self.forget(&mut owed).await?;
        }
        let Some(latest) = self.catalog.latest().await? else { return Ok(()) };
        let mut retired = self.catalog.retired_until(latest.generation).await?;
        if retired.is_empty() {
            return Ok(());
        }
        let (keyword, ids) = (Arc::clone(&self.indexes.keyword), retired.clone());
        blocking(move || {
            keyword.delete(&ids)?;
            keyword.commit(latest.generation)
        })
        .await??;
        if let Some(linger) = &self.linger {
            let until = linger.until(latest.generation, Instant::now());
            let Some(until) = until else { return Ok(()) };
            retired = self.catalog.retired_until(until).await?;
        }
        *owed = retired;
        self.forget(&mut owed).await
    }

    /// Removes `owed` from the catalog, then from the vector index. In this order, because the catalog
    /// refuses whoever has lost the writer's place, and then nothing may be taken from an index that
    /// others share. What a crash leaves in the index, [`Publisher::recover`] removes.
    async fn forget(&self, owed: &mut Owed) -> Result<(), PublishError> {
        self.catalog.purge(owed).await?;
        self.indexes.vectors.delete(owed).await?;
        self.indexes.vectors.flush().await?;
        owed.clear();
        Ok(())
    }

    /// Compares the folder with `known`, on a thread for blocking work.
    pub(super) async fn plan(
        &self,
        known: &[CatalogDocument],
        progress: &Arc<dyn Progress>,
    ) -> Result<Plan, PublishError> {
        let (root, rules, known, progress) =
            (self.root.clone(), self.rules.clone(), known.to_vec(), Arc::clone(progress));
        tokio::task::spawn_blocking(move || plan(&root, &rules, &known, &*progress)).await.map_err(
            |e| PublishError::Folder {
                folder: self.root.display().to_string(),
                reason: format!("reading it failed: {e}"),
            },
        )?
    }

    /// Writes new passages to both indexes and makes them durable. Invisible until the commit.
    async fn index(
        &self,
        added: &[&Pending<'_>],
        generation: Generation,
        progress: &dyn Progress,
    ) -> Result<(), PublishError> {
        progress.begin(Stage::Indexing, added.len() as u64);
        for window in added.chunks(INDEX_WINDOW) {
            if progress.cancelled() {
                return Err(PublishError::Cancelled);
            }
            let hashes: Vec<EmbedHash> = window.iter().map(|p| p.embed_hash).collect();
            let vectors: HashMap<EmbedHash, Vec<f32>> = self
                .catalog
                .vectors(&self.indexes.fingerprint, &hashes)
                .await?
                .into_iter()
                .collect();
            let points: Vec<VectorPoint<'_>> = window
                .iter()
                .filter_map(|p| {
                    let vector = vectors.get(&p.embed_hash)?.clone();
                    Some(VectorPoint { id: p.id, vector, meta: &p.document.meta })
                })
                .collect();
            self.indexes.vectors.upsert(&points).await?;
            let passages: Vec<KeywordPassage<'_>> = window
                .iter()
                .map(|p| KeywordPassage { id: p.id, meta: &p.document.meta, passage: p.passage })
                .collect();
            add(&self.indexes, &passages)?;
            progress.advance(window.len() as u64);
        }
        self.indexes.vectors.flush().await?;
        let keyword = Arc::clone(&self.indexes.keyword);
        Ok(blocking(move || keyword.commit(generation)).await??)
    }

    fn count(&self, plan: &Plan, known: &[CatalogDocument]) -> BuildReport {
        let known: HashSet<&DocPath> = known.iter().map(|d| &d.path).collect();
        let mut report = BuildReport {
            skipped: plan.skipped.clone(),
            unmatched_rules: plan.unmatched.clone(),
            look_again: plan.look_again,
            ..BuildReport::default()
        };
        for (document, _) in &plan.upsert {
            let path = document.path.as_str().to_owned();
            for warning in &document.warnings {
                report.warnings.push(SkippedFile { path: path.clone(), reason: warning.clone() });
            }
            if known.contains(&document.path) {
                report.changed_paths.push(path);
            } else {
                report.added_paths.push(path);
            }
        }
        report.retired_paths = plan.removed.iter().map(|p| p.as_str().to_owned()).collect();
        report.added = report.added_paths.len() as u64;
        report.changed = report.changed_paths.len() as u64;
        report.retired = report.retired_paths.len() as u64;
        report
    }

    async fn totals(&self, report: &mut BuildReport, started: Instant) -> Result<(), PublishError> {
        let (documents, passages) = self.catalog.counts().await?;
        report.documents = documents;
        report.passages = passages;
        report.seconds = started.elapsed().as_secs_f64();
        Ok(())
    }
}

/// Every passage of the new and edited documents. Equal ids cannot happen within a base, because
/// the path is part of the id.
fn pending(plan: &Plan) -> Vec<Pending<'_>> {
    plan.upsert
        .iter()
        .flat_map(|(document, _)| {
            document.passages.iter().map(move |passage| Pending {
                id: passage.id(&document.path, &document.meta),
                document,
                passage,
                embed_hash: passage.embed_hash(&document.meta),
            })
        })
        .collect()
}

/// Gives every new document a slug of its own. Live documents keep theirs (links stay right);
/// documents in another language than the default get `<language>/<slug>`; what still clashes gets a
/// number.
fn settle_slugs(plan: &mut Plan, known: &[CatalogDocument], rules: &SourceRules) {
    let default = rules.default_locale.as_ref().map_or("en", |l| l.language()).to_owned();
    let upserted: HashSet<DocPath> = plan.upsert.iter().map(|(d, _)| d.path.clone()).collect();
    let removed: HashSet<&DocPath> = plan.removed.iter().collect();
    let mut taken: HashMap<String, DocPath> = known
        .iter()
        .filter(|d| !upserted.contains(&d.path) && !removed.contains(&d.path))
        .map(|d| (d.slug.clone(), d.path.clone()))
        .collect();
    let previous: HashMap<&DocPath, &str> =
        known.iter().map(|d| (&d.path, d.slug.as_str())).collect();
    for (document, _) in &mut plan.upsert {
        let language = document.meta.locale.language();
        let base = if language == default || language == "und" {
            document.meta.slug.clone()
        } else {
            format!("{language}/{}", document.meta.slug)
        };
        // An edited document keeps its numbered slug while its own name stays the same.
        let kept = previous.get(&document.path).copied().filter(|old| {
            !taken.contains_key(*old)
                && old.strip_prefix(base.as_str()).is_some_and(|rest| {
                    rest.is_empty()
                        || rest.strip_prefix('-').is_some_and(|n| n.parse::<u32>().is_ok())
                })
        });
        let slug = kept.map_or_else(
            || {
                std::iter::once(base.clone())
                    .chain((2..).map(|n| format!("{base}-{n}")))
                    .find(|s| !taken.contains_key(s))
                    .unwrap_or(base.clone())
            },
            str::to_owned,
        );
        taken.insert(slug.clone(), document.path.clone());
        document.meta.slug = slug;
    }
}

fn stored(document: &Document, input_hash: &str, generation: Generation) -> StoredDocument {
    StoredDocument {
        path: document.path.clone(),
        input_hash: input_hash.to_owned(),
        meta: document.meta.clone(),
        body: document.body.clone(),
        warnings: document.warnings.clone(),
        version: generation,
    }
}

/// Hands passages to the keyword index; analysing them is the greater part of the work, and steps back
/// behind answering.
pub(super) fn add(indexes: &Indexes, passages: &[KeywordPassage<'_>]) -> Result<(), PublishError> {
    let work = || crate::priority::behind("index-passages", || indexes.keyword.add(passages));
    let done = tokio::task::block_in_place(work);
    Ok(done.map_err(|e| KeywordError::Stopped(e.to_string()))??)
}

/// Runs blocking index work on tokio's blocking pool.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PublishError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| PublishError::Keyword(KeywordError::Stopped(e.to_string())))
}
