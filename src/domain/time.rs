//! Points in time, to the nanosecond.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// A point in time: nanoseconds since the Unix epoch, from the year 1677 to 2262.
///
/// Times beyond either end count as that end. Nothing real lies there, and a relay with a broken clock
/// must not lose its events for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// The text is not an RFC 3339 date and time with an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an RFC 3339 date and time with an offset, such as 2026-05-24T01:35:34.000Z")]
pub struct TimeError;

impl Time {
    /// The time `nanos` nanoseconds after the Unix epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The time `seconds` seconds after the Unix epoch.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// The time `millis` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// The time `micros` microseconds after the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// Whole milliseconds since the Unix epoch; zero for times before it.
    #[must_use]
    pub fn unix_millis(self) -> u64 {
        u64::try_from(self.0.div_euclid(1_000_000)).unwrap_or(0)
    }

    /// This time moved by `span`, stopping at the ends of the range.
    #[must_use]
    pub fn plus(self, span: SignedDuration) -> Self {
        let nanos = i128::from(self.0).saturating_add(span.as_nanos());
        Self::clamped(nanos)
    }

    /// Parses an RFC 3339 date and time with any offset and up to nanoseconds.
    ///
    /// # Errors
    ///
    /// When the text is anything else, a date without an offset included.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let at: Timestamp = text.parse().map_err(|_| TimeError)?;
        Ok(Self::clamped(at.as_nanosecond()))
    }

    /// The time in RFC 3339, UTC, whole seconds: the form of every REST body.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        // Every i64 of nanoseconds lies inside jiff's range, so the fallback is never taken.
        let at = Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    fn clamped(nanos: i128) -> Self {
        let fitting = nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Self(i64::try_from(fitting).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_offsets_and_fractions() {
        let utc = Time::parse("2026-05-24T01:35:34.000000001Z").unwrap();
        let east = Time::parse("2026-05-24T03:35:34.000000001+02:00").unwrap();
        assert_eq!(utc, east);
        assert_eq!(utc.nanos() % 1_000_000_000, 1);
        assert_eq!(utc.to_rfc3339(), "2026-05-24T01:35:34Z");
    }

    #[test]
    fn refuses_what_names_no_instant() {
        for text in ["", "yesterday", "2026-05-24", "2026-05-24T01:35:34", "1777636800"] {
            assert_eq!(Time::parse(text), Err(TimeError), "{text}");
        }
    }

    #[test]
    fn the_far_future_is_the_end_of_the_range() {
        assert_eq!(Time::parse("9999-01-01T00:00:00Z").unwrap(), Time::from_nanos(i64::MAX));
        assert_eq!(Time::parse("0001-01-01T00:00:00Z").unwrap(), Time::from_nanos(i64::MIN));
        assert_eq!(Time::from_millis(i64::MAX), Time::from_nanos(i64::MAX));
        assert_eq!(Time::from_nanos(i64::MAX).plus(SignedDuration::from_secs(1)).nanos(), i64::MAX);
    }
}
