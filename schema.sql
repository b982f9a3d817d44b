-- The registry on SQLite.
--
-- Read from the top: first what administration sets up (tenants, relays, lines), then what events build up
-- (chats, their keys and participants), then what waits to be placed (parked reports), then what proves it
-- (receipts, changes). This file is what a new registry is made of; `src/store/sqlite/migrations` brings older
-- ones to the same.
--
-- Times are nanoseconds since the Unix epoch. A tenant and a relay are named by their slugs and a line by its
-- number, here as everywhere, so a row can be read without looking anything up. All tables are STRICT: a
-- value of another type than its column's is a bug, and is refused rather than stored.

-- One row for each single value that the service keeps.
CREATE TABLE meta (
    name  TEXT    PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta (name, value) VALUES
    -- Raised by every administrative change. A running server compares it to see whether to read anew.
    ('directory_revision', 0),
    -- How many rows the two tables that grow have, so that metrics need not count them.
    ('chats', 0),
    ('receipts', 0);

-- An account that owns lines.
CREATE TABLE tenants (
    slug         TEXT    PRIMARY KEY,
    -- A bearer of such an account must say which tenant it means.
    multi_tenant INTEGER NOT NULL CHECK (multi_tenant IN (0, 1)),
    -- Refused on the API; its lines' events are taken all the same, or they would be lost.
    suspended    INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1)),
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A program on the messaging network that posts events and delivers for us.
CREATE TABLE relays (
    slug       TEXT    PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('native', 'loopback', 'bluebubbles', 'linq')),
    -- Where it is reached. Absent for relays that only post.
    url        TEXT,
    -- What it asks of us there, where its kind asks for anything.
    password   TEXT,
    -- Whether a line of it was given to another relay. What it parked without naming a line may be about that
    -- one, so it is not applied to its only line.
    lost_line  INTEGER NOT NULL DEFAULT 0 CHECK (lost_line IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What tenants and relays sign with. HMAC needs the secrets themselves, so they are here, and the file is
-- readable by its owner only. During a rotation an owner has two.
CREATE TABLE secrets (
    owner_kind TEXT    NOT NULL CHECK (owner_kind IN ('tenant', 'relay')),
    owner      TEXT    NOT NULL,
    secret     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    -- NULL until it is replaced.
    expires_at INTEGER,
    PRIMARY KEY (owner_kind, owner, secret)
) STRICT, WITHOUT ROWID;

-- A bearer alone must find one tenant, so no two owners share a secret.
CREATE UNIQUE INDEX secrets_are_nobody_elses ON secrets (secret);

-- A phone number of a tenant, served by a relay.
CREATE TABLE lines (
    -- The number is the key over all tenants: it belongs to one of them at a time.
    number     TEXT    PRIMARY KEY,
    tenant     TEXT    NOT NULL REFERENCES tenants (slug),
    -- The reference keeps a relay from being removed while lines use it.
    relay      TEXT    NOT NULL REFERENCES relays (slug),
    -- Whether chats may be created from it. Events are taken either way.
    active     INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    -- Whether it ever belonged to another tenant. What was parked may be about that one's conversations, so
    -- nothing parked is applied to it.
    once_anothers INTEGER NOT NULL DEFAULT 0 CHECK (once_anothers IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A conversation of one line, for ever.
--
-- `line` refers to no row of `lines`: a chat outlives its line, and stays with the tenant that had the line
-- when the chat was minted.
CREATE TABLE chats (
    id         BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    tenant     TEXT    NOT NULL REFERENCES tenants (slug),
    line       TEXT    NOT NULL,
    -- What it was minted for. Of two ids of one conversation the one that an API caller asked for survives.
    origin     TEXT    NOT NULL CHECK (origin IN ('api', 'event')),
    -- Whether it is a group, repeated from the state for listing; NULL while nobody knows.
    is_group   INTEGER CHECK (is_group IN (0, 1)),
    created_at INTEGER NOT NULL,
    -- Never the same in two transactions and never falling, so that a reader of `updated_since` who goes on
    -- from the last one seen misses nothing.
    updated_at INTEGER NOT NULL,
    -- Raised by one for each row in `changes`.
    version    INTEGER NOT NULL CHECK (version > 0),
    -- The newest word on every field with its stamp: one compact value, because nearly every event moves
    -- stamps and nothing else, and one row is then all that it writes here.
    state      BLOB    NOT NULL,
    -- Set when it turned out to be the same conversation as another chat, which answers for it from then on.
    -- That one is never merged itself: when it is, this row is changed along, so one step always suffices.
    merged_into BLOB REFERENCES chats (id)
) STRICT;

-- Whom a chat answers for.
CREATE INDEX chats_merged ON chats (merged_into) WHERE merged_into IS NOT NULL;

-- Listing, newest first: of a tenant and of one of its lines.
CREATE INDEX chats_of_tenant ON chats (tenant, id);
CREATE INDEX chats_of_line   ON chats (tenant, line, id);
-- Listing by last change.
CREATE INDEX chats_by_update ON chats (tenant, updated_at, id);

-- Which chat a conversation is. The key is the canonical one: spellings that mean the same are one row.
CREATE TABLE conversation_keys (
    conversation TEXT NOT NULL,
    tenant       TEXT NOT NULL,
    line         TEXT NOT NULL,
    chat_id      BLOB NOT NULL REFERENCES chats (id),
    -- This is what makes a conversation one chat, whoever races. The conversation comes first because a look-up
    -- may leave the line open, and the tenant with it.
    PRIMARY KEY (conversation, tenant, line)
) STRICT, WITHOUT ROWID;

-- Who is in which chat now. Only an index over the states, for finding chats by handle; the departed are in
-- the states alone.
CREATE TABLE participants (
    tenant  TEXT NOT NULL,
    address TEXT NOT NULL,
    chat_id BLOB NOT NULL REFERENCES chats (id),
    PRIMARY KEY (tenant, address, chat_id)
) STRICT, WITHOUT ROWID;

-- What was said to chats whose rows are behind: words that moved stamps and nothing else, those of one transaction in
-- one row. A chat's row is written later; after a crash these are said to it again, which is harmless.
CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    words  BLOB    NOT NULL
) STRICT;

-- Whose numbers a relay's numbers are: some events name people only by a number that the relay has given them.
CREATE TABLE row_numbers (
    relay      TEXT    NOT NULL REFERENCES relays (slug),
    number     INTEGER NOT NULL,
    address    TEXT    NOT NULL,
    -- The event that said so, by time and id: of several owners the newest is the one.
    event_time INTEGER NOT NULL,
    event_id   TEXT    NOT NULL,
    PRIMARY KEY (relay, number)
) STRICT, WITHOUT ROWID;

-- Reports that cannot be placed yet. `tenant`, `line` and `number` say what each waits for:
--   all NULL      a line of the relay that knows the conversation;
--   line          that line, to be registered to the relay;
--   all three     the owner of the number; it is placed already, on that line of that tenant.
CREATE TABLE parked (
    -- A hash of all that is in the row but the time, so that a report is parked once.
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    relay        TEXT    NOT NULL REFERENCES relays (slug),
    arrived_at   INTEGER NOT NULL,
    conversation TEXT    NOT NULL,
    tenant       TEXT    REFERENCES tenants (slug),
    line         TEXT,
    number       INTEGER,
    -- What it asserts, not the body that said it.
    report       BLOB    NOT NULL,
    CHECK ((tenant IS NULL) = (number IS NULL) AND (line IS NOT NULL OR tenant IS NULL))
) STRICT, WITHOUT ROWID;

-- What has come to be known, and who has waited for it.
CREATE INDEX parked_for_conversation ON parked (relay, conversation, arrived_at) WHERE line IS NULL;
CREATE INDEX parked_for_line         ON parked (relay, line, arrived_at) WHERE tenant IS NULL;
CREATE INDEX parked_for_owner        ON parked (relay, number, arrived_at) WHERE number IS NOT NULL;
-- Pruning, oldest first.
CREATE INDEX parked_by_age           ON parked (arrived_at);

-- How much of each relay is parked, so that the bound on it needs no counting.
CREATE TABLE parking (
    relay   TEXT    PRIMARY KEY REFERENCES relays (slug),
    reports INTEGER NOT NULL CHECK (reports >= 0),
    bytes   INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT, WITHOUT ROWID;

-- The events that were taken. The time comes first, so that inserts are nearly appends however many lines
-- there are, and pruning is the deletion of a range.
CREATE TABLE receipts (
    -- The time that the event claims.
    claimed   INTEGER NOT NULL,
    -- A hash of tenant, line and event id.
    digest    BLOB    NOT NULL CHECK (length(digest) = 16),
    -- The time that the event counts for, where that is another: see the clocks that run ahead. NULL when it
    -- is the claimed one, which is nearly always and takes no space.
    effective INTEGER,
    PRIMARY KEY (claimed, digest)
) STRICT, WITHOUT ROWID;

-- The few whose clock ran ahead. They are old when they count for an old time, whatever they claim.
CREATE INDEX receipts_from_ahead ON receipts (effective) WHERE effective IS NOT NULL;

-- Groups on their way through a relay, each committed before the relay is asked and again when it has answered.
CREATE TABLE deliveries (
    -- The name that the relay knows it by, on every attempt.
    id          BLOB    PRIMARY KEY CHECK (length(id) = 16),
    message_id  BLOB    NOT NULL CHECK (length(message_id) = 16),
    tenant      TEXT    NOT NULL REFERENCES tenants (slug),
    line        TEXT    NOT NULL,
    -- No reference: a relay may be removed, and what it delivered stays.
    relay       TEXT    NOT NULL,
    -- The caller's name for the request, and a hash of what was asked under it.
    idempotency_key TEXT,
    fingerprint BLOB    CHECK (length(fingerprint) = 32),
    opened_at   INTEGER NOT NULL,
    -- The chat that it became, once that is known.
    chat_id     BLOB    REFERENCES chats (id),
    -- Whether the relay has said that a message it had queued will not be sent.
    failure_told INTEGER NOT NULL DEFAULT 0 CHECK (failure_told IN (0, 1)),
    progress    TEXT    NOT NULL CHECK (progress IN ('open', 'failed', 'queued', 'answered')),
    -- Of an open one: whose attempt it is, and until when nobody else may try.
    token       BLOB    CHECK (length(token) = 16),
    lease_until INTEGER,
    -- Of an answered or queued one: the caller's answer, byte for byte.
    answer      BLOB,
    CHECK ((progress = 'open') = (token IS NOT NULL AND lease_until IS NOT NULL)),
    CHECK ((progress IN ('queued', 'answered')) = (answer IS NOT NULL)),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
) STRICT, WITHOUT ROWID;

-- One request of a name, each tenant for itself.
CREATE UNIQUE INDEX deliveries_by_key ON deliveries (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
-- What a server that is gone has left behind.
CREATE INDEX deliveries_open ON deliveries (id) WHERE progress = 'open';
-- Pruning, oldest first.
CREATE INDEX deliveries_by_age ON deliveries (opened_at);

-- How the recent deliveries of a line went: one bit each, the newest lowest, one for success.
CREATE TABLE line_health (
    tenant     TEXT    NOT NULL,
    line       TEXT    NOT NULL,
    successes  INTEGER NOT NULL,
    deliveries INTEGER NOT NULL CHECK (deliveries BETWEEN 1 AND 50),
    PRIMARY KEY (tenant, line)
) STRICT, WITHOUT ROWID;

-- What visibly changed, one row for the event that caused it. Never pruned.
CREATE TABLE changes (
    tenant     TEXT    NOT NULL,
    chat_id    BLOB    NOT NULL REFERENCES chats (id),
    -- Without gaps, from 1.
    version    INTEGER NOT NULL CHECK (version > 0),
    -- When we wrote it.
    at         INTEGER NOT NULL,
    -- The event that caused it, and the time that it counts for.
    event_id   TEXT    NOT NULL,
    event_time INTEGER NOT NULL,
    -- A JSON array of what changed, in the order in which it applies: see `docs/changes.md`.
    changes    TEXT    NOT NULL CHECK (json_valid(changes)),
    PRIMARY KEY (chat_id, version)
) STRICT, WITHOUT ROWID;
