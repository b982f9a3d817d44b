//! A registry in a PostgreSQL database.

use std::sync::{Arc, LazyLock};

use chert_groups::clock::Clock;

use super::{Row, admin, run::Run};
use crate::support::{
    directory,
    postgres::{
        database::Database,
        hostility::{made_up_failures, make_hostile},
        server::{FORGETFUL, Server},
        wire::Wire,
    },
};

/// A registry in a database of its own.
pub(crate) struct PostgresStore {
    database: Database,
    /// What is between it and the program, if not nothing.
    wire: Option<Wire>,
    is_hostile: bool,
}

/// The server that the tests of this process share.
static SHARED: LazyLock<Arc<Server>> = LazyLock::new(|| Arc::new(Server::start(&FORGETFUL)));

impl PostgresStore {
    /// A database with an empty registry in it, for one test. A copy of one that was made once costs less.
    pub(super) fn empty() -> Self {
        static EMPTY: LazyLock<PostgresStore> = LazyLock::new(|| {
            let first = PostgresStore::bare(&SHARED);
            drop(admin(&first.url(), Clock::system().now()));
            first.at_rest()
        });
        EMPTY.copy()
    }

    /// The same with everybody in it.
    pub(super) fn peopled() -> Self {
        static PEOPLED: LazyLock<PostgresStore> = LazyLock::new(|| {
            let first = PostgresStore::bare(&SHARED);
            directory::set_up(&mut admin(&first.url(), Clock::system().now()));
            first.at_rest()
        });
        PEOPLED.copy()
    }

    /// A database with nothing in it, on a server of the test's own.
    pub(super) fn bare(server: &Arc<Server>) -> Self {
        Self::of(Database::empty(server))
    }

    fn of(database: Database) -> Self {
        Self { database, wire: None, is_hostile: false }
    }

    fn copy(&self) -> Self {
        let copy = Self::of(Database::copy_of(&self.database));
        if Run::current() == Run::Hostile { copy.made_hostile() } else { copy }
    }

    /// The same behind a wire.
    pub(super) fn on_a_wire(self) -> Self {
        let wire = Wire::to(self.database.server().address());
        Self { wire: Some(wire), ..self }
    }

    pub(super) fn lose_each(&self, nth: usize) {
        self.wire.as_ref().expect("a wire").lose_each(nth);
    }

    /// The same that makes difficulties.
    pub(super) fn made_hostile(self) -> Self {
        if !self.is_hostile {
            make_hostile(&self.database);
        }
        Self { is_hostile: true, ..self }
    }

    pub(super) const fn is_hostile(&self) -> bool {
        self.is_hostile
    }

    pub(super) fn made_up_failures(&self) -> i64 {
        made_up_failures(&self.database)
    }

    /// The same with nobody connected to it, as what is copied must be.
    fn at_rest(self) -> Self {
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
