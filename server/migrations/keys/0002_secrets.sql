-- Secrets that the processes over one database share, sealed; filled only in a copy of such a database's keys.
CREATE TABLE secrets (
    name   TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
