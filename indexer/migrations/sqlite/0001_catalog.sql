-- The catalog: the truth about documents, passages and vectors. Indexes are caches of it.

CREATE TABLE generations (
    generation   INTEGER PRIMARY KEY,
    committed_at TEXT    NOT NULL, -- RFC 3339, UTC
    fingerprint  TEXT    NOT NULL, -- vector space of this generation
    added        INTEGER NOT NULL, -- documents
    changed      INTEGER NOT NULL,
    retired      INTEGER NOT NULL,
    embedded     INTEGER NOT NULL  -- texts that had no vector yet
) STRICT;

CREATE TABLE documents (
    path       TEXT    PRIMARY KEY, -- relative to the knowledge-base folder, '/'-separated
    input_hash TEXT    NOT NULL,    -- file bytes + rules + passage format, SHA-256 hex
    slug       TEXT    NOT NULL,
    locale     TEXT    NOT NULL,
    meta       TEXT    NOT NULL,    -- JSON of DocumentMeta
    body       TEXT    NOT NULL,    -- cleaned Markdown for the article page
    warnings   TEXT    NOT NULL,    -- JSON array of strings
    generation INTEGER NOT NULL     -- in which this version became live
) STRICT;
CREATE INDEX documents_by_slug ON documents (slug);

CREATE TABLE passages (
    id           BLOB    PRIMARY KEY, -- UUIDv5, 16 bytes
    path         TEXT    NOT NULL,
    ordinal      INTEGER NOT NULL,
    anchor       TEXT    NOT NULL,
    heading_path TEXT    NOT NULL,    -- JSON array of strings
    text         TEXT    NOT NULL,
    units        TEXT    NOT NULL,    -- JSON array of [kind, start, end, header start, header end, block]
    embed_hash   BLOB    NOT NULL,    -- key of its vector
    added        INTEGER NOT NULL,    -- first generation in which it is live
    retired      INTEGER              -- first generation in which it is no longer live
) STRICT;
CREATE INDEX passages_by_path ON passages (path);
CREATE INDEX passages_by_hash ON passages (embed_hash);
CREATE INDEX passages_retired ON passages (retired) WHERE retired IS NOT NULL;

CREATE TABLE vectors (
    embed_hash  BLOB NOT NULL, -- SHA-256 of the embedded text
    fingerprint TEXT NOT NULL, -- embedder identity
    vector      BLOB NOT NULL, -- little-endian f32
    PRIMARY KEY (embed_hash, fingerprint)
) STRICT, WITHOUT ROWID;

-- What the last look at the folder could not use, and why.
CREATE TABLE skipped (
    path   TEXT PRIMARY KEY,
    reason TEXT NOT NULL
) STRICT;
