//! Look-ups that are answered from memory are as true as those that read the store.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    Event, FakeRelay, Say, TestApp,
    directory::{ACME, LINE, LINE_2, OTHER_LINE, RELAY_1, number},
    event::SAM,
    relay::Seen,
};

const KEY: &str = "iMessage;+;chat1";

fn key(number: usize) -> String {
    format!("iMessage;+;chat{number}")
}

/// The name of a group after so many events, each newer than the last.
fn renamed(key: &str, step: usize) -> Event {
    Event::renamed(&format!("{key}-{step}"), key, &step.to_string()).at(&format!(
        "2026-05-30T12:{:02}:{:02}Z",
        step / 60,
        step % 60
    ))
}

/// A chat as each look-up that names one chat shows it.
async fn seen(app: &TestApp, id: &str, key: &str) -> [Value; 3] {
    let acme = app.acme();
    let (by_key, on_line) =
        (format!("conversation_key={key}"), format!("conversation_key={key}&from={LINE}"));
    let (by_id, by_key, on_line) =
        tokio::join!(acme.get_chat(id), acme.list_chats(&by_key), acme.list_chats(&on_line));
    [by_id.ok()["chat"].clone(), only(&by_key.ok()), only(&on_line.ok())]
}

/// The only chat of a listing, or null when it is empty.
fn only(page: &Value) -> Value {
    let chats = page["chats"].as_array().unwrap();
    assert!(chats.len() <= 1 && page["count"] == chats.len() && page["next_cursor"].is_null(), "{page}");
    chats.first().cloned().unwrap_or_default()
}

async fn resolved(app: &TestApp, key: &str) -> Value {
    app.acme().resolve(LINE, &[key]).await.ok()["chats"][0]["chat_id"].clone()
}

#[tokio::test]
async fn a_look_up_after_an_answered_event_sees_it_however_many_read_and_write() {
    const CHATS: usize = 8;
    const STEPS: usize = 40;
    let app = &TestApp::start();
    let ids = &join_all((0..CHATS).map(|chat| app.relay_1().chat_of(renamed(&key(chat), 0)))).await;
    let writing = &AtomicUsize::new(CHATS);
    let write = async |chat: usize| {
        for step in 1..=STEPS {
            app.relay_1().chat_of(renamed(&key(chat), step)).await;
            for shown in seen(app, &ids[chat], &key(chat)).await {
                assert_eq!(shown["display_name"], step.to_string());
            }
        }
        writing.fetch_sub(1, Ordering::SeqCst);
    };
    let read = async |first: usize| {
        let mut last = [0; CHATS];
        for chat in (0..CHATS).cycle().skip(first) {
            if writing.load(Ordering::SeqCst) == 0 {
                break;
            }
            let shown = seen(app, &ids[chat], &key(chat)).await;
            let versions = shown.map(|shown| shown["version"].as_u64().unwrap());
            assert!(versions.iter().all(|version| *version >= last[chat]), "{versions:?} {last:?}");
            last[chat] = versions.into_iter().max().unwrap();
        }
    };
    tokio::join!(join_all((0..CHATS).map(write)), join_all((0..CHATS).map(read)));
}

#[tokio::test]
async fn a_key_that_was_asked_for_in_vain_is_found_as_soon_as_its_event_is_answered() {
    const KEYS: usize = 150;
    let app = &TestApp::start();
    let is_over = &AtomicBool::new(false);
    let keys: &Vec<String> = &(0..KEYS).map(key).collect();
    let write = async {
        for key in keys {
            assert_eq!(resolved(app, key).await, Value::Null);
            let chat = app.relay_1().chat_of(Event::message("e1", key)).await;
            assert_eq!(resolved(app, key).await, chat.as_str());
            for shown in seen(app, &chat, key).await {
                assert_eq!(shown["id"], chat.as_str());
            }
        }
        is_over.store(true, Ordering::SeqCst);
    };
    let read = async |_| {
        let asked: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut last = vec![Value::Null; KEYS];
        while !is_over.load(Ordering::SeqCst) {
            let found = app.acme().resolve(LINE, &asked).await.ok();
            for (chat, last) in found["chats"].as_array().unwrap().iter().zip(&mut last) {
                assert!(last.is_null() || *last == chat["chat_id"], "{last} became {chat}");
                *last = chat["chat_id"].clone();
            }
            let absent = asked[last.iter().position(Value::is_null).unwrap_or_default()];
            app.acme().list_chats(&format!("conversation_key={absent}")).await.ok();
        }
    };
    tokio::join!(write, join_all((0..4).map(read)));
}

