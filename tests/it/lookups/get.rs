//! `GET /api/v1/chats/{id}`

use serde_json::json;

use crate::support::{Event, TestApp, event::SAM};

const KEY: &str = "iMessage;+;chat1";
const ALEX: &str = "+14155550112";

#[tokio::test]
async fn a_group_has_these_fields_and_no_others() {
    let app = TestApp::start();
    let created =
        Event::new("chat.created", "e1", KEY).handles([SAM, "+15555550100", ALEX, "Robin@Example.org"]);
    let chat = app.relay_1().chat_of(created.with("/data/chat/display_name", " Team lunch ")).await;
    app.set_clock(90);
    app.relay_1().chat_of(Event::participant("left", "e2", KEY, ALEX).at("2026-05-30T13:00:00Z")).await;
    let expected = json!({"chat": {
        "id": chat,
        "display_name": "Team lunch",
        "handles": [
            {"service": "imessage", "address": SAM},
            {"service": "imessage", "address": "robin@example.org"},
        ],
        "is_group": true,
        "service": "imessage",
        "health_score": null,
        "created_at": "2026-05-31T12:00:00Z",
        "from": "+15555550100",
        "status": "active",
        "version": 2,
        "updated_at": "2026-05-31T12:01:30Z",
    }});
    let found = app.acme().get_chat(&chat).await;
    assert_eq!(found.ok(), expected);
    // The listing shows the same.
    assert_eq!(app.acme().list_chats("").await.ok()["chats"][0], expected["chat"]);
    let id: &str = &chat;
    assert!(uuid::Uuid::try_parse(id).is_ok() && id.len() == 36 && id.to_lowercase() == id, "{id}");
}

#[tokio::test]
async fn what_is_not_known_is_null() {
    let app = TestApp::start();
    let bare = Event::new("poll.created", "e1", "opaque").without("/data/chat/owner_handle/service");
    let chat = app.relay_1().chat_of(bare).await;
    let found = app.acme().get_chat(&chat).await.ok();
    for (field, value) in [
        ("display_name", json!(null)),
        ("handles", json!([])),
        ("is_group", json!(null)),
        ("service", json!(null)),
        ("version", json!(1)),
    ] {
        assert_eq!(found["chat"][field], value, "{field}");
    }
}

#[tokio::test]
async fn a_direct_chat_is_no_group_and_a_chat_that_the_line_left_says_so() {
    let app = TestApp::start();
    let direct = app.relay_1().chat_of(Event::message("e1", "SMS;-;+14155550111")).await;
    let found = app.acme().get_chat(&direct).await.ok();
    assert_eq!((&found["chat"]["is_group"], &found["chat"]["service"]), (&json!(false), &json!("sms")));
    let ours =
        Event::participant("removed", "e2", KEY, "+15555550100").with("/data/participant/handle/is_me", true);
    let left = app.relay_1().chat_of(ours).await;
    assert_eq!(app.acme().get_chat(&left).await.ok()["chat"]["status"], "left");
}

#[tokio::test]
async fn the_entity_tag_changes_exactly_when_the_body_does() {
    let app = TestApp::start();
    let chat = app.relay_1().chat_of(Event::message("e0", KEY)).await;
    let mut seen = Vec::new();
    let steps = [
        (Event::message("e1", KEY), false),
        (Event::renamed("e2", KEY, "Lunch").at("2026-05-30T12:00:01Z"), true),
        (Event::renamed("e3", KEY, "Lunch").at("2026-05-30T12:00:02Z"), false),
        (Event::message("e4", KEY).sender(ALEX), true),
        (
            Event::new("chat.icon_changed", "e5", KEY).with("/data/chat/icon", "https://example.com/i.png"),
            true,
        ),
        (Event::participant("left", "e6", KEY, SAM).at("2026-05-30T12:00:03Z"), true),
    ];
    let mut held = tagged(&app, &chat).await;
    for (event, changes) in steps {
        app.relay_1().chat_of(event.clone()).await;
        let now = tagged(&app, &chat).await;
        assert_eq!((now.0 != held.0, now.1 != held.1), (changes, changes), "{event}");
        seen.push(now.0.clone());
        held = now;
    }
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

/// Tag and body.
async fn tagged(app: &TestApp, chat: &str) -> (String, String) {
    let answer = app.acme().get_chat(chat).await;
    answer.ok();
    (answer.header("etag").expect("a tag").to_owned(), answer.text())
}

#[tokio::test]
async fn who_has_the_tag_is_told_that_nothing_changed() {
    let app = TestApp::start();
    let chat = app.relay_1().chat_of(Event::message("e0", KEY)).await;
    let (tag, body) = tagged(&app, &chat).await;
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let answer = app.acme().get_chat_if_not(&chat, &known).await;
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{known}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
        answer.trace_id();
    }
    for unknown in ["\"other\"".to_owned(), tag.replace('"', ""), String::new()] {
        assert_eq!(app.acme().get_chat_if_not(&chat, &unknown).await.text(), body, "{unknown}");
    }
    app.relay_1().chat_of(Event::renamed("e1", KEY, "Lunch")).await;
    app.acme().get_chat_if_not(&chat, &tag).await.ok();
}
