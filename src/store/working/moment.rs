//! The times that a batch is decided by, and that housekeeping goes by.

use crate::domain::time::Time;

/// When a batch is decided.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The time.
    pub now: Time,
    /// Our own time stamp for what this batch writes: the time, by the store's clock where the store gives it, but later
    /// than that of any batch before it and than that of what it changes, whatever the clocks do.
    pub tick: Time,
    /// Events that claim an earlier time are merged without a receipt.
    pub receipts_since: Time,
}

/// From when on what is kept for a time is kept.
#[derive(Clone, Copy, Debug)]
pub struct Horizons {
    /// The time.
    pub now: Time,
    /// Receipts, and deliveries.
    pub receipts: Time,
    /// Parked reports.
    pub parked: Time,
}
