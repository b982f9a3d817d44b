//! The series of requests and events.
//!
//! To find a series by its labels costs about a microsecond, and every request has three. So each thread remembers
//! those that it has found: there are as many as there are routes, methods, statuses and outcomes in the code.

use std::{cell::RefCell, collections::HashMap, hash::Hash, thread::LocalKey, time::Duration};

use metrics::{Counter, Histogram};

type Memory<K, T> = RefCell<HashMap<K, T>>;

thread_local! {
    static REQUESTS: Memory<(&'static str, &'static str, u16), Counter> = RefCell::default();
    static SECONDS: Memory<&'static str, Histogram> = RefCell::default();
    static EVENTS: Memory<&'static str, Counter> = RefCell::default();
}

/// Counts a request, by the template of its route, its method and the status of its answer.
pub(super) fn request(route: &'static str, method: &'static str, status: u16, elapsed: Duration) {
    with(&REQUESTS, (route, method, status), new_requests, |requests| requests.increment(1));
    with(
        &SECONDS,
        route,
        |route| metrics::histogram!("chert_groups_request_seconds", "route" => *route),
        |seconds| seconds.record(elapsed.as_secs_f64()),
    );
}

fn new_requests((route, method, status): &(&'static str, &'static str, u16)) -> Counter {
    let labels =
        [("route", (*route).to_owned()), ("method", (*method).to_owned()), ("status", status.to_string())];
    metrics::counter!("chert_groups_requests_total", &labels)
}

/// Counts an event by its outcome.
pub(super) fn event(outcome: &'static str) {
    with(
        &EVENTS,
        outcome,
        |outcome| metrics::counter!("chert_groups_events_total", "outcome" => *outcome),
        |events| events.increment(1),
    );
}

/// Uses a series that this thread has found before, or finds now.
fn with<K: Hash + Eq + Copy, T>(
    memory: &'static LocalKey<Memory<K, T>>,
    key: K,
    find: impl FnOnce(&K) -> T,
    use_it: impl FnOnce(&T),
) {
    memory.with_borrow_mut(|memory| use_it(memory.entry(key).or_insert_with_key(find)));
}
