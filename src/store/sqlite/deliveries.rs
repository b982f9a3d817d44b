//! Deliveries and the health of lines, in and out of their tables.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows;
use crate::{
    domain::{
        delivery::{Delivery, DeliveryId, Health, Hex128, Idempotency, IdempotencyKey, Progress},
        ids::ChatId,
        time::Time,
    },
    store::{
        StoreError,
        codec::progress,
        working::{IdempotencyRef, LineRef},
    },
};

const COLUMNS: &str = "id, message_id, tenant, line, relay, idempotency_key, fingerprint, opened_at, chat_id, progress, \
     token, lease_until, answer, failure_told";

pub(super) fn by_id(connection: &Connection, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM deliveries WHERE id = ?1"))?;
    let mut found = statement.query([id.as_bytes()])?;
    found.next()?.map(read).transpose()
}

pub(super) fn by_name(
    connection: &Connection,
    name: &IdempotencyRef,
) -> Result<Option<Delivery>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM deliveries WHERE tenant = ?1 AND idempotency_key = ?2"
    ))?;
    let mut found = statement.query(params![name.0.as_str(), name.1])?;
    found.next()?.map(read).transpose()
}

fn read(row: &Row<'_>) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: Hex128::from_bytes(row.get(0)?),
        message: Hex128::from_bytes(row.get(1)?),
        tenant: rows::slug(row, 2, "deliveries", "tenant")?,
        line: rows::number(row, 3, "deliveries", "line")?,
        relay: rows::slug(row, 4, "deliveries", "relay")?,
        idempotency: idempotency(row)?,
        opened_at: Time::from_nanos(row.get(7)?),
        chat: row.get::<_, Option<[u8; 16]>>(8)?.map(ChatId::from_bytes),
        failure_told: row.get(13)?,
        progress: read_progress(row)?,
    })
}

fn idempotency(row: &Row<'_>) -> Result<Option<Idempotency>, StoreError> {
    let (Some(key), Some(fingerprint)) = (row.get::<_, Option<String>>(5)?, row.get(6)?) else {
        return Ok(None);
    };
    let key =
        IdempotencyKey::new(&key).map_err(|why| StoreError::damaged("deliveries", "idempotency_key", why))?;
    Ok(Some(Idempotency { key, fingerprint }))
}

fn read_progress(row: &Row<'_>) -> Result<Progress, StoreError> {
    let (name, answer): (String, Option<Vec<u8>>) = (row.get(9)?, row.get(12)?);
    progress::read(progress::Columns {
        name: &name,
        token: row.get::<_, Option<[u8; 16]>>(10)?.map(Hex128::from_bytes),
        lease_until: row.get::<_, Option<i64>>(11)?.map(Time::from_nanos),
        answer: answer.as_deref(),
    })
}

pub(super) fn save(connection: &Connection, delivery: &Delivery) -> Result<(), StoreError> {
    let progress::Columns { name, token, lease_until, answer } = progress::columns(&delivery.progress);
    let idempotency = delivery.idempotency.as_ref();
    connection
        .prepare_cached(
            "INSERT INTO deliveries (id, message_id, tenant, line, relay, idempotency_key, fingerprint, opened_at,
                                     chat_id, progress, token, lease_until, answer, failure_told)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
             ON CONFLICT (id) DO UPDATE SET chat_id = excluded.chat_id, progress = excluded.progress,
                 token = excluded.token, lease_until = excluded.lease_until, answer = excluded.answer,
                 failure_told = excluded.failure_told",
        )?
        .execute(params![
            delivery.id.as_bytes(),
            delivery.message.as_bytes(),
            delivery.tenant.as_str(),
            delivery.line.as_str(),
            delivery.relay.as_str(),
            idempotency.map(|idempotency| idempotency.key.as_str()),
            idempotency.map(|idempotency| idempotency.fingerprint),
            delivery.opened_at.nanos(),
            delivery.chat.as_ref().map(ChatId::as_bytes),
            name,
            token.as_ref().map(Hex128::as_bytes),
            lease_until.map(Time::nanos),
            answer,
            delivery.failure_told,
        ])?;
    Ok(())
}

pub(super) fn health_of(connection: &Connection, line: &LineRef) -> Result<Option<Health>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT successes, deliveries FROM line_health WHERE tenant = ?1 AND line = ?2")?;
    let found = statement
        .query_row(params![line.0.as_str(), line.1.as_str()], |row| {
            Ok(Health::from_parts(row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(found)
}

pub(super) fn save_health(connection: &Connection, line: &LineRef, health: Health) -> Result<(), StoreError> {
    let (successes, deliveries) = health.to_parts();
    connection
        .prepare_cached(
            "INSERT INTO line_health (tenant, line, successes, deliveries) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant, line) DO UPDATE SET successes = excluded.successes, deliveries = excluded.deliveries",
        )?
        .execute(params![line.0.as_str(), line.1.as_str(), successes, deliveries])?;
    Ok(())
}

/// Voids the leases of a server that is gone. There is one server at a time, so all of them are.
pub(super) fn void_leases(connection: &Connection) -> rusqlite::Result<usize> {
    connection.execute("UPDATE deliveries SET lease_until = 0 WHERE progress = 'open'", [])
}

/// Forgets deliveries that were opened before `since`, up to `limit` of them.
pub(super) fn prune(connection: &Connection, since: Time, limit: u32) -> Result<usize, StoreError> {
    let deleted = connection
        .prepare_cached(
            "DELETE FROM deliveries WHERE id IN
                 (SELECT id FROM deliveries WHERE opened_at < ?1 ORDER BY opened_at LIMIT ?2)",
        )?
        .execute(params![since.nanos(), limit])?;
    Ok(deleted)
}
