//! A progress bar on a terminal, and silence elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over `bytes` bytes of input.
pub(super) fn bar(bytes: u64) -> ProgressBar {
    styled(bytes, "{bar:40} {bytes}/{total_bytes}  {msg}  {elapsed} (ETA {eta})")
}

/// A bar over rows, whose number is told when it is known.
pub(super) fn bar_of_rows() -> ProgressBar {
    styled(0, "{bar:40} {human_pos}/{human_len} rows  {msg}  {elapsed} (ETA {eta})")
}

/// It draws ten times a second whatever the rate of calls.
fn styled(length: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template(template);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
