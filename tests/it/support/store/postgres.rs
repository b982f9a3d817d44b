//! A registry in a PostgreSQL database.

use std::sync::{Arc, LazyLock};

use chert_groups::clock::Clock;

use super::{Row, admin, run::Run};
use crate::support::{
    directory,
    postgres::{
        database::Database,
        hostility,
        server::{FORGETFUL, Server},
        wire::Wire,
    },
};

/// A registry in a database of its own.
pub(crate) struct PostgresStore {
    database: Database,
    /// What is between it and the program, if not nothing.
    wire: Option<Wire>,
}

/// The server that the tests of this process share.
static SHARED: LazyLock<Arc<Server>> = LazyLock::new(|| {
    let settings: &[&str] = if Run::is_hostile() { &hostility::SETTINGS } else { &[] };
    Arc::new(Server::start(&[&FORGETFUL, settings].concat()))
});

impl PostgresStore {
    /// A database with an empty registry in it, for one test. A copy of one that was made once costs less.
    pub(super) fn empty() -> Self {
        static EMPTY: LazyLock<PostgresStore> = LazyLock::new(|| {
            let first = PostgresStore::bare(&SHARED);
            drop(admin(&first.url(), Clock::system().now()));
            first.made_hostile()
        });
        EMPTY.copy()
    }

    /// The same with everybody in it.
    pub(super) fn peopled() -> Self {
        static PEOPLED: LazyLock<PostgresStore> = LazyLock::new(|| {
            let first = PostgresStore::bare(&SHARED);
            directory::set_up(&mut admin(&first.url(), Clock::system().now()));
            first.made_hostile()
        });
        PEOPLED.copy()
    }

    /// A database with nothing in it, on a server of the test's own.
    pub(super) fn bare(server: &Arc<Server>) -> Self {
        Self::of(Database::empty(server))
    }

    fn of(database: Database) -> Self {
        Self { database, wire: None }
    }

    fn copy(&self) -> Self {
        Self::of(Database::copy_of(&self.database))
    }

    /// The same behind a wire.
    pub(super) fn on_a_wire(self) -> Self {
        let wire = Wire::to(self.database.server().address());
        Self { wire: Some(wire), ..self }
    }

    pub(super) fn lose_each(&self, nth: usize) {
        self.wire.as_ref().expect("a wire").lose_each(nth);
    }

    fn made_hostile(self) -> Self {
        if Run::is_hostile() {
            self.database.session().query(hostility::TRIGGERS);
        }
        // Nobody may be connected to what is copied.
        self.database.session().end();
        self
    }

    pub(super) fn url(&self) -> String {
        let url = self.database.url();
        match &self.wire {
            Some(wire) => {
                url.replace(&self.database.server().address().to_string(), &wire.address().to_string())
            }
            None => url,
        }
    }

    pub(super) fn database(&self) -> &str {
        self.database.name()
    }

    pub(super) fn replicated_on(&self, replica: &Arc<Server>) -> Self {
        Self::of(self.database.replicated_on(replica))
    }

    pub(super) fn query(&self, query: &str) -> Vec<Row> {
        self.database.session().query(query)
    }
}
