//! Relay formats to domain reports: one folder a format.
//!
//! [`native`] is our own format, [`bluebubbles`] and [`linq`] are those of systems that know nothing of us. What
//! formats share: `field` judges single fields, `event_id` the commonest of them, `roster` is a list of handles,
//! `people` knows what may be said of them, and `spelling` remembers how handles and lines that were seen before are
//! read. [`request`] takes the body of a native request apart into events; the others post one event a request.

pub mod bluebubbles;
pub mod linq;
pub mod native;
pub mod request;

mod event_id;
mod field;
mod people;
mod roster;
mod spelling;

#[cfg(test)]
mod samples;

use crate::{
    domain::{delivery::DeliveryId, ids::EventId, phone::PhoneNumber, report::Report},
    error::BadInput,
};

/// What a relay's event comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// It speaks of a conversation.
    Speaks(Box<Report>),
    /// A message that was queued will not be sent.
    Failed(EventId, Failed),
    /// It is understood, and says nothing about any conversation.
    Ignored(EventId),
}

/// A message that will not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Its delivery.
    pub delivery: DeliveryId,
    /// The line, where the event names one.
    pub line: Option<PhoneNumber>,
}

/// An event that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its id, as far as one could be read.
    pub event_id: Option<String>,
    /// Why.
    pub why: BadInput,
}
