//! What comes of an event that can be used.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{
    Event, TestApp,
    event::{SAM, YESTERDAY},
};

const KEY: &str = "iMessage;+;chat1";
const ALEX: &str = "+14155550112";

#[tokio::test]
async fn every_outcome_in_one_life() {
    let app = TestApp::start();
    let first = Event::message("e1", KEY);
    let (outcome, chat) = app.relay_1().outcome(first.clone()).await;
    assert_eq!(outcome, "created");
    let life = [
        (Event::message("e2", KEY).sender(ALEX), "updated"),
        (Event::message("e3", KEY).sender(ALEX), "unchanged"),
        (first.clone(), "duplicate"),
        // The same event with more in it is no duplicate.
        (first.with("/data/chat/display_name", "Team lunch"), "updated"),
        (Event::new("typing.started", "e4", KEY), "ignored"),
    ];
    for (event, expected) in life {
        let (outcome, id) = app.relay_1().outcome(event).await;
        assert_eq!(outcome, expected);
        assert_eq!(id, if expected == "ignored" { "" } else { &chat });
    }
    let results = app.relay_1().post_events([Event::message("", KEY)]).await.ok();
    assert_eq!(results["results"][0]["outcome"], "rejected");
}

#[rstest]
#[case("typing.started")]
#[case("typing.stopped")]
#[case("typing.anything")]
#[case("chat.read")]
#[case("message.failed")]
#[case("participant.add.failed")]
#[tokio::test]
async fn what_says_nothing_about_a_conversation_is_ignored_and_mints_nothing(#[case] kind: &str) {
    let app = TestApp::start();
    for event in [Event::new(kind, "e1", KEY), Event::new(kind, "e1", KEY).without("/data")] {
        let answer = app.relay_1().post_event(event).await.ok();
        assert_eq!(answer, json!({"event_id": "e1", "chat_id": null, "outcome": "ignored"}));
    }
    assert_eq!(app.rows("chats"), 0);
    assert_eq!(app.rows("receipts"), 0);
}

#[tokio::test]
async fn an_unknown_kind_says_what_its_chat_carries_and_without_a_key_nothing() {
    let app = TestApp::start();
    let event = Event::new("chat.theme_changed", "e1", KEY).with("/data/chat/display_name", "Blue");
    for pointer in ["/data/chat/conversation_key", "/data/chat", "/data"] {
        let (outcome, _) = app.relay_1().outcome(event.clone().without(pointer)).await;
        assert_eq!(outcome, "ignored", "without {pointer}");
    }
    assert_eq!(app.rows("chats"), 0);
    let (outcome, chat) = app.relay_1().outcome(event).await;
    assert_eq!(outcome, "created");
    assert_eq!(app.acme().get_chat(&chat).await.ok()["chat"]["display_name"], "Blue");
}

#[tokio::test]
async fn unknown_fields_and_services_do_no_harm() {
    let app = TestApp::start();
    let event = Event::message("e1", KEY)
        .with("/extra", json!([{"a": 1}]))
        .with("/data/chat/theme", json!({"colour": null}))
        .with("/data/chat/service", "pigeon")
        .with("/data/message/parts", json!([{"type": "sticker"}, 7]));
    assert_eq!(app.relay_1().outcome(event).await.0, "created");
}

#[rstest]
#[case("participant.added", "/data/participant")]
#[case("message.received", "/data/message")]
#[case("reaction.added", "/data/reaction")]
#[case("chat.renamed", "/data/chat/display_name")]
#[case("chat.icon_changed", "/data/chat/icon")]
#[tokio::test]
async fn all_that_is_not_required_may_be_absent(#[case] kind: &str, #[case] pointer: &str) {
    let app = TestApp::start();
    let event = Event::new(kind, "e1", KEY).with(pointer, Value::Null).without(pointer);
    assert_eq!(app.relay_1().outcome(event).await.0, "created");
}

#[tokio::test]
async fn an_event_without_a_key_is_never_matched_by_its_people() {
    let app = TestApp::start();
    app.relay_1().chat_of(Event::message("e1", KEY).handles([SAM, ALEX])).await;
    let keyless = Event::message("e2", KEY).handles([SAM, ALEX]).without("/data/chat/conversation_key");
    app.relay_1().post_event(keyless).await.refused(400, 1001);
    assert_eq!(app.rows("chats"), 1);
}

/// Events of 1 024 handles and one of the rest, `count` handles in all.
fn crowd(count: usize) -> Vec<Event> {
    let handles: Vec<String> = (0..count).map(|number| format!("guest{number}@example.com")).collect();
    let event = |(number, part): (usize, &[String])| {
        Event::new("chat.updated", &format!("crowd{number}"), KEY).handles(part.iter().map(String::as_str))
    };
    handles.chunks(1024).enumerate().map(event).collect()
}

#[tokio::test]
async fn an_event_lists_1024_handles_and_a_chat_knows_10_000() {
    let app = TestApp::start();
    for event in crowd(10_000) {
        app.relay_1().post_event(event).await.ok();
    }
    let one_more = Event::new("chat.updated", "more", KEY).handles([SAM]);
    assert!(app.relay_1().post_event(one_more.clone()).await.refused(400, 1002).contains("10000 handles"));
    let results = app.relay_1().post_events([one_more, Event::renamed("name", KEY, "Crowd")]).await.ok();
    assert_eq!(results["results"][0]["error"]["code"], 1002);
    assert_eq!(results["results"][1]["outcome"], "updated");
    // Who is known already may still be spoken of.
    let known = Event::participant("left", "bye", KEY, "guest7@example.com").at("2026-05-30T13:00:00Z");
    let (outcome, chat) = app.relay_1().outcome(known).await;
    assert_eq!(outcome, "updated");
    let body = app.acme().get_chat(&chat).await.ok();
    assert_eq!(body["chat"]["handles"].as_array().unwrap().len(), 9_999);
    let participants = app.acme().participants(&chat).await.ok();
    assert_eq!(participants["participants"].as_array().unwrap().len(), 10_000);
}

#[tokio::test]
async fn an_event_that_is_refused_leaves_no_receipt() {
    let app = TestApp::start();
    let bad = Event::message("e1", KEY).with("/data/chat/is_group", "yes");
    app.relay_1().post_event(bad).await.refused(400, 1002);
    assert_eq!(app.relay_1().outcome(Event::message("e1", KEY).at(YESTERDAY)).await.0, "created");
}
