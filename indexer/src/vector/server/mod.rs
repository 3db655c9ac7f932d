//! A Qdrant server or cluster over gRPC: one collection for each vector space, shared by all
//! processes of a knowledge base.
//!
//! Made by `publish` when `vectors.url` is set. Every write waits until the server has applied it
//! (that is the back-pressure: a bounded number of bounded batches is on its way), every call has a
//! time-out, and what fails for a passing reason is tried again, because every operation here may be
//! repeated. The alias `<collection>` names the space that answers; we ourselves go by fingerprint.

mod collection;
mod points;
mod retry;
#[cfg(test)]
pub(crate) mod test_server;
#[cfg(test)]
mod test_translate;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};
use qdrant_client::Qdrant;
use qdrant_client::qdrant::{
    CreateAliasBuilder, DeletePointsBuilder, GetPointsBuilder, PointId, PointStruct, PointsIdsList,
    Query, QueryPointsBuilder, ScrollPointsBuilder, SearchParamsBuilder, UpsertPointsBuilder,
};

use super::{
    Scan, StoredPoint, VectorError, VectorHit, VectorIndex, VectorPoint, VectorSettings, ties,
};
use crate::model::{Filter, PassageId};
use retry::Patience;

/// Ids read in one answer of the server.
const IDS: u32 = 10_000;
/// Whole points in one answer: some 200 kB with vectors of 384 numbers.
const POINTS: usize = 128;

/// One collection of a server.
pub struct ServerIndex {
    client: Qdrant,
    settings: VectorSettings,
    collection: String,
}

impl ServerIndex {
    /// Connects, and makes the collection of the space `fingerprint` with its payload indexes where
    /// the server has none. Several processes may do so at the same time.
    ///
    /// # Errors
    /// [`VectorError::Server`] when the server cannot be reached, refuses the key, or holds vectors
    /// of another length or distance under that name.
    pub async fn open(
        settings: &VectorSettings,
        fingerprint: &str,
        dimensions: usize,
    ) -> Result<Self, VectorError> {
        let client = Qdrant::from_url(&settings.url)
            .api_key(settings.api_key.as_ref().map(|key| key.expose().to_owned()))
            .connect_timeout(settings.connect_timeout())
            .timeout(settings.timeout())
            // Asks and prints by itself; the version is logged below.
            .skip_compatibility_check()
            .build()
            .map_err(|e| VectorError::Server {
                url: settings.url.clone(),
                reason: format!("{e}; vectors.url must be like http://127.0.0.1:6334"),
            })?;
        let collection = format!("{}-{fingerprint}", settings.collection);
        let this = Self { client, settings: settings.clone(), collection };
        let health = this.patient().run("health", || this.client.health_check()).await?;
        this.ensure_collection(dimensions).await?;
        tracing::info!(
            url = %settings.url,
            version = %health.version,
            collection = %this.collection,
            "vectors.connected"
        );
        Ok(this)
    }

    /// How long writes and listings may take, and how often they are tried.
    fn patient(&self) -> Patience<'_> {
        Patience {
            url: &self.settings.url,
            within: self.settings.timeout(),
            retries: self.settings.retries,
        }
    }

    /// The same for a search: a customer waits.
    fn hurried(&self) -> Patience<'_> {
        Patience {
            url: &self.settings.url,
            within: self.settings.search_timeout(),
            retries: self.settings.retries.min(1),
        }
    }

    /// Sends batches, a bounded number at a time; each counts when the server has applied it.
    async fn write<T, F>(
        &self,
        items: Vec<T>,
        send: impl Fn(Vec<T>) -> F + Copy,
    ) -> Result<(), VectorError>
    where
        T: Clone,
        F: Future<Output = Result<(), VectorError>>,
    {
        let batches: Vec<Vec<T>> =
            items.chunks(self.settings.batch.max(1)).map(<[T]>::to_vec).collect();
        futures::stream::iter(batches)
            .map(send)
            .buffer_unordered(self.settings.in_flight.max(1))
            .try_collect()
            .await
    }
}

