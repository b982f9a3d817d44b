//! Rows to values. A row that no release of this program can have written is named by table and column.

use rusqlite::Row;

use crate::{
    domain::{
        chat::{Chat, Origin},
        delivery::Health,
        ids::{ChatId, EventId, Slug},
        phone::PhoneNumber,
        time::Time,
    },
    store::{StoreError, codec, query::SeenChat},
};

/// The columns that [`chat`] reads, in its order.
pub(super) const CHAT_COLUMNS: &str =
    "chats.id, chats.tenant, chats.line, chats.created_at, chats.updated_at, chats.version, chats.state,
     chats.origin";

/// The chat in a row of [`CHAT_COLUMNS`].
pub(super) fn chat(row: &Row<'_>) -> Result<Chat, StoreError> {
    Ok(Chat {
        id: ChatId::from_bytes(row.get(0)?),
        tenant: slug("chats", "tenant", row.get_ref(1)?.as_str())?,
        line: number("chats", "line", row.get_ref(2)?.as_str())?,
        origin: origin(row.get_ref(7)?.as_str())?,
        created_at: Time::from_nanos(row.get(3)?),
        updated_at: Time::from_nanos(row.get(4)?),
        version: row.get(5)?,
        state: codec::state::decode(blob(row, 6)?)?,
    })
}

/// What of a line's health [`seen`] reads, after [`CHAT_COLUMNS`].
pub(super) const HEALTH_COLUMNS: &str = "coalesce(health.successes, 0), coalesce(health.deliveries, 0)";

/// Where [`HEALTH_COLUMNS`] come from.
pub(super) const WITH_HEALTH: &str =
    "LEFT JOIN line_health AS health ON health.tenant = chats.tenant AND health.line = chats.line";

/// The chat in a row of [`CHAT_COLUMNS`] and [`HEALTH_COLUMNS`].
pub(super) fn seen(row: &Row<'_>) -> Result<SeenChat, StoreError> {
    Ok(SeenChat { chat: chat(row)?, health: Health::from_parts(row.get(8)?, row.get(9)?) })
}

/// The names of origins in the store.
pub(super) const fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Api => "api",
        Origin::Event => "event",
    }
}

fn origin<E: std::fmt::Display>(text: Result<&str, E>) -> Result<Origin, StoreError> {
    match text.map_err(|why| StoreError::damaged("chats", "origin", why))? {
        "api" => Ok(Origin::Api),
        "event" => Ok(Origin::Event),
        _ => Err(StoreError::damaged("chats", "origin", "an unknown origin")),
    }
}

fn blob<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r [u8], StoreError> {
    row.get_ref(column)?.as_blob().map_err(|why| StoreError::damaged("chats", "state", why))
}

/// A slug that was stored.
pub(super) fn slug<E: std::fmt::Display>(
    table: &str,
    column: &str,
    text: Result<&str, E>,
) -> Result<Slug, StoreError> {
    let damaged = |why: &dyn std::fmt::Display| StoreError::damaged(table, column, why);
    text.map_err(|why| damaged(&why))?.parse().map_err(|why| damaged(&why))
}

/// A phone number that was stored.
pub(super) fn number<E: std::fmt::Display>(
    table: &str,
    column: &str,
    text: Result<&str, E>,
) -> Result<PhoneNumber, StoreError> {
    let damaged = |why: &dyn std::fmt::Display| StoreError::damaged(table, column, why);
    text.map_err(|why| damaged(&why))?.parse().map_err(|why| damaged(&why))
}

/// An event's id that was stored.
pub(super) fn event_id(table: &str, text: &str) -> Result<EventId, StoreError> {
    EventId::new(text).map_err(|why| StoreError::damaged(table, "event_id", why))
}
