-- Of an erasure and a legal hold, whichever has the row first is in force: `erasing` is an erasure that was
-- begun, and no hold.
ALTER TABLE legal_holds ADD COLUMN erasing INTEGER NOT NULL DEFAULT 0;
