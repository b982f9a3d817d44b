//! The service from outside: everything comes in by the front door.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails on the spot"
)]

mod support;

mod access_changes;
mod api_auth;
mod create;
mod edge;
mod fixtures;
mod foreign;
mod line_moves;
mod log_audit;
mod lookups;
mod only_postgres;
mod parking;
mod process;
mod races;
mod refusal_log;
mod relay_auth;
mod upstream;
