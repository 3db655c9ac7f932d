//! Which vector space serves when a data folder is opened: the configured model's, or, after the
//! configuration or the program has changed, the one that the live generation was made with.
//!
//! Called by [`super::base`]. The old model is loaded by what `space.json` says of it. Where it is gone,
//! or other files give another fingerprint, its index still answers by keyword until the new one is
//! built; where its index is gone too, nothing serves meanwhile.

use std::sync::Arc;

use anyhow::Result;
use indexer::embed::{
    EmbedError, Embedder, EmbedderIdentity, EmbedderSettings, FastEmbedder, LostEmbedder,
};
use indexer::publish::{DataFolder, Indexes};

use super::EmbedderStart;
use crate::settings::Settings;

/// Passages looked at to learn the length of a space's vectors.
const SAMPLE: usize = 64;

/// An embedder and the indexes of its space.
pub(super) type Space = (Arc<dyn Embedder>, Indexes);

/// An embedder with what the settings say.
///
/// # Errors
/// When the model or its library is missing or broken.
pub(super) async fn embedder(
    settings: &EmbedderSettings,
    start: EmbedderStart,
) -> Result<Arc<dyn Embedder>, EmbedError> {
    Ok(match start {
        EmbedderStart::Now => Arc::new(FastEmbedder::start(settings.clone()).await?),
        EmbedderStart::Lazy => Arc::new(FastEmbedder::start_lazy(settings.clone())?),
    })
}

/// The space of the live generation when it is not the configured one and its index opens.
///
/// # Errors
/// When the catalog fails.
pub(super) async fn other_live(
    folder: &DataFolder,
    configured: &EmbedderIdentity,
    (settings, start): (&Settings, EmbedderStart),
) -> Result<Option<Space>> {
    let Some(latest) = folder.catalog().latest().await? else { return Ok(None) };
    let fingerprint = &latest.fingerprint;
    if *fingerprint == configured.fingerprint {
        return Ok(None);
    }
    let nothing = |reason: &str| {
        tracing::warn!(
            live = %fingerprint, configured = %configured.name, %reason,
            "index.other_model: another embedding model is configured, and the old index cannot \
             answer meanwhile; questions wait until the new one is built"
        );
    };
    // Where others share the catalog, the local index is filled from it before anything is answered.
    let there =
        folder.shared().is_some() || folder.index_folder(fingerprint).join("keyword").is_dir();
    let dimensions = vector_length(folder, fingerprint).await?;
    let (Some(dimensions), true) = (dimensions, there) else {
        nothing("its index folder or its vectors are gone");
        return Ok(None);
    };
    let old = match old_embedder(folder, fingerprint, start).await {
        Some(old) => old,
        None => {
            let name = folder.recall(fingerprint).map_or_else(
                || format!("of fingerprint {fingerprint}"),
                |record| record.identity.name,
            );
            let identity = EmbedderIdentity { name, dimensions, fingerprint: fingerprint.clone() };
            Arc::new(LostEmbedder::new(identity)) as Arc<dyn Embedder>
        }
    };
    let indexes = match folder.indexes(old.identity(), &settings.indexer.keyword).await {
        Ok(indexes) => indexes,
        Err(error) => {
            nothing(&error.to_string());
            return Ok(None);
        }
    };
    if old.is_lost() {
        tracing::warn!(
            live = %old.identity().name, configured = %configured.name,
            "index.other_model: the index of the configured embedding model is built in the \
             background; the old model is gone, so searches go by keyword alone meanwhile"
        );
    } else {
        tracing::info!(
            live = %old.identity().name, configured = %configured.name,
            "index.other_model: the index of the configured embedding model is built in the \
             background; the old model answers meanwhile"
        );
    }
    Ok(Some((old, indexes)))
}

/// The model that the space was made with, if it can still be loaded.
async fn old_embedder(
    folder: &DataFolder,
    fingerprint: &str,
    start: EmbedderStart,
) -> Option<Arc<dyn Embedder>> {
    // Without a record it may be the bundled model, which every program carries.
    let settings =
        folder.recall(fingerprint).map_or_else(EmbedderSettings::default, |r| r.settings);
    // Files may have been replaced under the same name: looked at before a session is loaded.
    let looked_at = FastEmbedder::start_lazy(settings.clone()).ok()?;
    if looked_at.identity().fingerprint != fingerprint {
        return None;
    }
    drop(looked_at);
    embedder(&settings, start).await.ok()
}

/// Length of the live passages' vectors in the space.
async fn vector_length(folder: &DataFolder, fingerprint: &str) -> Result<Option<usize>> {
    let catalog = folder.catalog();
    let rows = catalog.snapshot().await?;
    let hashes: Vec<_> = rows.passages.iter().take(SAMPLE).map(|p| p.embed_hash).collect();
    let vectors = catalog.vectors(fingerprint, &hashes).await?;
    Ok(vectors.first().map(|(_, vector)| vector.len()))
}
