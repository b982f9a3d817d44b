//! Waiting for what will happen, and no longer.

use std::time::{Duration, Instant};

/// Asks until the answer is yes, and says how long that took.
///
/// # Panics
///
/// When it is not within `limit`.
pub(crate) async fn until(limit: Duration, mut ask: impl AsyncFnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !ask().await {
        assert!(started.elapsed() < limit, "not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    started.elapsed()
}
