//! Settings, in two stages: what the file, the environment and the flags say, and what that comes to.
//!
//! [`load`] reads the first and resolves it into [`Settings`], or reports every problem at once. The defaults
//! are `default.toml`, compiled in, which documents each setting.

mod raw;

use std::{net::SocketAddr, path::Path, time::Duration};

pub use crate::store::{postgres::engine::Isolation, url::StoreUrl};
pub use raw::{ConfigError, Overrides};

/// The documented defaults.
pub const DEFAULTS: &str = include_str!("default.toml");

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server.
    pub server: ServerSettings,
    /// The store.
    pub store: StoreSettings,
    /// Logging.
    pub log: LogSettings,
}

/// `[server]`
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Where operators' routes listen, when apart.
    pub ops_listen: Option<SocketAddr>,
    /// Threads that serve HTTP, when not as many as processors.
    pub workers: Option<usize>,
    /// The most bytes in a body.
    pub body_limit: usize,
    /// The longest time for a body to arrive.
    pub body_timeout: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// How long requests may take to end after a signal.
    pub shutdown: Duration,
}

/// `[store]`
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// Where it is.
    pub url: StoreUrl,
    /// Whether `serve` brings an old schema up to date.
    pub migrate: bool,
    /// Connections for look-ups.
    pub readers: u32,
    /// How many transactions may be under way at once, where the store can have several.
    pub writers: usize,
    /// How they are kept apart there.
    pub isolation: Isolation,
    /// How many events may wait.
    pub queue: usize,
    /// How many handles the cached chats may have together.
    pub cached_handles: usize,
    /// How many bytes of what look-ups found are remembered.
    pub lookup_cache: usize,
    /// How long receipts are kept.
    pub keep_receipts: jiff::SignedDuration,
}

/// `[log]`
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// A filter.
    pub level: String,
    /// The form.
    pub format: LogFormat,
}

/// The form of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty on a terminal, else JSON.
    Auto,
    /// For people.
    Pretty,
    /// For machines.
    Json,
}

/// Reads and resolves all settings.
///
/// # Errors
///
/// With every problem that there is, each by the name of its setting.
pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Settings, ConfigError> {
    raw::Raw::read(file, overrides)?.resolve()
}
