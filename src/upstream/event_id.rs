//! The field `event_id`, in which several formats carry the event's id.

use serde::Deserialize;

use super::field::required;
use crate::{
    domain::ids::EventId,
    error::BadInput,
    json::{Object, Text},
};

/// The id, which must be there.
pub(super) fn judged(field: Option<&Text<'_>>) -> Result<EventId, BadInput> {
    EventId::new(required(field, "event_id")?).map_err(|why| BadInput::unusable("event_id", why))
}

/// As much of the id as the answer to a refused event repeats.
pub(super) fn shown(field: Option<&Text<'_>>) -> Option<String> {
    field.map(|id| id.chars().take(EventId::MAX_CHARS).collect())
}

/// The id of an event whose other fields have wrong types, so that its sender can tell which one it was.
pub(super) fn in_unreadable(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct OnlyId<'a> {
        #[serde(borrow)]
        event_id: Option<Text<'a>>,
    }
    let Object(OnlyId { event_id }) = serde_json::from_slice(body).ok()?;
    event_id.filter(|id| EventId::new(id).is_ok()).map(|id| id.to_string())
}
