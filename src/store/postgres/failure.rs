//! What went wrong with a database, and what may be done about it.

use std::{
    thread,
    time::{Duration, Instant},
};

use deadpool_postgres::PoolError;

use super::sqlstate::{self, Meaning};
use crate::{clock, store::StoreError};

/// Why something was not done.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another transaction was in the way. The whole of this one may be repeated at once.
    Conflict(&'static str),
    /// The connection is gone, or the server does not take what it should. Nobody knows what became of a commit. The
    /// whole transaction may be repeated on another connection.
    Lost(String),
    /// It makes no sense to repeat it.
    Refused(StoreError),
}

impl Failure {
    pub(super) fn lost(why: &str) -> Self {
        Self::Lost(why.to_owned())
    }

    /// What may be told of it: never a value of a row.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Conflict(what) => format!("another transaction was in the way ({what})"),
            Self::Lost(why) => why.clone(),
            Self::Refused(why) => why.to_string(),
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            let lost =
                format!("the database cannot be reached: {}", cause.unwrap_or_else(|| error.to_string()));
            return Self::Lost(lost);
        };
        // The detail of an error may quote a row; its message names tables and columns.
        let told = || format!("{} (SQLSTATE {})", said.message(), said.code().code());
        match sqlstate::meaning(said.code().code()) {
            Meaning::Conflict(what) => Self::Conflict(what),
            Meaning::Lost => Self::Lost(told()),
            Meaning::Refused => Self::Refused(StoreError::Unavailable(told())),
        }
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => match Self::from(error) {
                // Who does not get in is not told apart from who finds nobody there: either may get in later.
                Self::Refused(StoreError::Unavailable(told)) => Self::Lost(told),
                Self::Refused(why) => Self::Lost(why.to_string()),
                failure => failure,
            },
            other => Self::Lost(other.to_string()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(why: StoreError) -> Self {
        Self::Refused(why)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(why) => why,
            Failure::Conflict(_) | Failure::Lost(_) => Self::Unavailable(failure.told()),
        }
    }
}

/// How long a transaction that meets others is repeated, and how often; and one that has lost its connection.
const CONFLICT_PATIENCE: Duration = Duration::from_secs(20);
const MOST_CONFLICTS: u32 = 100;

/// After so many conflicts a transaction is in more than one other's way.
const CONTENDED: u32 = 2;

const LOST_PATIENCE: Duration = Duration::from_secs(4);

/// The shortest and the longest pause before another attempt.
const SHORTEST_PAUSE: Duration = Duration::from_millis(4);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// Repeats a transaction until it is done or makes no more sense. Each attempt is told whether it is in the way of more
/// than one other.
pub(super) fn repeat<T>(mut attempt: impl FnMut(bool) -> Result<T, Failure>) -> Result<T, StoreError> {
    let mut pace = Pace::new();
    loop {
        match attempt(pace.is_contended()) {
            Ok(done) => return Ok(done),
            Err(failure) => thread::sleep(pace.pause(failure)?),
        }
    }
}

/// How a transaction is repeated.
pub(super) struct Pace {
    began: Instant,
    failures: u32,
    conflicts: u32,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), failures: 0, conflicts: 0 }
    }

    /// Whether others were in the way more often than chance has it.
    pub(super) const fn is_contended(&self) -> bool {
        self.conflicts >= CONTENDED
    }

    /// How long to wait before another attempt after this failure.
    ///
    /// # Errors
    ///
    /// When it is to be given up.
    pub(super) fn pause(&mut self, failure: Failure) -> Result<Duration, StoreError> {
        self.failures += 1;
        self.conflicts += u32::from(matches!(failure, Failure::Conflict(_)));
        let (reason, may_go_on) = match &failure {
            Failure::Conflict(what) => {
                (*what, self.failures < MOST_CONFLICTS && self.began.elapsed() < CONFLICT_PATIENCE)
            }
            Failure::Lost(_) => ("lost", self.began.elapsed() < LOST_PATIENCE),
            Failure::Refused(_) => ("refused", false),
        };
        if !may_go_on {
            return Err(failure.into());
        }
        metrics::counter!("chert_groups_transactions_repeated_total", "reason" => reason).increment(1);
        tracing::debug!(why = failure.told(), "a transaction is repeated");
        let longer = SHORTEST_PAUSE.saturating_mul(1 << self.failures.min(8));
        Ok(clock::jittered(longer.min(LONGEST_PAUSE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_succeed_is_repeated() {
        let mut pace = Pace::new();
        assert!(pace.pause(Failure::Conflict("deadlock")).unwrap() <= LONGEST_PAUSE);
        assert!(pace.pause(Failure::lost("gone")).is_ok());
        let broken = Failure::Refused(StoreError::Broken("a row".to_owned()));
        assert!(matches!(pace.pause(broken), Err(StoreError::Broken(_))));
        for _ in 0..MOST_CONFLICTS {
            let _ = pace.pause(Failure::Conflict("serialization"));
        }
        assert!(matches!(pace.pause(Failure::Conflict("serialization")), Err(StoreError::Unavailable(_))));
    }
}
