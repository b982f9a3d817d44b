//! When a request was signed.

use super::AuthError;
use crate::domain::time::Time;

/// How far a signature's time may lie from ours, in either direction, both ends included.
pub const WINDOW_SECONDS: i64 = 300;

/// The time in a signature: as it is written, since that is what is signed, and in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Timestamp<'a> {
    text: &'a [u8],
    seconds: i64,
}

impl<'a> Timestamp<'a> {
    /// Reads unix seconds: 1 to 12 digits without sign or leading zeros, which is far below the limits of `i64`.
    #[must_use]
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let leading_zero = text.len() > 1 && text.first() == Some(&b'0');
        if leading_zero || text.is_empty() || text.len() > 12 || !text.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let seconds = std::str::from_utf8(text).ok()?.parse().ok()?;
        Some(Self { text, seconds })
    }

    /// The time as it is written.
    #[must_use]
    pub const fn text(&self) -> &'a [u8] {
        self.text
    }

    /// By how many seconds it is later than `now`.
    #[must_use]
    pub const fn ahead_of(&self, now: Time) -> i64 {
        self.seconds - now.seconds()
    }

    /// Checks that it is about `now`.
    ///
    /// # Errors
    ///
    /// [`AuthError::WrongTime`] outside the window.
    pub const fn check(&self, now: Time) -> Result<(), AuthError> {
        if self.ahead_of(now).abs() > WINDOW_SECONDS { Err(AuthError::WrongTime) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_digits_only() {
        for good in ["0", "1", "1777636800", "999999999999"] {
            let read = Timestamp::parse(good.as_bytes()).expect(good);
            assert_eq!(
                (read.text(), read.ahead_of(Time::from_seconds(0))),
                (good.as_bytes(), good.parse().unwrap())
            );
        }
        for bad in [
            "",
            "00",
            "01777636800",
            "+1777636800",
            "-1777636800",
            "-0",
            " 1777636800",
            "1777636800 ",
            "1777636800.0",
            "1e9",
            "0x1",
            "1777636800000",
            "9223372036854775807",
            "-9223372036854775808",
            "9223372036854775808",
            "99999999999999999999",
            "١٧٧٧",
            "2026-05-01T12:00:00Z",
        ] {
            assert!(Timestamp::parse(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(Timestamp::parse(b"17776\xff").is_none());
    }

    #[test]
    fn nothing_overflows_at_the_ends() {
        for text in ["0", "999999999999"] {
            let read = Timestamp::parse(text.as_bytes()).unwrap();
            for now in [i64::MIN, 0, i64::MAX] {
                let now = Time::from_nanos(now);
                assert_eq!(read.check(now).is_ok(), read.ahead_of(now) == 0, "{text} at {now:?}");
            }
        }
    }

    #[test]
    fn the_window_has_exact_edges() {
        let read = Timestamp::parse(b"1777636800").unwrap();
        for (now, expected) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
            let now = Time::from_seconds(1_777_636_800 + now);
            assert_eq!(read.check(now).is_ok(), expected, "{now:?}");
        }
    }
}
