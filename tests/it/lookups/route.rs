//! `GET /api/v1/chats/{id}/route`

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Event, TestApp,
    directory::{LINE, OTHER, number},
    wait::until,
};

#[tokio::test]
async fn a_route_is_the_line_its_relay_and_the_newest_spelling_of_the_key() {
    let app = TestApp::start();
    let spelled = |id: &str, key: &str, time: &str| Event::message(id, key).at(time);
    let steps = [
        (spelled("e1", "iMessage;+;chat1", "2026-05-30T12:00:00Z"), "iMessage;+;chat1"),
        (spelled("e2", "any;+;chat1", "2026-05-30T13:00:00Z"), "any;+;chat1"),
        (spelled("e3", "SMS;+;chat1", "2026-05-30T12:30:00Z"), "any;+;chat1"),
    ];
    for (event, key) in steps {
        let chat = app.relay_1().chat_of(event).await;
        let expected = json!({"chat_id": chat, "from": LINE, "conversation_key": key, "relay": "rly-1"});
        assert_eq!(app.acme().route(&chat).await.ok(), expected);
    }
}

#[tokio::test]
async fn when_the_line_is_anothers_no_relay_serves_the_chat() {
    let app = TestApp::start();
    let chat = app.relay_1().chat_of(Event::message("e1", "any;+;chat1")).await;
    app.admin().move_line(&number(LINE), Some(&OTHER.slug()), None).unwrap();
    let gone = async || app.acme().route(&chat).await.ok()["relay"] == Value::Null;
    until(Duration::from_secs(1), gone).await;
}
