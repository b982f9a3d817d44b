//! `GET /api/v1/chats/{id}/participants`

use serde_json::{Value, json};

use crate::support::{Event, TestApp, event::SAM};

const KEY: &str = "iMessage;+;chat1";
const ALEX: &str = "+14155550112";
const KIM: &str = "+14155550113";
const PRIYA: &str = "+442079460018";

/// A participant whose own name, joining and leaving are these.
fn participant(address: &str, status: &str, [name, joined_at, left_at]: [Option<&str>; 3]) -> Value {
    json!({
        "service": "imessage", "address": address, "display_name": name, "is_me": false, "status": status,
        "joined_at": joined_at, "left_at": left_at,
    })
}

#[tokio::test]
async fn everybody_is_shown_by_address_with_how_they_came_and_went() {
    let app = TestApp::start();
    let roster = [SAM, ALEX, KIM, "+15555550100", "robin@example.org"];
    let events = [
        Event::new("chat.created", "e1", KEY).handles(roster),
        Event::participant("added", "e2", KEY, PRIYA).at("2026-05-30T15:10:00.999+02:00"),
        Event::participant("left", "e3", KEY, ALEX).at("2026-05-30T13:20:00Z"),
        Event::participant("removed", "e4", KEY, KIM).at("2026-05-30T13:30:00Z"),
        Event::message("e5", KEY).with("/data/message/sender_handle/display_name", " Sam "),
    ];
    let mut chat = String::new();
    for event in events {
        chat = app.relay_1().chat_of(event).await;
    }
    let expected = json!({"participants": [
        participant(SAM, "active", [Some("Sam"), None, None]),
        participant(ALEX, "left", [None, None, Some("2026-05-30T13:20:00Z")]),
        participant(KIM, "removed", [None, None, Some("2026-05-30T13:30:00Z")]),
        participant(PRIYA, "active", [None, Some("2026-05-30T13:10:00Z"), None]),
        participant("robin@example.org", "active", [None, None, None]),
    ]});
    assert_eq!(app.acme().participants(&chat).await.ok(), expected);
    let active: Vec<_> = [SAM, PRIYA, "robin@example.org"]
        .map(|address| json!({"service": "imessage", "address": address}))
        .into();
    assert_eq!(app.acme().get_chat(&chat).await.ok()["chat"]["handles"], json!(active));
}

#[tokio::test]
async fn who_comes_back_is_active_again_and_keeps_the_newest_joining() {
    let app = TestApp::start();
    let at = |what, id, time: &str| Event::participant(what, id, KEY, SAM).at(time);
    let steps = [
        (at("added", "e1", "2026-05-30T10:00:00Z"), "active", "2026-05-30T10:00:00Z"),
        (at("removed", "e2", "2026-05-30T11:00:00Z"), "removed", "2026-05-30T10:00:00Z"),
        (at("added", "e3", "2026-05-23T09:00:00Z"), "removed", "2026-05-30T10:00:00Z"),
        (at("added", "e4", "2026-05-30T12:00:00Z"), "active", "2026-05-30T12:00:00Z"),
        (at("left", "e5", "2026-05-30T13:00:00Z"), "left", "2026-05-30T12:00:00Z"),
    ];
    for (event, status, joined_at) in steps {
        let chat = app.relay_1().chat_of(event).await;
        let found = app.acme().participants(&chat).await.ok();
        assert_eq!(found["participants"][0]["status"], status);
        assert_eq!(found["participants"][0]["joined_at"], joined_at);
        assert_eq!(found["participants"][0]["left_at"].is_null(), status == "active");
    }
}

#[tokio::test]
async fn whom_a_complete_roster_leaves_out_was_removed() {
    let app = TestApp::start();
    app.relay_1().chat_of(Event::new("chat.created", "e1", KEY).handles([SAM, ALEX])).await;
    let roster =
        Event::new("chat.updated", "e2", KEY).handles([SAM]).with("/data/chat/handles_complete", true);
    let chat = app.relay_1().chat_of(roster.at("2026-05-30T13:00:00Z")).await;
    let found = app.acme().participants(&chat).await.ok();
    assert_eq!(found["participants"][1]["status"], "removed");
    assert_eq!(found["participants"][1]["left_at"], "2026-05-30T13:00:00Z");
}
