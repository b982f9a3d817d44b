//! Events, as Linq's partner API posts them.

use serde_json::{Value, json};

use super::{
    directory::LINE,
    event::{SAM, YESTERDAY},
    pointer,
};

/// An event in the making.
#[derive(Clone)]
pub(crate) struct Linq(Value);

/// The envelope that every event comes in.
const MESSAGE: &str = include_str!("../../../fixtures/linq/01-message.received-group-2026.json");

impl Linq {
    fn new(event_type: &str, id: &str, data: Value) -> Self {
        Self(serde_json::from_str(MESSAGE).unwrap())
            .with("/event_type", event_type)
            .with("/event_id", id)
            .with("/created_at", YESTERDAY)
            .with("/data", data)
    }

    /// A message of [`SAM`] to [`LINE`], in the newer version.
    pub(crate) fn message(id: &str, chat: &str) -> Self {
        let data = json!({
            "id": "f1b9b940-2b4e-4810-945e-c5aa2b9e2a4c",
            "chat": {"id": chat, "is_group": true, "owner_handle": own(LINE)},
            "direction": "inbound",
            "sender_handle": handle(SAM),
            "parts": [{"type": "text", "value": "Morning all"}],
            "sent_at": YESTERDAY,
            "service": "iMessage",
        });
        Self::new("message.received", id, data)
    }

    /// The same in the older version.
    pub(crate) fn older_message(id: &str, chat: &str) -> Self {
        let data = json!({
            "chat_id": chat,
            "is_group": true,
            "from_handle": handle(SAM),
            "recipient_handle": own(LINE),
            "is_from_me": false,
            "received_at": YESTERDAY,
            "message": {"id": "f1b9b940-2b4e-4810-945e-c5aa2b9e2a4c", "parts": []},
        });
        Self::new("message.received", id, data).with("/webhook_version", "2025-01-01")
    }

    /// A group of [`LINE`] and others.
    pub(crate) fn created<'h>(id: &str, chat: &str, others: impl IntoIterator<Item = &'h str>) -> Self {
        let handles: Vec<_> = [own(LINE)].into_iter().chain(others.into_iter().map(handle)).collect();
        let data = json!({
            "id": chat,
            "display_name": null,
            "service": "iMessage",
            "handles": handles,
            "is_group": true,
            "created_at": YESTERDAY,
            "updated_at": YESTERDAY,
        });
        Self::new("chat.created", id, data)
    }

    /// `participant.added` or `participant.removed`.
    pub(crate) fn participant(what: &str, id: &str, chat: &str, who: &str) -> Self {
        let data = json!({
            "chat_id": chat,
            "handle": who,
            "participant": handle(who),
            format!("{what}_at"): YESTERDAY,
        });
        Self::new(&format!("participant.{what}"), id, data)
    }

    /// A rename by [`SAM`]; no name is none any more.
    pub(crate) fn renamed(id: &str, chat: &str, name: Option<&str>) -> Self {
        Self::update("name", id, chat, name)
    }

    /// Another icon by [`SAM`], or none any more.
    pub(crate) fn icon(id: &str, chat: &str, url: Option<&str>) -> Self {
        Self::update("icon", id, chat, url)
    }

    fn update(what: &str, id: &str, chat: &str, value: Option<&str>) -> Self {
        let data = json!({
            "chat_id": chat,
            "old_value": null,
            "new_value": value,
            "changed_by_handle": handle(SAM),
            "updated_at": YESTERDAY,
        });
        Self::new(&format!("chat.group_{what}_updated"), id, data)
    }

    /// A reaction of [`SAM`].
    pub(crate) fn reaction(id: &str, chat: &str) -> Self {
        let data = json!({
            "chat_id": chat,
            "message_id": "7e9fe4bd-7d6b-4723-978f-55cf11e999ca",
            "reaction_type": "love",
            "is_from_me": false,
            "from_handle": handle(SAM),
            "service": "iMessage",
            "reacted_at": YESTERDAY,
        });
        Self::new("reaction.added", id, data)
    }

    /// Who wrote a message of the newer version.
    pub(crate) fn sender(self, address: &str) -> Self {
        self.with("/data/sender_handle", handle(address))
    }

    /// The line of a message of the newer version.
    pub(crate) fn line(self, number: &str) -> Self {
        self.with("/data/chat/owner_handle", own(number))
    }

    /// When it happened, by every time that it has.
    pub(crate) fn at(mut self, time: &str) -> Self {
        let own_times = ["sent_at", "received_at", "added_at", "removed_at", "updated_at", "reacted_at"];
        for field in own_times.map(|name| format!("/data/{name}")) {
            if self.0.pointer(&field).is_some() {
                self = self.with(&field, time);
            }
        }
        self.with("/created_at", time)
    }

    /// Sets the field at a JSON pointer.
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

fn own(address: &str) -> Value {
    let mut own = handle(address);
    pointer::set(&mut own, "/is_me", true);
    own
}

fn handle(address: &str) -> Value {
    json!({
        "id": "05b44594-25e3-4f5b-91a0-e2b63bf19370",
        "handle": address,
        "service": "iMessage",
        "status": "active",
        "joined_at": "2025-11-23T17:30:00.000Z",
        "left_at": null,
        "is_me": false,
    })
}

impl std::fmt::Display for Linq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
