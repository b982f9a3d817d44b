//! The log of every service in this process, kept in a file that the audit reads.

use std::{
    fs::{self, File},
    path::PathBuf,
    sync::Once,
};

use chert_groups::telemetry::lines;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Where the tests' services log.
pub(crate) fn folder() -> PathBuf {
    let named = std::env::var_os("CHERT_GROUPS_TEST_LOGS").filter(|folder| !folder.is_empty());
    named.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/test-logs"), PathBuf::from)
}

fn file() -> PathBuf {
    folder().join(format!("in-process-{}.log", std::process::id()))
}

/// What was logged so far.
pub(crate) fn kept() -> String {
    fs::read_to_string(file()).expect("a log in UTF-8")
}

/// Logs from now on as a service with `log.level = "debug"` and `log.format = "json"` does, but to a file.
pub(crate) fn keep() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        fs::create_dir_all(folder()).expect("the folder for logs can be made");
        let file = File::create(file()).expect("a log can be written");
        tracing_subscriber::registry()
            .with(EnvFilter::new("warn,chert_groups=debug"))
            .with(fmt::layer().json().event_format(lines::object()).with_writer(file))
            .init();
    });
}
