//! What stories are played on: each kind of store that there is.

mod postgres;
mod sqlite;

use crate::{
    registry::command::{Command, Reply},
    store::{query::Reader, working::Moment},
};

pub(super) use postgres::Shared;
pub(super) use sqlite::File;

/// A store of its own for one story, which knows tenants and relays. Lines are the directory's business.
pub(super) trait Ground {
    /// Forgets everything that is not in the store.
    fn restart(&mut self);

    /// Leaves nothing put off.
    fn stop(&mut self);

    /// Commits all of this in one transaction.
    fn transact(&mut self, moment: Moment, commands: Vec<Command>) -> Vec<Reply>;

    fn reader(&self) -> &dyn Reader;

    /// The rows that a query finds. It may use SQLite's `hex` and `json_group_array`.
    fn rows(&self, query: &str) -> Vec<Row>;

    /// What is wrong with the store as a store, and with what it counts.
    fn problems(&self) -> Vec<String>;
}

/// A row, each of its values as text.
pub(super) struct Row(pub(super) Vec<Option<String>>);

impl Row {
    /// The value of a column, if there is one.
    pub(super) fn get(&self, column: usize) -> Option<&str> {
        self.0[column].as_deref()
    }

    /// The value of a column that is never empty.
    pub(super) fn text(&self, column: usize) -> &str {
        self.get(column).expect("a value")
    }

    pub(super) fn number(&self, column: usize) -> i64 {
        self.text(column).parse().expect("a number")
    }

    /// Bytes that a query has put into hexadecimal digits.
    pub(super) fn bytes(&self, column: usize) -> Vec<u8> {
        base16ct::mixed::decode_vec(self.text(column)).expect("bytes")
    }
}
