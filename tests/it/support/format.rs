//! The formats in which relays post, for what all of their routes must bear.

use super::{
    BlueBubbles, Event, Linq, TestApp,
    answer::Answer,
    event::SAM,
    foreign::{LINQ_LINE, MAC_LINES},
};

/// What a relay posts, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Native,
    BlueBubbles,
    Linq,
}

/// A field: where it is in an event, and what a refusal calls it.
pub(crate) type Field = (&'static str, &'static str);

impl Format {
    pub(crate) const ALL: [Self; 3] = [Self::Native, Self::BlueBubbles, Self::Linq];

    /// An event that mints a chat, with the field at a JSON pointer set.
    fn event_with(self, pointer: &str, value: &str) -> String {
        match self {
            Self::Native => Event::message("e1", "any;+;chat1").with(pointer, value).to_string(),
            Self::BlueBubbles => BlueBubbles::message("G-1").with(pointer, value).to_string(),
            Self::Linq => Linq::created("e1", "b183b0d3", [SAM])
                .with("/data/handles/0/handle", LINQ_LINE)
                .with(pointer, value)
                .to_string(),
        }
    }

    /// An event that mints a chat.
    pub(crate) fn event(self) -> String {
        self.event_with("/extra", "")
    }

    /// The same with raw text spliced in as the field at a JSON pointer.
    pub(crate) fn with_raw(self, pointer: &str, raw: &str) -> String {
        self.event_with(pointer, "@").replace("\"@\"", raw)
    }

    /// Where an event may have anything, since nobody reads it.
    pub(crate) const fn unread(self) -> [&'static str; 3] {
        match self {
            Self::Native => ["/extra", "/data/message/parts", "/data/chat/extra"],
            Self::BlueBubbles => ["/extra", "/data/attributedBody", "/data/chats/0/extra"],
            Self::Linq => ["/extra", "/data/updated_at", "/data/handles/1/joined_at"],
        }
    }

    /// Fields that hold a text: what happened, the key, and the name.
    pub(crate) const fn texts(self) -> [Field; 3] {
        match self {
            Self::Native => [
                ("/event", "event"),
                ("/data/chat/conversation_key", "data.chat.conversation_key"),
                ("/data/chat/display_name", "data.chat.display_name"),
            ],
            Self::BlueBubbles => [
                ("/type", "type"),
                ("/data/chats/0/guid", "data.chats[0].guid"),
                ("/data/chats/0/displayName", "data.chats[0].displayName"),
            ],
            Self::Linq => [
                ("/event_type", "event_type"),
                ("/data/id", "data.id"),
                ("/data/display_name", "data.display_name"),
            ],
        }
    }

    /// The list of people.
    pub(crate) const fn handles(self) -> Field {
        match self {
            Self::Native => ("/data/chat/handles", "data.chat.handles"),
            Self::BlueBubbles => ("/data/chats/0/participants", "data.chats[0].participants"),
            Self::Linq => ("/data/handles", "data.handles"),
        }
    }

    /// When it happened.
    pub(crate) const fn time(self) -> Field {
        match self {
            Self::Native => ("/timestamp", "timestamp"),
            Self::BlueBubbles => ("/data/dateCreated", "data.dateCreated"),
            Self::Linq => ("/created_at", "created_at"),
        }
    }

    /// Posts to a service that knows relays of all formats.
    pub(crate) async fn post(self, app: &TestApp, body: impl Into<Vec<u8>>) -> Answer {
        let body = body.into();
        match self {
            Self::Native => app.relay_1().post_json(body).await,
            Self::BlueBubbles => {
                let line = MAC_LINES[0].replace('+', "%2B");
                app.mac_request(&format!("&line={line}")).body(body).send().await
            }
            Self::Linq => app.linq_request(body).send().await,
        }
    }
}
