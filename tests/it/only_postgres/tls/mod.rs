//! TLS to a PostgreSQL, as libpq has it.
//!
//! What the tests share: [`ground`] is a server that is told how to let people in, and who tries it.

pub(crate) mod ground;

mod binding;
mod clients;
mod demands;
mod modes;
