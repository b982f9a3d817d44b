//! Administration of a file.

use std::time::Duration;

use rusqlite::{
    Connection, OptionalExtension, ToSql, TransactionBehavior, params_from_iter, types::ToSqlOutput,
};

use super::{directory, parked};
use crate::{
    domain::{ids::Slug, parking::Usage},
    store::{
        StoreError,
        admin::{Act, AdminError, AdminStore, Transaction},
        directory::Directory,
        parked::Backlog,
        sql::Value,
    },
};

impl AdminStore for Connection {
    fn change(&mut self, act: &mut Act<'_>) -> Result<(), AdminError> {
        self.busy_handler(Some(waits_for_a_gap)).map_err(StoreError::from)?;
        let transaction = self.transaction_with_behavior(TransactionBehavior::Immediate);
        let mut transaction = transaction.map_err(StoreError::from)?;
        act(&mut transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(())
    }

    fn directory(&mut self) -> Result<Directory, StoreError> {
        directory::load(self)
    }

    fn parking(&mut self) -> Result<Vec<(Slug, Usage)>, StoreError> {
        parked::usages(self)
    }

    fn backlog(&mut self, relay: &Slug) -> Result<Vec<Backlog>, StoreError> {
        parked::backlog(self, relay)
    }
}

impl Transaction for rusqlite::Transaction<'_> {
    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<usize, StoreError> {
        Ok(Connection::execute(self, statement, params_from_iter(values))?)
    }

    fn find(&mut self, statement: &str, values: &[Value<'_>]) -> Result<Option<String>, StoreError> {
        Ok(self.query_row(statement, params_from_iter(values), |row| row.get(0)).optional()?)
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Null => rusqlite::types::Null.to_sql(),
            Self::Text(text) => text.to_sql(),
            Self::Number(number) => number.to_sql(),
            Self::Bool(bool) => bool.to_sql(),
            Self::Id(id) => id.to_sql(),
            Self::Bytes(bytes) => Ok(ToSqlOutput::from(&**bytes)),
        }
    }
}

/// Whether to try again, after a moment, when another process writes. Between the transactions of a server at work
/// there are gaps of a few milliseconds; SQLite's own waiting, which grows to 100 of them, misses most.
fn waits_for_a_gap(tries: i32) -> bool {
    const MOMENT: Duration = Duration::from_millis(2);
    const TRIES: i32 = 5000;
    std::thread::sleep(MOMENT);
    tries < TRIES
}