/// A group by the API whose relay does not know its key yet.
async fn queued(app: &TestApp, relay: &FakeRelay) -> (String, Seen) {
    relay.will([Say::Queued]);
    let before = relay.seen().len();
    let message = json!({"subject": "Lunch", "parts": [{"type": "text", "value": "Shall we?"}]});
    let created =
        app.acme().create(json!({"from": LINE, "to": [SAM, "+14155550112"], "message": message})).await;
    (created.ok()["chat"]["id"].as_str().unwrap().to_owned(), relay.seen()[before].clone())
}

fn echo(id: &str, relayed: &Seen) -> Event {
    Event::new("chat.created", id, KEY).with("/data/chat/client_ref", relayed.client_ref())
}

#[tokio::test]
async fn a_pending_chat_is_active_and_found_as_soon_as_it_is_bound() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let (chat, relayed) = queued(&app, &relay).await;
    for _ in 0..2 {
        assert_eq!(app.acme().get_chat(&chat).await.ok()["chat"]["status"], "pending");
        assert_eq!(resolved(&app, KEY).await, Value::Null);
        assert!(app.acme().ids(&format!("conversation_key={KEY}")).await.is_empty());
    }
    assert_eq!(app.relay_1().chat_of(echo("e1", &relayed)).await, chat);
    assert_eq!(resolved(&app, KEY).await, chat.as_str());
    for shown in seen(&app, &chat, KEY).await {
        assert_eq!((&shown["id"], &shown["status"]), (&json!(chat), &json!("active")));
    }
}

#[tokio::test]
async fn ids_that_become_one_answer_as_one_at_once() {
    let relay = FakeRelay::start();
    let mut app = TestApp::start_with_relay(&relay);
    let (survivor, relayed) = queued(&app, &relay).await;
    let other = app.relay_1().chat_of(Event::message("e1", KEY)).await;
    for _ in 0..2 {
        assert_eq!(resolved(&app, KEY).await, other.as_str());
        assert!(seen(&app, &other, KEY).await.iter().all(|shown| shown["id"] == other.as_str()));
        assert_eq!(app.acme().get_chat(&survivor).await.ok()["chat"]["status"], "pending");
    }
    assert_eq!(app.relay_1().chat_of(echo("e2", &relayed)).await, survivor);
    for step in 1..4 {
        assert_eq!(resolved(&app, KEY).await, survivor.as_str());
        let all = [seen(&app, &survivor, KEY).await, seen(&app, &other, KEY).await].concat();
        assert!(all.iter().all(|shown| *shown == all[0] && shown["id"] == survivor.as_str()), "{all:?}");
        // What happens to the survivor is seen under the other id, too.
        let later = format!("2026-05-31T12:00:0{step}Z");
        app.relay_1().chat_of(renamed(KEY, step).at(&later)).await;
        for id in [&survivor, &other] {
            assert_eq!(app.acme().get_chat(id).await.ok()["chat"]["display_name"], step.to_string());
        }
        if step == 2 {
            app.restart();
        }
    }
}

#[tokio::test]
async fn every_chat_of_a_line_shows_its_health_at_once() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let chat = app.relay_1().chat_of(Event::message("e1", KEY)).await;
    let elsewhere = app.relay_1().chat_of(Event::message("e2", KEY).line(LINE_2)).await;
    let message = json!({"parts": [{"type": "text", "value": "Shall we?"}]});
    let create = json!({"from": LINE, "to": [SAM, "+14155550112"], "message": message});
    for (say, score) in
        [(None, json!(null)), (Some(Say::Made), json!(100)), (Some(Say::Status(422)), json!(50))]
    {
        if let Some(say) = say {
            relay.will([say]);
            app.acme().create(create.clone()).await;
        }
        for _ in 0..2 {
            assert_eq!(app.acme().get_chat(&chat).await.ok()["chat"]["health_score"], score);
            assert_eq!(app.acme().get_chat(&elsewhere).await.ok()["chat"]["health_score"], Value::Null);
        }
    }
}

