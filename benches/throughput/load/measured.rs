//! What was measured of a load.

use std::time::Duration;

use anyhow::Context as _;

use crate::machine::{self, Used};

/// What was measured.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Events, or look-ups, answered in a second.
    pub(crate) rate: f64,
    /// Half of the requests were answered faster.
    pub(crate) p50: Duration,
    /// All but one of a hundred were.
    pub(crate) p99: Duration,
    /// Refusals in a second.
    pub(crate) refused: f64,
    /// Processor time of the server for one event.
    pub(crate) cpu: Duration,
    /// The part of the machine's processors that the load generator used.
    pub(crate) load_share: f64,
    /// The part that everything used that has no part in this.
    pub(crate) other_share: f64,
    /// The server's resident memory, at most, in megabytes.
    pub(crate) resident: f64,
}

/// What [`Measured`] is made of.
pub(crate) struct Sample {
    /// How long it was measured.
    pub(crate) elapsed: Duration,
    /// The processor time that was used.
    pub(crate) used: Used,
    /// Of each request that was answered, in microseconds.
    pub(crate) latencies: Vec<u32>,
    /// Of those that should have been answered, until now.
    pub(crate) overdue: Vec<u32>,
    /// What one request counts for.
    pub(crate) weight: usize,
    /// How often a request was refused.
    pub(crate) refused: u32,
    /// The server's resident memory, at most, in megabytes.
    pub(crate) resident: f64,
}

impl Measured {
    /// Reckons.
    pub(crate) fn of(mut sample: Sample) -> anyhow::Result<Self> {
        let seconds = sample.elapsed.as_secs_f64();
        let whole = seconds * f64::from(machine::cores());
        let events = u32::try_from(sample.latencies.len() * sample.weight)?;
        sample.latencies.append(&mut sample.overdue);
        let (p50, p99) = quantiles(sample.latencies)?;
        let Used { server, load, all } = sample.used;
        Ok(Self {
            rate: f64::from(events) / seconds,
            p50,
            p99,
            refused: f64::from(sample.refused) / seconds,
            cpu: server / events,
            load_share: load.as_secs_f64() / whole,
            other_share: all.saturating_sub(server + load).as_secs_f64() / whole,
            resident: sample.resident,
        })
    }

    /// How much longer than the middle one the slow requests took.
    pub(crate) fn spread(&self) -> f64 {
        self.p99.as_secs_f64() / self.p50.as_secs_f64()
    }
}

fn quantiles(mut latencies: Vec<u32>) -> anyhow::Result<(Duration, Duration)> {
    latencies.sort_unstable();
    let at = |hundredths: usize| {
        let found = latencies.get(latencies.len() * hundredths / 100);
        found.map(|micros| Duration::from_micros(u64::from(*micros))).context("nothing was answered")
    };
    Ok((at(50)?, at(99)?))
}
