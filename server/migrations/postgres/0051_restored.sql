-- Which back-up filled these tables, written with them: a restore that was broken off behind it is known by that, however
-- often it is repeated, and no other back-up is taken for it.
CREATE TABLE conv_restored (
    only_one BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_one),
    sha256   TEXT NOT NULL               -- of its files' own, and of what its key file lists
);
