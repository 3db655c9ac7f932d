-- What customers are told of the machine that answers; no personal data.
CREATE TABLE disclosures (
    version TEXT    NOT NULL,               -- hash of the text
    locale  TEXT    NOT NULL,
    text    TEXT    NOT NULL,
    at      INTEGER NOT NULL,               -- first told
    PRIMARY KEY (version, locale)
) STRICT, WITHOUT ROWID;

-- What a customer was told and decided, in its order.
CREATE TABLE choices (
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,          -- from 1
    at           INTEGER NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('ai_disclosure', 'consent', 'consent_withdrawn',
        'opt_out', 'opt_in', 'automation_refused', 'automation_accepted')),
    version      TEXT    NOT NULL,          -- of the text that was shown; empty where there was none
    locale       TEXT    NOT NULL,          -- of that text; empty where it is not known
    by           TEXT    NOT NULL CHECK (by IN ('system', 'customer', 'operator')),
    PRIMARY KEY (conversation, number)
) STRICT, WITHOUT ROWID;

-- What of it holds now; written with the choices.
CREATE TABLE objections (
    conversation TEXT    PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    analysis     INTEGER NOT NULL DEFAULT 0, -- words are used for answering them alone
    automation   INTEGER NOT NULL DEFAULT 0  -- people answer, no machine
) STRICT, WITHOUT ROWID;
