//! Types, ids and times.

use serde_json::{Value, json};

use super::*;

#[test]
fn other_types_are_taken_whatever_their_data() {
    for event_type in [
        "message.read",
        "message.delivered",
        "message.failed",
        "chat.typing_indicator.started",
        "chat.group_name_update_failed",
        "chat.group_icon_update_failed",
        "phone_number.status_updated",
        "Message.received",
    ] {
        let other = message().with("/event_type", event_type);
        for payload in [
            other.clone(),
            other.clone().without("/data"),
            other.clone().without("/created_at"),
            other.clone().with("/data/chat", 7),
            other.with("/data", "text"),
        ] {
            assert_ignored(&payload);
        }
    }
}

#[test]
fn every_event_has_a_type_and_an_id() {
    let id = Some("16cdba03-0ead-4298-8412-87beacad5474");
    let cases = [
        (message().without("/event_type"), id, "missing required field: event_type"),
        (message().with("/event_type", Value::Null), id, "missing required field: event_type"),
        (message().with("/event_type", 7), id, "event_type has the wrong type: expected a string"),
        (message().without("/event_id"), None, "missing required field: event_id"),
        (message().with("/event_id", 7), None, "event_id has the wrong type: expected a string"),
        (
            message().with("/event_id", "e".repeat(257)),
            Some(&*"e".repeat(256)),
            "event_id has 257 characters; 1 to 256 are allowed",
        ),
        (message().without("/data"), id, "missing required field: data"),
        (message().with("/data", Value::Null), id, "missing required field: data"),
        (message().with("/data", json!([])), id, "data has the wrong type: expected an object"),
    ];
    for (payload, id, why) in cases {
        let rejected = parse(&payload.body()).unwrap_err();
        assert_eq!((rejected.why.to_string().as_str(), rejected.event_id.as_deref()), (why, id));
    }
}

#[test]
fn bodies_that_are_no_object() {
    for (body, why) in [
        ("[]", "the body has the wrong type: expected an object"),
        ("{", "not JSON: the syntax breaks at line 1, column 1"),
        (r#"{"event_id":"a","event_id":"b"}"#, "event_id occurs more than once"),
    ] {
        assert_eq!(parse(body.as_bytes()).unwrap_err().why.to_string(), why, "{body}");
    }
}

/// Each payload with the field of its data that has its time.
fn timed() -> [(Payload, &'static str); 8] {
    let edited = message().with("/event_type", "message.edited");
    let icon = renamed().with("/event_type", "chat.group_icon_updated");
    [
        (message(), "/data/sent_at"),
        (message().with("/event_type", "message.sent"), "/data/sent_at"),
        (edited, "/data/edited_at"),
        (added(), "/data/added_at"),
        (removed(), "/data/removed_at"),
        (renamed(), "/data/updated_at"),
        (icon, "/data/updated_at"),
        (reaction(), "/data/reacted_at"),
    ]
}

#[test]
fn the_time_is_the_datas_own() {
    for (payload, field) in timed() {
        for (text, same) in [
            ("2026-03-01T10:00:00.123Z", "2026-03-01T10:00:00.123Z"),
            ("2026-03-01T10:00:00.123456789Z", "2026-03-01T10:00:00.123456789Z"),
            ("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00Z"),
        ] {
            let at = report(&payload.clone().with(field, text).without("/created_at")).claimed;
            assert_eq!(at, Time::parse(same).unwrap(), "{field}");
        }
    }
}

#[test]
fn without_a_time_of_its_own_it_is_the_envelopes() {
    const CREATED: &str = "2026-04-05T06:07:08.000000009Z";
    for (payload, field) in timed() {
        let payload = payload.with("/created_at", CREATED);
        for unusable in [Value::Null, json!("yesterday"), json!(1_777_636_800), json!({}), json!("")] {
            let report = report(&payload.clone().with(field, unusable));
            assert_eq!(report.claimed, Time::parse(CREATED).unwrap(), "{field}");
        }
        let payload = payload.with(field, Value::Null).without(field);
        assert_eq!(report(&payload).claimed, Time::parse(CREATED).unwrap(), "{field}");
    }
}

#[test]
fn a_chat_is_as_of_the_event() {
    let later = created().with("/created_at", "2026-04-05T06:07:08Z");
    assert_eq!(report(&later).claimed, Time::parse("2026-04-05T06:07:08Z").unwrap());
}

#[test]
fn some_time_there_must_be() {
    for (payload, field) in timed() {
        let timeless = payload.with(field, Value::Null);
        let missing = "missing required field: created_at";
        assert_eq!(refusal(&timeless.clone().without("/created_at")), missing);
        assert_eq!(refusal(&timeless.clone().with("/created_at", Value::Null)), missing);
        for unusable in [json!("yesterday"), json!(7)] {
            let why = refusal(&timeless.clone().with("/created_at", unusable));
            assert!(why.starts_with("created_at is not an RFC 3339 date"), "{why}");
        }
    }
}
