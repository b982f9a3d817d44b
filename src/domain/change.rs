//! What changed for those who look.

use super::{
    event::Word,
    handle::Handle,
    service::Service,
    text::{DisplayName, IconUrl},
};

/// One visible change of a chat. An event that changes anything visible leaves one record with all of its
/// changes, under the next version of the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The chat was minted.
    Created,
    /// It has another name, or none.
    Renamed(Option<DisplayName>),
    /// It has another icon, or none.
    Icon(Option<IconUrl>),
    /// It turned out to be a group.
    BecameGroup,
    /// It goes over another service.
    Service(Service),
    /// Somebody is in.
    ParticipantIn(Handle),
    /// Somebody is out; the word says how, and is never [`Word::Active`].
    ParticipantOut(Handle, Word),
    /// What was taken for a participant is one of the line's own addresses.
    ParticipantIsUs(Handle),
    /// Somebody has another name, or none.
    ParticipantRenamed(Handle, Option<DisplayName>),
    /// Somebody is reached by another service.
    ParticipantService(Handle, Service),
    /// The line is out of the conversation.
    LineLeft,
    /// The line is in the conversation again.
    LineBack,
}
