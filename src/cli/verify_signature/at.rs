//! The time that a request came.

use crate::domain::time::Time;

/// Reads a time as RFC 3339 or as unix seconds.
pub(super) fn read(text: &str) -> Result<Time, String> {
    /// The last second that a time can be.
    const LAST: i64 = i64::MAX / 1_000_000_000;
    match text.parse() {
        Ok(seconds @ 0..=LAST) => Ok(Time::from_seconds(seconds)),
        Ok(_) => Err("unix seconds up to the year 2262 are expected".to_owned()),
        Err(_) => Time::parse(text).map_err(|why| format!("{why}, nor unix seconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates() {
        let at = Time::from_seconds(1_777_636_800);
        for text in ["1777636800", "2026-05-01T12:00:00Z", "2026-05-01T14:00:00+02:00"] {
            assert_eq!(read(text), Ok(at), "{text}");
        }
        for text in
            ["", "-1", "1777636800000", "9223372036854775807", "99999999999999999999", "2026-05-01", "now"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
