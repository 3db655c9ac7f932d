//! A folder of articles and a data folder, both gone with the value.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexer::catalog::{Catalog, CatalogError, CatalogSettings, WriterLock};
use indexer::embed::{Embedder, HashEmbedder};
use indexer::keyword::KeywordSettings;
use indexer::model::{Audience, Filter, PassageId};
use indexer::publish::{BuildReport, DataFolder, Indexes, PublishError, Publisher, Silent};
use indexer::random::SplitMix64;
use indexer::search::{KnowledgeBase, SearchQuery, SearchSettings};
use indexer::source::SourceRules;
use indexer::vector::VectorSettings;
use jiff::civil::date;

/// Length of every vector in the tests.
pub(crate) const DIMENSIONS: usize = 64;

pub(crate) struct Fixture {
    folder: tempfile::TempDir,
    pub(crate) embedder: Arc<HashEmbedder>,
    /// SQLite in the data folder, unless changed.
    pub(crate) catalog: CatalogSettings,
}

/// An open data folder with everything that works on it.
pub(crate) struct Open {
    pub(crate) data: DataFolder,
    pub(crate) indexes: Indexes,
    pub(crate) publisher: Publisher,
    embedder: Arc<HashEmbedder>,
    _right: Option<WriterLock>,
}

impl Fixture {
    /// An empty folder of articles.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join("kb")).unwrap();
        let embedder = Arc::new(HashEmbedder::new(DIMENSIONS, 1));
        Self { folder, embedder, catalog: CatalogSettings::default() }
    }

    /// Three English articles, the first with three sections.
    pub(crate) fn with_articles() -> Self {
        let this = Self::new();
        this.write("en/returns.md", &returns("within thirty days"));
        this.write(
            "en/shipping.md",
            "# Shipping\n\nParcels leave our warehouse in Riga on the same day.\n",
        );
        this.write(
            "en/warranty.md",
            "# Warranty\n\nBoots carry a guarantee of two years against faults.\n",
        );
        this
    }

    pub(crate) fn kb(&self) -> PathBuf {
        self.folder.path().join("kb")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.kb().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.file(path);
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        fs_err::write(file, text).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs_err::remove_file(self.file(path)).unwrap();
    }

    pub(crate) async fn open(&self) -> Open {
        self.open_at(&self.data()).await
    }

    pub(crate) async fn open_at(&self, data: &Path) -> Open {
        let (data, right) = open_to_write(data, &self.catalog).await;
        let indexes =
            data.indexes(self.embedder.identity(), &KeywordSettings::default()).await.unwrap();
        let publisher = self.publisher(data.catalog(), indexes.clone());
        let embedder = Arc::clone(&self.embedder);
        Open { data, indexes, publisher, embedder, _right: right }
    }

    /// A publisher of another model's space in the same data folder.
    pub(crate) async fn publisher_of(
        &self,
        data: &DataFolder,
        embedder: Arc<dyn Embedder>,
    ) -> Publisher {
        let indexes = data.indexes(embedder.identity(), &KeywordSettings::default()).await.unwrap();
        Publisher::new(&self.kb(), SourceRules::default(), data.catalog(), embedder, indexes)
    }

    /// A publisher over another catalog, for instance one that fails.
    pub(crate) fn publisher(&self, catalog: Arc<dyn Catalog>, indexes: Indexes) -> Publisher {
        let embedder = Arc::clone(&self.embedder) as Arc<dyn Embedder>;
        Publisher::new(&self.kb(), SourceRules::default(), catalog, embedder, indexes)
    }
}

impl Open {
    /// What `atbilde-indexer build` does.
    pub(crate) async fn build(&self) -> Result<BuildReport, PublishError> {
        self.publisher.recover().await?;
        let report = self.publisher.sync(Arc::new(Silent)).await?;
        self.publisher.tidy().await?;
        Ok(report)
    }

    pub(crate) async fn passage_ids(&self) -> Vec<PassageId> {
        let mut ids: Vec<_> =
            self.data.catalog().snapshot().await.unwrap().passages.iter().map(|p| p.id).collect();
        ids.sort();
        ids
    }

    /// Paths that a search finds on 2026-06-15, best first, each once.
    pub(crate) async fn find(&self, words: &str, audience: Audience) -> Vec<String> {
        let base = KnowledgeBase::open(
            self.data.catalog(),
            Arc::clone(&self.embedder) as Arc<dyn Embedder>,
            self.indexes.clone(),
            SearchSettings::default(),
        )
        .await
        .unwrap();
        let filter = Filter { audience, ..Filter::public(date(2026, 6, 15)) };
        let query = SearchQuery {
            text: words.to_owned(),
            earlier: Vec::new(),
            rewrite: None,
            locale: None,
            filter,
            limit: 50,
        };
        let mut paths = Vec::new();
        for hit in base.search(&query).await.unwrap().retrieved.hits {
            let path = hit.path.as_str().to_owned();
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
    }

    pub(crate) async fn assert_consistent(&self) {
        let drifts = self.publisher.verify().await.unwrap();
        assert!(drifts.is_empty(), "{drifts:?}");
    }
}

/// A data folder with the right to write its catalog; waits for a writer that has just ended.
pub(crate) async fn open_to_write(
    data: &Path,
    catalog: &CatalogSettings,
) -> (DataFolder, Option<WriterLock>) {
    let data = DataFolder::open_with(data, catalog, &VectorSettings::default()).await.unwrap();
    loop {
        match data.right_to_write().await {
            Ok(right) => return (data, right),
            Err(PublishError::Catalog(CatalogError::NotWriter(_))) => {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// The article about returns, with `period` in the second of its three sections.
pub(crate) fn returns(period: &str) -> String {
    format!(
        "# Returns\n\n## Who may return\n\nEvery customer may send an item back without giving a reason.\n\n\
         ## Until when\n\nSend it back {period} after it has arrived.\n\n\
         ## How the money comes back\n\nWe refund the card that was used for paying.\n"
    )
}

/// How much a test does: `usual`, or `long` where `ATBILDE_LONG` is set.
pub(crate) fn size<T>(usual: T, long: T) -> T {
    if std::env::var_os("ATBILDE_LONG").is_some() { long } else { usual }
}

/// The same moments in every run of the test.
pub(crate) struct Moments(SplitMix64);

impl Moments {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0.number() % bound.max(1)
    }
}

/// A catalog file that another program has locked for writing.
pub(crate) struct Locked(sqlx::SqliteConnection);

impl Locked {
    pub(crate) async fn hold(file: &Path) -> Self {
        use sqlx::Connection as _;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
        Self(connection)
    }

    pub(crate) async fn release(mut self) {
        sqlx::query("ROLLBACK").execute(&mut self.0).await.unwrap();
    }
}
