//! Messages in both versions of their form, and reactions.

use serde_json::{Value, json};

use super::*;

/// The message of the older version: from [`SAM`] to [`US`].
fn older() -> Payload {
    let handle = |handle: &str, is_me: bool| json!({"handle": handle, "service": "iMessage", "is_me": is_me});
    message().with("/webhook_version", "2025-01-01").with(
        "/data",
        json!({
            "chat_id": CHAT,
            "is_group": true,
            "from_handle": handle(SAM, false),
            "recipient_handle": handle(US, true),
            "is_from_me": false,
            "received_at": "2026-02-05T19:31:13.074Z",
            "message": {"id": "f1b9b940", "parts": [{"type": "text", "value": "Morning all"}]},
        }),
    )
}

/// The same from [`US`] to [`SAM`].
fn older_sent() -> Payload {
    older()
        .with("/event_type", "message.sent")
        .with("/data/is_from_me", true)
        .with("/data/from_handle/handle", US)
        .with("/data/from_handle/is_me", true)
        .with("/data/recipient_handle/handle", SAM)
        .with("/data/recipient_handle/is_me", false)
}

#[test]
fn both_versions_come_to_the_same() {
    assert_eq!(report(&older()), report(&message()));
}

#[test]
fn the_version_is_told_by_the_shape() {
    assert_eq!(report(&older().with("/webhook_version", "2026-02-03")), report(&message()));
    assert_eq!(report(&older().with("/data/chat", Value::Null)), report(&message()));
    assert_eq!(report(&message().with("/data/chat_id", "another")), report(&message()));
}

#[test]
fn the_older_version_has_one_time_for_all() {
    let edited = older().with("/event_type", "message.edited");
    assert_eq!(report(&edited).claimed, report(&older()).claimed);
    let timeless = report(&older().with("/data/received_at", Value::Null));
    assert_eq!(timeless.claimed, Time::parse("2026-02-05T19:31:13.736444093Z").unwrap());
}

#[test]
fn the_own_side_is_spoken_of_as_the_line() {
    let sent = message().with("/event_type", "message.sent");
    let cases = [
        sent.clone().with("/data/direction", "outbound"),
        sent.clone().with("/data/direction", "outbound").with("/data/sender_handle", Value::Null),
        sent.clone().with("/data/sender_handle/is_me", true).with("/data/sender_handle/handle", US),
        older_sent(),
        older_sent().with("/data/is_from_me", Value::Null),
        older_sent().with("/data/from_handle/is_me", Value::Null),
    ];
    for (index, payload) in cases.iter().enumerate() {
        let report = report(payload);
        assert_eq!(report.says.people, [], "case {index}");
        assert_eq!(report.about_line, Some(Opinion::WRITES), "case {index}");
        assert_eq!(report.line, Some(number(US)), "case {index}");
    }
}

#[test]
fn every_address_that_is_me_is_ours() {
    let alias = "us@example.org";
    let own = |payload: Payload, handle: &str| {
        payload.with(&format!("{handle}/is_me"), true).with(&format!("{handle}/handle"), alias)
    };
    let cases = [
        (own(message(), "/data/sender_handle"), vec![US, alias]),
        (own(older(), "/data/recipient_handle").with("/data/is_from_me", true), vec![alias]),
        (own(reaction(), "/data/from_handle"), vec![alias]),
        (own(renamed(), "/data/changed_by_handle"), vec![alias]),
        (own(added(), "/data/participant").with("/data/handle", alias), vec![alias]),
    ];
    for (index, (payload, ours)) in cases.into_iter().enumerate() {
        assert_eq!(report(&payload).says.ours, handles(&ours), "case {index}");
    }
    assert_eq!(report(&message().with("/data/chat/owner_handle/is_me", false)).says.ours, []);
}

#[test]
fn the_line_may_be_left_open_but_not_be_nonsense() {
    let open = [
        message().without("/data/chat/owner_handle"),
        message().with("/data/chat/owner_handle", Value::Null),
        message().with("/data/chat/owner_handle", json!({"id": "x"})),
        older().with("/data/recipient_handle", Value::Null),
    ];
    for payload in open {
        let report = report(&payload);
        assert_eq!((report.line, report.about_line), (None, Some(Opinion::WRITES)));
    }
    for (payload, field) in [
        (message().with("/data/chat/owner_handle/handle", "us@example.org"), "chat.owner_handle"),
        (older().with("/data/recipient_handle/handle", "24273"), "recipient_handle"),
        (older_sent().with("/data/from_handle/handle", "24273"), "from_handle"),
    ] {
        assert!(refusal(&payload).starts_with(&format!("data.{field}.handle is not a valid phone number")));
    }
    let formatted = message().with("/data/chat/owner_handle/handle", "+1 (202) 555-0100");
    assert_eq!(report(&formatted).line, Some(number(US)));
}

#[test]
fn only_true_makes_a_group() {
    for unsure in [json!(false), Value::Null] {
        assert!(!report(&message().with("/data/chat/is_group", unsure.clone())).says.is_group);
        assert!(!report(&older().with("/data/is_group", unsure)).says.is_group);
    }
    let unsure = report(&message().without("/data/chat/is_group"));
    assert!(!unsure.says.is_group && !unsure.says.is_direct);
}

#[test]
fn the_service_is_the_messages_or_the_lines() {
    let sms = message().with("/data/service", "SMS");
    assert_eq!(report(&sms).says.service, Some(Service::Sms));
    let silent = message().with("/data/service", Value::Null);
    assert_eq!(report(&silent).says.service, Some(Service::IMessage));
    let owner = silent.with("/data/chat/owner_handle/service", "RCS");
    assert_eq!(report(&owner).says.service, Some(Service::Rcs));
    assert_eq!(
        report(&older().with("/data/recipient_handle/service", "SMS")).says.service,
        Some(Service::Sms)
    );
}

#[test]
fn a_message_names_its_chat_and_whoever_it_names_has_an_address() {
    for (payload, field) in [
        (message().without("/data/chat"), "data.chat_id"),
        (message().without("/data/chat/id"), "data.chat.id"),
        (older().with("/data/chat_id", ""), "data.chat_id"),
        (message().without("/data/sender_handle/handle"), "data.sender_handle.handle"),
        (older().with("/data/from_handle/handle", Value::Null), "data.from_handle.handle"),
    ] {
        assert_eq!(refusal(&payload), format!("missing required field: {field}"));
    }
}

#[test]
fn what_nobody_reads_may_be_anything() {
    let odd = message()
        .with("/webhook_version", json!([2031]))
        .with("/data/parts", "none")
        .with("/data/sender_handle/joined_at", false)
        .with("/data/sender_handle/id", json!({}))
        .with("/data/sender_handle/display_name", 7)
        .with("/data/message", 7)
        .with("/new", json!({"a": 1}));
    assert_eq!(report(&odd), report(&message()));
}

#[test]
fn a_reaction_is_like_a_message_without_a_line() {
    let taken_back = reaction().with("/event_type", "reaction.removed");
    assert_eq!(report(&taken_back), report(&reaction()));
    for own in [reaction().with("/data/is_from_me", true), reaction().with("/data/from_handle/is_me", true)] {
        let report = report(&own);
        assert_eq!((report.says.people, report.about_line), (Vec::new(), Some(Opinion::WRITES)));
    }
}

#[test]
fn a_reaction_somewhere_is_ignored() {
    for payload in [reaction().without("/data/chat_id"), reaction().with("/data/chat_id", Value::Null)] {
        assert_ignored(&payload);
    }
}
