//! A simulated relay: a real HTTP server that keeps the relay protocol, with faults on demand.
//!
//! It takes creates at `POST /v1/groups`, makes each group once for its idempotency key, and posts the group's
//! first event back, signed: before its answer, after it, or without one. `GET /v1/groups` lists what it has
//! made. [`behaviour`] is what it may do, `group` what it remembers, `server` the routes and `events`
//! what it posts.

pub mod behaviour;

mod events;
mod group;
mod server;

pub use behaviour::{Behaviour, Share, Timing};
pub use server::{Sim, Upstream};
