//! Tables of a SQLite file in the text form that Postgres reads (`COPY`), for moving an installation into a
//! database. Called by `restore`, for the catalog and for what the server's store keeps.

use std::path::Path;

use futures::TryStreamExt;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection};
use tokio::io::AsyncWriteExt;

use super::CatalogError;
use super::copy::open;
use super::postgres::{CatalogCopy, TABLES, file_of};
use super::{Catalog, SqliteCatalog};

/// One table, and how it is read.
#[derive(Debug, Clone, Copy)]
pub struct TableRows<'a> {
    pub table: &'a str,
    /// Columns that hold a time as text (RFC 3339) here, and milliseconds since 1970 there.
    pub times: &'a [&'a str],
    /// Which rows; empty: all.
    pub only: &'a str,
}

/// Reads tables of one SQLite file.
pub struct TableReader {
    connection: SqliteConnection,
}

impl TableReader {
    /// # Errors
    /// [`CatalogError::Open`] when the file is no database.
    pub async fn open(file: &Path) -> Result<Self, CatalogError> {
        Ok(Self { connection: open(file).await? })
    }

    /// Names of a table's columns, in their order.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn columns(&mut self, table: &str) -> Result<Vec<String>, CatalogError> {
        Ok(sqlx::query_scalar("SELECT name FROM pragma_table_info(?1) ORDER BY cid")
            .bind(table)
            .fetch_all(&mut self.connection)
            .await?)
    }

    /// How many rows a table has, whichever are read.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn count(&mut self, table: &str) -> Result<u64, CatalogError> {
        let question = format!("SELECT count(*) FROM {}", quoted(table));
        let rows: i64 =
            sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(&mut self.connection).await?;
        Ok(rows.unsigned_abs())
    }

    /// Writes `columns` of the rows behind `head` into the new file `into`; gives how many there were.
    ///
    /// # Errors
    /// When the table or the file fails.
    pub async fn write(
        &mut self,
        rows: TableRows<'_>,
        columns: &[String],
        (head, into): (&str, &Path),
    ) -> Result<u64, CatalogError> {
        let fields: Vec<String> = columns.iter().map(|name| field(name, rows.times)).collect();
        let mut question =
            format!("SELECT {} FROM {}", fields.join(" || char(9) || "), quoted(rows.table));
        if !rows.only.is_empty() {
            question.push_str(" WHERE ");
            question.push_str(rows.only);
        }
        let file = fs_err::File::create(into).map_err(broken)?;
        let mut file = tokio::io::BufWriter::new(tokio::fs::File::from_std(file.into_parts().0));
        file.write_all(head.as_bytes()).await.map_err(broken)?;
        let mut found =
            sqlx::query_scalar::<_, String>(AssertSqlSafe(question)).fetch(&mut self.connection);
        let mut written = 0;
        while let Some(mut line) = found.try_next().await? {
            // The one character that SQLite keeps in a text and Postgres refuses.
            if line.contains('\0') {
                line = line.replace('\0', "\u{fffd}");
            }
            line.push('\n');
            file.write_all(line.as_bytes()).await.map_err(broken)?;
            written += 1;
        }
        file.flush().await.map_err(broken)?;
        file.into_inner().sync_all().await.map_err(broken)?;
        Ok(written)
    }

    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn close(self) -> Result<(), CatalogError> {
        Ok(self.connection.close().await?)
    }
}

/// Writes a catalog in a SQLite file as the copy that [`PostgresCatalog::fill_from`] reads.
///
/// # Errors
/// When the file is no catalog, or a file cannot be written.
///
/// [`PostgresCatalog::fill_from`]: super::PostgresCatalog::fill_from
pub async fn catalog_tables(file: &Path, into: &Path) -> Result<CatalogCopy, CatalogError> {
    let mut reader = TableReader::open(file).await?;
    for (table, columns) in TABLES {
        let columns: Vec<String> = columns.split(", ").map(str::to_owned).collect();
        let from = table.trim_start_matches("kb_");
        let rows = TableRows { table: from, times: &[], only: "" };
        reader.write(rows, &columns, ("", &into.join(file_of(table)))).await?;
    }
    reader.close().await?;
    let catalog = SqliteCatalog::open_read_only(file).await?;
    let generation = catalog.latest().await?.map_or(0, |g| g.generation.0);
    let (documents, passages) = catalog.counts().await?;
    catalog.close().await;
    Ok(CatalogCopy { generation, documents, passages })
}

/// An expression for one column's text form.
fn field(name: &str, times: &[&str]) -> String {
    let column = quoted(name);
    if times.contains(&name) {
        return format!(
            "coalesce(CAST(CAST(round(unixepoch({column}, 'subsec') * 1000) AS INTEGER) AS TEXT), '\\N')"
        );
    }
    format!(
        r"CASE typeof({column}) WHEN 'null' THEN '\N' WHEN 'blob' THEN '\\x' || lower(hex({column}))
          WHEN 'text' THEN replace(replace(replace(replace({column}, '\', '\\'), char(9), '\t'),
                                           char(10), '\n'), char(13), '\r')
          WHEN 'real' THEN printf('%!.17g', {column}) ELSE CAST({column} AS TEXT) END"
    )
}

/// Names come from our own schema; some are words of SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn broken(error: std::io::Error) -> CatalogError {
    CatalogError::Database(format!("a file of the copy: {error}"))
}
