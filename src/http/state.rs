//! What handlers share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::flood::Flood;
use crate::{clock::Clock, registry::Registry, relay::Relays, store::refresh::DirectoryHandle};

/// What every handler needs.
pub struct AppState {
    /// The registry.
    pub registry: Registry,
    /// Where groups are delivered.
    pub relays: Relays,
    /// Creates that are under way, whether or not their callers still wait.
    pub creates: TaskTracker,
    /// Where they run: not on the threads of HTTP, which end first.
    pub runtime: Handle,
    /// Tenants, relays and lines.
    pub directory: DirectoryHandle,
    /// The time.
    pub clock: Clock,
    /// How large and how slow bodies may be.
    pub limits: BodyLimits,
    /// Keeps the lines of the log about 503 few.
    pub unavailable: Flood,
    /// What has been measured.
    pub metrics: PrometheusHandle,
    /// How many events may wait to be committed.
    pub queue: usize,
    /// Whether the server is about to stop.
    pub draining: Draining,
}

/// How large and how slow bodies may be.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// The most bytes.
    pub bytes: usize,
    /// The longest time from the head of a request to the end of its body.
    pub time: Duration,
}

/// Whether the server is about to stop. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// From now on it is.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it is.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
