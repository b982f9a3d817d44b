//! The answer of a create, field for field.

use serde_json::{Value, json};

use super::{ALEX, Create, chat_id, echo, numbers};
use crate::support::{FakeRelay, Say, TestApp, event::SAM};

const MADE_AT: &str = "2026-05-31T12:00:00Z";

fn assert_hex(id: &Value) {
    let id = id.as_str().expect("an id");
    assert!(id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{id}");
}

#[tokio::test]
async fn a_group_has_these_fields_and_no_others() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let create = Create::group().to([ALEX, SAM]).with("/message/subject", "  Team lunch ").with("/extra", 1);
    let answer = app.acme().create(create).await;
    assert_eq!(answer.header("idempotent-replayed"), None);
    let body = answer.ok();
    let (chat, message) = (&body["chat"]["id"], &body["message"]["id"]);
    assert_hex(message);
    let expected = json!({
        "chat": {
            "id": chat,
            "display_name": "Team lunch",
            "handles": [{"service": "imessage", "address": ALEX}, {"service": "imessage", "address": SAM}],
            "is_group": true,
            "service": "imessage",
            "health_score": 100,
            "created_at": MADE_AT,
        },
        "message": {
            "id": message,
            "chat_id": chat,
            "parts": [{"type": "text", "value": "Shall we?"}],
            "status": "sent",
            "direction": "outbound",
            "created_at": MADE_AT,
            "delivered_at": null,
            "read_at": null,
            "service": "imessage",
        },
    });
    assert_eq!(body, expected);
    let id = chat.as_str().unwrap();
    assert!(uuid::Uuid::try_parse(id).is_ok() && id.len() == 36 && id.to_lowercase() == id, "{id}");
    // A look-up says the same, with the handles in their own order.
    let mut seen = expected["chat"].clone();
    seen["handles"].as_array_mut().unwrap().reverse();
    for (field, value) in [
        ("from", json!("+15555550100")),
        ("status", json!("active")),
        ("version", json!(1)),
        ("updated_at", json!(MADE_AT)),
    ] {
        seen[field] = value;
    }
    assert_eq!(app.acme().get_chat(id).await.ok()["chat"], seen);
    let key = relay.seen()[0].conversation_key();
    let route = json!({"chat_id": id, "from": "+15555550100", "conversation_key": key, "relay": "rly-1"});
    assert_eq!(app.acme().route(id).await.ok(), route);
}

#[tokio::test]
async fn a_direct_chat_is_no_group_and_its_text_may_have_a_link_beside_it() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let parts = json!([{"type": "text", "value": "Look:"}, {"type": "link", "value": "https://example.org"}]);
    // The same number twice is one recipient.
    let body = app.acme().create(Create::direct().to([SAM, SAM]).parts(parts.clone())).await.ok();
    assert_eq!(body["chat"]["is_group"], false);
    assert_eq!(body["chat"]["handles"], json!([{"service": "imessage", "address": SAM}]));
    assert_eq!(body["chat"]["display_name"], Value::Null);
    assert_eq!(body["message"]["parts"], parts);
    assert_eq!(relay.seen()[0].json()["is_group"], false);
    // There is one direct chat with somebody, however often it is begun.
    let again = app.acme().create(Create::direct()).await.ok();
    assert_eq!(again["chat"]["id"], body["chat"]["id"]);
    assert_ne!(again["message"]["id"], body["message"]["id"]);
}

#[tokio::test]
async fn no_subject_and_a_blank_one_are_null() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    for create in [
        Create::group().without("/message/subject"),
        Create::group().with("/message/subject", Value::Null),
        Create::group().with("/message/subject", ""),
        Create::group().with("/message/subject", " \t\n "),
    ] {
        let answer = app.acme().create(create).await;
        assert_eq!(answer.ok()["chat"]["display_name"], Value::Null);
        let chat = app.acme().get_chat(&chat_id(&answer)).await.ok();
        assert_eq!(chat["chat"]["display_name"], Value::Null);
    }
    assert!(relay.seen().iter().all(|seen| seen.json()["display_name"].is_null()));
}

#[tokio::test]
async fn repeats_are_dropped_before_recipients_are_counted() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let different = numbers(31);
    let to: Vec<_> = different.iter().rev().chain(&different[..9]).cloned().collect();
    assert_eq!(to.len(), 40);
    let body = app.acme().create(Create::group().to(to)).await.ok();
    let handles = body["chat"]["handles"].as_array().unwrap().iter();
    let addresses: Vec<_> = handles.map(|handle| handle["address"].as_str().unwrap()).collect();
    let expected: Vec<_> = different.iter().rev().collect();
    assert_eq!(addresses, expected);
    assert_eq!(relay.seen()[0].json()["to"], json!(expected));
}

#[tokio::test]
async fn what_is_queued_says_so_and_is_pending_until_its_event() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will([Say::Queued]);
    let answer = app.acme().create(Create::group()).await;
    assert_eq!(answer.ok()["message"]["status"], "queued");
    let chat = chat_id(&answer);
    assert_eq!(app.acme().get_chat(&chat).await.ok()["chat"]["status"], "pending");
    assert_eq!(app.acme().route(&chat).await.ok()["conversation_key"], Value::Null);
    assert_eq!(app.acme().ids(&format!("handle=%2B{}", &SAM[1..])).await, [chat.as_str()]);
    let event = echo("e1", "iMessage;+;chat7", &relay.seen()[0].client_ref());
    assert_eq!(app.relay_1().outcome(event).await, ("updated".to_owned(), chat.clone()));
    let found = app.acme().get_chat(&chat).await.ok();
    assert_eq!((&found["chat"]["status"], &found["chat"]["version"]), (&json!("active"), &json!(2)));
    assert_eq!(app.changes_of(&chat).last().unwrap()["type"], "bound");
    assert_eq!(app.acme().route(&chat).await.ok()["conversation_key"], "iMessage;+;chat7");
}
