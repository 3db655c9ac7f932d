-- What the privacy side keeps: sealed originals, the audit log, legal holds, records, receipts.
-- Originals of customers, sealed. Without the data key of the conversation (keys.sqlite) they are noise.
CREATE TABLE vault_entries (
    conversation TEXT NOT NULL, -- UUID
    placeholder  TEXT NOT NULL, -- [EMAIL_1]
    kind         TEXT NOT NULL, -- sort of personal data
    sealed       BLOB NOT NULL, -- XChaCha20-Poly1305, bound to conversation and placeholder
    at           TEXT NOT NULL, -- RFC 3339, UTC
    PRIMARY KEY (conversation, placeholder)
) STRICT, WITHOUT ROWID;
CREATE INDEX vault_entries_by_time ON vault_entries (at);

-- Which value has which number, sealed likewise.
CREATE TABLE vault_numbers (
    conversation TEXT PRIMARY KEY,
    version      INTEGER NOT NULL, -- counts the changes; of two writers at once one tries again
    sealed       BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The highest numbers given out before originals were destroyed by retention, so that a placeholder never
-- gets a second meaning.
CREATE TABLE vault_floors (
    conversation TEXT NOT NULL,
    label        TEXT NOT NULL,
    number       INTEGER NOT NULL,
    PRIMARY KEY (conversation, label)
) STRICT, WITHOUT ROWID;

-- Who did what, chained by hashes. No personal data: actors and subjects are ids.
CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY,
    at      TEXT NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    prev    TEXT NOT NULL,
    hash    TEXT NOT NULL
) STRICT;

-- Signed ends of the chain: 'head', and 'start' once retention has removed old entries.
CREATE TABLE audit_ends (
    place     TEXT PRIMARY KEY CHECK (place IN ('head', 'start')),
    seq       INTEGER NOT NULL,
    hash      TEXT NOT NULL,
    signature TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Conversations that may not be erased for now (GDPR Art. 17(3)(e)).
CREATE TABLE legal_holds (
    conversation TEXT PRIMARY KEY,
    reason       TEXT NOT NULL, -- the operator's reference; no customer's words
    at           TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What a customer was told and agreed to: that a machine answers, consent, opt-out.
CREATE TABLE privacy_records (
    conversation TEXT NOT NULL,
    at           TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('ai_disclosure', 'consent', 'consent_withdrawn', 'opt_out', 'opt_in')),
    version      TEXT NOT NULL, -- hash of the text that was shown; empty where there was none
    PRIMARY KEY (conversation, at, kind)
) STRICT, WITHOUT ROWID;

-- Proof of erasures. Named by conversation, because that is what the customer can name.
CREATE TABLE erasure_receipts (
    id           TEXT PRIMARY KEY,
    conversation TEXT NOT NULL,
    at           TEXT NOT NULL,
    receipt      TEXT NOT NULL -- as issued
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_receipts_by_conversation ON erasure_receipts (conversation);
