-- What an editor decided about a question that was not answered well. Goes with its conversation.
CREATE TABLE conv_question_verdicts (
    conversation TEXT   NOT NULL REFERENCES conv_conversations (id) ON DELETE CASCADE,
    seq          BIGINT NOT NULL,           -- of the customer's message
    verdict      TEXT   NOT NULL CHECK (verdict IN ('resolved', 'dismissed')),
    agent        TEXT,                      -- who decided; NULL for a program or the command line
    at           BIGINT NOT NULL,
    PRIMARY KEY (conversation, seq)
);

-- The newest questions are looked for without reading every conversation.
CREATE INDEX conv_customers_messages_by_time ON conv_messages (at) WHERE author = 'customer';
CREATE INDEX conv_answers_by_time ON conv_messages (at) WHERE author = 'assistant';
