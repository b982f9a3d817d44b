//! Linq's events as JSON has them, before anything is judged: of their many fields, those that are read.

#![expect(clippy::option_option, reason = "absent, null and a value are three things on the wire")]

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    domain::{service::Service, time::Time},
    error::BadInput,
    json::{self, Object, Text, present},
    upstream::roster::Roster,
};

/// What every event has. Its data is read once its type is known.
#[derive(Deserialize)]
pub(super) struct WireEnvelope<'a> {
    #[serde(borrow)]
    pub(super) event_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) event_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) created_at: Option<WireTime<'a>>,
}

/// Reads the data of an event, which must be there.
pub(super) fn data<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, BadInput> {
    #[derive(Deserialize)]
    struct WireEvent<T> {
        data: Option<Object<T>>,
    }
    let Object(WireEvent { data }) = json::read(body)?;
    data.map(|Object(data)| data).ok_or_else(|| BadInput::Missing("data".to_owned()))
}

/// A message, in either version of the form: the older has no object `chat`.
#[derive(Deserialize)]
pub(super) struct WireMessage<'a> {
    #[serde(borrow)]
    pub(super) service: Option<Text<'a>>,

    // The newer version.
    #[serde(borrow)]
    pub(super) chat: Option<Object<WireChat<'a>>>,
    #[serde(borrow)]
    pub(super) direction: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) sender_handle: Option<Object<WireHandle<'a>>>,
    #[serde(borrow)]
    pub(super) sent_at: Option<WireTime<'a>>,
    #[serde(borrow)]
    pub(super) edited_at: Option<WireTime<'a>>,

    // The older one.
    #[serde(borrow)]
    pub(super) chat_id: Option<Text<'a>>,
    pub(super) is_group: Option<bool>,
    pub(super) is_from_me: Option<bool>,
    #[serde(borrow)]
    pub(super) from_handle: Option<Object<WireHandle<'a>>>,
    #[serde(borrow)]
    pub(super) recipient_handle: Option<Object<WireHandle<'a>>>,
    #[serde(borrow)]
    pub(super) received_at: Option<WireTime<'a>>,
}

/// The chat of a message.
#[derive(Deserialize)]
pub(super) struct WireChat<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    pub(super) is_group: Option<bool>,
    #[serde(borrow)]
    pub(super) owner_handle: Option<Object<WireHandle<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct WireReaction<'a> {
    #[serde(borrow)]
    pub(super) chat_id: Option<Text<'a>>,
    pub(super) is_from_me: Option<bool>,
    #[serde(borrow)]
    pub(super) from_handle: Option<Object<WireHandle<'a>>>,
    #[serde(borrow)]
    pub(super) service: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) reacted_at: Option<WireTime<'a>>,
}

/// A chat that was created.
#[derive(Deserialize)]
pub(super) struct WireCreated<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    pub(super) is_group: Option<bool>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) display_name: Option<Option<Text<'a>>>,
    #[serde(borrow)]
    pub(super) service: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) handles: Option<Roster<Object<WireHandle<'a>>>>,
}

/// Somebody who came or went.
#[derive(Deserialize)]
pub(super) struct WireMembership<'a> {
    #[serde(borrow)]
    pub(super) chat_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) handle: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) participant: Option<Object<WireHandle<'a>>>,
    #[serde(borrow)]
    pub(super) added_at: Option<WireTime<'a>>,
    #[serde(borrow)]
    pub(super) removed_at: Option<WireTime<'a>>,
}

/// A group's name or icon that was changed.
#[derive(Deserialize)]
pub(super) struct WireUpdate<'a> {
    #[serde(borrow)]
    pub(super) chat_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) new_value: Option<Option<Text<'a>>>,
    #[serde(borrow)]
    pub(super) changed_by_handle: Option<Object<WireHandle<'a>>>,
    #[serde(borrow)]
    pub(super) updated_at: Option<WireTime<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireHandle<'a> {
    #[serde(borrow)]
    pub(super) handle: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) service: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
    pub(super) is_me: Option<bool>,
}

impl WireHandle<'_> {
    pub(super) fn service(&self) -> Option<Service> {
        service(self.service.as_ref())
    }

    pub(super) fn is_me(&self) -> bool {
        self.is_me == Some(true)
    }
}

/// The handle in a field that may lack it.
pub(super) fn inner<'w, 'a>(field: Option<&'w Object<WireHandle<'a>>>) -> Option<&'w WireHandle<'a>> {
    field.map(|Object(handle)| handle)
}

/// The service of this name, where it is one that we know.
pub(super) fn service(name: Option<&Text<'_>>) -> Option<Service> {
    Service::from_name(name?)
}

/// A time, or something else in its place: an event has more than one, and the next best may be good enough.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct WireTime<'a>(#[serde(borrow)] &'a RawValue);

impl WireTime<'_> {
    pub(super) fn read(&self) -> Option<Time> {
        let text: Text<'_> = serde_json::from_str(self.0.get()).ok()?;
        Time::parse(&text).ok()
    }
}
