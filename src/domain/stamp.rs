//! When something was said.

use super::{ids::EventId, time::Time};

/// When an assertion was made, and in which event: assertions are ordered by time, then by event id.
///
/// The time is the *effective* one: upstream's, unless that lay too far in our future (see
/// [`super::receipt`]).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// The effective time of the event.
    pub time: Time,
    /// The event's id, compared as bytes.
    pub event: EventId,
}

/// How strongly one event asserts something; it decides only between words of one stamp.
///
/// Inside one event a member may be listed in the roster and be the subject of the event as well: the later
/// variant wins. Silence, the weakest, is what a complete roster says about everybody it does not list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Listed among the handles as no longer there.
    ListedOut,
    /// Listed among the handles; also the strength of names, icons and services.
    Listed,
    /// Wrote a message or reacted to one.
    Sender,
    /// The one that a `participant.*` event is about.
    Subject,
}
