//! A BlueBubbles server's events over HTTP.

use serde_json::{Value, json};

use crate::support::{
    BlueBubbles, TestApp,
    foreign::{MAC_LINES, outcome},
};

const GROUP: &str = "iMessage;+;chat730441906218844105";
const T: i64 = 1_780_142_400_000;
const SAM: (i64, &str) = (7, "+12025550141");
const ROBIN: (i64, &str) = (9, "+12025550142");

fn message(guid: &str) -> BlueBubbles {
    BlueBubbles::message(guid).in_chat(GROUP).named("").from(SAM.0, SAM.1).at(T)
}

async fn posted(app: &TestApp, event: impl std::fmt::Display) -> String {
    outcome(&app.mac_posts_to("", event).await)
}

async fn chat(app: &TestApp) -> Value {
    let mut page = app.acme().list_chats("limit=10").await.ok();
    assert_eq!(page["count"], 1, "{page}");
    page["chats"][0].take()
}

fn people(chat: &Value) -> Vec<&str> {
    chat["handles"].as_array().unwrap().iter().map(|handle| handle["address"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_event_is_known_by_type_and_guid() {
    let app = TestApp::start_with_foreign(1);
    let answer = app.mac_posts_to("", message("G-1")).await.ok();
    assert_eq!((&answer["event_id"], &answer["outcome"]), (&json!("new-message:G-1"), &json!("created")));
    assert_eq!(posted(&app, message("G-1")).await, "unchanged");
}

#[tokio::test]
async fn an_upgrade_of_the_mac_makes_no_second_chat() {
    let app = TestApp::start_with_foreign(1);
    let before = app.mac_posts_to("", message("G-1")).await.ok()["chat_id"].take();
    let after = message("G-2").in_chat(&GROUP.replace("iMessage", "any")).at(T + 1000);
    assert_eq!(app.mac_posts_to("", after).await.ok()["chat_id"], before);
    assert_eq!(
        app.acme().route(before.as_str().unwrap()).await.ok()["conversation_key"],
        GROUP.replace("iMessage", "any")
    );
}

#[tokio::test]
async fn a_companion_and_a_replay_change_nothing() {
    let app = TestApp::start_with_foreign(1);
    posted(&app, message("G-1")).await;
    let renamed = BlueBubbles::renamed("G-2", Some("Runners")).in_chat(GROUP).named("Runners").at(T + 1000);
    let left = BlueBubbles::left("G-3").in_chat(GROUP).named("Runners").from(SAM.0, SAM.1).at(T + 2000);
    assert_eq!(posted(&app, &renamed).await, "updated");
    assert_eq!(posted(&app, &left).await, "updated");
    let seen = chat(&app).await;
    assert_eq!((people(&seen), &seen["display_name"]), (vec![], &json!("Runners")));
    for again in [renamed.clone(), left.clone(), renamed.companion(), left.companion(), message("G-1")] {
        let outcome = posted(&app, &again).await;
        assert!(["unchanged", "duplicate"].contains(&outcome.as_str()), "{outcome} of {again}");
        assert_eq!(chat(&app).await, seen, "{again}");
    }
}

#[tokio::test]
async fn the_companion_alone_says_what_the_change_would_have_said() {
    let app = TestApp::start_with_foreign(1);
    posted(&app, message("G-1")).await;
    posted(&app, message("G-2").from(ROBIN.0, ROBIN.1)).await;
    let removed = BlueBubbles::removed("G-3", ROBIN.0).in_chat(GROUP).named("").at(T + 1000);
    assert_eq!(posted(&app, removed.companion()).await, "updated");
    assert_eq!(people(&chat(&app).await), [SAM.1]);
}

#[tokio::test]
async fn the_line_leaves_and_is_back_when_it_hears_something() {
    let app = TestApp::start_with_foreign(1);
    posted(&app, message("G-1")).await;
    let left = BlueBubbles::left("G-2").in_chat(GROUP).named("").by_us().at(T + 1000);
    assert_eq!(posted(&app, left).await, "updated");
    assert_eq!(chat(&app).await["status"], "left");
    assert_eq!(posted(&app, message("G-3").at(T + 2000)).await, "updated");
    assert_eq!(chat(&app).await["status"], "active");
}

#[tokio::test]
async fn of_a_message_of_our_own_the_handle_is_nobody_who_wrote() {
    let app = TestApp::start_with_foreign(1);
    let own = message("G-1").with("/data/isFromMe", true);
    assert_eq!(posted(&app, own).await, "created");
    assert_eq!(people(&chat(&app).await), Vec::<&str>::new());
}

#[tokio::test]
async fn the_url_says_which_line_it_is_where_there_are_several() {
    let app = TestApp::start_with_foreign(2);
    for (spelling, line) in [
        (format!("&line={}", MAC_LINES[0]), MAC_LINES[0]),
        (format!("&line={}", MAC_LINES[1].replace('+', "%2B")), MAC_LINES[1]),
    ] {
        let id = app.mac_posts_to(&spelling, message("G-1")).await.ok()["chat_id"].take();
        let chat = app.acme().get_chat(id.as_str().unwrap()).await.ok();
        assert_eq!(chat["chat"]["from"], line);
    }
    app.mac_posts_to("&line=soon", message("G-2")).await.refused(400, 1003);
    app.mac_posts_to("&line=%2B15555550100", message("G-2")).await.refused(403, 2006);
}

#[tokio::test]
async fn what_says_nothing_is_ignored() {
    let app = TestApp::start_with_foreign(1);
    for body in [
        json!({"type": "hello-world", "data": null}),
        json!({"type": "updated-message", "data": {"guid": "G-1"}}),
        json!({"type": "a-type-of-next-year", "data": [1, 2]}),
        json!({"type": "new-message", "data": {"guid": "G-1", "chats": []}}),
    ] {
        assert_eq!(posted(&app, &body).await, "ignored", "{body}");
    }
    assert_eq!(app.rows("chats"), 0);
}