#[tokio::test]
async fn what_one_tenant_looked_up_no_other_tenant_finds() {
    let app = TestApp::start();
    let ours = app.relay_1().chat_of(Event::message("e1", KEY)).await;
    let theirs = app.relay_2().chat_of(Event::message("e1", KEY).line(OTHER_LINE)).await;
    let by_key = format!("conversation_key={KEY}");
    for _ in 0..2 {
        for (caller, line, own, not_own) in
            [(app.acme(), LINE, &ours, &theirs), (app.other(), OTHER_LINE, &theirs, &ours)]
        {
            caller.get_chat(own).await.ok();
            caller.get_chat(not_own).await.refused(404, 2002);
            caller.get_chat_if_not(not_own, "*").await.refused(404, 2002);
            assert_eq!(caller.ids(&by_key).await, [own.as_str()]);
            for asked in [LINE, OTHER_LINE] {
                let found = caller.resolve(asked, &[KEY]).await.ok()["chats"][0]["chat_id"].clone();
                assert_eq!(found, if asked == line { json!(own) } else { Value::Null });
                let expected = if asked == line { vec![own.clone()] } else { Vec::new() };
                assert_eq!(caller.ids(&format!("{by_key}&from={asked}")).await, expected);
            }
        }
    }
}

/// Looks at a chat in every way, twice, and asks for it by its tag.
async fn assert_named(app: &TestApp, id: &str, key: &str, name: usize) {
    for _ in 0..2 {
        for shown in seen(app, id, key).await {
            assert_eq!((&shown["id"], &shown["display_name"]), (&json!(id), &json!(name.to_string())));
        }
    }
    let first = app.acme().get_chat(id).await;
    let again = app.acme().get_chat_if_not(id, first.header("etag").unwrap()).await;
    assert_eq!((again.status, again.header("etag")), (304, first.header("etag")));
}

#[tokio::test]
async fn the_same_is_seen_however_little_is_remembered_and_after_a_restart() {
    const CHATS: usize = 40;
    for bytes in [0, 1, 30_000, 1 << 30] {
        let mut app = TestApp::start_with(|settings| settings.store.lookup_cache = bytes);
        let mut ids = Vec::new();
        for chat in 0..CHATS {
            ids.push(app.relay_1().chat_of(renamed(&key(chat), 0)).await);
        }
        for step in 1..3 {
            for (chat, id) in ids.iter().enumerate().step_by(2) {
                let key = key(chat);
                assert_named(&app, id, &key, step - 1).await;
                let tag = app.acme().get_chat(id).await.header("etag").unwrap().to_owned();
                app.relay_1().chat_of(renamed(&key, step)).await;
                app.acme().get_chat_if_not(id, &tag).await.ok();
                assert_named(&app, id, &key, step).await;
            }
            app.restart();
            let keys: Vec<String> = (0..CHATS).map(key).collect();
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let found = app.acme().resolve(LINE, &keys).await.ok();
            let found: Vec<_> =
                found["chats"].as_array().unwrap().iter().map(|chat| &chat["chat_id"]).collect();
            assert_eq!(found, ids.iter().collect::<Vec<_>>(), "{bytes}");
        }
    }
}

#[tokio::test]
async fn a_key_that_many_lines_know_is_listed_page_by_page() {
    const LINES: usize = 20;
    let mut app = TestApp::start();
    let lines: Vec<String> = (0..LINES).map(|place| format!("+1555555{:04}", 3000 + place)).collect();
    for line in &lines {
        app.admin().add_line(&number(line), &ACME.slug(), &RELAY_1.slug()).unwrap();
    }
    app.restart();
    let mut ids = Vec::new();
    for line in &lines {
        ids.push(app.relay_1().chat_of(Event::message("e1", KEY).line(line)).await);
        let mut newest_first = ids.clone();
        newest_first.sort();
        newest_first.reverse();
        for limit in [1, 2, 15, 16, 17, 50] {
            let query = format!("conversation_key={KEY}&limit={limit}");
            let page = app.acme().list_chats(&query).await.ok();
            assert_eq!(page["next_cursor"].is_string(), ids.len() > limit);
            assert_eq!(app.acme().ids(&query).await, newest_first[..limit.min(ids.len())]);
        }
    }
    assert_eq!(app.acme().ids(&format!("conversation_key={KEY}&from={}", lines[7])).await, [ids[7].as_str()]);
}
