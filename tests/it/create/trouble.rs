//! Relays in trouble. Whatever happened, the same request succeeds once the relay does, with one group.

use std::time::{Duration, Instant};

use rstest::rstest;

use super::{Create, chat_id, echo};
use crate::support::{
    Event, FakeRelay, Say, TestApp, answer::Answer, directory::RELAY_1, event::SAM, relay::nobody,
};

/// How long a caller waits at most.
const AT_MOST: Duration = Duration::from_secs(15);

/// A refusal: HTTP status and code.
type Refusal = (u16, u16);

const NOT_DELIVERED: Refusal = (502, 4001);
const UNREACHABLE: Refusal = (503, 3002);

#[track_caller]
fn assert_refused(answer: &Answer, (status, code): Refusal) {
    answer.refused(status, code);
    assert_eq!(answer.retry_after().is_some(), code == 3002, "Retry-After comes with 3002");
}

/// Repeats the request of a test until it has its answer, of a relay that is well again.
async fn assert_recovers(app: &TestApp, relay: &FakeRelay) {
    relay.always(Say::Made);
    let answer = app.acme().create(Create::keyed("k1")).await;
    answer.ok();
    let key = relay.seen().last().unwrap().conversation_key();
    let found = app.acme().resolve("+15555550100", &[&key]).await.ok();
    assert_eq!(found["chats"][0]["chat_id"], answer.ok()["chat"]["id"]);
    assert_eq!((relay.groups(), app.rows("chats"), app.rows("deliveries")), (1, 1, 1));
}

#[rstest]
#[case::bad_request(Say::Status(400))]
#[case::unauthorized(Say::Status(401))]
#[case::not_found(Say::Status(404))]
#[case::unprocessable(Say::Status(422))]
#[case::redirect(Say::Bytes("HTTP/1.1 307 Go\r\nlocation: /v1/groups\r\ncontent-length: 0\r\n\r\n"))]
#[case::moved(Say::Bytes("HTTP/1.1 301 Go\r\nlocation: /v1/groups\r\ncontent-length: 0\r\n\r\n"))]
#[case::created(Say::Status(201))]
#[case::empty(Say::Status(200))]
#[case::garbage(Say::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nShall we?"))]
#[case::no_key(Say::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"))]
#[case::empty_key(Say::Key(""))]
#[case::odd_key(Say::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 23\r\n\r\n{\"conversation_key\": 5}"))]
#[case::endless(Say::Endless)]
#[tokio::test]
async fn an_answer_that_is_final_is_not_asked_for_again(#[case] say: Say) {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will(vec![say; 5]);
    // However often: a relay that answers is never given a rest.
    for count in 1..=5 {
        let answer = app.acme().create(Create::keyed("k1")).await;
        assert_refused(&answer, NOT_DELIVERED);
        assert_eq!(relay.seen().len(), count, "one attempt");
    }
    assert_recovers(&app, &relay).await;
}

#[rstest]
#[case::timeout(Say::Status(408), NOT_DELIVERED)]
#[case::conflict(Say::Status(409), NOT_DELIVERED)]
#[case::too_many(Say::Status(429), NOT_DELIVERED)]
#[case::broken(Say::Status(500), NOT_DELIVERED)]
#[case::unavailable(Say::Status(503), NOT_DELIVERED)]
#[case::hung_up(Say::Bytes(""), UNREACHABLE)]
#[case::cut(Say::CUT, UNREACHABLE)]
#[case::no_http(Say::Bytes("220 mail.example.org ready\r\n"), UNREACHABLE)]
#[tokio::test]
async fn an_answer_that_may_change_is_asked_for_three_times(#[case] say: Say, #[case] refusal: Refusal) {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will(vec![say.clone(); 3]);
    let answer = app.acme().create(Create::keyed("k1")).await;
    assert_refused(&answer, refusal);
    assert_eq!(relay.seen().len(), 3);
    // The third attempt may be the good one, too.
    relay.will(vec![say; 2]);
    assert_recovers(&app, &relay).await;
    let seen = relay.seen();
    assert_eq!(seen.len(), 6);
    let wait = |first: usize| seen[first + 1].at - seen[first].at;
    assert!(wait(0) >= Duration::from_millis(120) && wait(1) >= Duration::from_millis(240), "exponential");
    assert!(seen.iter().all(|request| request.body == seen[0].body));
}

