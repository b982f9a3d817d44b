//! The proof that an event was taken, and the time it counts for.

use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use super::{
    ids::{EventId, Slug},
    phone::PhoneNumber,
    time::Time,
};

/// How far ahead of our clock an event may be stamped: 300 s.
///
/// A relay whose clock is further ahead would freeze every field it touched until that time came. Such an
/// event counts for the moment of its first arrival instead.
pub const FUTURE_TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// What makes two deliveries the same event: tenant, line, time and id.
///
/// The time comes first, so that keys grow with time and a store appends them. The rest is a hash, because
/// only equality matters; 128 bits of SHA-256 make an accidental match at one nanosecond unthinkable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReceiptKey {
    /// The time that the event claims.
    pub claimed: Time,
    /// A hash of tenant, line and event id.
    pub digest: [u8; 16],
}

/// What is remembered of a taken event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The time that the event counts for, now and for every later copy.
    pub effective: Time,
}

impl ReceiptKey {
    /// The key of the event `event` on `line`, which belongs to `tenant`.
    #[must_use]
    pub fn new(tenant: &Slug, line: &PhoneNumber, claimed: Time, event: &EventId) -> Self {
        let mut hash = Sha256::new();
        // Slugs and numbers contain no line feed, so the parts cannot run into each other.
        for part in [tenant.as_str(), "\n", line.as_str(), "\n", event.as_str()] {
            hash.update(part.as_bytes());
        }
        let full: [u8; 32] = hash.finalize().into();
        let (digest, _) = full.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        Self { claimed, digest: *digest }
    }
}

/// The time that an event counts for when it first arrives at `now`.
#[must_use]
pub fn effective_time(claimed: Time, now: Time) -> Time {
    if claimed > now.plus(FUTURE_TOLERANCE) { now } else { claimed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_future_begins_after_300_seconds() {
        let now = Time::from_seconds(1_777_636_800);
        let edge = now.plus(FUTURE_TOLERANCE);
        assert_eq!(effective_time(edge, now), edge);
        assert_eq!(effective_time(Time::from_nanos(edge.nanos() + 1), now), now);
        assert_eq!(effective_time(Time::from_seconds(0), now), Time::from_seconds(0));
    }

    #[test]
    fn two_lines_with_one_event_id_have_two_receipts() {
        let tenant: Slug = "acme".parse().unwrap();
        let id = EventId::new("rly-1:1").unwrap();
        let key = |line: &str| ReceiptKey::new(&tenant, &line.parse().unwrap(), Time::from_seconds(1), &id);
        assert_eq!(key("+15555550100"), key("+15555550100"));
        assert_ne!(key("+15555550100"), key("+15555550101"));
    }
}
