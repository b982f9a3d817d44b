//! The receipts of events.

use std::collections::{BTreeMap, HashMap};

use super::{Answers, rows_of};
use crate::{
    domain::{ids::Slug, receipt::ReceiptKey, time::Time},
    store::{
        postgres::{
            failure::Failure,
            request::{Request, values},
            rows,
        },
        stored,
        working::Working,
    },
};

/// The first and the last time tell which days are to be looked at. Receipts that were copied out of a file have no
/// tenant, which is in the digest all the same.
const RECEIPTS: &str = "SELECT r.claimed, r.digest, r.effective
     FROM unnest($2::int8[], $3::bytea[]) AS w (claimed, digest)
     JOIN receipts AS r ON r.tenant IN ($1, '') AND r.claimed = w.claimed AND r.digest = w.digest
     WHERE r.claimed BETWEEN $4 AND $5";

/// Asks for receipts; where the answers are.
pub(super) fn ask<'n>(wanted: &'n [(Slug, ReceiptKey)], request: &mut Request<'n>) -> Vec<usize> {
    let mut by_tenant: BTreeMap<&Slug, Vec<&'n ReceiptKey>> = BTreeMap::new();
    for (tenant, key) in wanted {
        by_tenant.entry(tenant).or_default().push(key);
    }
    let asked = by_tenant.into_iter().map(|(tenant, keys)| {
        let claimed: Vec<i64> = keys.iter().map(|key| key.claimed.nanos()).collect();
        let digests: Vec<&[u8]> = keys.iter().map(|key| key.digest.as_slice()).collect();
        let first = claimed.iter().min().copied().unwrap_or(0);
        let last = claimed.iter().max().copied().unwrap_or(0);
        request.add(RECEIPTS, values![tenant.as_str(), claimed, digests, first, last])
    });
    asked.collect()
}

pub(super) fn add(
    wanted: &[(Slug, ReceiptKey)],
    asked: &[usize],
    answers: &Answers,
    working: &mut Working,
) -> Result<(), Failure> {
    let mut found = HashMap::new();
    for row in asked.iter().flat_map(|at| rows_of(answers, *at)) {
        let digest = rows::get::<&[u8]>(row, "digest")?.try_into().unwrap_or_default();
        let key = ReceiptKey { claimed: Time::from_nanos(rows::get(row, "claimed")?), digest };
        found.insert(key, stored::receipt(&key, rows::get(row, "effective")?));
    }
    for (_, key) in wanted {
        working.add_receipt(*key, found.get(key).copied());
    }
    Ok(())
}