#[async_trait]
impl VectorIndex for ServerIndex {
    async fn upsert(&self, points: &[VectorPoint<'_>]) -> Result<(), VectorError> {
        let points: Vec<PointStruct> = points.iter().map(points::point).collect();
        self.write(points, move |batch| async move {
            self.patient()
                .run("upsert", || async {
                    let request = UpsertPointsBuilder::new(&self.collection, batch.clone());
                    retry::applied(self.client.upsert_points(request.wait(true)).await?)
                })
                .await
        })
        .await
    }

    async fn delete(&self, ids: &[PassageId]) -> Result<(), VectorError> {
        self.write(ids.to_vec(), move |batch| async move {
            self.patient()
                .run("delete", || async {
                    let ids = batch.iter().copied().map(points::point_id).collect();
                    let request = DeletePointsBuilder::new(&self.collection)
                        .points(PointsIdsList { ids })
                        .wait(true);
                    retry::applied(self.client.delete_points(request).await?)
                })
                .await
        })
        .await
    }

    /// Every write was waited for; the server keeps its own log of them.
    async fn flush(&self) -> Result<(), VectorError> {
        Ok(())
    }

    async fn search(
        &self,
        query: &[f32],
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<VectorHit>, VectorError> {
        let filter = points::filter(filter);
        let exact = self.settings.search == Scan::Exact;
        let params = SearchParamsBuilder::default().exact(exact).build();
        ties::settled(limit, |wanted| {
            let request = QueryPointsBuilder::new(&self.collection)
                .query(Query::new_nearest(query.to_vec()))
                .filter(filter.clone())
                .params(params.clone())
                .with_payload(false)
                .with_vectors(false)
                .limit(wanted as u64)
                .build();
            async move {
                let found =
                    self.hurried().run("search", || self.client.query(request.clone())).await?;
                Ok(found.result.into_iter().filter_map(points::hit).collect())
            }
        })
        .await
    }

    async fn ids(&self) -> Result<HashSet<PassageId>, VectorError> {
        let mut out = HashSet::new();
        let mut offset = None;
        loop {
            let mut request = ScrollPointsBuilder::new(&self.collection)
                .limit(IDS)
                .with_payload(false)
                .with_vectors(false)
                .build();
            request.offset = offset;
            let page = self.patient().run("scroll", || self.client.scroll(request.clone())).await?;
            out.extend(page.result.into_iter().filter_map(|p| points::passage_id(p.id)));
            match page.next_page_offset {
                Some(next) => offset = Some(next),
                None => return Ok(out),
            }
        }
    }

    async fn stored(
        &self,
        ids: &[PassageId],
    ) -> Result<HashMap<PassageId, StoredPoint>, VectorError> {
        let mut out = HashMap::with_capacity(ids.len());
        for page in ids.chunks(POINTS) {
            let ids: Vec<PointId> = page.iter().copied().map(points::point_id).collect();
            let request = GetPointsBuilder::new(&self.collection, ids)
                .with_payload(true)
                .with_vectors(true)
                .build();
            let found =
                self.patient().run("get", || self.client.get_points(request.clone())).await?;
            out.extend(found.result.into_iter().filter_map(points::stored));
        }
        Ok(out)
    }

    /// Points the alias at this collection; the server does so at once for all readers.
    async fn went_live(&self) -> Result<(), VectorError> {
        let alias = &self.settings.collection;
        let all = self.patient().run("aliases", || self.client.list_aliases()).await?;
        let named = |a: &qdrant_client::qdrant::AliasDescription| {
            a.alias_name == *alias && a.collection_name == self.collection
        };
        if all.aliases.iter().any(named) {
            return Ok(());
        }
        let request = CreateAliasBuilder::new(&self.collection, alias).build();
        self.patient().run("alias", || self.client.create_alias(request.clone())).await?;
        Ok(())
    }

    async fn drop_space(&self, fingerprint: &str) -> Result<bool, VectorError> {
        let collection = format!("{}-{fingerprint}", self.settings.collection);
        let all = self.patient().run("aliases", || self.client.list_aliases()).await?;
        // Also an alias that somebody else has made.
        let named = all.aliases.iter().any(|a| a.collection_name == collection);
        if named || collection == self.collection {
            return Ok(false);
        }
        let there =
            self.patient().run("collection", || self.client.collection_exists(&collection)).await?;
        if there {
            self.patient()
                .run("old collection", || self.client.delete_collection(&collection))
                .await?;
            tracing::info!(%collection, "vectors.collection_dropped");
        }
        Ok(there)
    }

    fn is_shared(&self) -> bool {
        true
    }
}
