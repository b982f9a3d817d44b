//! Events that name the key which their conversation had before.

use serde_json::{Value, json};

use crate::support::{
    Event, FakeRelay, Say, TestApp,
    directory::{LINE, LINE_2, OTHER_LINE},
    event::SAM,
};

const OLD: &str = "iMessage;+;chat1";
const NEW: &str = "any;+;chat2";
const ROBIN: &str = "+14155550112";
const ALEX: &str = "+14155550113";
const NOON_TODAY: &str = "2026-05-31T12:00:00Z";

fn rekeyed(id: &str) -> Event {
    Event::message(id, NEW).sender(ALEX).with("/data/chat/previous_conversation_key", OLD).at(NOON_TODAY)
}

/// A chat under each key, the old one's first, and what came of the event that shows that they are one.
async fn joined(app: &TestApp) -> (String, String, Value) {
    let old = app.relay_1().chat_of(Event::message("e1", OLD).sender(SAM)).await;
    app.set_clock(1);
    let new = app.relay_1().chat_of(Event::message("e2", NEW).sender(ROBIN)).await;
    assert_ne!(old, new);
    app.set_clock(2);
    (old, new, app.relay_1().post_event(rekeyed("e3")).await.ok())
}

fn people(chat: &Value) -> Vec<&str> {
    chat["handles"].as_array().unwrap().iter().map(|handle| handle["address"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_new_key_is_one_more_name_of_the_same_chat() {
    let mut app = TestApp::start();
    let chat = app.relay_1().chat_of(Event::message("e1", OLD)).await;
    assert_eq!(app.relay_1().outcome(rekeyed("e2")).await, ("updated".to_owned(), chat.clone()));
    for _ in 0..2 {
        assert_eq!(app.acme().route(&chat).await.ok()["conversation_key"], NEW);
        let found = app.acme().resolve(LINE, &[OLD, NEW, "SMS;+;chat1"]).await.ok();
        assert!(found["chats"].as_array().unwrap().iter().all(|found| found["chat_id"] == chat.as_str()));
        for key in ["iMessage%3B%2B%3Bchat1", "RCS%3B%2B%3Bchat2"] {
            assert_eq!(app.acme().ids(&format!("conversation_key={key}")).await, [chat.as_str()]);
        }
        assert_eq!(app.relay_1().outcome(rekeyed("e2")).await, ("duplicate".to_owned(), chat.clone()));
        app.restart();
    }
    // What was under way under the old key comes to the same chat, and does not bring the key back.
    let late = Event::renamed("e0", OLD, "Team lunch");
    assert_eq!(app.relay_1().outcome(late).await, ("updated".to_owned(), chat.clone()));
    assert_eq!(app.acme().route(&chat).await.ok()["conversation_key"], NEW);
}

#[tokio::test]
async fn two_chats_become_the_older_one() {
    let app = TestApp::start();
    let before = app.relay_1().chat_of(Event::message("e1", OLD)).await;
    let tag = app.acme().get_chat(&before).await.header("etag").unwrap().to_owned();
    let (old, new, answer) = joined(&app).await;
    assert_eq!(answer, json!({"event_id": "e3", "chat_id": old, "outcome": "updated"}));
    for id in [&old, &new] {
        let seen = app.acme().get_chat_if_not(id, &tag).await.ok();
        assert_eq!(seen["chat"]["id"], old.as_str());
        assert_eq!((&seen["chat"]["version"], people(&seen["chat"])), (&json!(2), vec![SAM, ROBIN, ALEX]));
        assert_eq!(seen["chat"]["updated_at"], "2026-05-31T12:00:02Z");
    }
    assert_eq!(app.acme().ids("").await, [old.as_str()]);
}

#[tokio::test]
async fn the_event_leaves_one_row_in_the_history_of_each() {
    let app = TestApp::start();
    let (old, new, _) = joined(&app).await;
    let of = |id: &str| format!("changes WHERE event_id = 'e3' AND chat_id = {}", app.store.id(id));
    assert_eq!((app.rows(&of(&old)), app.rows(&of(&new))), (1, 1));
    assert_eq!(app.changes_of(&new).last(), Some(&json!({"type": "merged", "chat_id": old})));
    let history = app.changes_of(&old);
    for change in [
        json!({"type": "participant_in", "address": ROBIN}),
        json!({"type": "absorbed", "chat_id": new}),
        json!({"type": "participant_in", "address": ALEX}),
    ] {
        assert_eq!(history.iter().filter(|known| **known == change).count(), 1, "{change} in {history:?}");
    }
}

#[tokio::test]
async fn order_decides_nothing() {
    let events = || [Event::message("e1", OLD), Event::message("e2", NEW).sender(ROBIN), rekeyed("e3")];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let app = TestApp::start();
        for place in order {
            app.relay_1().post_event(events()[place].clone()).await.ok();
        }
        let page = app.acme().list_chats("").await.ok();
        assert_eq!(
            (&page["count"], people(&page["chats"][0])),
            (&json!(1), vec![SAM, ROBIN, ALEX]),
            "{order:?}"
        );
        let id = page["chats"][0]["id"].as_str().unwrap();
        assert_eq!(app.acme().route(id).await.ok()["conversation_key"], NEW, "{order:?}");
    }
}

#[tokio::test]
async fn the_old_key_is_that_lines_only() {
    let app = TestApp::start();
    let elsewhere = app.relay_1().chat_of(Event::message("e1", OLD).line(LINE_2)).await;
    let anothers = app.relay_2().chat_of(Event::message("e1", OLD).line(OTHER_LINE)).await;
    let (outcome, chat) = app.relay_1().outcome(rekeyed("e2")).await;
    assert_eq!(outcome, "created");
    assert!(![elsewhere.clone(), anothers.clone()].contains(&chat));
    assert_eq!(app.acme().resolve(LINE_2, &[OLD, NEW]).await.ok()["chats"][1]["chat_id"], Value::Null);
    assert_eq!(people(&app.acme().get_chat(&elsewhere).await.ok()["chat"]), [SAM]);
    assert_eq!(people(&app.other().get_chat(&anothers).await.ok()["chat"]), [SAM]);
}

#[tokio::test]
async fn two_chats_that_would_know_too_many_together_stay_two() {
    let app = TestApp::start();
    for (key, name, count) in [(OLD, "old", 5_000), (NEW, "new", 5_000)] {
        let guests: Vec<String> = (0..count).map(|number| format!("{name}{number}@example.com")).collect();
        let events = guests.chunks(1000).enumerate().map(|(number, part)| {
            let id = format!("{name}-crowd{number}");
            Event::new("chat.updated", &id, key).handles(part.iter().map(String::as_str))
        });
        app.relay_1().post_events(events).await.ok();
    }
    let refused = app.relay_1().post_event(rekeyed("e3")).await;
    assert!(refused.refused(400, 1002).contains("10000 handles"));
    assert_eq!(app.acme().ids("").await.len(), 2);
    // With nobody new they are just as many as may be.
    let plain = Event::new("chat.updated", "e4", NEW).with("/data/chat/previous_conversation_key", OLD);
    assert_eq!(app.relay_1().outcome(plain).await.0, "updated");
    let ids = app.acme().ids("").await;
    assert_eq!(app.acme().participants(&ids[0]).await.ok()["participants"].as_array().unwrap().len(), 10_000);
}

#[tokio::test]
async fn a_chat_that_waits_for_its_key_gets_both() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will([Say::Queued]);
    let old = app.relay_1().chat_of(Event::message("e1", OLD)).await;
    let body = json!({"from": LINE, "to": [SAM, ROBIN],
        "message": {"subject": "Team lunch", "parts": [{"type": "text", "value": "Shall we?"}]}});
    let pending = app.acme().create(body).await.ok()["chat"]["id"].as_str().unwrap().to_owned();
    let echo = rekeyed("e2").with("/data/chat/client_ref", relay.seen()[0].client_ref());
    assert_eq!(app.relay_1().outcome(echo).await, ("updated".to_owned(), pending.clone()));
    let chat = app.acme().get_chat(&old).await.ok();
    assert_eq!((&chat["chat"]["id"], &chat["chat"]["status"]), (&json!(pending), &json!("active")));
    assert_eq!(people(&chat["chat"]), [SAM, ROBIN, ALEX]);
    for key in [OLD, NEW] {
        assert_eq!(app.acme().resolve(LINE, &[key]).await.ok()["chats"][0]["chat_id"], pending.as_str());
    }
}

#[tokio::test]
async fn a_delivery_that_became_something_else_changes_nothing_about_the_keys() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will([Say::Key("iMessage;+;chat9")]);
    let body = json!({"from": LINE, "to": [SAM, ROBIN],
        "message": {"parts": [{"type": "text", "value": "Shall we?"}]}});
    let made = app.acme().create(body).await.ok()["chat"]["id"].as_str().unwrap().to_owned();
    let (old, _, _) = joined(&app).await;
    let echo = rekeyed("e4").with("/data/chat/client_ref", relay.seen()[0].client_ref());
    assert_eq!(app.relay_1().chat_of(echo).await, old, "an event is about the conversation that it names");
    assert_eq!(app.acme().resolve(LINE, &["any;+;chat9"]).await.ok()["chats"][0]["chat_id"], made.as_str());
    assert_eq!(app.acme().ids("").await.len(), 2);
}
