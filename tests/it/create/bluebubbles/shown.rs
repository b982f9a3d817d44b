//! What the server's events show, it is not asked for again.

use serde_json::Value;

use super::{HUNG_UP, assert_made, group, keyed, start};
use crate::{
    create::{Create, chat_id},
    support::{FakeRelay, Say, TestApp, answer::Answer, mac::GUID, relay::Gate},
};

/// Creates while the server holds back what it will `say`, until its event has shown the chat.
async fn create_while_shown(mac: &FakeRelay, app: &TestApp, create: Create, say: Say) -> (Answer, String) {
    let gate = Gate::new();
    mac.will([say.held(&gate)]);
    let shown = async {
        let order = mac.request(1).await;
        let chat = app.mac_shows("e1", Some(&order.temp_guid())).await;
        gate.open();
        chat
    };
    tokio::join!(app.acme().create(create), shown)
}

#[tokio::test]
async fn the_event_comes_before_the_answer() {
    for create in [keyed("k1"), group()] {
        let (mac, app) = start();
        let (answer, shown) = create_while_shown(&mac, &app, create, Say::Chat(GUID)).await;
        assert_eq!(chat_id(&answer), shown);
        assert_made(&app, &answer, "Team lunch").await;
    }
}

#[tokio::test]
async fn the_event_comes_and_no_answer_does() {
    for create in [keyed("k1"), group()] {
        let (mac, app) = start();
        let (answer, shown) = create_while_shown(&mac, &app, create, HUNG_UP).await;
        assert_eq!(chat_id(&answer), shown);
        // Nobody has named it.
        assert_made(&app, &answer, Value::Null).await;
        assert_eq!(answer.ok()["chat"]["health_score"], 100);
        assert_eq!(mac.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_counts_even_when_the_event_came_but_the_message_is_not_sent_again() {
    let (mac, app) = start();
    let (answer, shown) = create_while_shown(&mac, &app, keyed("k1"), Say::Status(500)).await;
    answer.refused(502, 4001);
    let answer = app.acme().create(keyed("k1")).await;
    assert_eq!(chat_id(&answer), shown);
    assert_made(&app, &answer, Value::Null).await;
    assert_eq!(mac.seen().len(), 1);
}

#[tokio::test]
async fn a_chat_that_was_shown_after_the_failure_is_not_made_again() {
    let (mac, mut app) = start();
    mac.will([HUNG_UP]);
    app.acme().create(keyed("k1")).await.refused(503, 3002);
    let shown = app.mac_shows("e1", Some(&mac.seen()[0].temp_guid())).await;
    app.restart();
    let answer = app.acme().create(keyed("k1")).await;
    assert_eq!((chat_id(&answer), answer.header("idempotent-replayed")), (shown, None));
    assert_made(&app, &answer, Value::Null).await;
    let again = app.acme().create(keyed("k1")).await;
    assert_eq!((again.body, mac.seen().len()), (answer.body, 1));
}

#[tokio::test]
async fn an_event_of_another_create_shows_nothing() {
    let (mac, app) = start();
    mac.will([HUNG_UP]);
    app.acme().create(keyed("k1")).await.refused(503, 3002);
    app.mac_shows("e1", Some(&"0".repeat(32))).await;
    let answer = app.acme().create(keyed("k1")).await;
    assert_made(&app, &answer, "Team lunch").await;
    assert_eq!(mac.orders().len(), 2);
}
