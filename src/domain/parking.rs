//! How much may be parked, and how long.
//!
//! A report that cannot be placed yet is parked until it can be: until a line of its relay knows its
//! conversation, until its line is registered, or until the owner of a number is known.

use jiff::SignedDuration;

/// The most reports of one relay that may be parked.
pub const MAX_REPORTS: u64 = 10_000;

/// The most bytes of one relay's parked reports: 64 MiB. What they assert is kept, not the bodies that said it.
pub const MAX_BYTES: u64 = 64 << 20;

/// How long a report stays parked: 7 days.
pub const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How much of one relay is parked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Reports.
    pub reports: u64,
    /// Bytes of them.
    pub bytes: u64,
}

impl Usage {
    /// Whether one more report of so many bytes may be parked.
    #[must_use]
    pub const fn has_room_for(self, bytes: u64) -> bool {
        self.reports < MAX_REPORTS && self.bytes.saturating_add(bytes) <= MAX_BYTES
    }

    /// How much of what may be parked is: the greater of both shares, in percent, rounded down.
    #[must_use]
    pub const fn percent(self) -> u64 {
        let (reports, bytes) = (self.reports * 100 / MAX_REPORTS, self.bytes * 100 / MAX_BYTES);
        if reports > bytes { reports } else { bytes }
    }

    /// The usage with one more report.
    #[must_use]
    pub const fn with(self, bytes: u64) -> Self {
        Self { reports: self.reports.saturating_add(1), bytes: self.bytes.saturating_add(bytes) }
    }

    /// The usage with one report less.
    #[must_use]
    pub const fn without(self, bytes: u64) -> Self {
        Self { reports: self.reports.saturating_sub(1), bytes: self.bytes.saturating_sub(bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_ends_with_either_limit() {
        let almost = Usage { reports: MAX_REPORTS - 1, bytes: MAX_BYTES - 10 };
        assert!(almost.has_room_for(10));
        assert!(!almost.has_room_for(11));
        assert!(!almost.with(10).has_room_for(0));
        assert_eq!(almost.with(10).without(10), almost);
        assert_eq!(Usage::default().without(10), Usage::default());
        assert_eq!(almost.percent(), 99);
        assert_eq!(Usage { reports: MAX_REPORTS, bytes: 0 }.percent(), 100);
        assert_eq!(Usage { reports: 1, bytes: MAX_BYTES / 2 }.percent(), 50);
    }
}
