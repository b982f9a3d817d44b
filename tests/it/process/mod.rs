//! The program as a process: started, spoken to over HTTP, stopped by signals, killed.
//!
//! What the tests share: [`world`] is a store with accounts in it, [`service`] a running `serve` or `demo`,
//! [`program`] a command that runs to its end, [`http`] a plain client, [`event`] what relays post, [`promises`] what
//! must be kept of it, and [`foreign`] are relays of other systems.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "these are tests")]

mod event;
mod foreign;
mod http;
mod program;
mod promises;
mod service;
mod world;

mod accounts;
mod crash;
mod crash_parked;
mod creates;
mod demo;
mod drain;
mod foreign_load;
mod foreign_logs;
mod full_log;
mod memory;
mod metrics;
mod only_postgres;
mod only_sqlite;
mod passwords;
mod relay_secrets;
mod relays;
mod replay;
mod settings;
mod stamps;
mod usage;
mod verdicts;
mod verify_relay;
mod verify_signature;
