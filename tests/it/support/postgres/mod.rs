//! A PostgreSQL of our own, thrown away when the process of the tests ends, however it ends.
//!
//! - [`programs`] finds PostgreSQL and runs its programs as somebody whom they accept.
//! - [`server`] is a server that listens on this machine only; [`ending`] ends it when nobody else can any more.
//! - [`hostility`] is a server that fails as often as it may.
//! - [`database`] is a database in a server, and [`session`] what tests say to it past the program;
//!   [`wire`] is one to a server that loses answers.
//! - [`certificates`] are what servers and clients show each other.

pub(crate) mod certificates;
pub(crate) mod database;
pub(crate) mod hostility;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod wire;

mod ending;
mod programs;

/// The values of a row as text; `None` where there is `NULL`.
pub(crate) type Row = Vec<Option<String>>;
