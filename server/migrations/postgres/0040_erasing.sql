-- Of an erasure and a legal hold, whichever has the row first is in force: `erasing` is an erasure that was
-- begun, and no hold.
ALTER TABLE privacy_legal_holds ADD COLUMN erasing BOOLEAN NOT NULL DEFAULT false;
