//! Rows to values. A row that no release of this program can have written is named by table and column.

use rusqlite::Row;

use crate::{
    domain::{
        chat::Chat,
        delivery::Health,
        ids::{ChatId, Slug},
        phone::PhoneNumber,
        time::Time,
    },
    store::{StoreError, codec, query::SeenChat, stored},
};

/// The columns that [`chat`] reads, in its order.
pub(super) const CHAT_COLUMNS: &str =
    "chats.id, chats.tenant, chats.line, chats.created_at, chats.updated_at, chats.version, chats.state,
     chats.origin";

/// The chat in a row of [`CHAT_COLUMNS`].
pub(super) fn chat(row: &Row<'_>) -> Result<Chat, StoreError> {
    Ok(Chat {
        id: ChatId::from_bytes(row.get(0)?),
        tenant: slug(row, 1, "chats", "tenant")?,
        line: number(row, 2, "chats", "line")?,
        origin: stored::origin(text(row, 7, "chats", "origin")?)?,
        created_at: Time::from_nanos(row.get(3)?),
        updated_at: Time::from_nanos(row.get(4)?),
        version: row.get(5)?,
        state: codec::state::decode(blob(row, 6)?)?,
    })
}

/// The same, and what of a line's health [`seen`] reads.
pub(super) const SEEN_COLUMNS: &str =
    "chats.id, chats.tenant, chats.line, chats.created_at, chats.updated_at, chats.version, chats.state,
     chats.origin, coalesce(health.successes, 0), coalesce(health.deliveries, 0)";

/// The chat in a row of [`SEEN_COLUMNS`].
pub(super) fn seen(row: &Row<'_>) -> Result<SeenChat, StoreError> {
    Ok(SeenChat { chat: chat(row)?, health: Health::from_parts(row.get(8)?, row.get(9)?) })
}

fn blob<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r [u8], StoreError> {
    row.get_ref(column)?.as_blob().map_err(|why| StoreError::damaged("chats", "state", why))
}

/// The slug in a column.
pub(super) fn slug(row: &Row<'_>, index: usize, table: &str, column: &str) -> Result<Slug, StoreError> {
    stored::slug(table, column, text(row, index, table, column)?)
}

/// The phone number in a column.
pub(super) fn number(
    row: &Row<'_>,
    index: usize,
    table: &str,
    column: &str,
) -> Result<PhoneNumber, StoreError> {
    stored::number(table, column, text(row, index, table, column)?)
}

fn text<'r>(row: &'r Row<'_>, index: usize, table: &str, column: &str) -> Result<&'r str, StoreError> {
    row.get_ref(index)?.as_str().map_err(|why| StoreError::damaged(table, column, why))
}
