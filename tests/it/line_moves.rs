//! A line moves to another relay: it stays its tenant's, and its chats go on.

use std::time::Duration;

use serde_json::json;

use crate::support::{
    Event, FakeRelay, Linq, Say, TestApp,
    directory::{ACME, LINE, LINE_2, RELAY_1, RELAY_2, number, slug},
    event::SAM,
    foreign::{LINQ, LINQ_LINE, LINQ_LINE_2, outcome},
    wait::until,
};

const KEY: &str = "any;+;chat1";
const ROBIN: &str = "+14155550112";
const NEW_LINE: &str = "+15555550177";

/// How soon a move counts.
const SECOND: Duration = Duration::from_secs(1);

impl TestApp {
    fn give(&self, line: &str, relay: &str) {
        self.admin().move_line(&number(line), None, Some(&slug(relay))).unwrap();
    }
}

#[tokio::test]
async fn its_new_relay_goes_on_with_its_chats_and_the_old_one_is_refused() {
    let app = TestApp::start();
    let chat = app.relay_1().chat_of(Event::message("e1", KEY)).await;
    app.relay_2().post_event(Event::message("e2", KEY)).await.refused(403, 2006);
    app.give(LINE, RELAY_2.slug);
    let moved = async || app.acme().route(&chat).await.ok()["relay"] == RELAY_2.slug;
    until(SECOND, moved).await;
    let event = Event::message("e2", KEY).sender(ROBIN);
    assert_eq!(app.relay_2().outcome(event).await, ("updated".to_owned(), chat.clone()));
    app.relay_1().post_event(Event::message("e3", KEY)).await.refused(403, 2006);
    assert_eq!(app.relay_1().outcome(Event::message("e3", KEY).line(LINE_2)).await.0, "created");
    assert_eq!(app.acme().get_chat(&chat).await.ok()["chat"]["handles"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_relay_without_lines_can_be_removed() {
    let app = TestApp::start();
    assert_eq!(app.relay_1().outcome(Event::message("e1", KEY).line(NEW_LINE)).await.0, "parked");
    app.give(LINE, RELAY_2.slug);
    assert!(app.admin().remove_relay(&RELAY_1.slug()).is_err(), "it has another line");
    app.give(LINE_2, RELAY_2.slug);
    app.admin().remove_relay(&RELAY_1.slug()).unwrap();
    assert_eq!(app.rows("parked"), 0);
    let known = async || app.relay_1().post_event(Event::message("e2", KEY)).await.status == 401;
    until(SECOND, known).await;
}

#[tokio::test]
async fn a_create_ends_with_the_relay_that_it_began_with() {
    let [first, second] = [FakeRelay::start(), FakeRelay::start()];
    let app = TestApp::start_with_relays(&[(RELAY_1, &first.url()), (RELAY_2, &second.url())]);
    let create = |key: &str| {
        let message = json!({"parts": [{"type": "text", "value": "Shall we?"}], "idempotency_key": key});
        app.acme().create(json!({"from": LINE, "to": [SAM, ROBIN], "message": message}))
    };
    first.will([Say::Status(400)]);
    create("k1").await.refused(502, 4001);
    app.give(LINE, RELAY_2.slug);
    let moved = async || {
        // Each time another, until one goes to the new relay.
        let key = format!("try-{}", first.seen().len());
        create(&key).await.ok();
        !second.seen().is_empty()
    };
    until(SECOND, moved).await;
    let before = second.seen().len();
    create("k1").await.ok();
    assert_eq!(second.seen().len(), before, "the delivery is the first relay's");
    let names: Vec<_> = first.seen().iter().map(|request| request.idempotency_key().to_owned()).collect();
    assert_eq!(names.first(), names.last(), "and was asked for under the same name");
}

#[tokio::test]
async fn what_was_parked_without_a_line_is_not_taken_for_the_lines_that_are_left() {
    let app = TestApp::start_with_foreign(2);
    let added = Linq::participant("added", "e1", "b183b0d3", ROBIN);
    assert_eq!(outcome(&app.linq_posts(&added).await), "parked");
    // It may be about a conversation of this line, which nobody has told yet.
    app.give(LINQ_LINE_2, RELAY_1.slug);
    // Longer than what would be wrong takes to happen.
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!((app.rows("parked"), app.rows("chats")), (1, 0));
    // When the line that is left is told to know the conversation, it is about that one.
    app.linq_posts(Linq::message("e2", "b183b0d3").line(LINQ_LINE)).await.ok();
    assert_eq!((app.usage(), app.rows("chats")), (vec![], 1));
    assert_eq!(app.acme().ids(&format!("from={}", LINQ_LINE.replace('+', "%2B"))).await.len(), 1);
    assert!(app.admin().remove_relay(&slug(LINQ)).is_err());
}

#[tokio::test]
async fn what_a_relay_has_parked_for_a_line_waits_until_the_line_comes_to_it() {
    let app = TestApp::start();
    assert_eq!(app.relay_1().outcome(Event::message("e1", KEY).line(NEW_LINE)).await.0, "parked");
    app.admin().add_line(&number(NEW_LINE), &ACME.slug(), &RELAY_2.slug()).unwrap();
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!(app.usage(), [(RELAY_1.slug.to_owned(), 1)], "the other relay's line does not take it");
    app.give(NEW_LINE, RELAY_1.slug);
    until(Duration::from_secs(5), async || app.rows("parked") == 0).await;
    assert_eq!(app.rows("chats"), 1);
}
