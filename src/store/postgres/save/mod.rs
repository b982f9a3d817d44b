//! Save: the difference that a batch made, in statements about whole tables of rows. Each is about one tenant.

mod chats;
mod deliveries;

use std::collections::BTreeMap;

use super::{
    failure::Failure,
    load::Loaded,
    parked,
    request::{Request, values},
    text,
};
use crate::{
    domain::{
        ids::Slug,
        receipt::{Receipt, ReceiptKey},
    },
    store::{
        stored,
        working::{Working, numbers::Numbers},
    },
};

/// Saves what a batch did. What many transactions touch comes last, so that they wait for each other but briefly.
pub(super) fn save<'w>(
    working: &'w Working,
    loaded: &Loaded,
    writer: i64,
    request: &mut Request<'w>,
) -> Result<(), Failure> {
    chats::save(working, request)?;
    deliveries::save(working, loaded, request);
    save_receipts(working.new_receipts(), request);
    save_numbers(&working.numbers, request);
    parked::save(&working.parking, request);
    count("chats", writer, working.chats_added(), request);
    let receipts = i64::try_from(working.new_receipts().len()).unwrap_or(i64::MAX);
    count("receipts", writer, receipts, request);
    Ok(())
}

const RECEIPTS: &str = "INSERT INTO receipts (tenant, claimed, digest, effective)
     SELECT $1::text, w.claimed, w.digest, w.effective
     FROM unnest($2::int8[], $3::bytea[], $4::int8[]) AS w (claimed, digest, effective)";

fn save_receipts<'w>(receipts: &'w [(Slug, ReceiptKey, Receipt)], request: &mut Request<'w>) {
    let mut by_tenant: BTreeMap<&Slug, Vec<(&ReceiptKey, Receipt)>> = BTreeMap::new();
    for (tenant, key, receipt) in receipts {
        by_tenant.entry(tenant).or_default().push((key, *receipt));
    }
    for (tenant, mut rows) in by_tenant {
        // Of two servers that take the same events, one waits for the other, and never each for the other.
        rows.sort_by_key(|(key, _)| (key.claimed, key.digest));
        let claimed: Vec<i64> = rows.iter().map(|(key, _)| key.claimed.nanos()).collect();
        let digests: Vec<&[u8]> = rows.iter().map(|(key, _)| key.digest.as_slice()).collect();
        let ahead: Vec<Option<i64>> =
            rows.iter().map(|(key, receipt)| stored::ahead(key, *receipt)).collect();
        request.add(RECEIPTS, values![tenant.as_str(), claimed, digests, ahead]);
    }
}

/// Of several owners the newest is the one, whoever comes first; the handle decides between equals, as in
/// [`crate::store::working::numbers::Owner`]. Of a relay that has been removed since, nothing is kept.
const NUMBERS: &str = "INSERT INTO row_numbers (relay, number, address, event_time, event_id)
     SELECT w.relay, w.number, w.address, w.event_time, w.event_id
     FROM unnest($1::text[], $2::int8[], $3::text[], $4::int8[], $5::text[])
         AS w (relay, number, address, event_time, event_id)
     JOIN relays ON relays.slug = w.relay
     ORDER BY w.relay, w.number
     ON CONFLICT (relay, number) DO UPDATE SET address = excluded.address,
         event_time = excluded.event_time, event_id = excluded.event_id
     WHERE (row_numbers.event_time, row_numbers.event_id, row_numbers.address)
         < (excluded.event_time, excluded.event_id, excluded.address)";

fn save_numbers<'w>(numbers: &'w Numbers, request: &mut Request<'w>) {
    let learnt: Vec<_> = numbers.learnt().collect();
    if learnt.is_empty() {
        return;
    }
    request.add(
        NUMBERS,
        values![
            learnt.iter().map(|(number, _)| number.relay.as_str()).collect::<Vec<_>>(),
            learnt.iter().map(|(number, _)| number.number.0).collect::<Vec<_>>(),
            learnt.iter().map(|(_, owner)| text::stored(owner.handle.as_str())).collect::<Vec<_>>(),
            learnt.iter().map(|(_, owner)| owner.stamp.time.nanos()).collect::<Vec<_>>(),
            learnt.iter().map(|(_, owner)| text::stored(owner.stamp.event.as_str())).collect::<Vec<_>>(),
        ],
    );
}

const COUNT: &str = "INSERT INTO counters (name, writer, value) VALUES ($1, $2, $3)
     ON CONFLICT (name, writer) DO UPDATE SET value = counters.value + excluded.value";

/// Keeps a counter of rows in step.
pub(super) fn count(name: &'static str, writer: i64, by: i64, request: &mut Request<'_>) {
    if by != 0 {
        request.add(COUNT, values![name, writer, by]);
    }
}
