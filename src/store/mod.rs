//! What is durable, and the one way to write it.
//!
//! - [`working`] is the seam: a transaction **loads** what its commands need into a [`working::Working`] set,
//!   the commands **decide** on it in memory, and the difference is **saved**. Only load and save know a
//!   database.
//! - [`committer`] groups the commands that wait into one transaction, a `batch`, and answers each after the commit; of
//!   several [`lanes`], what touches the same takes one.
//! - [`directory`] holds tenants, relays and lines in memory; [`refresh`] keeps it true.
//! - [`query`] is what can be looked up, past the committer; [`memory`] remembers what was found as long as it is
//!   true.
//! - [`parked`] is a report that waits until it can be placed.
//! - [`codec`] turns values into bytes and back, the same for every database.
//! - [`sqlite`] and [`postgres`] are the databases, and [`url`] says which one; [`upkeep`] is what may be done to one
//!   while it is opened. [`admin`] changes the directory of either, and [`copy`] moves all from one to another.
//!
//! What both databases do alike is here: `cache` is what an engine remembers of chats, `listing` and `directory_rows`
//! are statements that both understand, with the values in `sql`, and `stored` are small values as both store them.

pub mod admin;
pub mod codec;
pub mod committer;
pub mod copy;
pub mod directory;
pub mod lanes;
pub mod memory;
pub mod parked;
pub mod postgres;
pub mod query;
pub mod refresh;
pub mod sqlite;
pub mod upkeep;
pub mod url;
pub mod working;

pub(crate) mod batch;

mod cache;
mod directory_rows;
mod listing;
mod sql;
mod stored;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot now, and may soon: the disk is full, or another process holds the write lock.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// It must not go on: the file is damaged, or the disk does not keep what it was given.
    #[error("the store is broken: {0}")]
    Broken(String),
}

impl StoreError {
    /// Names a row that cannot be read.
    fn damaged(table: &str, column: &str, why: impl std::fmt::Display) -> Self {
        Self::Broken(format!("{table}.{column} holds what this program never wrote: {why}"))
    }
}
