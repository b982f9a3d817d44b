//! What changed for those who look.

use super::{
    event::Word,
    handle::Handle,
    ids::ChatId,
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
    /// It turned out to be a group, or not to be one.
    Kind {
        /// Whether it is a group.
        is_group: bool,
    },
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
    /// The chat has its conversation key now; it was pending before.
    Bound,
    /// Another chat turned out to be the same conversation, and is part of this one now.
    Absorbed(ChatId),
    /// This turned out to be the same conversation as another chat, which answers for it from now on. The last
    /// change of a chat.
    Merged(ChatId),
}
