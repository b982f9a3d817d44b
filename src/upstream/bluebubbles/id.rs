//! The id of an event. The server gives it none, but a change's type and guid are the same each time that it is
//! sent, and its companion has another type.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    domain::ids::EventId,
    error::BadInput,
    json::{Object, Text},
};

/// The id of the event of this type that has this guid.
pub(super) fn of(event_type: &str, guid: &str) -> Result<EventId, BadInput> {
    EventId::new(&joined(event_type, guid)).map_err(|why| BadInput::unusable("data.guid", why))
}

/// The id of an event that is ignored, whatever else its data may be: without a guid it is the type alone.
pub(super) fn of_ignored(event_type: &str, body: &[u8]) -> Result<EventId, BadInput> {
    let id = as_far_as_readable(body).unwrap_or_else(|| event_type.to_owned());
    EventId::new(&id).map_err(|why| BadInput::unusable("type", why))
}

/// As much of an event's id as can be read, and as an id may have.
pub(super) fn as_far_as_readable(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct WireId<'a> {
        #[serde(borrow, rename = "type")]
        event_type: Text<'a>,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    let Object(WireId { event_type, data }) = serde_json::from_slice(body).ok()?;
    if event_type.is_empty() {
        return None;
    }
    let id = match data.and_then(guid_in) {
        Some(guid) => joined(&event_type, &guid),
        None => event_type.to_string(),
    };
    Some(id.chars().take(EventId::MAX_CHARS).collect())
}

fn guid_in(data: &RawValue) -> Option<Text<'_>> {
    #[derive(Deserialize)]
    struct WireGuid<'a> {
        #[serde(borrow)]
        guid: Text<'a>,
    }
    let Object(WireGuid { guid }) = serde_json::from_str(data.get()).ok()?;
    Some(guid).filter(|guid| !guid.is_empty())
}

fn joined(event_type: &str, guid: &str) -> String {
    format!("{event_type}:{guid}")
}
