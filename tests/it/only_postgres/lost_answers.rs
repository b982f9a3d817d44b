//! Transactions that were committed, which nobody was told: they are repeated, and have one effect.

use serde_json::json;

use crate::support::{
    Event, FakeRelay, Say, TestApp,
    directory::{LINE, RELAY_1},
    event::SAM,
    store::TestStore,
};

/// Of so many commits the answer to one is lost.
const NTH: usize = 3;

fn app() -> TestApp {
    let app = TestApp::start_with_store(TestStore::peopled_database_on_a_wire());
    app.store.lose_each(NTH);
    app
}

#[tokio::test]
async fn events_have_one_effect() {
    const CHATS: u64 = 30;
    let app = app();
    let mut outcomes = Vec::new();
    for number in 0..CHATS {
        let key = format!("any;+;chat{number}");
        for event in [
            Event::message(&format!("m{number}"), &key),
            Event::renamed(&format!("r{number}"), &key, "Lunch").at("2026-05-31T11:00:00Z"),
            Event::message(&format!("n{number}"), &key).at("2026-05-31T11:30:00Z"),
        ] {
            outcomes.push(app.relay_1().outcome(event).await.0);
        }
        let late = Event::participant("left", &format!("l{number}"), &key, SAM).at("2026-05-31T11:15:00Z");
        app.relay_1().outcome(late).await;
    }
    let count = |what: &str| outcomes.iter().filter(|outcome| *outcome == what).count();
    assert!(count("duplicate") > 0 && count("created") > 0, "some answers were lost: {outcomes:?}");
    assert_eq!((app.rows("chats"), app.rows("receipts"), app.rows("changes")), (CHATS, 4 * CHATS, 2 * CHATS));
    assert_eq!(app.rows("participants"), CHATS, "whoever wrote later is there");
    app.store.assert_sound();
}

#[tokio::test]
async fn a_batch_has_one_effect() {
    let app = app();
    for round in 0..10 {
        let event =
            |number| Event::message(&format!("e{round}-{number}"), &format!("any;+;chat{}", number % 20));
        app.relay_1().post_events((0..50).map(event)).await.ok();
    }
    assert_eq!((app.rows("chats"), app.rows("receipts"), app.rows("changes")), (20, 500, 20));
    app.store.assert_sound();
}

#[tokio::test]
async fn what_is_parked_is_counted_once() {
    let app = app();
    for number in 0..20 {
        let event = Event::message(&format!("e{number}"), "any;+;chat1").line("+15555550177");
        assert_eq!(app.relay_1().outcome(event).await.0, "parked");
    }
    assert_eq!(app.rows("parked"), 20);
    assert_eq!(app.usage(), [(RELAY_1.slug.to_owned(), 20)]);
}

#[tokio::test]
async fn a_create_is_one_group_and_one_answer() {
    const CREATES: usize = 15;
    let relay = FakeRelay::start();
    let mut app = TestApp::start_with_store(TestStore::peopled_database_on_a_wire());
    app.admin().set_relay_url(&RELAY_1.slug(), &relay.url()).unwrap();
    app.restart();
    app.store.lose_each(NTH);
    relay.will(vec![Say::Made; CREATES]);
    for number in 0..CREATES {
        let message = json!({"parts": [{"type": "text", "value": "Shall we?"}], "idempotency_key": format!("k{number}")});
        let body = json!({"from": LINE, "to": [SAM, "+14155550112"], "message": message});
        let answer = app.acme().create(body.clone()).await;
        let again = app.acme().create(body).await;
        assert_eq!(again.ok(), answer.ok());
    }
    assert_eq!((relay.groups(), relay.seen().len()), (CREATES, CREATES));
    assert_eq!(app.rows("chats"), CREATES as u64);
    assert_eq!(app.rows("deliveries WHERE progress = 'answered'"), CREATES as u64);
    app.store.assert_sound();
}
