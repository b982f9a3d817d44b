//! A first attempt that stalls past its lease, and comes back after another has taken over.

use super::{Create, chat_id};
use crate::support::{FakeRelay, Say, TestApp, relay::Gate};

#[tokio::test]
async fn an_attempt_that_stalls_past_its_lease_answers_what_its_successor_did() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let gate = Gate::new();
    relay.will([Say::Made.held(&gate)]);
    let stalled = app.acme().create(Create::keyed("k1"));
    let meanwhile = async {
        relay.request(1).await;
        app.set_clock(19);
        app.acme().create(Create::keyed("k1")).await.refused_while_running();
        app.set_clock(20);
        let second = app.acme().create(Create::keyed("k1")).await;
        second.ok();
        assert_eq!(second.header("idempotent-replayed"), None);
        gate.open();
        second
    };
    let (first, second) = tokio::join!(stalled, meanwhile);
    assert_eq!(first.body, second.body);
    assert_eq!(first.header("idempotent-replayed"), Some("true"));
    assert_eq!((relay.groups(), relay.seen().len(), app.rows("chats")), (1, 2, 1));
    // Who lost its lease has nothing to say about the line's health either.
    let chat = app.acme().get_chat(&chat_id(&first)).await.ok();
    assert_eq!((&chat["chat"]["health_score"], &chat["chat"]["version"]), (&100.into(), &1.into()));
}

#[tokio::test]
async fn a_stalled_attempt_that_fails_does_not_undo_its_successors_success() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let gate = Gate::new();
    relay.will([Say::Status(400).held(&gate)]);
    let stalled = app.acme().create(Create::keyed("k1"));
    let meanwhile = async {
        relay.request(1).await;
        app.set_clock(21);
        let second = app.acme().create(Create::keyed("k1")).await;
        gate.open();
        second
    };
    let (first, second) = tokio::join!(stalled, meanwhile);
    assert_eq!(second.ok()["chat"]["health_score"], 100);
    assert_eq!(first.body, second.body, "the group is there, whatever this attempt heard");
    assert_eq!(app.acme().create(Create::keyed("k1")).await.body, second.body);
}

#[tokio::test]
async fn a_stalled_attempt_that_comes_back_too_early_leaves_the_answer_to_its_successor() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let (gate, second_gate) = (Gate::new(), Gate::new());
    relay.will([Say::Made.held(&gate), Say::Made.held(&second_gate)]);
    let stalled = async {
        let answer = app.acme().create(Create::keyed("k1")).await;
        second_gate.open();
        answer
    };
    let successor = async {
        relay.request(1).await;
        app.set_clock(21);
        app.acme().create(Create::keyed("k1")).await
    };
    let opener = async {
        relay.request(2).await;
        gate.open();
    };
    let (first, second, ()) = tokio::join!(stalled, successor, opener);
    first.refused_while_running();
    assert_eq!(app.acme().create(Create::keyed("k1")).await.body, second.body);
    assert_eq!((relay.groups(), app.rows("chats")), (1, 1));
}
