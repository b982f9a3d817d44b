//! Parked reports, in and out of their tables.

use std::collections::BTreeMap;

use tokio_postgres::Row;

use super::{
    failure::Failure,
    request::{Request, values},
    rows, text,
};
use crate::{
    domain::{ids::Slug, parking::Usage, time::Time},
    store::{
        StoreError,
        parked::{Awaited, Backlog, Columns, NumberRef, Parked, ParkedQuery, SLICE},
        stored,
        working::parking::{Parking, Removed},
    },
};

/// A statement that finds parked reports in the order of arrival, and locks them: of two servers that come for the
/// same, one finds them.
macro_rules! find {
    ($condition:literal) => {
        concat!(
            "SELECT id, relay, arrived_at, tenant, line, number, report FROM parked WHERE ",
            $condition,
            " ORDER BY arrived_at, id LIMIT $3 OFFSET $4 FOR UPDATE"
        )
    };
}

const FOR_CONVERSATION: &str = find!("relay = $1 AND conversation = $2 AND line IS NULL");
const FOR_LINE: &str = find!("relay = $1 AND line = $2 AND tenant IS NULL");
const UNPLACED: &str = find!("relay = $1 AND line IS NOT DISTINCT FROM $2::text AND tenant IS NULL");
const FOR_OWNER: &str = find!("relay = $1 AND number = $2");

/// Asks for what a query finds after so many: up to [`SLICE`] reports.
pub(super) fn find<'q>(query: &'q ParkedQuery, passed: u32, request: &mut Request<'q>) -> usize {
    let (limit, passed) = (i64::try_from(SLICE).unwrap_or(i64::MAX), i64::from(passed));
    match query {
        ParkedQuery::Conversation(relay, conversation) => request.add(
            FOR_CONVERSATION,
            values![relay.as_str(), text::stored(conversation.as_str()), limit, passed],
        ),
        ParkedQuery::Line(relay, line) => {
            request.add(FOR_LINE, values![relay.as_str(), line.as_str(), limit, passed])
        }
        ParkedQuery::Unplaced(relay) => {
            request.add(UNPLACED, values![relay.as_str(), None::<&str>, limit, passed])
        }
        ParkedQuery::Owner(NumberRef { relay, number }) => {
            request.add(FOR_OWNER, values![relay.as_str(), number.0, limit, passed])
        }
    }
}

pub(super) fn read(row: &Row) -> Result<Parked, Failure> {
    let id = rows::get::<&[u8]>(row, "id")?;
    Ok(Parked::from_columns(Columns {
        id: id.try_into().map_err(|why| StoreError::damaged("parked", "id", why))?,
        relay: rows::get(row, "relay")?,
        arrived_at: rows::get(row, "arrived_at")?,
        tenant: rows::get(row, "tenant")?,
        line: rows::get(row, "line")?,
        number: rows::get(row, "number")?,
        report: rows::get(row, "report")?,
    })?)
}

pub(super) fn usage(row: &Row) -> Result<Usage, Failure> {
    Ok(Usage { reports: rows::count(row, "reports")?, bytes: rows::count(row, "bytes")? })
}

/// How much is parked of each relay of which anything is.
pub(super) const USAGES: &str = "SELECT relay, reports, bytes FROM parking WHERE reports > 0 ORDER BY relay";

pub(super) fn usages(found: &[Row]) -> Result<Vec<(Slug, Usage)>, Failure> {
    let one = |row| Ok((stored::slug("parking", "relay", rows::get(row, "relay")?)?, usage(row)?));
    found.iter().map(one).collect()
}

/// What waits for lines, or for some line, by line; and then for owners of numbers, when anything does.
pub(super) const BACKLOG: &str = "SELECT line, FALSE AS awaits_owner, count(*) AS reports,
         sum(length(report))::int8 AS bytes, min(arrived_at) AS oldest
     FROM parked WHERE relay = $1 AND tenant IS NULL GROUP BY line
     UNION ALL
     SELECT NULL, TRUE, count(*), sum(length(report))::int8, min(arrived_at)
     FROM parked WHERE relay = $1 AND number IS NOT NULL HAVING count(*) > 0
     ORDER BY awaits_owner, line NULLS FIRST";

