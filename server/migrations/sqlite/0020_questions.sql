-- What an editor decided about a question that was not answered well. Goes with its conversation.
CREATE TABLE question_verdicts (
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq          INTEGER NOT NULL,          -- of the customer's message
    verdict      TEXT    NOT NULL CHECK (verdict IN ('resolved', 'dismissed')),
    agent        TEXT,                      -- who decided; NULL for a program or the command line
    at           INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;

-- The newest questions are looked for without reading every conversation.
CREATE INDEX customers_messages_by_time ON messages (at) WHERE author = 'customer';
CREATE INDEX answers_by_time ON messages (at) WHERE author = 'assistant';
