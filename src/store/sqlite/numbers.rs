//! Relays' own numbers of handles, in and out of their table.

use rusqlite::{Connection, OptionalExtension, params};

use crate::store::{StoreError, parked::NumberRef, stored, working::numbers::Owner};

/// Whose number it is.
pub(super) fn owner_of(connection: &Connection, number: &NumberRef) -> Result<Option<Owner>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT address, event_time, event_id FROM row_numbers WHERE relay = ?1 AND number = ?2",
    )?;
    let found: Option<(String, i64, String)> = statement
        .query_row(params![number.relay.as_str(), number.number.0], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    found.map(|(address, time, event)| stored::owner(&address, time, &event)).transpose()
}

/// Keeps what was learnt, unless the relay has been removed since.
pub(super) fn save(connection: &Connection, number: &NumberRef, owner: &Owner) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO row_numbers (relay, number, address, event_time, event_id)
             SELECT slug, ?2, ?3, ?4, ?5 FROM relays WHERE slug = ?1
             ON CONFLICT (relay, number) DO UPDATE SET address = excluded.address,
                 event_time = excluded.event_time, event_id = excluded.event_id",
        )?
        .execute(params![
            number.relay.as_str(),
            number.number.0,
            owner.handle.as_str(),
            owner.stamp.time.nanos(),
            owner.stamp.event.as_str(),
        ])?;
    Ok(())
}