#[rstest]
#[case(429)]
#[case(503)]
#[tokio::test]
async fn a_wish_to_wait_is_obeyed(#[case] status: u16) {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will([Say::RetryAfter(status, "2")]);
    assert_recovers(&app, &relay).await;
    let seen = relay.seen();
    assert!(seen[1].at - seen[0].at >= Duration::from_secs(2));
}

#[rstest]
#[case::a_minute("60")]
#[case::all_seconds_there_are("18446744073709551615")]
#[tokio::test]
async fn a_wish_to_wait_for_longer_than_a_caller_does_ends_the_attempts(#[case] after: &'static str) {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will([Say::RetryAfter(503, after)]);
    let started = Instant::now();
    assert_refused(&app.acme().create(Create::keyed("k1")).await, NOT_DELIVERED);
    assert!(started.elapsed() < Duration::from_secs(5), "nobody waits for nothing");
    assert_eq!(relay.seen().len(), 1);
    assert_recovers(&app, &relay).await;
}

#[tokio::test]
async fn a_wish_to_wait_that_cannot_be_read_is_none() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will([Say::RetryAfter(503, "Fri, 31 Dec 1999 23:59:59 GMT"), Say::RetryAfter(503, "-5")]);
    assert_recovers(&app, &relay).await;
}

#[tokio::test]
async fn nobody_at_the_relays_address() {
    let address = nobody();
    let app = TestApp::start_with_relays(&[(RELAY_1, &format!("http://{address}"))]);
    assert_refused(&app.acme().create(Create::keyed("k1")).await, UNREACHABLE);
    let relay = FakeRelay::start_at(address);
    assert_recovers(&app, &relay).await;
}

#[tokio::test]
async fn a_relay_that_never_answers() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will([Say::Nothing]);
    let started = Instant::now();
    assert_refused(&app.acme().create(Create::keyed("k1")).await, UNREACHABLE);
    assert!(started.elapsed() < AT_MOST, "{:?}", started.elapsed());
    assert_recovers(&app, &relay).await;
}

#[tokio::test]
async fn a_relay_without_a_url() {
    let mut app = TestApp::start();
    assert_refused(&app.acme().create(Create::keyed("k1")).await, UNREACHABLE);
    let relay = FakeRelay::start();
    app.stop();
    app.admin().set_relay_url(&RELAY_1.slug(), &relay.url()).unwrap();
    app.resume();
    assert_recovers(&app, &relay).await;
}

#[tokio::test]
async fn an_answer_that_was_lost_after_the_group_was_made() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will(vec![Say::CUT; 3]);
    assert_refused(&app.acme().create(Create::keyed("k1")).await, UNREACHABLE);
    // The group's own event comes before anybody asks again.
    let request = &relay.seen()[0];
    let event = echo("e1", &request.conversation_key(), &request.client_ref());
    let chat = app.relay_1().chat_of(event).await;
    assert_recovers(&app, &relay).await;
    assert_eq!(chat_id(&app.acme().create(Create::keyed("k1")).await), chat);
}

#[tokio::test]
async fn a_key_that_another_chat_has_already_names_that_chat() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let chat = app.relay_1().chat_of(Event::message("e1", "SMS;+;chat7")).await;
    relay.will([Say::Key("iMessage;+;chat7"), Say::Key("iMessage;+;chat7")]);
    let first = app.acme().create(Create::keyed("k1")).await;
    let second = app.acme().create(Create::keyed("k2")).await;
    assert_eq!([chat_id(&first), chat_id(&second)], [chat.clone(), chat.clone()]);
    assert_ne!(first.ok()["message"]["id"], second.ok()["message"]["id"]);
    assert_eq!(app.rows("chats"), 1);
    // It is a group of those it was asked for, and of those who were in it.
    let found = app.acme().get_chat(&chat).await.ok();
    assert_eq!(found["chat"]["display_name"], "Team lunch");
    assert_eq!(found["chat"]["handles"][0]["address"], SAM);
    assert_eq!(found["chat"]["handles"].as_array().unwrap().len(), 2);
}
