-- Conversations, what is said in them, who takes them over, and who may; as in SQLite, for several processes.
-- Every word of a customer is redacted before it comes here; placeholders such as [EMAIL_1] stand in for
-- personal data. Times named `at` or `.._at` are milliseconds since 1970, UTC; ids are UUIDs without hyphens.
-- A table of this prefix with a column `conversation` is erased and exported with its conversation.

CREATE TABLE conv_agents (
    id            TEXT PRIMARY KEY,
    login         TEXT COLLATE "C" NOT NULL UNIQUE,  -- lower case
    name          TEXT    NOT NULL,                  -- as customers see it
    role          TEXT    NOT NULL CHECK (role IN ('agent', 'editor', 'admin', 'privacy_officer')),
    password_hash TEXT    NOT NULL,                  -- PHC string
    disabled      BOOLEAN NOT NULL DEFAULT false,
    created_at    BIGINT  NOT NULL
);

CREATE TABLE conv_agent_sessions (
    token_hash TEXT PRIMARY KEY,                     -- SHA-256, hex; the token itself is nowhere
    agent      TEXT   NOT NULL REFERENCES conv_agents (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX conv_agent_sessions_by_agent ON conv_agent_sessions (agent);

CREATE TABLE conv_api_keys (
    id         TEXT PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL UNIQUE,
    key_hash   TEXT    NOT NULL UNIQUE,              -- SHA-256, hex
    scopes     TEXT    NOT NULL,                     -- names, separated by spaces
    disabled   BOOLEAN NOT NULL DEFAULT false,
    created_at BIGINT  NOT NULL
);

CREATE TABLE conv_conversations (
    id         TEXT PRIMARY KEY,
    state      TEXT   NOT NULL CHECK (state IN ('assistant', 'waiting', 'with_agent', 'resolved')),
    epoch      BIGINT NOT NULL,                      -- counts the steps; a reply from an older one is void
    last_seq   BIGINT NOT NULL,
    locale     TEXT   NOT NULL,
    site       TEXT,
    page       TEXT,
    agent      TEXT REFERENCES conv_agents (id),
    created_at BIGINT NOT NULL,
    active_at  BIGINT NOT NULL
);
CREATE INDEX conv_conversations_by_state ON conv_conversations (state, active_at);
CREATE INDEX conv_conversations_by_agent ON conv_conversations (agent, state);
CREATE INDEX conv_conversations_by_activity ON conv_conversations (active_at);
CREATE INDEX conv_conversations_by_beginning ON conv_conversations (created_at);

CREATE TABLE conv_messages (
    conversation TEXT   NOT NULL REFERENCES conv_conversations (id) ON DELETE CASCADE,
    seq          BIGINT NOT NULL,
    author       TEXT   NOT NULL CHECK (author IN ('customer', 'assistant', 'agent', 'note', 'system')),
    agent        TEXT REFERENCES conv_agents (id),
    kind         TEXT,                               -- of the system's messages
    text         TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    message_id   TEXT,                               -- chosen by the client
    reply_to     BIGINT,                             -- the customer's message that this one answers
    proof        TEXT,                               -- JSON: sentences, citations, confidence, ...
    ticket       TEXT,
    PRIMARY KEY (conversation, seq)
);
-- A message sent twice counts once, and has one reply.
CREATE UNIQUE INDEX conv_message_once ON conv_messages (conversation, message_id) WHERE message_id IS NOT NULL;
CREATE UNIQUE INDEX conv_reply_once ON conv_messages (conversation, reply_to) WHERE reply_to IS NOT NULL;

CREATE TABLE conv_feedback (
    conversation TEXT   NOT NULL REFERENCES conv_conversations (id) ON DELETE CASCADE,
    seq          BIGINT NOT NULL,                    -- of the answer; 0 for the whole conversation
    helpful      BOOLEAN,                            -- of an answer
    stars        BIGINT CHECK (stars BETWEEN 1 AND 5), -- of the conversation
    comment      TEXT,
    at           BIGINT NOT NULL,
    PRIMARY KEY (conversation, seq)
);

CREATE TABLE conv_escalations (
    ticket       TEXT COLLATE "C" PRIMARY KEY,
    at           BIGINT NOT NULL,
    conversation TEXT   NOT NULL REFERENCES conv_conversations (id) ON DELETE CASCADE,
    reason       TEXT   NOT NULL,                    -- reason code
    confidence   DOUBLE PRECISION NOT NULL,          -- [0, 1]
    locale       TEXT   NOT NULL,
    generation   BIGINT NOT NULL,                    -- of the index that was searched
    passages     TEXT   NOT NULL,                    -- JSON array of {path, anchor, score}, best first
    epoch        BIGINT NOT NULL,                    -- of the conversation before the hand-over
    reasoning    TEXT   NOT NULL,
    summary      TEXT   NOT NULL,
    page         TEXT,
    contact      TEXT,                               -- a placeholder, never an address
    status       TEXT   NOT NULL CHECK (status IN ('waiting', 'with_agent', 'returned', 'resolved')),
    taken_at     BIGINT,
    closed_at    BIGINT
);
-- One ticket a hand-over, and one open ticket a conversation.
CREATE UNIQUE INDEX conv_one_ticket_a_hand_over ON conv_escalations (conversation, epoch);
CREATE UNIQUE INDEX conv_one_open_ticket ON conv_escalations (conversation)
    WHERE status IN ('waiting', 'with_agent');
CREATE INDEX conv_escalations_by_status ON conv_escalations (status, at);
CREATE INDEX conv_escalations_by_time ON conv_escalations (at);
CREATE INDEX conv_escalations_by_taking ON conv_escalations (taken_at) WHERE taken_at IS NOT NULL;

-- What one of the processes does for all, and until when no other may.
CREATE TABLE conv_duties (
    name  TEXT PRIMARY KEY,
    until BIGINT NOT NULL
);

-- One channel a schema: channels are the database's, which may hold another installation.
CREATE OR REPLACE FUNCTION conv_channel() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT 'atbilde_' || left(md5(current_schema()), 16);
$$;

-- Whoever looks at a conversation through another process hears of a change: its id and epoch, no word.
CREATE OR REPLACE FUNCTION conv_tell_of(changed TEXT, epoch BIGINT) RETURNS void LANGUAGE sql AS $$
    SELECT pg_notify(conv_channel(), 'changed ' || changed || ' ' || epoch);
$$;

CREATE OR REPLACE FUNCTION conv_conversation_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM conv_tell_of(OLD.id, OLD.epoch + 1);
    ELSE
        PERFORM conv_tell_of(NEW.id, NEW.epoch);
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER conv_conversation_changed AFTER INSERT OR UPDATE OR DELETE ON conv_conversations
    FOR EACH ROW EXECUTE FUNCTION conv_conversation_changed();

-- Feedback changes what is shown and nothing of the conversation's own row.
CREATE OR REPLACE FUNCTION conv_feedback_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM conv_tell_of(id, epoch) FROM conv_conversations WHERE id = NEW.conversation;
    RETURN NULL;
END;
$$;
CREATE TRIGGER conv_feedback_changed AFTER INSERT OR UPDATE ON conv_feedback
    FOR EACH ROW EXECUTE FUNCTION conv_feedback_changed();
