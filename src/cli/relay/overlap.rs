//! How long two secrets of one owner are valid at once.

use std::str::FromStr;

use jiff::SignedDuration;

/// How long an old secret goes on being valid.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Overlap(pub(in crate::cli) SignedDuration);

impl FromStr for Overlap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span: Option<SignedDuration> = text.parse().ok();
        let span = span.filter(|span| !span.is_negative() && *span <= SignedDuration::from_hours(24 * 365));
        span.map(Self).ok_or_else(|| "a time from 0s to a year, such as 24h or 30m, is expected".to_owned())
    }
}
