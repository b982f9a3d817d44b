-- From version 1 to 2: kinds of relays, passwords, lines that changed hands, reports that wait, numbers of handles;
-- and keys are found by conversation first.
--
-- A constraint of a table cannot be altered, so three tables are made anew. Foreign keys are off meanwhile.

CREATE TABLE new_relays (
    slug       TEXT    PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('native', 'loopback', 'bluebubbles', 'linq')),
    url        TEXT,
    password   TEXT,
    lost_line  INTEGER NOT NULL DEFAULT 0 CHECK (lost_line IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO new_relays (slug, kind, url, created_at) SELECT slug, kind, url, created_at FROM relays;
DROP TABLE relays;
ALTER TABLE new_relays RENAME TO relays;

CREATE TABLE new_lines (
    number     TEXT    PRIMARY KEY,
    tenant     TEXT    NOT NULL REFERENCES tenants (slug),
    relay      TEXT    NOT NULL REFERENCES relays (slug),
    active     INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    once_anothers INTEGER NOT NULL DEFAULT 0 CHECK (once_anothers IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO new_lines (number, tenant, relay, active, created_at)
    SELECT number, tenant, relay, active, created_at FROM lines;
-- A line whose chats are another tenant's as well has changed hands before this was noted.
UPDATE new_lines SET once_anothers = 1
    WHERE number IN (SELECT chats.line FROM chats JOIN new_lines AS held
                     ON held.number = chats.line AND held.tenant <> chats.tenant);
DROP TABLE lines;
ALTER TABLE new_lines RENAME TO lines;

CREATE TABLE new_conversation_keys (
    conversation TEXT NOT NULL,
    tenant       TEXT NOT NULL,
    line         TEXT NOT NULL,
    chat_id      BLOB NOT NULL REFERENCES chats (id),
    PRIMARY KEY (conversation, tenant, line)
) STRICT, WITHOUT ROWID;
INSERT INTO new_conversation_keys (conversation, tenant, line, chat_id)
    SELECT conversation, tenant, line, chat_id FROM conversation_keys ORDER BY conversation, tenant, line;
DROP TABLE conversation_keys;
ALTER TABLE new_conversation_keys RENAME TO conversation_keys;

CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    words  BLOB    NOT NULL
) STRICT;

CREATE TABLE row_numbers (
    relay      TEXT    NOT NULL REFERENCES relays (slug),
    number     INTEGER NOT NULL,
    address    TEXT    NOT NULL,
    event_time INTEGER NOT NULL,
    event_id   TEXT    NOT NULL,
    PRIMARY KEY (relay, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE parked (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    relay        TEXT    NOT NULL REFERENCES relays (slug),
    arrived_at   INTEGER NOT NULL,
    conversation TEXT    NOT NULL,
    tenant       TEXT    REFERENCES tenants (slug),
    line         TEXT,
    number       INTEGER,
    report       BLOB    NOT NULL,
    CHECK ((tenant IS NULL) = (number IS NULL) AND (line IS NOT NULL OR tenant IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX parked_for_conversation ON parked (relay, conversation, arrived_at) WHERE line IS NULL;
CREATE INDEX parked_for_line         ON parked (relay, line, arrived_at) WHERE tenant IS NULL;
CREATE INDEX parked_for_owner        ON parked (relay, number, arrived_at) WHERE number IS NOT NULL;
CREATE INDEX parked_by_age           ON parked (arrived_at);

CREATE TABLE parking (
    relay   TEXT    PRIMARY KEY REFERENCES relays (slug),
    reports INTEGER NOT NULL CHECK (reports >= 0),
    bytes   INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT, WITHOUT ROWID;
