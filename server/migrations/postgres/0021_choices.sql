-- What customers are told of the machine that answers; no personal data.
CREATE TABLE conv_disclosures (
    version TEXT   NOT NULL,                -- hash of the text
    locale  TEXT   NOT NULL,
    text    TEXT   NOT NULL,
    at      BIGINT NOT NULL,                -- first told
    PRIMARY KEY (version, locale)
);

-- What a customer was told and decided, in its order.
CREATE TABLE conv_choices (
    conversation TEXT   NOT NULL REFERENCES conv_conversations (id) ON DELETE CASCADE,
    number       BIGINT NOT NULL,           -- from 1
    at           BIGINT NOT NULL,
    kind         TEXT   NOT NULL CHECK (kind IN ('ai_disclosure', 'consent', 'consent_withdrawn',
        'opt_out', 'opt_in', 'automation_refused', 'automation_accepted')),
    version      TEXT   NOT NULL,           -- of the text that was shown; empty where there was none
    locale       TEXT   NOT NULL,           -- of that text; empty where it is not known
    by           TEXT   NOT NULL CHECK (by IN ('system', 'customer', 'operator')),
    PRIMARY KEY (conversation, number)
);

-- What of it holds now; written with the choices.
CREATE TABLE conv_objections (
    conversation TEXT    PRIMARY KEY REFERENCES conv_conversations (id) ON DELETE CASCADE,
    analysis     BOOLEAN NOT NULL DEFAULT false, -- words are used for answering them alone
    automation   BOOLEAN NOT NULL DEFAULT false  -- people answer, no machine
);
