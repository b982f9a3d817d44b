//! Parked reports, in and out of their tables.

use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::rows;
use crate::{
    domain::{
        conversation_key::Conversation, ids::Slug, parking::Usage, phone::PhoneNumber, report::RowNumber,
        time::Time,
    },
    store::{
        StoreError,
        parked::{Awaited, Backlog, Columns, NumberRef, Parked, ParkedId, ParkedQuery, SLICE},
        stored,
        working::parking::Removed,
    },
};

const COLUMNS: &str = "id, relay, arrived_at, tenant, line, number, report";

/// What a query finds in the order of arrival, after so many: up to [`SLICE`] reports.
pub(super) fn find(
    connection: &Connection,
    query: &ParkedQuery,
    passed: u32,
) -> Result<Vec<Parked>, StoreError> {
    match query {
        ParkedQuery::Conversation(relay, conversation) => select(
            connection,
            "relay = ?1 AND conversation = ?2 AND line IS NULL",
            params![relay.as_str(), conversation.as_str(), SLICE, passed],
        ),
        ParkedQuery::Line(relay, line) => select(
            connection,
            "relay = ?1 AND line = ?2 AND tenant IS NULL",
            params![relay.as_str(), line.as_str(), SLICE, passed],
        ),
        ParkedQuery::Unplaced(relay) => select(
            connection,
            "relay = ?1 AND line IS ?2 AND tenant IS NULL",
            params![relay.as_str(), None::<&str>, SLICE, passed],
        ),
        ParkedQuery::Owner(NumberRef { relay, number }) => {
            select(connection, "relay = ?1 AND number = ?2", params![relay.as_str(), number.0, SLICE, passed])
        }
    }
}

fn select(connection: &Connection, condition: &str, values: impl Params) -> Result<Vec<Parked>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM parked WHERE {condition} ORDER BY arrived_at LIMIT ?3 OFFSET ?4"
    ))?;
    let mut found = statement.query(values)?;
    let mut reports = Vec::new();
    while let Some(row) = found.next()? {
        reports.push(read(row)?);
    }
    Ok(reports)
}

fn read(row: &Row<'_>) -> Result<Parked, StoreError> {
    Parked::from_columns(Columns {
        id: row.get(0)?,
        relay: row.get(1)?,
        arrived_at: row.get(2)?,
        tenant: row.get(3)?,
        line: row.get(4)?,
        number: row.get(5)?,
        report: row.get(6)?,
    })
}

/// The conversations that a relay's parked reports without a line wait for.
pub(super) fn awaited_conversations(
    connection: &Connection,
    relay: &Slug,
) -> Result<Vec<Conversation>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT DISTINCT conversation FROM parked WHERE relay = ?1 AND line IS NULL")?;
    let found = statement.query_map([relay.as_str()], |row| row.get::<_, String>(0))?;
    found.map(|conversation| Ok(Conversation::from_canonical(&conversation?))).collect()
}

/// The numbers whose owners a relay's parked reports wait for although they are known.
pub(super) fn owners_known_meanwhile(
    connection: &Connection,
    relay: &Slug,
) -> Result<Vec<RowNumber>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT parked.number FROM parked
         JOIN row_numbers ON row_numbers.relay = parked.relay AND row_numbers.number = parked.number
         WHERE parked.relay = ?1",
    )?;
    let found = statement.query_map([relay.as_str()], |row| row.get(0))?;
    found.map(|number| Ok(RowNumber(number?))).collect()
}

/// Whether a report is parked.
pub(super) fn is_parked(connection: &Connection, id: ParkedId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM parked WHERE id = ?1")?;
    Ok(statement.exists([id])?)
}

/// How much of a relay is parked.
pub(super) fn usage_of(connection: &Connection, relay: &Slug) -> Result<Usage, StoreError> {
    let mut statement = connection.prepare_cached("SELECT reports, bytes FROM parking WHERE relay = ?1")?;
    let found = statement.query_row([relay.as_str()], usage).optional()?;
    Ok(found.unwrap_or_default())
}

fn usage(row: &Row<'_>) -> rusqlite::Result<Usage> {
    Ok(Usage { reports: row.get("reports")?, bytes: row.get("bytes")? })
}

/// How much is parked of each relay of which anything is.
pub(super) fn usages(connection: &Connection) -> Result<Vec<(Slug, Usage)>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT relay, reports, bytes FROM parking WHERE reports > 0 ORDER BY relay")?;
    let mut found = statement.query([])?;
    let mut usages = Vec::new();
    while let Some(row) = found.next()? {
        usages.push((rows::slug(row, 0, "parking", "relay")?, usage(row)?));
    }
    Ok(usages)
}

/// The lines that a relay's parked reports wait for; `None` is that of those which name none.
pub(super) fn awaited_lines(
    connection: &Connection,
    relay: &Slug,
) -> Result<Vec<Option<PhoneNumber>>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT DISTINCT line FROM parked WHERE relay = ?1 AND tenant IS NULL")?;
    let mut found = statement.query([relay.as_str()])?;
    let mut lines = Vec::new();
    while let Some(row) = found.next()? {
        lines.push(line(row, 0)?);
    }
    Ok(lines)
}

