//! Relay formats to domain events: one file a format.
//!
//! [`native`] is our own format, [`request`] takes a body apart into events, and [`spelling`] remembers how
//! handles and lines that were seen before are read.

pub mod native;
pub mod request;

mod spelling;

use crate::{
    domain::{event::Event, ids::EventId},
    error::BadInput,
};

/// What a relay's event comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// It speaks of a conversation.
    Speaks(Box<Event>),
    /// It is understood, and says nothing about any conversation.
    Ignored(EventId),
}

/// An event that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its id, as far as one could be read.
    pub event_id: Option<String>,
    /// Why.
    pub why: BadInput,
}
