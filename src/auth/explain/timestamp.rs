//! What is wrong with a timestamp.

use crate::{
    auth::timestamp::{Timestamp, WINDOW_SECONDS},
    domain::time::Time,
};

/// What is wrong with the timestamp `text`, as what follows its name in a sentence.
pub(super) fn problem(text: &[u8], now: Time) -> Option<String> {
    let Some(timestamp) = Timestamp::parse(text) else { return Some(misspelled(text)) };
    let ahead = timestamp.ahead_of(now);
    let (seconds, side) = (ahead.abs(), if ahead > 0 { "after" } else { "before" });
    (seconds > WINDOW_SECONDS).then(|| {
        let at = Time::from_seconds(now.seconds().saturating_add(ahead)).to_rfc3339();
        let now = now.to_rfc3339();
        format!("is {at}: {seconds} s {side} {now}, and {WINDOW_SECONDS} s are allowed")
    })
}

/// Why a text is no timestamp.
fn misspelled(text: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(text) else { return "is not text".to_owned() };
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    match text {
        "" => "is empty".to_owned(),
        _ if text.starts_with(['+', '-']) => "has a sign, and plain digits are expected".to_owned(),
        _ if all_digits(text) && text.starts_with('0') => "has leading zeros".to_owned(),
        _ if all_digits(text) => too_long(text),
        _ if text.split_once('.').is_some_and(|(whole, rest)| all_digits(whole) && all_digits(rest)) => {
            "has a fraction, and whole seconds are expected".to_owned()
        }
        _ if Time::parse(text).is_ok() => "is a date, and unix seconds are expected".to_owned(),
        _ => "is no number: 1 to 12 digits are expected".to_owned(),
    }
}

/// What more than 12 digits mean.
fn too_long(digits: &str) -> String {
    let (unit, in_a_second) = match digits.len() {
        13 => ("milliseconds", 1_000),
        16 => ("microseconds", 1_000_000),
        19 => ("nanoseconds", 1_000_000_000),
        len => return format!("has {len} digits: 1 to 12 are expected"),
    };
    let seconds = digits.parse::<i64>().map_or(i64::MAX, |number| number / in_a_second);
    let at = Time::from_seconds(seconds).to_rfc3339();
    format!("has {} digits: these are {unit} ({at}), and seconds are expected", digits.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_has_its_sentence() {
        let now = Time::from_seconds(1_777_636_800);
        for (text, expected) in [
            ("1777636800", None),
            ("1777636500", None),
            ("1777637100", None),
            (
                "1777636499",
                Some("is 2026-05-01T11:54:59Z: 301 s before 2026-05-01T12:00:00Z, and 300 s are allowed"),
            ),
            (
                "1777637101",
                Some("is 2026-05-01T12:05:01Z: 301 s after 2026-05-01T12:00:00Z, and 300 s are allowed"),
            ),
            ("", Some("is empty")),
            ("+1777636800", Some("has a sign, and plain digits are expected")),
            ("-1", Some("has a sign, and plain digits are expected")),
            ("01777636800", Some("has leading zeros")),
            (
                "1777636800000",
                Some(
                    "has 13 digits: these are milliseconds (2026-05-01T12:00:00Z), and seconds are expected",
                ),
            ),
            (
                "1777636800000000",
                Some(
                    "has 16 digits: these are microseconds (2026-05-01T12:00:00Z), and seconds are expected",
                ),
            ),
            (
                "1777636800000000000",
                Some("has 19 digits: these are nanoseconds (2026-05-01T12:00:00Z), and seconds are expected"),
            ),
            ("17776368000000", Some("has 14 digits: 1 to 12 are expected")),
            ("1777636800.5", Some("has a fraction, and whole seconds are expected")),
            ("2026-05-01T12:00:00Z", Some("is a date, and unix seconds are expected")),
            ("soon", Some("is no number: 1 to 12 digits are expected")),
        ] {
            assert_eq!(problem(text.as_bytes(), now).as_deref(), expected, "{text}");
        }
        assert_eq!(problem(b"\xff", now).as_deref(), Some("is not text"));
    }

    #[test]
    fn the_ends_of_the_range_have_a_sentence_too() {
        for now in [i64::MIN, i64::MAX] {
            assert!(problem(b"999999999999", Time::from_nanos(now)).is_some());
        }
        assert!(problem(b"9999999999999999999", Time::from_seconds(0)).is_some());
    }
}
