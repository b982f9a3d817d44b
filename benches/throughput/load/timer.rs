//! Waiting for a point in time, to the microsecond.
//!
//! Tokio's own timers keep to whole milliseconds. At ten thousand requests a second that would send them in lumps of
//! ten, and count up to a millisecond that no server had to do with.

use std::{io, os::fd::OwnedFd, time::Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;

/// A timer of the kernel.
pub(crate) struct Timer(AsyncFd<OwnedFd>);

impl Timer {
    /// One that is not running.
    #[expect(
        deprecated,
        reason = "its successor is unsafe for the sake of those who lose the file meanwhile; this owns it"
    )]
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        Ok(Self(AsyncFd::new(timerfd_create(TimerfdClockId::Monotonic, flags)?)?))
    }

    /// Waits until `due`. What is over is not waited for.
    pub(crate) async fn until(&self, due: Instant) -> io::Result<()> {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        let once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        let setting = Itimerspec { it_interval: once, it_value: left };
        timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &setting)?;
        loop {
            let mut rung = self.0.readable().await?;
            let read = rung.try_io(|timer| Ok(rustix::io::read(timer, &mut [0_u8; 8])?));
            match read {
                Ok(read) => return read.map(drop),
                Err(_not_yet) => {}
            }
        }
    }
}
