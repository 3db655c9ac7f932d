-- What other systems are told. An event is written by the same transaction that makes it true (triggers on
-- the tables of conversations), so none is lost and none is told that did not happen. Rows name things and
-- hold no words; what is told is read from the conversation when it is sent. Times are milliseconds since
-- 1970, UTC.

-- Who is told what; follows the configuration at every start.
CREATE TABLE outbox_sinks (
    name        TEXT PRIMARY KEY,
    events      TEXT    NOT NULL,      -- names in spaces: ' handed_off rated '; ' ' for none
    disabled_at INTEGER                -- the receiver said 410
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox_events (
    number       INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE, -- the same in every try
    kind         TEXT    NOT NULL,
    conversation TEXT    NOT NULL,
    seq          INTEGER,                 -- of a message
    ticket       TEXT,                    -- of a hand-over
    at           INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_events_by_conversation ON outbox_events (conversation);

CREATE TABLE outbox_deliveries (
    event         INTEGER NOT NULL REFERENCES outbox_events (number) ON DELETE CASCADE,
    sink          TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('due', 'done', 'failed')),
    tries         INTEGER NOT NULL DEFAULT 0,
    next_at       INTEGER NOT NULL,       -- due from then on
    claimed_until INTEGER NOT NULL DEFAULT 0, -- somebody is sending it
    why           TEXT    NOT NULL DEFAULT '', -- how the last try failed
    PRIMARY KEY (sink, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_deliveries_due ON outbox_deliveries (sink, next_at) WHERE state = 'due';
CREATE INDEX outbox_deliveries_by_event ON outbox_deliveries (event);

CREATE TRIGGER outbox_deliver AFTER INSERT ON outbox_events
BEGIN
    INSERT INTO outbox_deliveries (event, sink, state, next_at)
    SELECT NEW.number, name, 'due', NEW.at FROM outbox_sinks
    WHERE disabled_at IS NULL AND instr(events, ' ' || NEW.kind || ' ') > 0;
END;

CREATE TRIGGER outbox_handed_off AFTER INSERT ON escalations
WHEN EXISTS (SELECT 1 FROM outbox_sinks WHERE instr(events, ' handed_off ') > 0)
BEGIN
    INSERT INTO outbox_events (id, kind, conversation, ticket, at)
    VALUES ('msg_' || lower(hex(randomblob(16))), 'handed_off', NEW.conversation, NEW.ticket,
            CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;

-- Internal notes are told to nobody.
CREATE TRIGGER outbox_message AFTER INSERT ON messages
WHEN NEW.author IN ('customer', 'assistant', 'agent')
    AND EXISTS (SELECT 1 FROM outbox_sinks WHERE instr(events, ' message ') > 0)
BEGIN
    INSERT INTO outbox_events (id, kind, conversation, seq, at)
    VALUES ('msg_' || lower(hex(randomblob(16))), 'message', NEW.conversation, NEW.seq, NEW.at);
END;

CREATE TRIGGER outbox_resolved AFTER UPDATE OF state ON conversations
WHEN NEW.state = 'resolved' AND OLD.state <> 'resolved'
    AND EXISTS (SELECT 1 FROM outbox_sinks WHERE instr(events, ' resolved ') > 0)
BEGIN
    INSERT INTO outbox_events (id, kind, conversation, at)
    VALUES ('msg_' || lower(hex(randomblob(16))), 'resolved', NEW.id, NEW.active_at);
END;

CREATE TRIGGER outbox_rated AFTER INSERT ON feedback
WHEN NEW.stars IS NOT NULL
    AND EXISTS (SELECT 1 FROM outbox_sinks WHERE instr(events, ' rated ') > 0)
BEGIN
    INSERT INTO outbox_events (id, kind, conversation, at)
    VALUES ('msg_' || lower(hex(randomblob(16))), 'rated', NEW.conversation, NEW.at);
END;

CREATE TRIGGER outbox_rated_again AFTER UPDATE OF stars ON feedback
WHEN NEW.stars IS NOT NULL AND NEW.stars IS NOT OLD.stars
    AND EXISTS (SELECT 1 FROM outbox_sinks WHERE instr(events, ' rated ') > 0)
BEGIN
    INSERT INTO outbox_events (id, kind, conversation, at)
    VALUES ('msg_' || lower(hex(randomblob(16))), 'rated', NEW.conversation, NEW.at);
END;
