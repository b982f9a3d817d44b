//! Time and randomness, from outside.
//!
//! This is the one place that asks the operating system for either. Everything else takes them as arguments,
//! so tests can say what time it is.

use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use crate::domain::time::Time;

/// Tells the time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The operating system's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is set. Its clones show the same time.
    #[must_use]
    pub fn manual(at: Time) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(at.nanos()))))
    }

    /// The time now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
    pub fn now(&self) -> Time {
        match &self.0 {
            Source::System => {
                let nanos = jiff::Timestamp::now().as_nanosecond();
                Time::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
            }
            Source::Manual(nanos) => Time::from_nanos(nanos.load(Ordering::SeqCst)),
        }
    }

    /// What it makes of the time that another machine's clock `told`: nothing, where somebody sets this one, and no
    /// other clock counts.
    #[must_use]
    pub const fn believe(&self, told: Time) -> Option<Time> {
        match self.0 {
            Source::System => Some(told),
            Source::Manual(_) => None,
        }
    }

    /// Sets a manual clock, also backwards. The system's clock is nobody's to set.
    pub fn set(&self, at: Time) {
        if let Source::Manual(nanos) = &self.0 {
            nanos.store(at.nanos(), Ordering::SeqCst);
        }
    }
}

/// Random bytes from the operating system's generator.
///
/// # Panics
///
/// When the operating system has none to give. Ids and secrets made of anything less would be worse than
/// stopping.
#[must_use]
#[expect(clippy::disallowed_methods, clippy::expect_used, reason = "this is where randomness comes from")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system's random generator works");
    bytes
}

/// How many random bytes a thread asks the operating system for at once.
const STOCK: usize = 4096;

thread_local! {
    /// Random bytes that nobody has had yet: those behind the position.
    static STOCKED: RefCell<([u8; STOCK], usize)> = const { RefCell::new(([0; STOCK], STOCK)) };
}

/// Random bytes for ids, of which every event needs some: from the operating system's generator as well, but from a
/// stock, since a system call an event cost a hundredth of all the time. Secrets are drawn by themselves.
///
/// # Panics
///
/// As [`random`] does.
#[must_use]
pub fn random_from_stock<const N: usize>() -> [u8; N] {
    const { assert!(N <= STOCK) }
    STOCKED.with_borrow_mut(|(stock, next)| {
        if *next + N > STOCK {
            (*stock, *next) = (random(), 0);
        }
        let drawn = stock.get(*next..).and_then(<[u8]>::first_chunk).copied();
        *next += N;
        drawn.unwrap_or_else(random)
    })
}

/// Between half and all of `wait`, so that those who were refused together do not come back together.
#[must_use]
pub fn jittered(wait: Duration) -> Duration {
    let [random] = random::<1>();
    wait.mul_f64(0.5 + f64::from(random) / 512.0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nothing_is_drawn_from_the_stock_twice() {
        // More than two stocks, in pieces that do not fill one.
        let drawn: HashSet<[u8; 26]> = (0..400).map(|_| random_from_stock()).collect();
        assert_eq!(drawn.len(), 400);
    }
}
