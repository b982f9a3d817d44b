//! Messages, those of the line's own among them.

use serde_json::{Value, json};

use super::*;
use crate::domain::phone::PhoneNumber;

#[test]
fn the_line_is_the_one_of_the_url() {
    let line: PhoneNumber = "+12025550100".parse().unwrap();
    let message = message().body();
    assert_eq!(spoken(parse(&message, Some(&line))).line, Some(line));
    assert_eq!(spoken(parse(&message, None)).line, None);
}

#[test]
fn a_message_of_our_own_says_nothing_of_its_handle_but_the_number() {
    let own = report(&message().with("/data/isFromMe", true));
    assert_eq!(own.says.people, []);
    assert_eq!(own.about_line, Some(Opinion::WRITES));
    assert_eq!(own.teaches, teaching(&[7]));
    let own = report(&message().with("/data/isFromMe", true).with("/data/handle", Value::Null));
    assert_eq!((own.about_line, own.teaches), (Some(Opinion::WRITES), Vec::new()));
}

#[test]
fn a_message_whose_sender_is_not_known_is_of_the_line_all_the_same() {
    let unsigned = report(&message().with("/data/handle", Value::Null));
    assert_eq!(unsigned.says.people, []);
    assert_eq!(unsigned.about_line, Some(Opinion::WRITES));
}

#[test]
fn a_message_of_our_own_carries_our_reference() {
    let id = "0123456789abcdef0123456789abcdef";
    let own = message().with("/data/isFromMe", true);
    let cases = [
        (own.clone().with("/data/tempGuid", id), id.parse().ok()),
        (own.clone().with("/data/tempGuid", "temp-QmVhY2g"), None),
        (own.clone().with("/data/tempGuid", Value::Null), None),
        (message().with("/data/tempGuid", id), None),
        (own.with("/data/tempGuid", id).with("/data/itemType", 2), None),
    ];
    for (payload, client_ref) in cases {
        assert_eq!(report(&payload).client_ref, client_ref);
    }
}

#[test]
fn a_tapback_is_a_message_whatever_its_code() {
    let tapback = Payload::of("bluebubbles/12-new-message-tapback.json");
    for code in [json!("-love"), json!(2001), json!(3007), Value::Null] {
        let report = report(&tapback.clone().with("/data/associatedMessageType", code));
        assert_eq!(report.says.people, [mention(SAM, Opinion::WRITES)]);
    }
}

#[test]
fn what_nobody_reads_may_be_anything() {
    let odd = message()
        .with("/data/text", json!({"not": ["a", "text"]}))
        .with("/data/attachments", 7)
        .with("/data/error", "none")
        .with("/data/chats/0/originalROWID", "42")
        .with("/data/handle/country", json!([]))
        .with("/new", json!([1, 2]));
    assert_eq!(report(&odd), report(&message()));
}

#[test]
fn what_may_be_absent_may_be_null_as_well() {
    let fields = ["isFromMe", "handle", "otherHandle", "itemType", "groupActionType", "groupTitle"];
    let pointers = fields.map(|field| format!("/data/{field}"));
    let absent = pointers.iter().fold(message(), |payload, pointer| payload.without(pointer));
    let null = pointers.iter().fold(message(), |payload, pointer| payload.with(pointer, Value::Null));
    assert_eq!(report(&absent), report(&null));
    assert_eq!(report(&absent).about_line, Some(Opinion::WRITES));
}
