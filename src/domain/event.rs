//! What a relay said.

use super::{
    chat::Keys,
    conversation_key::ConversationKey,
    delivery::DeliveryId,
    handle::Handle,
    ids::EventId,
    phone::PhoneNumber,
    service::Service,
    stamp::Strength,
    text::{DisplayName, IconUrl},
    time::Time,
};

/// An event that speaks of a conversation: who said it, when, where, and the list of what it asserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The relay's id of the event.
    pub id: EventId,
    /// When it happened, as upstream claims.
    pub claimed: Time,
    /// The line whose conversation it is.
    pub line: PhoneNumber,
    /// The conversation.
    pub key: ConversationKey,
    /// Another key that the same conversation had before.
    pub previous: Option<ConversationKey>,
    /// The delivery that it says it is a consequence of.
    pub client_ref: Option<DeliveryId>,
    /// What it says.
    pub says: Says,
}

impl Event {
    /// The keys under which it speaks of its conversation.
    #[must_use]
    pub fn keys(&self) -> Keys<'_> {
        Keys { current: Some(&self.key), previous: self.previous.as_ref() }
    }
}

/// The assertions of one event. What is absent is not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Says {
    /// The conversation's name is this, or it has none.
    pub name: Option<Option<DisplayName>>,
    /// The conversation's icon is this, or it has none.
    pub icon: Option<Option<IconUrl>>,
    /// The conversation goes over this service.
    pub service: Option<Service>,
    /// The conversation is a group.
    pub is_group: bool,
    /// It is a direct chat. Only a create of the API can say so; a relay's event that does not call a chat a
    /// group may simply not know.
    pub is_direct: bool,
    /// The handles listed are the whole roster: who is not among them is out.
    pub roster_complete: bool,
    /// These addresses are the line's own.
    pub ours: Vec<Handle>,
    /// What it says about single handles. One handle may occur more than once.
    pub people: Vec<Mention>,
}

/// What an event says about one handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Whose.
    pub handle: Handle,
    /// In or out.
    pub word: Word,
    /// How strongly that is said.
    pub strength: Strength,
    /// The service that reaches the handle.
    pub service: Option<Service>,
    /// The handle's own name is this, or it has none.
    pub name: Option<Option<DisplayName>>,
}

/// Whether somebody is in a conversation. Ordered as the wire names are as bytes: active, left, removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// There.
    Active,
    /// Gone by own choice.
    Left,
    /// Put out by somebody.
    Removed,
}

impl Word {
    /// The name in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Left => "left",
            Self::Removed => "removed",
        }
    }
}
