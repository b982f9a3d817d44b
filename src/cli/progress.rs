//! A progress bar on a terminal, and silence elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over `bytes` bytes of input. It draws ten times a second whatever the rate of calls.
pub(super) fn bar(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}  {msg}  {elapsed} (ETA {eta})");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
