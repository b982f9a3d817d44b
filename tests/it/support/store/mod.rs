//! The store behind a service, of either kind, made for one test and read past the service.
//!
//! `CHERT_GROUPS_TEST_STORE` says what the whole run is on: `sqlite`, which it is without a word, `postgres`, or
//! `hostile-postgres`. Tests that can only mean one store live in modules named `only_sqlite` and `only_postgres`, and
//! have that one whatever the run is on; so one run that is on SQLite runs them all, and others leave them out by those
//! names.

mod postgres;
mod run;
mod sqlite;

use std::{path::Path, sync::Arc};

use chert_groups::{
    domain::time::Time,
    store::{admin::Admin, upkeep::Upkeep},
    stores,
};
use serde_json::Value;

pub(crate) use super::postgres::Row;
use super::{app::TestApp, postgres::server::Server};
use postgres::PostgresStore;
use run::Run;
use sqlite::SqliteStore;

/// A store of its own for one test, gone with it.
pub(crate) enum TestStore {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

impl TestStore {
    /// A store that knows everybody of [`super::directory`] and nothing else.
    pub(crate) fn peopled() -> Self {
        match Run::current() {
            Run::Sqlite => Self::Sqlite(SqliteStore::peopled()),
            Run::Postgres | Run::Hostile => Self::peopled_database(),
        }
    }

    /// The same in PostgreSQL, whatever the run is on.
    pub(crate) fn peopled_database() -> Self {
        Self::Postgres(PostgresStore::peopled())
    }

    /// The same at SERIALIZABLE, where besides every so many transactions fail.
    pub(crate) fn peopled_hostile_database() -> Self {
        Self::Postgres(PostgresStore::peopled().made_hostile())
    }

    /// How many transactions have failed for no other reason than that.
    pub(crate) fn made_up_failures(&self) -> i64 {
        match self {
            Self::Sqlite(_) => 0,
            Self::Postgres(store) => store.made_up_failures(),
        }
    }

    /// The same behind a wire.
    pub(crate) fn peopled_database_on_a_wire() -> Self {
        Self::Postgres(PostgresStore::peopled().on_a_wire())
    }

    /// Has the answer to each `nth` commit lost on that wire.
    pub(crate) fn lose_each(&self, nth: usize) {
        match self {
            Self::Sqlite(_) => panic!("this store is on no wire"),
            Self::Postgres(store) => store.lose_each(nth),
        }
    }

    /// A store in which there is nothing.
    pub(crate) fn empty() -> Self {
        match Run::current() {
            Run::Sqlite => Self::empty_file(),
            Run::Postgres | Run::Hostile => Self::empty_database(),
        }
    }

    /// The same in PostgreSQL, whatever the run is on.
    pub(crate) fn empty_database() -> Self {
        Self::Postgres(PostgresStore::empty())
    }

    /// The same on a server of the test's own.
    pub(crate) fn empty_on(server: &Arc<Server>) -> Self {
        Self::Postgres(PostgresStore::bare(server))
    }

    /// The same, an SQLite file whatever the run is on.
    pub(crate) fn empty_file() -> Self {
        Self::Sqlite(SqliteStore::empty())
    }

