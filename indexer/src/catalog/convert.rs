//! Stored forms that both databases share: JSON, numbers, vectors, errors.

use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteError;

use super::CatalogError;

pub(super) fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, CatalogError> {
    serde_json::from_str(text).map_err(|e| CatalogError::Damaged(e.to_string()))
}

pub(super) fn json_text<T: serde::Serialize + ?Sized>(value: &T) -> String {
    // Strings, dates and lists of them: serialising cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Little-endian.
pub(super) fn vector_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|x| x.to_le_bytes()).collect()
}

pub(super) fn vector(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

impl From<sqlx::Error> for CatalogError {
    fn from(error: sqlx::Error) -> Self {
        let sqlite = error.as_database_error().and_then(|e| e.try_downcast_ref::<SqliteError>());
        let code = sqlite.and_then(|e| e.code()?.parse::<u32>().ok());
        Self::Database(format!("{error}{}", code.map_or("", advice)))
    }
}

/// What to do about a result code of SQLite; every other failure speaks for itself.
fn advice(code: u32) -> &'static str {
    match code & 0xff {
        5 | 6 => {
            "; another program holds a lock on it (a back-up tool, an SQLite shell): it must let go"
        }
        8 => "; its folder and file must be writable for this user",
        10 => "; the disk failed or is full",
        13 => "; the disk is full: make room",
        11 | 26 => {
            "; the file is damaged: restore a back-up with `atbilde restore`, or build anew into \
             another --data folder"
        }
        _ => "",
    }
}
