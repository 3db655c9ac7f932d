-- What other systems are told, as in SQLite: an event is written by the same transaction that makes it true
-- (triggers), so none is lost and none is told that did not happen. Rows name things and hold no words.

-- Who is told what; follows the configuration at every start.
CREATE TABLE conv_outbox_sinks (
    name        TEXT PRIMARY KEY,
    events      TEXT NOT NULL,          -- names in spaces: ' handed_off rated '; ' ' for none
    disabled_at BIGINT                  -- the receiver said 410
);

CREATE TABLE conv_outbox_events (
    number       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           TEXT   NOT NULL UNIQUE, -- the same in every try
    kind         TEXT   NOT NULL,
    conversation TEXT   NOT NULL,        -- outlives it: that it was erased is told, too
    seq          BIGINT,                 -- of a message
    ticket       TEXT,                   -- of a hand-over
    at           BIGINT NOT NULL
);
CREATE INDEX conv_outbox_events_by_conversation ON conv_outbox_events (conversation);
CREATE INDEX conv_outbox_events_by_time ON conv_outbox_events (at);

CREATE TABLE conv_outbox_deliveries (
    event         BIGINT NOT NULL REFERENCES conv_outbox_events (number) ON DELETE CASCADE,
    sink          TEXT   NOT NULL,
    state         TEXT   NOT NULL CHECK (state IN ('due', 'done', 'failed')),
    tries         BIGINT NOT NULL DEFAULT 0,
    next_at       BIGINT NOT NULL,       -- due from then on
    claimed_until BIGINT NOT NULL DEFAULT 0, -- somebody is sending it
    why           TEXT   NOT NULL DEFAULT '', -- how the last try failed
    PRIMARY KEY (sink, event)
);
CREATE INDEX conv_outbox_deliveries_due ON conv_outbox_deliveries (sink, next_at) WHERE state = 'due';
CREATE INDEX conv_outbox_deliveries_by_event ON conv_outbox_deliveries (event);

CREATE OR REPLACE FUNCTION conv_outbox_tell(
    told_kind TEXT, told_conversation TEXT, told_seq BIGINT, told_ticket TEXT, told_at BIGINT
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO conv_outbox_events (id, kind, conversation, seq, ticket, at)
    SELECT 'msg_' || replace(gen_random_uuid()::text, '-', ''), told_kind, told_conversation, told_seq,
           told_ticket, told_at
    WHERE EXISTS (SELECT 1 FROM conv_outbox_sinks WHERE strpos(events, ' ' || told_kind || ' ') > 0);
$$;

CREATE OR REPLACE FUNCTION conv_outbox_deliver() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO conv_outbox_deliveries (event, sink, state, next_at)
    SELECT NEW.number, name, 'due', NEW.at FROM conv_outbox_sinks
    WHERE disabled_at IS NULL AND strpos(events, ' ' || NEW.kind || ' ') > 0;
    RETURN NULL;
END;
$$;
CREATE TRIGGER conv_outbox_deliver AFTER INSERT ON conv_outbox_events
    FOR EACH ROW EXECUTE FUNCTION conv_outbox_deliver();

CREATE OR REPLACE FUNCTION conv_outbox_handed_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM conv_outbox_tell('handed_off', NEW.conversation, NULL, NEW.ticket,
                             (extract(epoch FROM clock_timestamp()) * 1000)::bigint);
    RETURN NULL;
END;
$$;
CREATE TRIGGER conv_outbox_handed_off AFTER INSERT ON conv_escalations
    FOR EACH ROW EXECUTE FUNCTION conv_outbox_handed_off();

-- Internal notes are told to nobody.
CREATE OR REPLACE FUNCTION conv_outbox_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM conv_outbox_tell('message', NEW.conversation, NEW.seq, NULL, NEW.at);
    RETURN NULL;
END;
$$;
CREATE TRIGGER conv_outbox_message AFTER INSERT ON conv_messages
    FOR EACH ROW WHEN (NEW.author IN ('customer', 'assistant', 'agent'))
    EXECUTE FUNCTION conv_outbox_message();

CREATE OR REPLACE FUNCTION conv_outbox_resolved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM conv_outbox_tell('resolved', NEW.id, NULL, NULL, NEW.active_at);
    RETURN NULL;
END;
$$;
CREATE TRIGGER conv_outbox_resolved AFTER UPDATE OF state ON conv_conversations
    FOR EACH ROW WHEN (NEW.state = 'resolved' AND OLD.state <> 'resolved')
    EXECUTE FUNCTION conv_outbox_resolved();

CREATE OR REPLACE FUNCTION conv_outbox_rated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM conv_outbox_tell('rated', NEW.conversation, NULL, NULL, NEW.at);
    RETURN NULL;
END;
$$;
CREATE TRIGGER conv_outbox_rated AFTER INSERT ON conv_feedback
    FOR EACH ROW WHEN (NEW.stars IS NOT NULL) EXECUTE FUNCTION conv_outbox_rated();
CREATE TRIGGER conv_outbox_rated_again AFTER UPDATE OF stars ON conv_feedback
    FOR EACH ROW WHEN (NEW.stars IS NOT NULL AND NEW.stars IS DISTINCT FROM OLD.stars)
    EXECUTE FUNCTION conv_outbox_rated();