pub(super) fn backlog(found: &[Row]) -> Result<Vec<Backlog>, Failure> {
    let one = |row| {
        let line = rows::get::<Option<&str>>(row, "line")?;
        let awaits = match line.map(|line| stored::number("parked", "line", line)).transpose()? {
            Some(line) => Awaited::Line(line),
            None if rows::get(row, "awaits_owner")? => Awaited::Owner,
            None => Awaited::Conversation,
        };
        Ok(Backlog { awaits, usage: usage(row)?, oldest: Time::from_nanos(rows::get(row, "oldest")?) })
    };
    found.iter().map(one).collect()
}

const DELETE: &str =
    "WITH gone AS (DELETE FROM parked WHERE id = ANY($1::bytea[]) RETURNING relay, length(report) AS bytes),
         sums AS (SELECT relay, count(*) AS reports, sum(bytes) AS bytes FROM gone GROUP BY relay)
     UPDATE parking SET reports = parking.reports - sums.reports, bytes = parking.bytes - sums.bytes
     FROM sums WHERE parking.relay = sums.relay";

/// A relay may have been removed since it sent this. All that it had parked went with it, and so does this.
const INSERT: &str = "WITH added AS (
         INSERT INTO parked (id, relay, arrived_at, conversation, tenant, line, number, report)
         SELECT w.id, w.relay, w.arrived_at, w.conversation, w.tenant, w.line, w.number, w.report
         FROM unnest($1::bytea[], $2::text[], $3::int8[], $4::text[], $5::text[], $6::text[], $7::int8[], $8::bytea[])
             AS w (id, relay, arrived_at, conversation, tenant, line, number, report)
         JOIN relays ON relays.slug = w.relay
         ORDER BY w.id
         ON CONFLICT (id) DO NOTHING RETURNING relay, length(report) AS bytes)
     INSERT INTO parking (relay, reports, bytes)
     SELECT relay, count(*), sum(bytes) FROM added GROUP BY relay ORDER BY relay
     ON CONFLICT (relay) DO UPDATE SET reports = parking.reports + excluded.reports,
         bytes = parking.bytes + excluded.bytes";

/// Saves what was taken out and parked.
pub(super) fn save<'w>(parking: &'w Parking, request: &mut Request<'w>) {
    let removed: Vec<&[u8]> = parking.removed().iter().map(|Removed { id, .. }| id.as_slice()).collect();
    if !removed.is_empty() {
        request.add(DELETE, values![removed]);
    }
    // In the order of their ids, so that two servers that park the same do not wait for each other.
    let added: BTreeMap<_, _> = parking.added().map(|parked| (parked.id, parked)).collect();
    if added.is_empty() {
        return;
    }
    let added: Vec<&Parked> = added.into_values().collect();
    let each =
        |column: fn(&'w Parked) -> &'w str| added.iter().map(|parked| column(parked)).collect::<Vec<_>>();
    let awaits: Vec<_> = added.iter().map(|parked| parked.awaits.columns()).collect();
    let conversations: Vec<String> = added
        .iter()
        .map(|parked| text::stored(parked.report.key.conversation().as_str()).into_owned())
        .collect();
    request.add(
        INSERT,
        values![
            added.iter().map(|parked| parked.id.as_slice()).collect::<Vec<_>>(),
            each(|parked| parked.relay.as_str()),
            added.iter().map(|parked| parked.arrived.nanos()).collect::<Vec<_>>(),
            conversations,
            awaits.iter().map(|awaits| awaits.0).collect::<Vec<_>>(),
            awaits.iter().map(|awaits| awaits.1).collect::<Vec<_>>(),
            awaits.iter().map(|awaits| awaits.2).collect::<Vec<_>>(),
            added.iter().map(|parked| parked.encoded.as_slice()).collect::<Vec<_>>(),
        ],
    );
}
