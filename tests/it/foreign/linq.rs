//! Linq's events over HTTP.

use serde_json::{Value, json};

use crate::support::{
    Linq, TestApp,
    event::SAM,
    foreign::{LINQ_LINE, outcome},
};

const CHAT: &str = "b183b0d3-3211-43db-8b4b-9bb7294dcf7b";
const ROBIN: &str = "+14155550112";

fn message(id: &str) -> Linq {
    Linq::message(id, CHAT).line(LINQ_LINE)
}

#[tokio::test]
async fn a_message_mints_its_chat_and_is_answered_as_any_event() {
    let app = TestApp::start_with_foreign(1);
    let answer = app.linq_posts(message("e1")).await.ok();
    assert_eq!((&answer["event_id"], &answer["outcome"]), (&json!("e1"), &json!("created")));
    let chat = app.acme().get_chat(answer["chat_id"].as_str().unwrap()).await.ok()["chat"].take();
    assert_eq!((&chat["from"], &chat["is_group"]), (&json!(LINQ_LINE), &json!(true)));
    assert_eq!(chat["handles"], json!([{"service": "imessage", "address": SAM}]));
    // Delivered again, signed anew, it has no second effect.
    assert_eq!(outcome(&app.linq_posts(message("e1")).await), "unchanged");
}

#[tokio::test]
async fn the_older_version_says_the_same() {
    let app = TestApp::start_with_foreign(1);
    let older = Linq::older_message("e1", CHAT).with("/data/recipient_handle/handle", LINQ_LINE);
    let chat = app.linq_posts(older).await.ok()["chat_id"].take();
    assert_eq!(app.linq_posts(message("e2")).await.ok()["chat_id"], chat);
}

#[tokio::test]
async fn a_kind_that_nobody_has_told_is_no_direct_chat() {
    let app = TestApp::start_with_foreign(1);
    let unknown = message("e1").with("/data/chat/is_group", Value::Null);
    let chat = app.linq_posts(unknown).await.ok()["chat_id"].take();
    let chat = chat.as_str().unwrap();
    assert_eq!(app.acme().get_chat(chat).await.ok()["chat"]["is_group"], Value::Null);
    assert_eq!(outcome(&app.linq_posts(message("e2")).await), "updated");
    assert_eq!(app.acme().get_chat(chat).await.ok()["chat"]["is_group"], true);
}

#[tokio::test]
async fn what_we_do_not_know_is_taken_and_ignored() {
    let app = TestApp::start_with_foreign(1);
    let unknown = message("e1").with("/event_type", "chat.teleported");
    let answer = app.linq_posts(unknown).await.ok();
    assert_eq!(answer, json!({"event_id": "e1", "chat_id": null, "outcome": "ignored"}));
    let more = message("e2").with("/data/chat/mood", "good").with("/shard", 7).with("/data/parts", 3);
    assert_eq!(outcome(&app.linq_posts(more).await), "created");
    for silent in ["message.read", "message.delivered", "message.failed", "chat.typing_indicator.started"] {
        let event = message(silent).with("/event_type", silent);
        assert_eq!(outcome(&app.linq_posts(event).await), "ignored", "{silent}");
    }
}

#[tokio::test]
async fn who_is_gone_is_in_the_handles_as_history() {
    let app = TestApp::start_with_foreign(1);
    let created = Linq::created("e1", CHAT, [SAM, ROBIN])
        .with("/data/handles/0/handle", LINQ_LINE)
        .with("/data/handles/2/status", "left")
        .with("/data/handles/2/left_at", "2026-05-01T00:00:00Z");
    let chat = app.linq_posts(created).await.ok()["chat_id"].take();
    let people = app.acme().participants(chat.as_str().unwrap()).await.ok()["participants"].take();
    let seen: Vec<_> = people
        .as_array()
        .unwrap()
        .iter()
        .map(|person| (person["address"].as_str().unwrap(), person["status"].as_str().unwrap()))
        .collect();
    assert_eq!(seen, [(SAM, "active"), (ROBIN, "left")]);
}

#[tokio::test]
async fn when_the_line_is_removed_the_chat_is_left() {
    let app = TestApp::start_with_foreign(1);
    let chat = app.linq_posts(message("e1")).await.ok()["chat_id"].take();
    let removed = Linq::participant("removed", "e2", CHAT, LINQ_LINE).at("2026-05-31T00:00:00Z");
    assert_eq!(outcome(&app.linq_posts(removed.with("/data/participant/is_me", true)).await), "updated");
    assert_eq!(app.acme().get_chat(chat.as_str().unwrap()).await.ok()["chat"]["status"], "left");
}
