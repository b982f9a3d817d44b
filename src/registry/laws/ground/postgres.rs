//! A PostgreSQL database that two servers share: transactions are committed through them by turns.

use std::sync::{Arc, LazyLock};

use super::{Ground, Row};
use crate::{
    clock::Clock,
    registry::{
        command::{Command, Reply},
        laws::generate::{LINES, RELAYS},
    },
    store::{
        batch::transact_all,
        postgres::{
            engine::{Isolation, PostgresEngine},
            reader::PostgresReader,
            schema::{Opened, open_for_server},
        },
        query::Reader,
        upkeep::Upkeep,
        working::Moment,
    },
};
use throw_away::{
    database::Database,
    server::{FORGETFUL, Server},
};

#[path = "../../../../tests/it/support/postgres/mod.rs"]
#[expect(dead_code, reason = "the tests of the whole service need more of it")]
mod throw_away;

/// A registry in a database of its own.
pub(in super::super) struct Shared {
    servers: [PostgresEngine; 2],
    reader: PostgresReader,
    cached: usize,
    turn: usize,
    // Last, when nobody is connected any more.
    database: Database,
}

/// A database that knows tenants and relays. SQLite's functions make the same queries good for both.
static NEW_STORE: LazyLock<Database> = LazyLock::new(|| {
    let database = Database::empty(&Arc::new(Server::start(&FORGETFUL)));
    drop(open(&database));
    let session = database.session();
    for line in LINES {
        let tenant = line.tenant;
        session.query(&format!(
            "INSERT INTO tenants VALUES ('{tenant}', false, false, 0) ON CONFLICT DO NOTHING"
        ));
    }
    for relay in RELAYS {
        session
            .query(&format!("INSERT INTO relays (slug, kind, created_at) VALUES ('{relay}', 'native', 0)"));
    }
    session.query("CREATE FUNCTION hex(bytea) RETURNS text LANGUAGE sql AS $$ SELECT encode($1, 'hex') $$");
    session
        .query("CREATE FUNCTION json_of(text[]) RETURNS text LANGUAGE sql AS $$ SELECT array_to_json($1) $$");
    session.query(
        "CREATE AGGREGATE json_group_array(text)
             (SFUNC = array_append, STYPE = text[], INITCOND = '{}', FINALFUNC = json_of)",
    );
    session.end();
    database
});

fn open(database: &Database) -> Opened {
    let url = database.url().parse().unwrap();
    // The world says what time it is, and not the database.
    let clock = Clock::manual(Clock::system().now());
    open_for_server(&url, 3, Upkeep::CreateAndMigrate, &clock).unwrap()
}

fn servers(database: &Database, cached: usize) -> [PostgresEngine; 2] {
    [(); 2].map(|()| PostgresEngine::lanes(&open(database), 1, Isolation::ReadCommitted, cached).remove(0))
}

impl Shared {
    /// A new one, with two caches of chats that have so many handles.
    pub(in super::super) fn new(cached: usize) -> Self {
        let database = Database::copy_of(&NEW_STORE);
        let Opened { link, ticks, .. } = open(&database);
        let reader = PostgresReader::new(link, ticks);
        Self { servers: servers(&database, cached), reader, cached, turn: 0, database }
    }
}

impl Ground for Shared {
    fn restart(&mut self) {
        self.servers = servers(&self.database, self.cached);
    }

    /// Every row is written at once.
    fn stop(&mut self) {}

    fn transact(&mut self, moment: Moment, commands: Vec<Command>) -> Vec<Reply> {
        self.turn += 1;
        let server = &mut self.servers[self.turn % 2];
        transact_all(server, moment, commands).expect("the transaction is committed")
    }

    fn reader(&self) -> &dyn Reader {
        &self.reader
    }

    fn rows(&self, query: &str) -> Vec<Row> {
        self.database.session().query(query).into_iter().map(Row).collect()
    }

    /// What is counted, and whether there is a row for whatever a row refers to.
    fn problems(&self) -> Vec<String> {
        let counts = self.rows(
            "SELECT 'chats', (SELECT count(*) FROM chats WHERE merged_into IS NULL)
                           - (SELECT coalesce(sum(value), 0) FROM counters WHERE name = 'chats')
             UNION ALL
             SELECT 'receipts', (SELECT count(*) FROM receipts)
                              - (SELECT coalesce(sum(value), 0) FROM counters WHERE name = 'receipts')",
        );
        let wrong = counts.into_iter().filter(|row| row.number(1) != 0);
        wrong.map(|row| format!("a wrong count of {}: {}", row.text(0), row.number(1))).collect()
    }
}
