//! The group registry and event ingester behind a messaging API.
//!
//! # Vocabulary
//!
//! A **line** is a phone number that belongs to one **tenant** and is served by one **relay**: a program that
//! sits on the messaging network and posts signed **events** to us. An event names its conversation by the
//! relay's own **conversation key**. A **chat** is our durable record of that conversation, with an id that
//! never changes. An event is a **stamp** (when, and in which event) and a list of **assertions** (the name is
//! N, handle H is in, …); a chat is the newest assertion on each field. A **report** is an event whose line may
//! not be known yet; until it is, the report is **parked**. A **receipt** proves that an event was taken. A
//! **command** is something to be written; commands that wait together become one **batch**.
//!
//! # The way of an event
//!
//! ```text
//! bytes ─ auth      signature over the raw bytes, or a token
//!       ─ upstream  format → Report { id, time, line?, key, assertions }
//!       ─ directory line → tenant, and "is this relay's line"            (in memory, kept true)
//!       ─ committer queue → batch
//!             load    chats by conversation, receipts by id, what waits  (cache, then database)
//!             decide  find or mint · merge · receipt · changes           (pure)
//!             save    what is new or different                           (one transaction)
//!       ─ commit ─ answer { event_id, chat_id, outcome }
//! ```
//!
//! Look-ups are answered from what is remembered of earlier ones, or go from the handler to a pool of read-only
//! connections. They never wait for the committer, which says before and after each commit what it changes, so that
//! nothing is shown from memory that was true before.
//!
//! # Modules, in reading order
//!
//! Dependencies point downwards only: `cli → server → stores, http → registry → store, relay, upstream, auth →
//! domain`.

pub mod domain;

pub mod registry;
pub mod relay;
pub mod store;
pub mod upstream;

pub mod auth;
pub mod http;
pub mod relay_sim;
pub mod server;
pub mod stores;

pub mod cli;
pub mod config;
pub mod telemetry;

pub mod clock;
pub mod error;
pub mod trace;

mod hash;
mod json;
mod query_string;
