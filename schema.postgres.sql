-- The registry on PostgreSQL: what schema.sql is for a file, for many servers that share one database.
--
-- The tables and their columns have the same names and meanings there, so only what differs is explained here.
--
-- What grows has `tenant` (the tenant's slug) first in every primary and unique key, so that it can be distributed by
-- it. The directory, and what belongs to a relay, is small and keyed by its own names: on an engine that distributes,
-- it is copied to everywhere. Nothing that grows refers to anything by a foreign key: each would lock a row of another
-- table with every insert, and the rows of a transaction are written by one program that has seen what they refer to.
--
-- Ids come from the program. There is no sequence, trigger, advisory lock or LISTEN, and no constraint is named in a
-- statement. Texts are compared as bytes (`COLLATE "C"`), so their order is the program's.
--
-- `receipts` is in one of two files of its own: src/store/postgres/receipts_by_day.sql where the engine has partitions,
-- src/store/postgres/receipts_in_one.sql where it has not.

-- One row for each single value. `schema_version`, made beforehand, says which statements have been executed.
INSERT INTO meta (name, value) VALUES ('directory_revision', 0);

-- How many rows the two tables that grow have. Each writer adds to a row of its own, or they would wait for each other.
CREATE TABLE counters (
    name   TEXT   COLLATE "C" NOT NULL,
    writer BIGINT NOT NULL,
    value  BIGINT NOT NULL,
    PRIMARY KEY (name, writer)
);

-- Who uses the database, and was seen when, by its own clock: servers and copies, which do not go together.
CREATE TABLE instances (
    id      UUID        PRIMARY KEY,
    role    TEXT        NOT NULL CHECK (role IN ('server', 'copy')),
    seen_at TIMESTAMPTZ NOT NULL
);

-- The directory.

CREATE TABLE tenants (
    slug         TEXT    COLLATE "C" PRIMARY KEY,
    multi_tenant BOOLEAN NOT NULL,
    suspended    BOOLEAN NOT NULL DEFAULT FALSE,
    created_at   BIGINT  NOT NULL
);

CREATE TABLE relays (
    slug       TEXT    COLLATE "C" PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('native', 'loopback', 'bluebubbles', 'linq')),
    url        TEXT,
    password   TEXT,
    lost_line  BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT  NOT NULL
);

CREATE TABLE secrets (
    owner_kind TEXT   COLLATE "C" NOT NULL CHECK (owner_kind IN ('tenant', 'relay')),
    owner      TEXT   COLLATE "C" NOT NULL,
    secret     TEXT   COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (owner_kind, owner, secret)
);

CREATE UNIQUE INDEX secrets_are_nobody_elses ON secrets (secret);

CREATE TABLE lines (
    number        TEXT    COLLATE "C" PRIMARY KEY,
    tenant        TEXT    COLLATE "C" NOT NULL REFERENCES tenants (slug),
    relay         TEXT    COLLATE "C" NOT NULL REFERENCES relays (slug),
    active        BOOLEAN NOT NULL DEFAULT TRUE,
    once_anothers BOOLEAN NOT NULL DEFAULT FALSE,
    created_at    BIGINT  NOT NULL
);

-- What belongs to a relay. The references see to it that nothing is left of a relay that is removed.

CREATE TABLE row_numbers (
    relay      TEXT   COLLATE "C" NOT NULL REFERENCES relays (slug),
    number     BIGINT NOT NULL,
    address    TEXT   COLLATE "C" NOT NULL,
    event_time BIGINT NOT NULL,
    event_id   TEXT   COLLATE "C" NOT NULL,
    PRIMARY KEY (relay, number)
);

CREATE TABLE parked (
    id           BYTEA  PRIMARY KEY CHECK (length(id) = 16),
    relay        TEXT   COLLATE "C" NOT NULL REFERENCES relays (slug),
    arrived_at   BIGINT NOT NULL,
    conversation TEXT   COLLATE "C" NOT NULL,
    tenant       TEXT   COLLATE "C",
    line         TEXT   COLLATE "C",
    number       BIGINT,
    report       BYTEA  NOT NULL,
    CHECK ((tenant IS NULL) = (number IS NULL) AND (line IS NOT NULL OR tenant IS NULL))
);

