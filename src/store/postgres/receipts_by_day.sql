-- The events that were taken, in a table for each day that they claim. Whole days are dropped when they are old enough.
-- Tomorrow's tables are made today: see src/store/postgres/days.rs. Whoever claims a day that has none, because it is
-- long gone or far ahead, goes into the last one, from which old rows are deleted.
CREATE TABLE receipts (
    -- Empty where a receipt was copied out of a file, which does not say whose it is: it is looked for for everybody.
    tenant    TEXT   COLLATE "C" NOT NULL,
    claimed   BIGINT NOT NULL,
    digest    BYTEA  NOT NULL CHECK (length(digest) = 16),
    effective BIGINT,
    PRIMARY KEY (tenant, claimed, digest)
) PARTITION BY RANGE (claimed);

CREATE TABLE receipts_of_other_days PARTITION OF receipts DEFAULT;

CREATE INDEX receipts_by_age     ON receipts_of_other_days (claimed);
CREATE INDEX receipts_from_ahead ON receipts_of_other_days (effective) WHERE effective IS NOT NULL;
