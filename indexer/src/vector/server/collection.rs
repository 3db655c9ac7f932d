//! The collection of a vector space: made with its payload indexes, or checked.

use qdrant_client::qdrant::{
    CollectionInfo, CreateCollectionBuilder, CreateFieldIndexCollectionBuilder, Distance,
    FieldType, VectorParamsBuilder, vectors_config,
};

use super::super::VectorError;
use super::super::payload::{FIELDS, Kind};
use super::{ServerIndex, retry};

impl ServerIndex {
    /// Makes sure that the collection is there, of `dimensions`, with an index on every field that
    /// filters look at.
    pub(super) async fn ensure_collection(&self, dimensions: usize) -> Result<(), VectorError> {
        let info = match self.info().await? {
            Some(info) => info,
            None => {
                let made = self.make(dimensions).await;
                match (self.info().await?, made) {
                    // Also when another process was quicker.
                    (Some(info), _) => info,
                    (None, Err(error)) => return Err(error),
                    (None, Ok(())) => return Err(self.refused("the new collection is not there")),
                }
            }
        };
        self.check(&info, dimensions)?;
        for (field, kind) in FIELDS {
            if info.payload_schema.contains_key(field) {
                continue;
            }
            let kind = match kind {
                Kind::Word => FieldType::Keyword,
                Kind::Number => FieldType::Integer,
            };
            self.patient()
                .run("payload index", || async {
                    let request =
                        CreateFieldIndexCollectionBuilder::new(&self.collection, field, kind)
                            .wait(true);
                    retry::applied(self.client.create_field_index(request).await?)
                })
                .await?;
        }
        Ok(())
    }

    async fn info(&self) -> Result<Option<CollectionInfo>, VectorError> {
        let there = self
            .patient()
            .run("collection", || self.client.collection_exists(&self.collection))
            .await?;
        if !there {
            return Ok(None);
        }
        let info = self
            .patient()
            .run("collection", || self.client.collection_info(&self.collection))
            .await?;
        Ok(info.result)
    }

    async fn make(&self, dimensions: usize) -> Result<(), VectorError> {
        let request = CreateCollectionBuilder::new(&self.collection)
            .vectors_config(VectorParamsBuilder::new(dimensions as u64, Distance::Cosine))
            .shard_number(self.settings.shards)
            .replication_factor(self.settings.copies)
            .write_consistency_factor(self.settings.write_consistency)
            .on_disk_payload(true)
            .build();
        self.patient()
            .run("new collection", || self.client.create_collection(request.clone()))
            .await?;
        tracing::info!(collection = %self.collection, dimensions, "vectors.collection_made");
        Ok(())
    }

    fn check(&self, info: &CollectionInfo, dimensions: usize) -> Result<(), VectorError> {
        let config = info
            .config
            .as_ref()
            .and_then(|c| c.params.as_ref()?.vectors_config.as_ref()?.config.as_ref());
        match config {
            Some(vectors_config::Config::Params(params))
                if params.size == dimensions as u64 && params.distance() == Distance::Cosine =>
            {
                Ok(())
            }
            _ => {
                Err(self
                    .refused(&format!("it does not hold cosine vectors of {dimensions} numbers")))
            }
        }
    }

    fn refused(&self, reason: &str) -> VectorError {
        VectorError::Server {
            url: self.settings.url.clone(),
            reason: format!(
                "collection {}: {reason}. If nothing else needs it, delete it on the server and run \
                 `atbilde-indexer verify --repair`; else name another one in vectors.collection",
                self.collection
            ),
        }
    }
}
