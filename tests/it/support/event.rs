//! Events, as relays write them.

use serde_json::{Value, json};

use super::{directory::LINE, pointer};

/// When events happen that say nothing else: a day before the tests' clock.
pub(crate) const YESTERDAY: &str = "2026-05-30T12:00:00Z";

/// The other side of the conversation, where nothing else is said.
pub(crate) const SAM: &str = "+14155550111";

/// An event in the making.
#[derive(Clone)]
pub(crate) struct Event(Value);

impl Event {
    /// An event of any kind with its key, on [`LINE`].
    pub(crate) fn new(kind: &str, id: &str, key: &str) -> Self {
        let owner = json!({"handle": LINE, "service": "imessage", "is_me": true});
        let chat = json!({"conversation_key": key, "owner_handle": owner});
        Self(json!({"event": kind, "event_id": id, "timestamp": YESTERDAY, "data": {"chat": chat}}))
    }

    /// A message of [`SAM`].
    pub(crate) fn message(id: &str, key: &str) -> Self {
        Self::new("message.received", id, key).sender(SAM)
    }

    pub(crate) fn renamed(id: &str, key: &str, name: &str) -> Self {
        Self::new("chat.renamed", id, key).with("/data/chat/display_name", name)
    }

    /// `participant.added`, `participant.removed` or `participant.left`.
    pub(crate) fn participant(what: &str, id: &str, key: &str, handle: &str) -> Self {
        Self::new(&format!("participant.{what}"), id, key)
            .with("/data/participant/handle", json!({"handle": handle, "service": "imessage"}))
    }

    pub(crate) fn sender(self, handle: &str) -> Self {
        self.with("/data/message/sender_handle", json!({"handle": handle, "service": "imessage"}))
    }

    pub(crate) fn at(self, timestamp: &str) -> Self {
        self.with("/timestamp", timestamp)
    }

    pub(crate) fn line(self, number: &str) -> Self {
        self.with("/data/chat/owner_handle/handle", number)
    }

    pub(crate) fn handles<'h>(self, handles: impl IntoIterator<Item = &'h str>) -> Self {
        let one = |handle| json!({"handle": handle, "service": "imessage"});
        self.with("/data/chat/handles", handles.into_iter().map(one).collect::<Vec<_>>())
    }

    /// Sets the field at a JSON pointer, with the objects on the way to it.
    pub(crate) fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        pointer::set(&mut self.0, pointer, value);
        self
    }

    /// Takes the field at a JSON pointer out.
    pub(crate) fn without(mut self, pointer: &str) -> Self {
        pointer::remove(&mut self.0, pointer);
        self
    }
}

impl From<Event> for Value {
    fn from(event: Event) -> Self {
        event.0
    }
}

impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
