//! The rules, and nothing else: no I/O, no clock, no async, no SQL, no JSON.
//!
//! Read in this order:
//!
//! 1. [`time`], [`ids`], [`phone`], [`handle`], [`text`], [`service`] and [`conversation_key`]: values that
//!    cannot be wrong once they exist. Each has one fallible constructor, and nobody checks again.
//! 2. [`stamp`] and [`register`]: when something was said, and the newest word on one field.
//! 3. [`report`] and [`event`]: what a relay said, as a list of assertions, before and after it is known where it
//!    belongs; [`relay_kind`]: what relays there are.
//! 4. [`chat`]: the newest word on every field of a conversation, what of it is visible, and the merge.
//! 5. [`change`] and [`receipt`]: what a merge leaves behind besides the chat.

pub mod change;
pub mod chat;
pub mod conversation_key;
pub mod delivery;
pub mod event;
pub mod handle;
pub mod ids;
pub mod message;
pub mod parking;
pub mod password;
pub mod phone;
pub mod receipt;
pub mod register;
pub mod relay_kind;
pub mod report;
pub mod secret;
pub mod service;
pub mod stamp;
pub mod text;
pub mod time;
