//! Events, as a BlueBubbles server posts them.

use serde_json::{Value, json};

use super::pointer;

/// An event in the making.
#[derive(Clone)]
pub(crate) struct BlueBubbles(Value);

/// What every event is made of: a message in a group, with all the fields that a server sends.
const MESSAGE: &str = include_str!("../../../fixtures/bluebubbles/01-new-message-group.json");

impl BlueBubbles {
    /// A message of somebody in a group.
    pub(crate) fn message(guid: &str) -> Self {
        Self(serde_json::from_str(MESSAGE).unwrap()).with("/data/guid", guid)
    }

    /// A group's change, by its type and numbers.
    fn change(event_type: &str, item: i64, action: i64, guid: &str) -> Self {
        Self::message(guid)
            .with("/type", event_type)
            .with("/data/text", Value::Null)
            .with("/data/itemType", item)
            .with("/data/groupActionType", action)
    }

    /// A rename; no name is none any more.
    pub(crate) fn renamed(guid: &str, name: Option<&str>) -> Self {
        Self::change("group-name-change", 2, 0, guid).with("/data/groupTitle", name)
    }

    /// The one with the row number was added.
    pub(crate) fn added(guid: &str, row: i64) -> Self {
        Self::change("participant-added", 1, 0, guid).with("/data/otherHandle", row)
    }

    /// The one with the row number was removed.
    pub(crate) fn removed(guid: &str, row: i64) -> Self {
        Self::change("participant-removed", 1, 1, guid).with("/data/otherHandle", row)
    }

    /// Whoever it is [from](Self::from) left.
    pub(crate) fn left(guid: &str) -> Self {
        Self::change("participant-left", 3, 0, guid)
    }

    pub(crate) fn icon_removed(guid: &str) -> Self {
        Self::change("group-icon-removed", 3, 2, guid)
    }

    /// The `new-message` that comes with a change.
    pub(crate) fn companion(self) -> Self {
        self.with("/type", "new-message")
    }

    pub(crate) fn in_chat(self, guid: &str) -> Self {
        self.with("/data/chats/0/guid", guid)
    }

    /// In a group without a name is `""`.
    pub(crate) fn named(self, name: &str) -> Self {
        self.with("/data/chats/0/displayName", name)
    }

    /// Who wrote, changed the group or left it.
    pub(crate) fn from(self, row: i64, address: &str) -> Self {
        self.with("/data/handle", handle((row, address)))
    }

    /// Done by the line itself.
    pub(crate) fn by_us(self) -> Self {
        self.with("/data/handle", Value::Null).with("/data/isFromMe", true)
    }

    /// The reference that a message of the line was created with.
    pub(crate) fn temp_guid(self, client_ref: &str) -> Self {
        self.with("/data/tempGuid", client_ref)
    }

    /// The roster, with row numbers.
    pub(crate) fn participants<'h>(self, all: impl IntoIterator<Item = (i64, &'h str)>) -> Self {
        self.with("/data/chats/0/participants", all.into_iter().map(handle).collect::<Vec<_>>())
    }

    /// When it happened, in milliseconds since 1970.
    pub(crate) fn at(self, millis: i64) -> Self {
        self.with("/data/dateCreated", millis)
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

fn handle((row, address): (i64, &str)) -> Value {
    json!({
        "originalROWID": row,
        "address": address,
        "service": "iMessage",
        "uncanonicalizedId": null,
        "country": "us",
    })
}

impl std::fmt::Display for BlueBubbles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
