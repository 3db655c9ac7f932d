//! A folder of articles and a data folder, both gone with the value.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexer::catalog::Catalog;
use indexer::embed::{Embedder, HashEmbedder};
use indexer::keyword::KeywordSettings;
use indexer::model::{Audience, Filter, PassageId};
use indexer::publish::{BuildReport, DataFolder, Indexes, PublishError, Publisher, Silent};
use indexer::search::{KnowledgeBase, SearchQuery, SearchSettings};
use indexer::source::SourceRules;
use jiff::civil::date;

/// Length of every vector in the tests.
pub(crate) const DIMENSIONS: usize = 64;

pub(crate) struct Fixture {
    folder: tempfile::TempDir,
    pub(crate) embedder: Arc<HashEmbedder>,
}

/// An open data folder with everything that works on it.
pub(crate) struct Open {
    pub(crate) data: DataFolder,
    pub(crate) indexes: Indexes,
    pub(crate) publisher: Publisher,
    embedder: Arc<HashEmbedder>,
}

impl Fixture {
    /// An empty folder of articles.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join("kb")).unwrap();
        Self { folder, embedder: Arc::new(HashEmbedder::new(DIMENSIONS, 1)) }
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
        let data = DataFolder::open(data).await.unwrap();
        let indexes =
            data.indexes(self.embedder.identity(), &KeywordSettings::default()).await.unwrap();
        let publisher = self.publisher(data.catalog(), indexes.clone());
        Open { data, indexes, publisher, embedder: Arc::clone(&self.embedder) }
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

/// The article about returns, with `period` in the second of its three sections.
pub(crate) fn returns(period: &str) -> String {
    format!(
        "# Returns\n\n## Who may return\n\nEvery customer may send an item back without giving a reason.\n\n\
         ## Until when\n\nSend it back {period} after it has arrived.\n\n\
         ## How the money comes back\n\nWe refund the card that was used for paying.\n"
    )
}
