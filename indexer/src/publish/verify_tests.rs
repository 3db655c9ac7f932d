//! `verify` looks as closely at a Qdrant server as at the index in process: each point is compared with
//! the catalog. Here and not in `tests/`, because the server is test code of this crate.

use std::sync::Arc;

use crate::catalog::CatalogSettings;
use crate::embed::{Embedder, HashEmbedder};
use crate::keyword::KeywordSettings;
use crate::model::{Audience, DocumentMeta, PassageId};
use crate::publish::{DataFolder, DriftKind, Place, Publisher, Silent};
use crate::source::SourceRules;
use crate::vector::{TestServer, VectorPoint, VectorSettings};

#[tokio::test(flavor = "multi_thread")]
async fn a_point_of_a_server_that_is_not_the_catalogs_is_found_and_put_back() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let kb = folder.path().join("kb");
    fs_err::create_dir(&kb).unwrap();
    let secret = "---\naudience: internal\n---\n# Safe\n\nThe safe opens at nine.\n";
    for (name, text) in [
        ("boots.md", "# Boots\n\nBoots carry a guarantee of two years.\n"),
        ("parcels.md", "# Parcels\n\nParcels leave on the same day.\n"),
        ("safe.md", secret),
    ] {
        fs_err::write(kb.join(name), text).unwrap();
    }
    let (catalog, data) = (CatalogSettings::default(), folder.path().join("data"));
    let vectors = VectorSettings { url: server.url.clone(), ..VectorSettings::default() };
    let data = DataFolder::open_with(&data, &catalog, &vectors).await.unwrap();
    let embedder = Arc::new(HashEmbedder::new(64, 1));
    let indexes = data.indexes(embedder.identity(), &KeywordSettings::default()).await.unwrap();
    let publisher = Publisher::new(
        &kb,
        SourceRules::default(),
        data.catalog(),
        Arc::clone(&embedder) as Arc<dyn Embedder>,
        indexes.clone(),
    );
    publisher.recover().await.unwrap();
    publisher.sync(Arc::new(Silent)).await.unwrap();
    assert!(publisher.verify().await.unwrap().is_empty());

    let rows = data.catalog().snapshot().await.unwrap();
    let of = |path: &str| {
        let at = rows.documents.iter().position(|d| d.0.as_str() == path).unwrap();
        let passage = rows.passages.iter().find(|p| p.document as usize == at).unwrap();
        (passage.id, &rows.documents[at].1)
    };
    let ids: Vec<PassageId> = rows.passages.iter().map(|p| p.id).collect();
    let right = indexes.vectors.stored(&ids).await.unwrap();
    let ((boots, meta), (safe, internal)) = (of("boots.md"), of("safe.md"));
    let turned = right[&boots].vector.iter().map(|number| -number).collect();
    let public = DocumentMeta { audience: Audience::Public, ..internal.clone() };
    let points = [
        VectorPoint { id: boots, vector: turned, meta },
        VectorPoint { id: safe, vector: right[&safe].vector.clone(), meta: &public },
    ];
    indexes.vectors.upsert(&points).await.unwrap();

    let drifts = publisher.verify().await.unwrap().0;
    let mut seen: Vec<_> =
        drifts.iter().map(|d| (d.path.as_deref().unwrap(), d.place, d.kind)).collect();
    seen.sort();
    assert_eq!(
        seen,
        [
            ("boots.md", Place::Vectors, DriftKind::NoVector),
            ("safe.md", Place::Vectors, DriftKind::Misfiled),
        ]
    );
    let embedded = embedder.passages_embedded();
    publisher.repair(Arc::new(Silent)).await.unwrap();
    assert!(publisher.verify().await.unwrap().is_empty());
    assert_eq!(indexes.vectors.stored(&ids).await.unwrap(), right);
    assert_eq!(embedder.passages_embedded(), embedded, "nothing is embedded anew");
}
