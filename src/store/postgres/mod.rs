//! The registry in a PostgreSQL database, which several servers may share.
//!
//! - [`url`] is where it is, and `security` what it says of [`tls`]; `link` has the connections and the threads that drive
//!   them.
//! - [`schema`] makes the tables and brings them up to date; `days` makes and drops those of the receipts.
//! - [`engine`] runs the transactions of the committer, with `load`, `save` and what it remembers of chats. A
//!   `transaction` is a few round trips, each a `request` of several statements; `failure` tells what may be repeated,
//!   by what the server's codes mean (`sqlstate`). [`ticks`] are the time stamps of changes, and which of them are shown.
//! - `copy` lets a database be moved from and to; by [`presence`] servers and copies know of each other.
//! - [`reader`] looks things up; `admin` changes the directory. `rows` turns rows into values, and `text` is how texts are
//!   stored.
//!
//! # Between servers
//!
//! Rows are locked when they are loaded, in the order of their keys, and stay so until the commit. What is not there
//! cannot be locked: of two transactions that mint for one conversation, or take one event, the second meets the
//! other's row when it inserts its own, and begins anew. So does one that is in another's way. Every command may be
//! decided twice: events have receipts and the merge is idempotent, creates are held by the token of their attempt. So
//! a commit whose answer was lost is simply repeated; its events are then found to have been taken, and said to be
//! duplicates.
//!
//! A chat that is remembered is compared by its `revision`, which every write of its row raises, so that its state is
//! sent only when somebody else has changed it.
//!
//! # pgbouncer
//!
//! In transaction mode it must keep track of prepared statements (version 1.21, `max_prepared_statements`). What is set
//! when a connection is made, the time-outs, may then reach only some of the server's connections: there it is better
//! set for the role. Nothing else is relied on that outlives a transaction.

pub(crate) mod copy;

pub mod engine;
pub mod presence;
pub mod reader;
pub mod schema;
pub mod ticks;
pub mod tls;
pub mod url;

mod admin;
mod days;
mod failure;
mod link;
mod load;
mod parked;
mod request;
mod rows;
mod save;
mod security;
mod sqlstate;
mod text;
mod transaction;

pub use link::{Link, LinkError};
