-- Questions that a person takes over. No column holds a word of the customer.
CREATE TABLE escalations (
    ticket       TEXT PRIMARY KEY,
    at           TEXT    NOT NULL, -- RFC 3339, UTC
    conversation TEXT    NOT NULL, -- UUID
    reason       TEXT    NOT NULL, -- reason code
    confidence   REAL    NOT NULL, -- [0, 1]
    locale       TEXT    NOT NULL,
    generation   INTEGER NOT NULL, -- of the index that was searched
    passages     TEXT    NOT NULL  -- JSON array of {path, anchor, score}, best first
) STRICT;
CREATE INDEX escalations_by_time ON escalations (at);
