//! The native event as JSON has it, before anything is judged.

#![expect(clippy::option_option, reason = "absent, null and a value are three things on the wire")]

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{
        self, IgnoredAny, MapAccess, Visitor,
        value::{BorrowedStrDeserializer, MapAccessDeserializer, StrDeserializer},
    },
};

use crate::{
    json::{Object, Text, present},
    upstream::roster::Roster,
};

#[derive(Deserialize)]
pub(super) struct WireEvent<'a> {
    #[serde(borrow)]
    pub(super) event: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) event_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<Object<WireData<'a>>>,
    /// Only an envelope has it; see [`crate::upstream::request`].
    #[serde(default, deserialize_with = "present")]
    pub(super) events: Option<Option<IgnoredAny>>,
}

#[derive(Default, Deserialize)]
pub(super) struct WireData<'a> {
    #[serde(borrow)]
    pub(super) chat: Option<Object<WireChat<'a>>>,
    #[serde(borrow)]
    pub(super) message: Option<Object<WireMessage<'a>>>,
    #[serde(borrow)]
    pub(super) reaction: Option<Object<WireReaction<'a>>>,
    #[serde(borrow)]
    pub(super) participant: Option<Object<WireParticipant<'a>>>,
}

#[derive(Default, Deserialize)]
pub(super) struct WireChat<'a> {
    #[serde(borrow)]
    pub(super) conversation_key: Option<Text<'a>>,
    pub(super) is_group: Option<bool>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) display_name: Option<Option<Text<'a>>>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) icon: Option<Option<Text<'a>>>,
    #[serde(borrow)]
    pub(super) service: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) handles: Option<Roster<Object<WireHandle<'a>>>>,
    pub(super) handles_complete: Option<bool>,
    #[serde(borrow)]
    pub(super) owner_handle: Option<Object<WireHandle<'a>>>,
    #[serde(borrow)]
    pub(super) client_ref: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) previous_conversation_key: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireMessage<'a> {
    #[serde(borrow)]
    pub(super) sender_handle: Option<Object<WireHandle<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct WireReaction<'a> {
    #[serde(borrow)]
    pub(super) from_handle: Option<Object<WireHandle<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct WireHandle<'a> {
    #[serde(borrow)]
    pub(super) handle: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) service: Option<Text<'a>>,
    pub(super) is_me: Option<bool>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) display_name: Option<Option<Text<'a>>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
}

/// The one that came or went: a handle itself, or an object that has one in its field `handle`.
#[derive(Deserialize)]
pub(super) struct WireParticipant<'a> {
    #[serde(borrow)]
    pub(super) handle: Option<Subject<'a>>,
    #[serde(borrow)]
    pub(super) service: Option<Text<'a>>,
    pub(super) is_me: Option<bool>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) display_name: Option<Option<Text<'a>>>,
}

/// Either form of [`WireParticipant::handle`].
pub(super) enum Subject<'a> {
    Address(Text<'a>),
    Handle(WireHandle<'a>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Subject<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Subject<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an object")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Subject<'de>, E> {
                Text::deserialize(BorrowedStrDeserializer::new(text)).map(Subject::Address)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Subject<'de>, E> {
                Text::deserialize(StrDeserializer::new(text)).map(Subject::Address)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Subject<'de>, A::Error> {
                WireHandle::deserialize(MapAccessDeserializer::new(map)).map(Subject::Handle)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// What an event without `data.chat` says of its conversation.
pub(super) static NO_CHAT: WireChat<'static> = WireChat {
    conversation_key: None,
    is_group: None,
    display_name: None,
    icon: None,
    service: None,
    handles: None,
    handles_complete: None,
    owner_handle: None,
    client_ref: None,
    previous_conversation_key: None,
};
