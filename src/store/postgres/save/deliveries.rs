//! Deliveries and the health of lines.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    domain::{
        delivery::{Delivery, Health, Hex128},
        ids::Slug,
        phone::PhoneNumber,
    },
    store::{
        codec::progress,
        postgres::{
            load::Loaded,
            request::{Request, values},
            text,
        },
        working::Working,
    },
};

/// A new one inserts itself again, unchanged, when only the answer of its commit was lost.
const DELIVERY: &str =
    "INSERT INTO deliveries (tenant, id, message_id, line, relay, idempotency_key, fingerprint,
         opened_at, chat_id, progress, token, lease_until, answer, failure_told)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     ON CONFLICT (tenant, id) DO UPDATE SET chat_id = excluded.chat_id, progress = excluded.progress,
         token = excluded.token, lease_until = excluded.lease_until, answer = excluded.answer,
         failure_told = excluded.failure_told";

/// The health of lines that had none: of two servers that note a first delivery, the second begins anew.
const NEW_HEALTH: &str = "INSERT INTO line_health (tenant, line, successes, deliveries)
     SELECT $1::text, w.line, w.successes, w.deliveries
     FROM unnest($2::text[], $3::int8[], $4::int2[]) AS w (line, successes, deliveries)";

const HEALTH: &str = "UPDATE line_health SET successes = w.successes, deliveries = w.deliveries
     FROM unnest($2::text[], $3::int8[], $4::int2[]) AS w (line, successes, deliveries)
     WHERE line_health.tenant = $1 AND line_health.line = w.line";

/// Saves what a batch did to deliveries. They are few, and each waits for a relay, so each has a statement of its own.
pub(super) fn save<'w>(working: &'w Working, loaded: &Loaded, request: &mut Request<'w>) {
    let in_order: BTreeMap<_, _> =
        working.changed_deliveries().map(|delivery| ((&delivery.tenant, delivery.id), delivery)).collect();
    for delivery in in_order.into_values() {
        save_delivery(delivery, request);
    }
    let mut healths: BTreeMap<(&Slug, bool), Vec<(&PhoneNumber, Health)>> = BTreeMap::new();
    for (line, health) in working.changed_health() {
        let is_new = !loaded.healths.contains(line);
        healths.entry((&line.0, is_new)).or_default().push((&line.1, health));
    }
    for ((tenant, is_new), healths) in healths {
        save_health(if is_new { NEW_HEALTH } else { HEALTH }, tenant, &healths, request);
    }
}

fn uuid(id: &Hex128) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}

fn save_delivery<'w>(delivery: &'w Delivery, request: &mut Request<'w>) {
    let progress::Columns { name, token, lease_until, answer } = progress::columns(&delivery.progress);
    let idempotency = delivery.idempotency.as_ref();
    let values = values![
        delivery.tenant.as_str(),
        uuid(&delivery.id),
        uuid(&delivery.message),
        delivery.line.as_str(),
        delivery.relay.as_str(),
        idempotency.map(|idempotency| text::stored(idempotency.key.as_str())),
        idempotency.map(|idempotency| idempotency.fingerprint.as_slice()),
        delivery.opened_at.nanos(),
        delivery.chat.map(|chat| Uuid::from_bytes(*chat.as_bytes())),
        name,
        token.as_ref().map(uuid),
        lease_until.map(crate::domain::time::Time::nanos),
        answer,
        delivery.failure_told,
    ];
    request.add(DELIVERY, values);
}

fn save_health<'w>(
    statement: &'static str,
    tenant: &'w Slug,
    healths: &[(&'w PhoneNumber, Health)],
    request: &mut Request<'w>,
) {
    let lines: Vec<&str> = healths.iter().map(|(line, _)| line.as_str()).collect();
    let parts = healths.iter().map(|(_, health)| health.to_parts());
    let parts =
        parts.map(|(successes, deliveries)| (i64::try_from(successes).unwrap_or(0), i16::from(deliveries)));
    let (successes, deliveries): (Vec<i64>, Vec<i16>) = parts.unzip();
    request.add(statement, values![tenant.as_str(), lines, successes, deliveries]);
}
