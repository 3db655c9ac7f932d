-- Sealed data keys, and which conversations were erased. Back-ups leave the rows of these tables out
-- (pg_dump --exclude-table-data='keys_*') and only the newest copy of them is kept, apart.
CREATE TABLE keys_master (
    only_one BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_one),
    id       TEXT   NOT NULL,            -- of the master key that seals new data keys
    at       BIGINT NOT NULL
);

CREATE TABLE keys_data (
    conversation TEXT PRIMARY KEY,       -- zeros: secrets of the installation itself
    master       TEXT   NOT NULL,        -- id of the master key that opens it
    sealed       BYTEA  NOT NULL,
    at           BIGINT NOT NULL
);

-- Never gets a key again; what a restored back-up brings back is erased again.
CREATE TABLE keys_erased (
    conversation TEXT PRIMARY KEY,
    at           BIGINT NOT NULL
);

-- How far the audit log had come, so that a shortened one is noticed.
CREATE TABLE keys_audit_mark (
    only_one BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_one),
    seq      BIGINT NOT NULL,
    hash     TEXT   NOT NULL
);

-- What all processes of the installation share: the keys of customers' tokens and of receipts, sealed.
CREATE TABLE keys_secrets (
    name   TEXT PRIMARY KEY,
    sealed BYTEA NOT NULL
);
