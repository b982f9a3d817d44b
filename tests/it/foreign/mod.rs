//! Relays that exist already, from outside.

mod bluebubbles;
mod linq;
mod samples;
mod signatures;
mod trouble;
