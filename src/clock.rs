//! Time and randomness, from outside.
//!
//! This is the one place that asks the operating system for either. Everything else takes them as arguments,
//! so tests can say what time it is.

use std::{
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

/// Between half and all of `wait`, so that those who were refused together do not come back together.
#[must_use]
pub fn jittered(wait: Duration) -> Duration {
    let [random] = random::<1>();
    wait.mul_f64(0.5 + f64::from(random) / 512.0)
}
