//! What becomes of files of older versions.

use super::*;
use crate::store::codec;

#[test]
fn old_libraries_are_refused() {
    assert!(matches!(check_sqlite(3_051_002), Err(OpenError::OldSqlite(_))));
    assert!(check_sqlite(OLDEST_SQLITE).is_ok());
    assert!(check_sqlite(rusqlite::version_number()).is_ok());
}

/// All of a schema, without what makes no difference: comments, blanks, and quotes around names.
fn schema_of(connection: &Connection) -> Vec<String> {
    let mut statement = connection.prepare("SELECT sql FROM sqlite_schema WHERE sql > ''").unwrap();
    let found = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let plain = |sql: String| {
        let lines = sql.lines().map(|line| line.split("--").next().unwrap().replace('"', ""));
        lines.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let mut schema: Vec<_> = found.map(|sql| plain(sql.unwrap())).collect();
    schema.sort();
    schema
}

#[test]
fn migrations_lead_to_the_schema_of_new_files() {
    let new = Connection::open_in_memory().unwrap();
    new.execute_batch(SCHEMA).unwrap();
    let mut old = Connection::open_in_memory().unwrap();
    migrate(&mut old).unwrap();
    assert_eq!(schema_of(&old), schema_of(&new));
    let found: i32 = old.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(found, SCHEMA_VERSION);
}

/// All rows of a table of version 1, without the columns that are new, in the order of the columns that were.
fn rows_of(connection: &Connection, table: &str, columns: &str) -> Vec<String> {
    let query = format!("SELECT json_array({columns}) FROM {table} ORDER BY 1");
    let mut statement = connection.prepare(&query).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// What version 1 wrote of two tenants, a relay, a group, a group that was merged into it, and a delivery.
const VERSION_1: &str = include_str!("../migrations/1.rows.sql");

/// The tables of version 1 and their columns; blobs as text, for JSON has none.
const TABLES_OF_VERSION_1: [(&str, &str); 12] = [
    ("meta", "name, value"),
    ("tenants", "slug, multi_tenant, suspended, created_at"),
    ("relays", "slug, kind, url, created_at"),
    ("secrets", "owner_kind, owner, secret, created_at, expires_at"),
    ("lines", "number, tenant, relay, active, created_at"),
    (
        "chats",
        "hex(id), tenant, line, origin, is_group, created_at, updated_at, version, hex(state), hex(merged_into)",
    ),
    ("conversation_keys", "tenant, conversation, line, hex(chat_id)"),
    ("participants", "tenant, address, hex(chat_id)"),
    ("receipts", "claimed, hex(digest), effective"),
    (
        "deliveries",
        "hex(id), hex(message_id), tenant, line, relay, idempotency_key, hex(fingerprint), opened_at, hex(chat_id), failure_told, progress, hex(token), lease_until, hex(answer)",
    ),
    ("line_health", "tenant, line, successes, deliveries"),
    ("changes", "tenant, hex(chat_id), version, at, event_id, event_time, changes"),
];

#[test]
fn every_row_survives_a_migration() {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    MIGRATIONS.to_version(&mut connection, 1).unwrap();
    connection.execute_batch(VERSION_1).unwrap();
    let all = |connection: &Connection| {
        TABLES_OF_VERSION_1.map(|(table, columns)| rows_of(connection, table, columns))
    };
    let before = all(&connection);
    assert!(before.iter().all(|rows| !rows.is_empty()), "every table has a row: {before:?}");
    migrate(&mut connection).unwrap();
    assert_eq!(all(&connection), before);
    assert_eq!(check_all(&connection).unwrap(), Vec::<String>::new());
    let states = "SELECT state FROM chats";
    let mut statement = connection.prepare(states).unwrap();
    for state in statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap() {
        codec::state::decode(&state.unwrap()).unwrap();
    }
}

#[test]
fn what_was_there_before_a_migration_is_there_after_it() {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    MIGRATIONS.to_version(&mut connection, 1).unwrap();
    connection
        .execute_batch(
            "INSERT INTO tenants (slug, multi_tenant, created_at) VALUES ('acme', 0, 1), ('other', 0, 1);
             INSERT INTO relays (slug, kind, created_at) VALUES ('rly-1', 'native', 1);
             INSERT INTO lines (number, tenant, relay, active, created_at)
                 VALUES ('+15555550100', 'acme', 'rly-1', 0, 2), ('+15555550101', 'other', 'rly-1', 1, 2);
             INSERT INTO chats (id, tenant, line, origin, created_at, updated_at, version, state)
                 VALUES (zeroblob(16), 'acme', '+15555550101', 'event', 1, 1, 1, x'');",
        )
        .unwrap();
    migrate(&mut connection).unwrap();
    let lines =
        "SELECT group_concat(number || tenant || relay || active || once_anothers || created_at) FROM lines";
    let found: String = connection.query_row(lines, [], |row| row.get(0)).unwrap();
    assert_eq!(found, "+15555550100acmerly-1002,+15555550101otherrly-1112");
    let orphans = connection.execute("DELETE FROM relays", []);
    assert!(orphans.is_err(), "lines still refer to their relay");
}

#[test]
fn a_full_disk_is_no_damage() {
    let met = |code| {
        let why = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        refused(Path::new("registry.db"), why)
    };
    // The last of these: the index of the log has no room to grow.
    for code in [rusqlite::ffi::SQLITE_FULL, rusqlite::ffi::SQLITE_BUSY, rusqlite::ffi::SQLITE_IOERR_SHMSIZE]
    {
        assert!(matches!(met(code), OpenError::Io { .. }), "{code}");
    }
    for code in [rusqlite::ffi::SQLITE_CORRUPT, rusqlite::ffi::SQLITE_IOERR_READ] {
        assert!(matches!(met(code), OpenError::Damaged { .. }), "{code}");
    }
}
