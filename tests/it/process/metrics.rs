//! `/metrics` after some traffic.

use std::collections::HashMap;

use super::{
    event::{group, message, rename},
    http::Client,
    service::Service,
    world::{LINE, World},
};

/// Every series with its value.
fn series(service: &Service) -> HashMap<String, f64> {
    let answer = service.get("/metrics", &[]);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let lines = answer.body.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs = lines.map(|line| line.rsplit_once(' ').expect("a name and a value"));
    pairs.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

/// Ten groups in twelve events, one duplicate, one event of a line that is not there, one that
/// cannot be used.
fn traffic(world: &World, service: &Service) {
    let mut events: Vec<_> = (0..10).map(|number| message(LINE, &group(number), number)).collect();
    world.tell(service, &events);
    events.truncate(1);
    events.extend([rename(LINE, &group(1), 20, "A name"), rename(LINE, &group(1), 21, "A name")]);
    world.tell(service, &events);
    let mut client = Client::connect(service.address).unwrap();
    let mut timeless = message(LINE, &group(1), 22);
    timeless["timestamp"] = serde_json::Value::Null;
    world.post(&mut client, &[message("+15555559999", &group(1), 23), timeless]).unwrap();
    world.get(service, "/api/v1/chats");
    service.get("/api/v1/chats", &[]);
}

#[test]
fn traffic_is_counted() {
    let world = World::new();
    let mut serve = world.program(&["serve", "--listen", "127.0.0.1:0"]);
    // Several would make several batches of a request.
    serve.env("CHERT_GROUPS__STORE__WRITERS", "1");
    let service = Service::start(&mut serve);
    traffic(&world, &service);
    let series = series(&service);
    let request = |route: &str, method: &str, status: u16| {
        let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
        series.get(&format!("chert_groups_requests_total{{{labels}}}")).copied()
    };
    assert_eq!(request("/upstream/v1/events", "POST", 200), Some(3.0), "{series:?}");
    assert_eq!(request("/api/v1/chats", "GET", 200), Some(1.0));
    assert_eq!(request("/api/v1/chats", "GET", 401), Some(1.0));
    for (outcome, events) in [
        ("created", 10.0),
        ("updated", 1.0),
        ("unchanged", 1.0),
        ("duplicate", 1.0),
        ("parked", 1.0),
        ("rejected", 1.0),
    ] {
        let name = format!("chert_groups_events_total{{outcome=\"{outcome}\"}}");
        assert_eq!(series.get(&name), Some(&events), "{name}");
    }
    for (name, value) in [
        ("chert_groups_chats", 10.0),
        ("chert_groups_receipts", 12.0),
        ("chert_groups_queue_depth", 0.0),
        ("chert_groups_parked_events", 1.0),
        ("chert_groups_parking_fullest_percent", 0.0),
        ("chert_groups_batch_commands_sum", 14.0),
        ("chert_groups_batch_commands_count", 3.0),
        ("chert_groups_commit_seconds_count", 3.0),
        ("chert_groups_cache_misses_total", 10.0),
        ("chert_groups_cache_hits_total", 2.0),
    ] {
        assert_eq!(series.get(name), Some(&value), "{name} in {series:?}");
    }
    let bucket = "chert_groups_request_seconds_bucket{route=\"/upstream/v1/events\",le=\"+Inf\"}";
    assert_eq!(series.get(bucket), Some(&3.0));
}

#[test]
fn chats_and_receipts_are_exact_after_a_crash() {
    let world = World::new();
    let service = world.serve();
    traffic(&world, &service);
    service.kill();
    let series = series(&world.serve());
    assert_eq!((series["chert_groups_chats"], series["chert_groups_receipts"]), (10.0, 12.0));
}