/// What waits for lines, or for some line, by line.
const BACKLOG_BY_LINE: &str =
    "SELECT line, count(*) AS reports, sum(length(report)) AS bytes, min(arrived_at)
     FROM parked WHERE relay = ?1 AND tenant IS NULL GROUP BY line";

/// What waits for owners of numbers; no row when nothing does.
const BACKLOG_OF_NUMBERS: &str =
    "SELECT NULL, count(*) AS reports, sum(length(report)) AS bytes, min(arrived_at)
     FROM parked WHERE relay = ?1 AND number IS NOT NULL HAVING count(*) > 0";

/// What a relay's parked reports wait for.
pub(super) fn backlog(connection: &Connection, relay: &Slug) -> Result<Vec<Backlog>, StoreError> {
    let mut backlog = Vec::new();
    for (statement, otherwise) in
        [(BACKLOG_BY_LINE, Awaited::Conversation), (BACKLOG_OF_NUMBERS, Awaited::Owner)]
    {
        let mut statement = connection.prepare_cached(statement)?;
        let mut found = statement.query([relay.as_str()])?;
        while let Some(row) = found.next()? {
            let awaits = line(row, 0)?.map_or_else(|| otherwise.clone(), Awaited::Line);
            backlog.push(Backlog { awaits, usage: usage(row)?, oldest: Time::from_nanos(row.get(3)?) });
        }
    }
    Ok(backlog)
}

/// A line's number, where there is one.
fn line(row: &Row<'_>, column: usize) -> Result<Option<PhoneNumber>, StoreError> {
    let line: Option<String> = row.get(column)?;
    line.map(|line| stored::number("parked", "line", &line)).transpose()
}

pub(super) fn insert(connection: &Connection, parked: &Parked) -> Result<(), StoreError> {
    let (tenant, line, number) = parked.awaits.columns();
    // A relay may have been removed since it sent this. All that it had parked went with it, and so does this.
    let inserted = connection
        .prepare_cached(
            "INSERT INTO parked (id, relay, arrived_at, conversation, tenant, line, number, report)
             SELECT ?1, slug, ?3, ?4, ?5, ?6, ?7, ?8 FROM relays WHERE slug = ?2",
        )?
        .execute(params![
            parked.id,
            parked.relay.as_str(),
            parked.arrived.nanos(),
            parked.report.key.conversation().as_str(),
            tenant,
            line,
            number,
            parked.encoded,
        ])?;
    if inserted > 0 { count_in(connection, parked) } else { Ok(()) }
}

pub(super) fn delete(connection: &Connection, removed: &Removed) -> Result<(), StoreError> {
    let deleted = connection.prepare_cached("DELETE FROM parked WHERE id = ?1")?.execute([removed.id])?;
    count_out(connection, &removed.relay, deleted as u64, removed.bytes * deleted as u64)
}

fn count_in(connection: &Connection, parked: &Parked) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO parking (relay, reports, bytes) VALUES (?1, 1, ?2)
             ON CONFLICT (relay) DO UPDATE SET reports = reports + 1, bytes = bytes + excluded.bytes",
        )?
        .execute(params![parked.relay.as_str(), parked.bytes()])?;
    Ok(())
}

fn count_out(connection: &Connection, relay: &Slug, reports: u64, bytes: u64) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE parking SET reports = reports - ?2, bytes = bytes - ?3 WHERE relay = ?1")?
        .execute(params![relay.as_str(), reports, bytes])?;
    Ok(())
}

/// Gives up on reports that arrived before `since`, up to `limit` of them.
pub(super) fn prune(connection: &Connection, since: Time, limit: u32) -> Result<usize, StoreError> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM parked WHERE id IN
             (SELECT id FROM parked WHERE arrived_at < ?1 ORDER BY arrived_at LIMIT ?2)
         RETURNING relay, length(report)",
    )?;
    let mut found = statement.query(params![since.nanos(), limit])?;
    let mut given_up = 0;
    while let Some(row) = found.next()? {
        let relay = rows::slug(row, 0, "parked", "relay")?;
        count_out(connection, &relay, 1, row.get(1)?)?;
        tracing::warn!(%relay, "a parked report could not be placed in time and is given up");
        given_up += 1;
    }
    metrics::counter!("chert_groups_parked_expired_total").increment(given_up as u64);
    Ok(given_up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_awaited_is_found_by_index() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../../../schema.sql")).unwrap();
        for (statement, search) in [
            (BACKLOG_BY_LINE, "parked_for_line (relay=?)"),
            (BACKLOG_OF_NUMBERS, "parked_for_owner (relay=? AND number>?)"),
        ] {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
            let steps = statement.query_map(["mac-1"], |row| row.get::<_, String>(3)).unwrap();
            let plan = steps.map(Result::unwrap).collect::<Vec<_>>().join("\n");
            assert_eq!(plan, format!("SEARCH parked USING INDEX {search}"));
        }
    }
}
