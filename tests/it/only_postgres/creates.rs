//! One request is one group, whichever instance it comes to.

use chert_groups::relay_sim::Timing;
use serde_json::json;

use super::instances;
use crate::{
    create::chaos::{assert_each_group_is_one_chat, unreliable},
    support::{
        FakeRelay, Say, TestApp,
        directory::{LINE, RELAY_1},
        event::SAM,
        relay::{Gate, Simulated},
        store::TestStore,
    },
};

/// The story of creates and events with a relay that fails in every way.
#[tokio::test]
async fn each_group_is_one_chat_through_four_instances() {
    let store = TestStore::peopled_database();
    let simulated = Simulated::start_on(store, 4, RELAY_1, unreliable(Timing::Mixed), 4);
    assert_each_group_is_one_chat(simulated).await;
}

fn request(key: &str) -> serde_json::Value {
    let message = json!({"parts": [{"type": "text", "value": "Shall we?"}], "idempotency_key": key});
    json!({"from": LINE, "to": [SAM, "+14155550112"], "message": message})
}

fn two_with(relay: &FakeRelay) -> [TestApp; 2] {
    let two = instances();
    two[0].admin().set_relay_url(&RELAY_1.slug(), &relay.url()).unwrap();
    two.map(|mut app| {
        app.restart();
        app
    })
}

#[tokio::test]
async fn an_answer_of_one_is_given_again_by_the_other() {
    let relay = FakeRelay::start();
    let [one, other] = two_with(&relay);
    relay.will([Say::Made]);
    let answer = one.acme().create(request("k1")).await;
    let again = other.acme().create(request("k1")).await;
    assert_eq!((again.ok(), again.header("idempotent-replayed")), (answer.ok(), Some("true")));
    let chat = answer.ok()["chat"]["id"].as_str().unwrap().to_owned();
    assert_eq!(other.acme().get_chat(&chat).await.ok()["chat"]["id"], chat.as_str());
    assert_eq!(relay.groups(), 1);
}

#[tokio::test]
async fn what_one_is_about_the_other_does_not_begin() {
    let relay = FakeRelay::start();
    let [one, other] = two_with(&relay);
    let gate = Gate::new();
    relay.will([Say::Made.held(&gate)]);
    let meanwhile = async {
        crate::support::wait::until(std::time::Duration::from_secs(10), async || !relay.seen().is_empty())
            .await;
        other.acme().create(request("k1")).await.refused_while_running();
        gate.open();
    };
    let (answer, ()) = tokio::join!(one.acme().create(request("k1")), meanwhile);
    assert_eq!(other.acme().create(request("k1")).await.ok(), answer.ok());
    assert_eq!((relay.groups(), relay.seen().len()), (1, 1));
}
