//! Which of a relay's lines know a conversation.
//!
//! A conversation may be known on many lines, as a short code's is that writes to everybody, and a relay may have
//! many lines. So both lists, which have the same order, are walked together, and each skips what the other lacks.

use rusqlite::{Connection, OptionalExtension, params};

use super::rows;
use crate::{
    domain::{conversation_key::Conversation, ids::Slug, phone::PhoneNumber},
    store::{
        StoreError,
        directory::{Place, Places},
        working::{ConversationRef, EverywhereRef, LineRef},
    },
};

/// The conversation on each of the relay's lines that know it.
pub(super) fn on_lines_of(
    connection: &Connection,
    everywhere: &EverywhereRef,
) -> Result<Vec<ConversationRef>, StoreError> {
    let lines = lines(connection, &everywhere.conversation, &everywhere.places)?;
    let on = |Place { tenant, line, .. }| {
        let conversation = everywhere.conversation.clone();
        ConversationRef { tenant, line, conversation }
    };
    Ok(lines.into_iter().map(on).collect())
}

/// The lines among `places` that know a conversation.
pub(super) fn lines(
    connection: &Connection,
    conversation: &Conversation,
    places: &Places,
) -> Result<Vec<Place>, StoreError> {
    let mut known = Vec::new();
    let mut rest = places.all();
    while let Some((place, after)) = rest.split_first() {
        match next(connection, conversation, place)? {
            None => break,
            Some((tenant, line)) if place.tenant == tenant && place.line == line => {
                known.push(place.clone());
                rest = after;
            }
            Some((tenant, line)) => rest = places.from(&tenant, &line),
        }
    }
    Ok(known)
}

/// The first line that knows a conversation and does not come before `place`.
fn next(
    connection: &Connection,
    conversation: &Conversation,
    place: &Place,
) -> Result<Option<LineRef>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT tenant, line FROM conversation_keys
         WHERE conversation = ?1 AND (tenant, line) >= (?2, ?3) ORDER BY tenant, line LIMIT 1",
    )?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let key = params![conversation.as_str(), place.tenant.as_str(), place.line.as_str()];
    let found = statement.query_row(key, row).optional()?;
    found.map(|(tenant, line)| line_ref(&tenant, &line)).transpose()
}

fn line_ref(tenant: &str, line: &str) -> Result<(Slug, PhoneNumber), StoreError> {
    const TABLE: &str = "conversation_keys";
    let tenant = rows::slug(TABLE, "tenant", Ok::<_, StoreError>(tenant))?;
    Ok((tenant, rows::number(TABLE, "line", Ok::<_, StoreError>(line))?))
}
