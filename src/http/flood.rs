//! Lines of the log about what may fail thousands of times a second.
//!
//! A service that has no room, or whose store is away, refuses whatever callers send. A line for each of these would cost
//! more than the refusal, and bury what else is in the log.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How many lines a period may have.
const LINES: u32 = 10;

/// How long a period is.
const PERIOD: Duration = Duration::from_secs(1);

/// Lets a few lines a second through.
#[derive(Default)]
pub struct Flood(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// When the period began.
    since: Option<Instant>,
    lines: u32,
    left_out: u64,
}

impl Flood {
    /// Whether there is to be a line `now`; how many were left out since the last one, if so.
    pub(super) fn line(&self, now: Instant) -> Option<u64> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.since.is_none_or(|since| now.duration_since(since) >= PERIOD) {
            (seen.since, seen.lines) = (Some(now), 0);
        }
        if seen.lines == LINES {
            seen.left_out += 1;
            return None;
        }
        seen.lines += 1;
        Some(std::mem::take(&mut seen.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_lines_a_second_and_how_many_there_would_have_been() {
        let (flood, began) = (Flood::default(), Instant::now());
        let lines = |at: Instant, times: u32| (0..times).filter_map(|_| flood.line(at)).collect::<Vec<_>>();
        assert_eq!(lines(began, 3), [0; 3]);
        assert_eq!(lines(began + PERIOD / 2, 30), [0; 7]);
        assert_eq!(lines(began + PERIOD, 2), [23, 0]);
        assert_eq!(lines(began + 5 * PERIOD, 1), [0]);
    }
}
