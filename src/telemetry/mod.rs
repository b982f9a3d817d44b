//! Logs and metrics.
//!
//! Logs go to stderr. No body, secret, signature, phone number or conversation key is ever in them.

pub mod lines;

use std::{io::IsTerminal, sync::OnceLock};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Level;
use tracing_subscriber::{
    EnvFilter,
    filter::{ParseError, filter_fn},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::config::{LogFormat, LogSettings};

/// Upper edges in seconds, from a cached answer to the time that clients give up.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Upper edges of batch sizes.
const COMMANDS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// Begins to log. A second call changes nothing.
pub fn log(settings: &LogSettings) {
    let pretty = match settings.format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let filter = filter(&settings.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let cap = filter_fn(|metadata| may_be_told(metadata.target(), *metadata.level()));
    let registry = tracing_subscriber::registry().with(filter).with(cap);
    // Tests start several servers in one process; the first one's logging serves them all.
    let _ = if pretty {
        registry.with(fmt::layer().event_format(lines::plain()).with_writer(std::io::stderr)).try_init()
    } else {
        let layer = fmt::layer().json().event_format(lines::object());
        registry.with(layer.with_writer(std::io::stderr)).try_init()
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // The message may quote a value, so it stays out.
        tracing::error!(place, "panicked");
    }));
}

/// The filter that a level, or a filter's own text, stands for. A plain level is meant for this program; of the
/// libraries below it only warnings are news.
///
/// # Errors
///
/// When it is neither.
pub fn filter(level: &str) -> Result<EnvFilter, ParseError> {
    if level.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        EnvFilter::try_new(format!("warn,chert_groups={level}"))
    } else {
        EnvFilter::try_new(level)
    }
}

/// Whether something may be in a log, whatever the filter says. Below INFO, libraries tell what they handle: headers,
/// URLs, phone numbers digit by digit. What of that is a secret only we know.
fn may_be_told(target: &str, level: Level) -> bool {
    let is_ours = target.split("::").next() == Some(env!("CARGO_CRATE_NAME"));
    is_ours || level <= Level::INFO
}

/// Begins to measure; every call returns the same handle.
///
/// # Panics
///
/// When another library has taken the process's metrics for itself, which is a mistake in this program.
#[expect(clippy::expect_used, reason = "only this function installs a recorder")]
pub fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    let handle = HANDLE.get_or_init(|| {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(
                    Matcher::Full("chert_groups_batch_commands".to_owned()),
                    &COMMANDS,
                )
            })
            .and_then(PrometheusBuilder::install_recorder)
            .expect("the recorder is installed once")
    });
    describe();
    handle.clone()
}

fn describe() {
    metrics::describe_counter!("chert_groups_requests_total", "Requests by route, method and status");
    metrics::describe_histogram!("chert_groups_request_seconds", "Time to answer, by route");
    metrics::describe_counter!("chert_groups_events_total", "Events by outcome");
    metrics::describe_gauge!(
        "chert_groups_queue_depth",
        "Commands that wait to be committed or are being so"
    );
    metrics::describe_histogram!("chert_groups_batch_commands", "Commands in one transaction");
    metrics::describe_histogram!(
        "chert_groups_commit_seconds",
        "Time of one transaction, its fsync included"
    );
    metrics::describe_counter!("chert_groups_cache_hits_total", "Chats found in the writer's cache");
    metrics::describe_counter!("chert_groups_cache_misses_total", "Chats looked for in the database");
    metrics::describe_counter!(
        "chert_groups_transactions_repeated_total",
        "Transactions that were begun anew, by reason"
    );
    metrics::describe_counter!(
        "chert_groups_contradicted_client_refs_total",
        "References to deliveries that had become another conversation"
    );
    metrics::describe_gauge!("chert_groups_chats", "Chats in the registry");
    metrics::describe_gauge!("chert_groups_receipts", "Receipts in the registry");
    describe_parking();
}

fn describe_parking() {
    metrics::describe_gauge!("chert_groups_parked_events", "Events that cannot be placed yet, of all relays");
    metrics::describe_gauge!("chert_groups_parked_bytes", "Bytes of the events that cannot be placed yet");
    metrics::describe_gauge!(
        "chert_groups_parking_fullest_percent",
        "How much of what it may park the relay with the most has parked"
    );
    metrics::describe_counter!("chert_groups_unparked_total", "Parked events that were applied");
    metrics::describe_counter!("chert_groups_parked_expired_total", "Parked events that were given up");
}

#[cfg(test)]
mod tests {
    use tracing::enabled;

    use super::*;

    /// HTTP libraries would log URLs, in which BlueBubbles has its passwords and tokens.
    #[test]
    fn a_level_is_for_this_program_and_leaves_libraries_quiet() {
        let subscriber = tracing_subscriber::registry().with(filter("trace").unwrap());
        tracing::subscriber::with_default(subscriber, || {
            assert!(enabled!(target: "chert_groups::relay", Level::TRACE));
            // Whoever does not say it at INFO does not say it below either.
            assert!(!enabled!(target: "reqwest", Level::INFO));
            assert!(!enabled!(target: "hyper_util::client", Level::INFO));
        });
    }

    #[test]
    fn libraries_tell_what_happened_and_not_what_they_handle() {
        for (target, level, expected) in [
            ("chert_groups", Level::TRACE, true),
            ("chert_groups::relay", Level::TRACE, true),
            ("actix_server::worker", Level::INFO, true),
            ("actix_http::h1::dispatcher", Level::ERROR, true),
            ("actix_http::h1::decoder", Level::DEBUG, false),
            ("rlibphonenumber::parser", Level::TRACE, false),
            ("chert_groups_of_others", Level::DEBUG, false),
            ("", Level::DEBUG, false),
        ] {
            assert_eq!(may_be_told(target, level), expected, "{target} at {level}");
        }
    }
}
