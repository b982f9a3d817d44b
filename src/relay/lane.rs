//! One relay's share of our attention.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::DeliveryFailure;

/// How many calls of one relay may be under way. A slow relay fills its own lane and no other.
const CALLS: usize = 64;

/// After how many calls without an answer a relay is given a rest.
const PATIENCE: u32 = 3;

/// The first rest; each further one is twice as long.
const FIRST_REST: Duration = Duration::from_secs(1);

/// The longest rest.
const LONGEST_REST: Duration = Duration::from_secs(10);

/// What one relay may have of us now.
pub(super) struct Lane {
    room: Arc<Semaphore>,
    silence: Mutex<Silence>,
}

#[derive(Default)]
struct Silence {
    /// Calls in a row that had no answer.
    calls: u32,
    /// Until when the relay is left alone.
    rest_until: Option<Instant>,
    /// Whether the one call that ends a rest is under way.
    probing: bool,
}

impl Default for Lane {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(CALLS)), silence: Mutex::default() }
    }
}

/// Leave to make one call.
pub(super) struct Pass {
    lane: Arc<Lane>,
    is_probe: bool,
    told: bool,
    _room: OwnedSemaphorePermit,
}

impl Lane {
    /// Asks for leave to call the relay. It is refused at once while the relay rests, or too many calls are
    /// under way.
    pub(super) fn enter(self: &Arc<Self>) -> Result<Pass, DeliveryFailure> {
        let is_probe = self.look()?;
        if let Ok(room) = Arc::clone(&self.room).try_acquire_owned() {
            return Ok(Pass { lane: Arc::clone(self), is_probe, told: false, _room: room });
        }
        if is_probe {
            self.silence().probing = false;
        }
        Err(DeliveryFailure::NotTried { retry_after: 1 })
    }

    /// Whether a call would be the probe that ends a rest.
    fn look(&self) -> Result<bool, DeliveryFailure> {
        let mut silence = self.silence();
        let Some(until) = silence.rest_until else { return Ok(false) };
        let left = until.saturating_duration_since(Instant::now());
        if !left.is_zero() || silence.probing {
            let seconds = u32::try_from(left.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            return Err(DeliveryFailure::NotTried { retry_after: seconds });
        }
        silence.probing = true;
        Ok(true)
    }

    fn silence(&self) -> std::sync::MutexGuard<'_, Silence> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// Says how the call went.
    pub(super) fn leave(mut self, was_silent: bool) {
        self.told = true;
        let mut silence = self.lane.silence();
        if !was_silent {
            *silence = Silence::default();
            return;
        }
        silence.calls = silence.calls.saturating_add(1);
        if self.is_probe {
            silence.probing = false;
        }
        // Calls that began before the rest and end in it do not make it longer.
        let resting = silence.rest_until.is_some_and(|until| Instant::now() < until);
        if silence.calls >= PATIENCE && !resting {
            let doublings = (silence.calls - PATIENCE).min(8);
            let rest = FIRST_REST.saturating_mul(1 << doublings).min(LONGEST_REST);
            silence.rest_until = Some(Instant::now() + rest);
        }
    }
}

impl Drop for Pass {
    /// A call that was given up on, as when its caller's task is gone, says nothing; but a probe must end.
    fn drop(&mut self) {
        if self.is_probe && !self.told {
            self.lane.silence().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silent_call(lane: &Arc<Lane>) {
        lane.enter().ok().unwrap().leave(true);
    }

    #[test]
    fn silence_leads_to_a_rest_and_one_probe() {
        let lane = Arc::new(Lane::default());
        (0..PATIENCE).for_each(|_| silent_call(&lane));
        assert!(lane.enter().is_err());
        lane.silence().rest_until = Some(Instant::now());
        let probe = lane.enter().ok().unwrap();
        assert!(lane.enter().is_err(), "one probe at a time");
        probe.leave(true);
        assert!(lane.enter().is_err(), "a silent probe begins another rest");
        lane.silence().rest_until = Some(Instant::now());
        lane.enter().ok().unwrap().leave(false);
        assert!(lane.enter().is_ok());
    }

    #[test]
    fn an_answer_of_any_kind_ends_the_count() {
        let lane = Arc::new(Lane::default());
        (1..PATIENCE).for_each(|_| silent_call(&lane));
        lane.enter().ok().unwrap().leave(false);
        silent_call(&lane);
        assert!(lane.enter().is_ok());
    }

    #[test]
    fn a_full_lane_refuses_and_a_dropped_probe_ends() {
        let lane = Arc::new(Lane::default());
        let passes: Vec<_> = (0..CALLS).map(|_| lane.enter().ok().unwrap()).collect();
        assert!(lane.enter().is_err());
        drop(passes);
        (0..PATIENCE).for_each(|_| silent_call(&lane));
        lane.silence().rest_until = Some(Instant::now());
        drop(lane.enter().ok().unwrap());
        assert!(lane.enter().is_ok());
    }
}
