//! Kinds of load.

use std::{fmt, time::Duration};

use crate::bench::WARM_UP;

/// A kind of load.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// How many requests are under way at once.
    pub(crate) connections: usize,
    /// Events in a request.
    pub(crate) each: usize,
    /// How many events a second are prepared. A faster server's turn is shorter.
    prepared: f64,
}

/// One event a request, at as many connections as a busy relay has.
pub(crate) const ONE_64: Shape = Shape { connections: 64, each: 1, prepared: 90_000.0 };

/// One event a request, at many connections.
pub(crate) const ONE_256: Shape = Shape { connections: 256, each: 1, prepared: 90_000.0 };

/// Four events a request, as from a relay that gathers a little.
pub(crate) const FOUR_64: Shape = Shape { connections: 64, each: 4, prepared: 120_000.0 };

/// 100 events a request.
pub(crate) const MANY_16: Shape = Shape { connections: 16, each: 100, prepared: 220_000.0 };

/// One event a request, at few connections.
pub(crate) const ONE_16: Shape = Shape { connections: 16, each: 1, prepared: 90_000.0 };

impl Shape {
    /// For a single turn.
    pub(crate) const fn of(connections: usize, each: usize) -> Self {
        Self { connections, each, prepared: if each == 1 { ONE_64.prepared } else { MANY_16.prepared } }
    }

    /// The same, prepared for so many events a second.
    pub(crate) const fn prepared(self, prepared: f64) -> Self {
        Self { prepared, ..self }
    }

    /// The same at half as many connections.
    pub(crate) const fn halved(self) -> Self {
        Self { connections: self.connections / 2, ..self }
    }

    /// How many requests are prepared for a turn of this length.
    pub(crate) fn requests(self, time: Duration) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of events")]
        let events = (self.prepared * (time + WARM_UP).as_secs_f64()) as usize;
        events.div_ceil(self.each)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} connections, {} a request", self.connections, self.each)
    }
}
