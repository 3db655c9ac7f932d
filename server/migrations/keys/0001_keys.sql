-- Sealed data keys, and which conversations were erased. Backed up apart: only the newest copy is kept.
CREATE TABLE master (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id   TEXT NOT NULL, -- of the master key that seals new data keys
    at   TEXT NOT NULL
) STRICT;

CREATE TABLE data_keys (
    conversation TEXT PRIMARY KEY,
    master       TEXT NOT NULL, -- id of the master key that opens it
    sealed       BLOB NOT NULL,
    at           TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Never gets a key again; what a restored back-up brings back is erased again.
CREATE TABLE erased (
    conversation TEXT PRIMARY KEY,
    at           TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How far the audit log had come, so that a shortened one is noticed.
CREATE TABLE audit_mark (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq  INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
