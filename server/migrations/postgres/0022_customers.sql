-- Who proved who they are in a conversation. `customer` is a keyed hash of the company's own id; the rest
-- are placeholders, whose originals are in the vault.
CREATE TABLE conv_known_customers (
    conversation TEXT   PRIMARY KEY REFERENCES conv_conversations (id) ON DELETE CASCADE,
    customer     TEXT   NOT NULL,
    customer_id  TEXT   NOT NULL,           -- [CUSTOMER_ID_1]
    name         TEXT,                      -- [PERSON_1]
    email        TEXT,                      -- [EMAIL_1]
    at           BIGINT NOT NULL
);
CREATE INDEX conv_known_customers_by_customer ON conv_known_customers (customer, at);