    /// Where the program finds it.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(store) => store.url(),
            Self::Postgres(store) => store.url(),
        }
    }

    /// The isolation level that the program is to use, where it is not to use its own.
    pub(crate) fn isolation(&self) -> Option<&'static str> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(store) => store.is_hostile().then_some("serializable"),
        }
    }

    /// Whether it is an SQLite file.
    pub(crate) const fn is_a_file(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// The file of an SQLite store.
    pub(crate) fn file(&self) -> &Path {
        match self {
            Self::Sqlite(store) => store.file(),
            Self::Postgres(_) => panic!("this store is no file"),
        }
    }

    /// What its database is called.
    pub(crate) fn database(&self) -> &str {
        match self {
            Self::Sqlite(_) => panic!("this store is no database"),
            Self::Postgres(store) => store.database(),
        }
    }

    /// The same store as a replica of its server has it.
    pub(crate) fn replicated_on(&self, replica: &Arc<Server>) -> Self {
        match self {
            Self::Sqlite(_) => panic!("this store has no replica"),
            Self::Postgres(store) => Self::Postgres(store.replicated_on(replica)),
        }
    }

    /// An operator's hand, at this time.
    pub(crate) fn admin(&self, now: Time) -> Admin {
        admin(&self.url(), now)
    }

    /// The rows that a query finds.
    pub(crate) fn query(&self, query: &str) -> Vec<Row> {
        match self {
            Self::Sqlite(store) => store.query(query),
            Self::Postgres(store) => store.query(query),
        }
    }

    /// What a query says that counts.
    pub(crate) fn count(&self, query: &str) -> i64 {
        let rows = self.query(query);
        rows[0][0].as_deref().expect("a count").parse().expect("a number")
    }

    /// Changes the store past the service.
    pub(crate) fn execute(&self, statement: &str) {
        match self {
            Self::Sqlite(store) => store.execute(statement),
            Self::Postgres(store) => drop(store.query(statement)),
        }
    }

    /// A chat's id as it is written in a query.
    pub(crate) fn id(&self, chat: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("X'{}'", chat.replace('-', "")),
            Self::Postgres(_) => format!("'{chat}'"),
        }
    }

    /// A condition for a query: that a column of bytes has this text in it.
    pub(crate) fn contains(&self, column: &str, text: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("instr({column}, CAST('{text}' AS BLOB)) > 0"),
            Self::Postgres(_) => format!("position('{text}'::bytea IN {column}) > 0"),
        }
    }

    /// The query for how many rows of a table the store says that there are.
    fn counter(&self, table: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("SELECT value FROM meta WHERE name = '{table}'"),
            Self::Postgres(_) => {
                format!("SELECT coalesce(sum(value), 0) FROM counters WHERE name = '{table}'")
            }
        }
    }

    /// Whether everything in the store fits together. This is safe while it is served.
    pub(crate) fn assert_sound(&self) {
        if let Self::Sqlite(store) = self {
            store.assert_sound();
        }
        for (table, counted) in [("chats", "chats WHERE merged_into IS NULL"), ("receipts", "receipts")] {
            let there = self.count(&format!("SELECT count(*) FROM {counted}"));
            assert_eq!(self.count(&self.counter(table)), there, "{table}");
        }
        // As many rows as the greatest version, all different and above zero, have no gap.
        let gaps = "SELECT count(*) FROM chats
                     WHERE version <> (SELECT count(*) FROM changes WHERE chat_id = id)
                        OR version <> (SELECT max(version) FROM changes WHERE chat_id = id)";
        assert_eq!(self.count(gaps), 0, "chats whose changes have gaps");
    }
}

/// An operator's hand on a store, which is made if it is not there.
fn admin(url: &str, now: Time) -> Admin {
    stores::admin(&url.parse().expect("a URL"), Upkeep::Create, now).expect("the store opens")
}

impl TestApp {
    /// How many rows a table has.
    pub(crate) fn rows(&self, table: &str) -> u64 {
        self.store.count(&format!("SELECT count(*) FROM {table}")).try_into().expect("a count")
    }

    /// How many rows of a table the store says that there are, without counting them.
    pub(crate) fn counted(&self, table: &str) -> i64 {
        self.store.count(&self.store.counter(table))
    }

    /// How many events of which relays are parked, as the store counts them.
    pub(crate) fn usage(&self) -> Vec<(String, u64)> {
        let used = "SELECT relay, reports FROM parking WHERE reports > 0 OR bytes > 0 ORDER BY relay";
        let rows = self.store.query(used).into_iter();
        rows.map(|row| row.into_iter().map(Option::unwrap).collect::<Vec<_>>())
            .map(|row| (row[0].clone(), row[1].parse().expect("a count")))
            .collect()
    }

    /// All that ever visibly changed in a chat, in order.
    pub(crate) fn changes_of(&self, chat: &str) -> Vec<Value> {
        let id = self.store.id(chat);
        let rows =
            self.store.query(&format!("SELECT changes FROM changes WHERE chat_id = {id} ORDER BY version"));
        rows.iter()
            .flat_map(|row| serde_json::from_str::<Vec<Value>>(row[0].as_deref().expect("changes")).unwrap())
            .collect()
    }
}
