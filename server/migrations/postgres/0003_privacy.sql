-- What the privacy side keeps, as in SQLite: sealed originals, the audit log, legal holds, receipts.
-- Without the data key of the conversation (keys_data) an original is noise.
CREATE TABLE privacy_vault_entries (
    conversation TEXT   NOT NULL,
    placeholder  TEXT   NOT NULL,        -- [EMAIL_1]
    kind         TEXT   NOT NULL,        -- sort of personal data
    sealed       BYTEA  NOT NULL,        -- XChaCha20-Poly1305, bound to conversation and placeholder
    at           BIGINT NOT NULL,
    PRIMARY KEY (conversation, placeholder)
);

-- Which value has which number, sealed likewise.
CREATE TABLE privacy_vault_numbers (
    conversation TEXT PRIMARY KEY,
    version      BIGINT NOT NULL,        -- counts the changes; of two writers at once one tries again
    sealed       BYTEA  NOT NULL
);

-- The highest numbers given out before originals were destroyed by retention, so that a placeholder never
-- gets a second meaning.
CREATE TABLE privacy_vault_floors (
    conversation TEXT   NOT NULL,
    label        TEXT   NOT NULL,
    number       BIGINT NOT NULL,
    PRIMARY KEY (conversation, label)
);

-- Who did what, chained by hashes. No personal data: actors and subjects are ids. The time is part of what
-- is hashed, so it is kept as it was written (RFC 3339, UTC).
CREATE TABLE privacy_audit (
    seq     BIGINT PRIMARY KEY,
    at      TEXT COLLATE "C" NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    prev    TEXT NOT NULL,
    hash    TEXT NOT NULL
);

-- Signed ends of the chain: 'head', and 'start' once retention has removed old entries.
CREATE TABLE privacy_audit_ends (
    place     TEXT PRIMARY KEY CHECK (place IN ('head', 'start')),
    seq       BIGINT NOT NULL,
    hash      TEXT   NOT NULL,
    signature TEXT   NOT NULL
);

-- Conversations that may not be erased for now (GDPR Art. 17(3)(e)).
CREATE TABLE privacy_legal_holds (
    conversation TEXT PRIMARY KEY,
    reason       TEXT NOT NULL,          -- the operator's reference; no customer's words
    at           TEXT COLLATE "C" NOT NULL
);

-- Proof of erasures. Named by conversation, because that is what the customer can name.
CREATE TABLE privacy_receipts (
    id           TEXT PRIMARY KEY,
    conversation TEXT NOT NULL,
    at           TEXT COLLATE "C" NOT NULL,
    receipt      TEXT NOT NULL           -- as issued
);
CREATE INDEX privacy_receipts_by_conversation ON privacy_receipts (conversation);
