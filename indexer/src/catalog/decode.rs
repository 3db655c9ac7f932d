//! Rows of either database to values: the columns have the same names and types in both.

use sqlx::{ColumnIndex, Decode, Row, Type};
use uuid::Uuid;

use super::convert::json;
use super::{CatalogError, StoredPassage, units};
use crate::model::{DocPath, EmbedHash, Passage, PassageId};

pub(super) fn passage<'r, R>(row: &'r R) -> Result<StoredPassage, CatalogError>
where
    R: Row,
    for<'c> &'c str: ColumnIndex<R>,
    &'r str: Decode<'r, R::Database> + Type<R::Database>,
    &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
{
    let text = |column| row.try_get::<&'r str, _>(column);
    let units = text("units")?;
    Ok(StoredPassage {
        id: id(row)?,
        path: DocPath::new(text("path")?),
        embed_hash: hash(row)?,
        passage: Passage {
            ordinal: row.try_get::<i64, _>("ordinal")?.try_into().unwrap_or(u32::MAX),
            anchor: text("anchor")?.to_owned(),
            heading_path: json(text("heading_path")?)?,
            text: text("text")?.to_owned(),
            units: units::decode(units)
                .ok_or_else(|| CatalogError::Damaged(format!("units {units:.80}")))?,
        },
    })
}

pub(super) fn id<'r, R>(row: &'r R) -> Result<PassageId, CatalogError>
where
    R: Row,
    for<'c> &'c str: ColumnIndex<R>,
    &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
{
    let bytes: &[u8] = row.try_get("id")?;
    Uuid::from_slice(bytes).map(PassageId).map_err(|e| CatalogError::Damaged(e.to_string()))
}

pub(super) fn hash<'r, R>(row: &'r R) -> Result<EmbedHash, CatalogError>
where
    R: Row,
    for<'c> &'c str: ColumnIndex<R>,
    &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
{
    let bytes: &[u8] = row.try_get("embed_hash")?;
    bytes
        .try_into()
        .map(EmbedHash)
        .map_err(|_| CatalogError::Damaged(format!("a hash of {} bytes", bytes.len())))
}

pub(super) fn unsigned<'r, R>(row: &'r R, column: &str) -> Result<u64, CatalogError>
where
    R: Row,
    for<'c> &'c str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
{
    let value: i64 = row.try_get(column)?;
    u64::try_from(value).map_err(|_| CatalogError::Damaged(format!("{column} is {value}")))
}
