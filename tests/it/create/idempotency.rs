//! One idempotency key, one group, one answer.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{ALEX, Create, chat_id, numbers};
use crate::support::{
    FakeRelay, Say, TestApp,
    answer::Answer,
    directory::{OTHER_LINE, RELAY_1, RELAY_2},
    event::SAM,
    relay::Gate,
    wait::until,
};

/// Longer than it takes until a create is finished.
const PATIENCE: Duration = Duration::from_secs(10);

#[track_caller]
fn assert_replay(again: &Answer, first: &Answer) {
    first.ok();
    again.ok();
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body, first.body, "byte for byte");
}

#[tokio::test]
async fn the_same_request_has_the_same_answer_also_after_a_restart() {
    let relay = FakeRelay::start();
    let mut app = TestApp::start_with_relay(&relay);
    let first = app.acme().create(Create::keyed("k1")).await;
    // Whatever becomes of the chat, the answer stays.
    app.set_clock(60);
    let key = relay.seen()[0].conversation_key();
    app.relay_1().chat_of(super::Event::renamed("e1", &key, "Dinner").at("2026-05-31T12:00:30Z")).await;
    assert_replay(&app.acme().create(Create::keyed("k1")).await, &first);
    app.restart();
    assert_replay(&app.acme().create(Create::keyed("k1")).await, &first);
    assert_eq!((relay.seen().len(), app.rows("chats")), (1, 1));
    assert_eq!(app.acme().get_chat(&chat_id(&first)).await.ok()["chat"]["display_name"], "Dinner");
}

#[tokio::test]
async fn another_spelling_is_the_same_request() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let first = app.acme().create(Create::keyed("k1")).await;
    let spelling = r#"{ "message": {"idempotency_key":"k\u0031", "parts":[{"value":"Shall\u0020we?","type":"text"}],
        "subject":" Team lunch "}, "unknown": [1], "to": ["+14155550111","+14155550112","+14155550111"],
        "from": "\u002b15555550100" }"#;
    assert_replay(&app.acme().post_create(spelling).await, &first);
    assert_eq!(relay.seen().len(), 1);
}

#[tokio::test]
async fn a_different_request_is_refused_for_ever() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let first = app.acme().create(Create::keyed("k1")).await;
    for other in [
        Create::group().to([ALEX, SAM]),
        Create::group().to(numbers(2)),
        Create::direct(),
        Create::group().with("/message/subject", "Team dinner"),
        Create::group().without("/message/subject"),
        Create::group().text("Shall we not?"),
        Create::group().with("/from", "+15555550101"),
    ] {
        let refusal = app.acme().create(other.key("k1")).await;
        refusal.refused(409, 1012);
        assert_eq!(refusal.retry_after(), None);
    }
    assert_replay(&app.acme().create(Create::keyed("k1")).await, &first);
    assert_eq!(relay.seen().len(), 1);
}

#[tokio::test]
async fn a_different_request_is_refused_while_the_first_runs_and_after_it_failed() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let gate = Gate::new();
    relay.will([Say::Status(400).held(&gate)]);
    let run = app.acme().create(Create::keyed("k1"));
    let meanwhile = async {
        relay.request(1).await;
        app.acme().create(Create::keyed("k1").text("No?")).await.refused(409, 1012);
        gate.open();
    };
    tokio::join!(run, meanwhile).0.refused(502, 4001);
    app.acme().create(Create::keyed("k1").text("No?")).await.refused(409, 1012);
    app.acme().create(Create::keyed("k1")).await.ok();
}

#[tokio::test]
async fn two_tenants_with_one_key_do_not_meet() {
    let (relay, others) = (FakeRelay::start(), FakeRelay::start());
    let app = TestApp::start_with_relays(&[(RELAY_1, &relay.url()), (RELAY_2, &others.url())]);
    let first = app.acme().create(Create::keyed("k1")).await;
    let theirs = app.other().create(Create::keyed("k1").with("/from", OTHER_LINE)).await;
    assert_eq!(theirs.header("idempotent-replayed"), None);
    assert_ne!(chat_id(&first), chat_id(&theirs));
    assert_ne!(relay.seen()[0].client_ref(), others.seen()[0].client_ref());
    app.acme().get_chat(&chat_id(&theirs)).await.refused(404, 2002);
}

#[tokio::test]
async fn without_a_key_each_request_makes_a_group() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let first = app.acme().create(Create::group()).await;
    let second = app.acme().create(Create::group().with("/message/idempotency_key", Value::Null)).await;
    assert_ne!(chat_id(&first), chat_id(&second));
    assert_eq!(relay.groups(), 2);
}

#[tokio::test]
async fn sixty_four_at_once_are_one_group_and_one_answer() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let gate = Gate::new();
    relay.will([Say::Made.held(&gate)]);
    let one = async || {
        let mut last = None;
        until(PATIENCE, async || {
            let answer = app.acme().create(Create::keyed("k1")).await;
            let is_done = answer.status == 200;
            if !is_done {
                answer.refused_while_running();
                gate.open();
            }
            last = Some(answer);
            is_done
        })
        .await;
        last.unwrap()
    };
    let answers = join_all((0..64).map(|_| one())).await;
    let body = &answers[0].body;
    assert!(answers.iter().all(|answer| answer.body == *body));
    let first = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_none());
    assert_eq!(first.count(), 1);
    assert_eq!((relay.seen().len(), app.rows("chats"), app.rows("deliveries")), (1, 1, 1));
}

#[tokio::test]
async fn a_failure_runs_again_under_the_same_name_and_finds_the_group() {
    let relay = FakeRelay::start();
    let mut app = TestApp::start_with_relay(&relay);
    relay.will([Say::Status(400), Say::Status(422)]);
    app.acme().create(Create::keyed("k1")).await.refused(502, 4001);
    app.acme().create(Create::keyed("k1")).await.refused(502, 4001);
    app.restart();
    app.set_clock(3600);
    let answer = app.acme().create(Create::keyed("k1")).await;
    assert_eq!(answer.header("idempotent-replayed"), None, "this is the first answer");
    // It was asked for an hour ago.
    assert_eq!(answer.ok()["message"]["created_at"], "2026-05-31T12:00:00Z");
    let seen = relay.seen();

    assert_eq!((seen.len(), relay.groups()), (3, 1));
    assert!(seen.iter().all(|request| request.json() == seen[0].json()));
    assert_eq!(answer.ok()["chat"]["health_score"], 33);
    let listed = app.acme().list_chats("").await.ok();
    assert_eq!(listed["chats"][0]["id"], answer.ok()["chat"]["id"]);
    assert_eq!(listed["count"], json!(1));
}

#[tokio::test]
async fn a_key_has_up_to_255_characters() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let create = || Create::keyed(&"é".repeat(255));
    let first = app.acme().create(create()).await;
    assert_replay(&app.acme().create(create()).await, &first);
}

#[tokio::test]
async fn a_caller_who_hangs_up_finds_the_answer_later() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let gate = Gate::new();
    relay.will([Say::Made.held(&gate)]);
    tokio::select! {
        _ = app.acme().create(Create::keyed("k1")) => panic!("the relay holds it back"),
        _ = relay.request(1) => {}
    }
    gate.open();
    until(PATIENCE, async || {
        let answer = app.acme().create(Create::keyed("k1")).await;
        if answer.status != 200 {
            answer.refused_while_running();
        }
        answer.header("idempotent-replayed") == Some("true")
    })
    .await;
    assert_eq!((relay.seen().len(), app.rows("chats")), (1, 1));
}
