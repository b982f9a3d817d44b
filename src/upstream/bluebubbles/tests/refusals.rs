//! What is ignored, and what is refused.

use serde_json::{Value, json};

use super::*;
use crate::upstream::{Rejected, roster::MAX_HANDLES};

const GUID: &str = "D55B67D7-3686-4BBB-B828-84F9ABD91600";

fn parse_value(value: &Value) -> Result<Parsed, Rejected> {
    parse(value.to_string().as_bytes(), None)
}

#[test]
fn what_does_not_speak_is_ignored_whatever_its_data() {
    let guid = |value: &str| json!({"guid": value});
    let long_type = "t".repeat(300);
    let cases = [
        (json!({"type": "hello-world", "data": null}), "hello-world"),
        (json!({"type": "hello-world"}), "hello-world"),
        (json!({"type": "new-server", "data": "https://a.example"}), "new-server"),
        (json!({"type": "x", "data": [1, 2]}), "x"),
        (json!({"type": "x", "data": {"guid": 5, "chats": "none"}}), "x"),
        (json!({"type": "x", "data": guid("")}), "x"),
        (json!({"type": "x", "data": guid("g")}), "x:g"),
        (json!({"type": "message-send-error", "data": guid(GUID)}), &format!("message-send-error:{GUID}")),
        (json!({"type": long_type, "data": null}), &long_type[..256]),
        (json!({"type": "x", "data": guid(&long_type)}), &format!("x:{}", &long_type[..254])),
    ];
    for (value, id) in cases {
        assert_eq!(parse_value(&value), Ok(Parsed::Ignored(EventId::new(id).unwrap())), "{id}");
    }
}

#[test]
fn without_a_chat_nothing_is_said() {
    let ignored = |id: &str| Ok(Parsed::Ignored(EventId::new(id).unwrap()));
    for payload in [
        message().without("/data/chats"),
        message().with("/data/chats", Value::Null),
        message().with("/data/chats", json!([])),
        message().without("/data/chats").without("/data/dateCreated"),
    ] {
        assert_eq!(parse(&payload.body(), None), ignored(&format!("new-message:{GUID}")));
    }
    assert_eq!(parse(&message().with("/data", Value::Null).body(), None), ignored("new-message"));
    assert_eq!(parse(&message().without("/data").body(), None), ignored("new-message"));
    assert!(matches!(parse(&renamed().without("/data/chats").body(), None), Ok(Parsed::Ignored(_))));
    assert!(matches!(
        parse(&message().with("/type", "updated-message").body(), None),
        Ok(Parsed::Ignored(_))
    ));
}

#[track_caller]
fn assert_refused(payload: &Payload, id: Option<&str>, why: &str) {
    let rejected = parse(&payload.body(), None).unwrap_err();
    assert_eq!((rejected.why.to_string().as_str(), rejected.event_id.as_deref()), (why, id));
}

#[test]
fn what_must_be_there() {
    let id = format!("new-message:{GUID}");
    let blank = json!([{"address": " "}]);
    let cases = [
        (message().without("/type"), None, "type"),
        (message().with("/type", ""), None, "type"),
        (message().without("/data/guid"), Some("new-message".to_owned()), "data.guid"),
        (message().with("/data/guid", ""), Some("new-message".to_owned()), "data.guid"),
        (message().without("/data/dateCreated"), Some(id.clone()), "data.dateCreated"),
        (message().with("/data/dateCreated", Value::Null), Some(id.clone()), "data.dateCreated"),
        (message().without("/data/chats/0/guid"), Some(id.clone()), "data.chats[0].guid"),
        (message().without("/data/handle/address"), Some(id.clone()), "data.handle.address"),
        (
            message().with("/data/chats/0/participants", json!([{"originalROWID": 3}])),
            Some(id.clone()),
            "data.chats[0].participants[0].address",
        ),
    ];
    for (payload, id, field) in cases {
        assert_refused(&payload, id.as_deref(), &format!("missing required field: {field}"));
    }
    assert_refused(
        &message().with("/data/chats/0/participants", blank),
        Some(&id),
        "data.chats[0].participants[0].address is blank",
    );
}

#[test]
fn what_must_be_usable() {
    let many: Vec<Value> =
        (0..=MAX_HANDLES).map(|row| json!({"address": format!("p{row}@a.example")})).collect();
    let id = format!("new-message:{GUID}");
    let cut_off: String = format!("new-message:{}", "g".repeat(300)).chars().take(256).collect();
    let cases = [
        (
            message().with("/data/guid", "g".repeat(300)),
            &cut_off,
            "data.guid has 312 characters; 1 to 256 are allowed",
        ),
        (
            message().with("/data/dateCreated", "today"),
            &id,
            "data.dateCreated has the wrong type: expected i64",
        ),
        (message().with("/data/handle", 7), &id, "data.handle has the wrong type: expected an object"),
        (message().with("/data/chats", json!({})), &id, "data.chats has the wrong type: expected a sequence"),
        (
            message().with("/data/chats", json!([7])),
            &id,
            "data.chats[0] has the wrong type: expected an object",
        ),
        (
            message().with("/data/chats/0/guid", "k".repeat(513)),
            &id,
            "data.chats[0].guid has 513 bytes; 1 to 512 are allowed",
        ),
        (
            message().with("/data/chats/0/displayName", "n".repeat(1025)),
            &id,
            "data.chats[0].displayName has 1025 characters; 1024 are allowed",
        ),
        (
            message().with("/data/chats/0/participants", many),
            &id,
            "data.chats[0].participants has 1025 entries; 1024 are allowed",
        ),
        (
            message().with("/data/itemType", 2).with("/data/groupTitle", "n".repeat(1025)),
            &id,
            "data.groupTitle has 1025 characters; 1024 are allowed",
        ),
    ];
    for (payload, id, why) in cases {
        assert_refused(&payload, Some(id), why);
    }
    assert_refused(&message().with("/type", 7), None, "type has the wrong type: expected a string");
    assert_refused(
        &message().with("/data", json!([])),
        Some("new-message"),
        "data has the wrong type: expected an object",
    );
}

#[test]
fn bodies_that_are_no_object() {
    let cases = [
        ("[]", "the body has the wrong type: expected an object"),
        ("null", "the body has the wrong type: expected an object"),
        ("", "not JSON: the syntax breaks at line 1, column 0"),
        (r#"{"type":"hello-world","type":"x"}"#, "type occurs more than once"),
    ];
    for (body, why) in cases {
        let rejected = parse(body.as_bytes(), None).unwrap_err();
        assert_eq!((rejected.why.to_string().as_str(), rejected.event_id), (why, None), "{body}");
    }
}
