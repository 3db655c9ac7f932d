-- The catalog on Postgres; see migrations/sqlite for what the columns hold. The prefix keeps it apart
-- from other tables of the database.

CREATE TABLE kb_generations (
    generation   BIGINT PRIMARY KEY,
    committed_at TEXT   NOT NULL,
    fingerprint  TEXT   NOT NULL,
    added        BIGINT NOT NULL,
    changed      BIGINT NOT NULL,
    retired      BIGINT NOT NULL,
    embedded     BIGINT NOT NULL
);

CREATE TABLE kb_documents (
    path       TEXT COLLATE "C" PRIMARY KEY,
    input_hash TEXT   NOT NULL,
    slug       TEXT   NOT NULL,
    locale     TEXT   NOT NULL,
    meta       TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    warnings   TEXT   NOT NULL,
    generation BIGINT NOT NULL
);

CREATE TABLE kb_passages (
    id           BYTEA  PRIMARY KEY,
    path         TEXT COLLATE "C" NOT NULL,
    ordinal      BIGINT NOT NULL,
    anchor       TEXT   NOT NULL,
    heading_path TEXT   NOT NULL,
    text         TEXT   NOT NULL,
    units        TEXT   NOT NULL,
    embed_hash   BYTEA  NOT NULL,
    added        BIGINT NOT NULL,
    retired      BIGINT
);
CREATE INDEX kb_passages_by_path ON kb_passages (path);
CREATE INDEX kb_passages_retired ON kb_passages (retired) WHERE retired IS NOT NULL;

CREATE TABLE kb_vectors (
    embed_hash  BYTEA NOT NULL,
    fingerprint TEXT  NOT NULL,
    vector      BYTEA NOT NULL,
    PRIMARY KEY (embed_hash, fingerprint)
);

CREATE TABLE kb_skipped (
    path   TEXT COLLATE "C" PRIMARY KEY,
    reason TEXT NOT NULL
);

-- Who may write. The epoch grows with every change of writer; a commit of an older one is refused.
CREATE TABLE kb_writer (
    one    BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
    epoch  BIGINT  NOT NULL,
    holder TEXT    NOT NULL -- for people: process and machine
);
INSERT INTO kb_writer (epoch, holder) VALUES (0, '');
