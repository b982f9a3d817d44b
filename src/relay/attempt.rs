//! Asking a relay on the network, and asking again.

use std::time::Duration;

use tokio::time::Instant;

use super::DeliveryFailure;
use crate::clock::jittered;

/// How often an order is posted.
const ATTEMPTS: u32 = 3;

/// Within what time the last attempt begins.
const TIME: Duration = Duration::from_secs(10);

/// The wait after the first attempt; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// What one attempt led to.
pub(super) enum Attempt<T> {
    /// The end of it.
    Settled(Result<T, DeliveryFailure>),
    /// Worth another attempt.
    Again {
        /// Whether an answer came.
        answered: bool,
        /// After how long, if the relay said so.
        asked: Option<Duration>,
    },
}

impl<T> Attempt<T> {
    /// No answer came, and another attempt does no harm.
    pub(super) const UNANSWERED: Self = Self::Again { answered: false, asked: None };

    /// No answer came, and another attempt might do it twice.
    pub(super) const LOST: Self = Self::Settled(Err(DeliveryFailure::Unreachable { retry_after: 1 }));
}

/// Attempts until it is settled or the time is over. Each attempt is told when that is.
pub(super) async fn repeat<T, A>(attempt: impl Fn(Instant) -> A) -> Result<T, DeliveryFailure>
where
    A: Future<Output = Attempt<T>>,
{
    let deadline = Instant::now() + TIME;
    let mut wait = FIRST_WAIT;
    let (mut answered, mut retry_after) = (false, 1);
    for count in 1..=ATTEMPTS {
        match attempt(deadline).await {
            Attempt::Settled(result) => return result,
            Attempt::Again { answered: came, asked } => {
                // Whether an answer came is said of the last attempt: that is how the relay is now.
                answered = came;
                let pause = asked.unwrap_or_else(|| jittered(wait));
                retry_after = u32::try_from(pause.as_secs()).unwrap_or(u32::MAX).max(1);
                wait *= 2;
                let left = deadline.saturating_duration_since(Instant::now());
                if count == ATTEMPTS || pause >= left {
                    break;
                }
                tokio::time::sleep(pause).await;
            }
        }
    }
    Err(if answered { DeliveryFailure::Refused } else { DeliveryFailure::Unreachable { retry_after } })
}
