//! Events as relays post them.

use chert_groups::clock::Clock;
use serde_json::{Value, json};

/// A moment on which the events of a test can count: `number` milliseconds after an hour ago, so that events
/// with greater numbers are newer and none lies in the future.
fn time(number: u32) -> String {
    let an_hour_ago = Clock::system().now().seconds() / 3600 * 3600 - 3600;
    let at = jiff::Timestamp::from_millisecond(an_hour_ago * 1000 + i64::from(number));
    at.expect("a time of our days").to_string()
}

/// A message in a group that somebody else made.
pub(super) fn message(line: &str, key: &str, number: u32) -> Value {
    let mut event = event("message.received", line, key, number);
    event["data"]["message"] = json!({"sender_handle": {"handle": "+14155550111", "service": "imessage"}});
    event
}

/// The member who writes [messages](message) leaves.
pub(super) fn left(line: &str, key: &str, number: u32) -> Value {
    let mut event = event("participant.left", line, key, number);
    event["data"]["participant"] = json!({"handle": {"handle": "+14155550111", "service": "imessage"}});
    event
}

/// A new name for it.
pub(super) fn rename(line: &str, key: &str, number: u32, name: &str) -> Value {
    let mut event = event("chat.renamed", line, key, number);
    event["data"]["chat"]["display_name"] = name.into();
    event
}

fn event(kind: &str, line: &str, key: &str, number: u32) -> Value {
    json!({
        "event": kind, "event_id": format!("event-{number}"), "timestamp": time(number),
        "data": {"chat": {
            "conversation_key": key, "is_group": true,
            "owner_handle": {"handle": line, "service": "imessage", "is_me": true},
        }},
    })
}

/// The conversation key of the group with this number.
pub(super) fn group(number: u32) -> String {
    format!("iMessage;+;chat{number}")
}

/// Events, one a line.
pub(super) fn ndjson(events: &[Value]) -> String {
    let mut lines: Vec<_> = events.iter().map(Value::to_string).collect();
    lines.push(String::new());
    lines.join("\n")
}
