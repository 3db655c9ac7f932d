-- Conversations, what is said in them, who takes them over, and who may. Every word of a customer is
-- redacted before it comes here; placeholders such as [EMAIL_1] stand in for personal data. Times
-- named `at` or `.._at` are milliseconds since 1970, UTC; ids are UUIDs without hyphens.

CREATE TABLE agents (
    id            TEXT PRIMARY KEY,
    login         TEXT    NOT NULL UNIQUE,  -- lower case
    name          TEXT    NOT NULL,         -- as customers see it
    role          TEXT    NOT NULL CHECK (role IN ('agent', 'editor', 'admin', 'privacy_officer')),
    password_hash TEXT    NOT NULL,         -- PHC string
    disabled      INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE agent_sessions (
    token_hash TEXT PRIMARY KEY,            -- SHA-256, hex; the token itself is nowhere
    agent      TEXT    NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX agent_sessions_by_agent ON agent_sessions (agent);

CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    key_hash   TEXT    NOT NULL UNIQUE,     -- SHA-256, hex
    scopes     TEXT    NOT NULL,            -- names, separated by spaces
    disabled   INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE conversations (
    id         TEXT PRIMARY KEY,
    state      TEXT    NOT NULL CHECK (state IN ('assistant', 'waiting', 'with_agent', 'resolved')),
    epoch      INTEGER NOT NULL,            -- counts the steps; a reply from an older one is void
    last_seq   INTEGER NOT NULL,
    locale     TEXT    NOT NULL,
    site       TEXT,
    page       TEXT,
    agent      TEXT REFERENCES agents (id),
    created_at INTEGER NOT NULL,
    active_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_by_state ON conversations (state, active_at);
CREATE INDEX conversations_by_agent ON conversations (agent, state);

CREATE TABLE messages (
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq          INTEGER NOT NULL,
    author       TEXT    NOT NULL CHECK (author IN ('customer', 'assistant', 'agent', 'note', 'system')),
    agent        TEXT REFERENCES agents (id),
    kind         TEXT,                      -- of the system's messages
    text         TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    message_id   TEXT,                      -- chosen by the client
    reply_to     INTEGER,                   -- the customer's message that this one answers
    proof        TEXT,                      -- JSON: sentences, citations, confidence, ...
    ticket       TEXT,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
-- A message sent twice counts once, and has one reply.
CREATE UNIQUE INDEX message_once ON messages (conversation, message_id) WHERE message_id IS NOT NULL;
CREATE UNIQUE INDEX reply_once ON messages (conversation, reply_to) WHERE reply_to IS NOT NULL;

CREATE TABLE feedback (
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq          INTEGER NOT NULL,          -- of the answer; 0 for the whole conversation
    helpful      INTEGER,                   -- of an answer
    stars        INTEGER CHECK (stars BETWEEN 1 AND 5), -- of the conversation
    comment      TEXT,
    at           INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;

-- Tickets of before this version have no conversation that could be answered.
ALTER TABLE escalations ADD COLUMN epoch     INTEGER; -- of the conversation before the hand-over
ALTER TABLE escalations ADD COLUMN reasoning TEXT NOT NULL DEFAULT '';
ALTER TABLE escalations ADD COLUMN summary   TEXT NOT NULL DEFAULT '';
ALTER TABLE escalations ADD COLUMN page      TEXT;
ALTER TABLE escalations ADD COLUMN contact   TEXT;    -- a placeholder, never an address
ALTER TABLE escalations ADD COLUMN status    TEXT NOT NULL DEFAULT 'resolved'
    CHECK (status IN ('waiting', 'with_agent', 'returned', 'resolved'));
ALTER TABLE escalations ADD COLUMN taken_at  INTEGER;
ALTER TABLE escalations ADD COLUMN closed_at INTEGER;
-- One ticket a hand-over, and one open ticket a conversation.
CREATE UNIQUE INDEX one_ticket_a_hand_over ON escalations (conversation, epoch);
CREATE UNIQUE INDEX one_open_ticket ON escalations (conversation) WHERE status IN ('waiting', 'with_agent');
CREATE INDEX escalations_by_status ON escalations (status, at);
CREATE INDEX escalations_by_taking ON escalations (taken_at) WHERE taken_at IS NOT NULL;
