-- The events that were taken, in one table, from which old rows are deleted.
CREATE TABLE receipts (
    -- Empty where a receipt was copied out of a file, which does not say whose it is: it is looked for for everybody.
    tenant    TEXT   COLLATE "C" NOT NULL,
    claimed   BIGINT NOT NULL,
    digest    BYTEA  NOT NULL CHECK (length(digest) = 16),
    effective BIGINT,
    PRIMARY KEY (tenant, claimed, digest)
);

CREATE INDEX receipts_by_age     ON receipts (claimed);
CREATE INDEX receipts_from_ahead ON receipts (effective) WHERE effective IS NOT NULL;