CREATE INDEX parked_for_conversation ON parked (relay, conversation, arrived_at) WHERE line IS NULL;
CREATE INDEX parked_for_line         ON parked (relay, line, arrived_at) WHERE tenant IS NULL;
CREATE INDEX parked_for_owner        ON parked (relay, number, arrived_at) WHERE number IS NOT NULL;
CREATE INDEX parked_by_age           ON parked (arrived_at);

CREATE TABLE parking (
    relay   TEXT   COLLATE "C" PRIMARY KEY REFERENCES relays (slug),
    reports BIGINT NOT NULL CHECK (reports >= 0),
    bytes   BIGINT NOT NULL CHECK (bytes >= 0)
);

-- What grows.

CREATE TABLE chats (
    tenant      TEXT    COLLATE "C" NOT NULL,
    id          UUID    NOT NULL,
    line        TEXT    COLLATE "C" NOT NULL,
    origin      TEXT    NOT NULL CHECK (origin IN ('api', 'event')),
    is_group    BOOLEAN,
    created_at  BIGINT  NOT NULL,
    -- Never falling for one chat, and of the database's clock where it can be: see src/store/postgres/ticks.rs for what
    -- that gives to a reader of `updated_since`.
    updated_at  BIGINT  NOT NULL,
    version     BIGINT  NOT NULL CHECK (version > 0),
    -- Raised by one whenever this row is written, visibly or not: by it a server knows whether what it remembers of the
    -- chat is what is here.
    revision    BIGINT  NOT NULL CHECK (revision > 0),
    state       BYTEA   NOT NULL,
    merged_into UUID,
    PRIMARY KEY (tenant, id)
) WITH (fillfactor = 70);

CREATE INDEX chats_merged    ON chats (tenant, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX chats_of_line   ON chats (tenant, line, id);
CREATE INDEX chats_by_update ON chats (tenant, updated_at, id);
-- For operators, who may leave the tenant open.
CREATE INDEX chats_by_id     ON chats (id);

CREATE TABLE conversation_keys (
    tenant       TEXT COLLATE "C" NOT NULL,
    conversation TEXT COLLATE "C" NOT NULL,
    line         TEXT COLLATE "C" NOT NULL,
    chat_id      UUID NOT NULL,
    PRIMARY KEY (tenant, conversation, line)
);

CREATE TABLE participants (
    tenant  TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    chat_id UUID NOT NULL,
    PRIMARY KEY (tenant, address, chat_id)
);

CREATE TABLE deliveries (
    tenant       TEXT    COLLATE "C" NOT NULL,
    id           UUID    NOT NULL,
    message_id   UUID    NOT NULL,
    line         TEXT    COLLATE "C" NOT NULL,
    relay        TEXT    COLLATE "C" NOT NULL,
    idempotency_key TEXT COLLATE "C",
    fingerprint  BYTEA   CHECK (length(fingerprint) = 32),
    opened_at    BIGINT  NOT NULL,
    chat_id      UUID,
    failure_told BOOLEAN NOT NULL DEFAULT FALSE,
    progress     TEXT    NOT NULL CHECK (progress IN ('open', 'failed', 'queued', 'answered')),
    token        UUID,
    lease_until  BIGINT,
    answer       BYTEA,
    PRIMARY KEY (tenant, id),
    CHECK ((progress = 'open') = (token IS NOT NULL AND lease_until IS NOT NULL)),
    CHECK ((progress IN ('queued', 'answered')) = (answer IS NOT NULL)),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
);

CREATE UNIQUE INDEX deliveries_by_key ON deliveries (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
-- A relay names a delivery and no tenant.
CREATE INDEX deliveries_by_id  ON deliveries (id);
CREATE INDEX deliveries_by_age ON deliveries (opened_at);

CREATE TABLE line_health (
    tenant     TEXT     COLLATE "C" NOT NULL,
    line       TEXT     COLLATE "C" NOT NULL,
    successes  BIGINT   NOT NULL,
    deliveries SMALLINT NOT NULL CHECK (deliveries BETWEEN 1 AND 50),
    PRIMARY KEY (tenant, line)
);

CREATE TABLE changes (
    tenant     TEXT   COLLATE "C" NOT NULL,
    chat_id    UUID   NOT NULL,
    version    BIGINT NOT NULL CHECK (version > 0),
    at         BIGINT NOT NULL,
    event_id   TEXT   COLLATE "C" NOT NULL,
    event_time BIGINT NOT NULL,
    changes    TEXT   NOT NULL,
    PRIMARY KEY (tenant, chat_id, version)
);
