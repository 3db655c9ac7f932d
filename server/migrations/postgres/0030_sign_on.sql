-- Who logs in with the company's own account: the provider and its name for the person there. Never by an
-- e-mail address. Both are set or none.
ALTER TABLE conv_agents ADD COLUMN issuer  TEXT;
ALTER TABLE conv_agents ADD COLUMN subject TEXT;
CREATE UNIQUE INDEX conv_agents_by_sign_on ON conv_agents (issuer, subject) WHERE subject IS NOT NULL;
