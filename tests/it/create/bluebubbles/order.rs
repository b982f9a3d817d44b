//! What the server gets to see, and what is made of its answers.

use chert_groups::domain::relay_kind::RelayKind;
use rstest::rstest;
use serde_json::{Value, json};

use super::{HUNG_UP, assert_made, direct, group, keyed, start};
use crate::{
    create::{ALEX, chat_id, text_part},
    support::{
        FakeRelay, Say, TestApp,
        event::SAM,
        logs,
        mac::{GUID, MAC, start_mac},
    },
};

#[tokio::test]
async fn a_group_is_made_and_then_named() {
    let (mac, app) = start();
    let answer = app.acme().create(keyed("k1").to([ALEX, SAM])).await;
    assert_made(&app, &answer, "Team lunch").await;
    let [order, name] = &mac.seen()[..] else { panic!("an order and a name") };
    assert_eq!(order.asked_with_password(), "POST /api/v1/chat/new");
    assert_eq!(order.headers["content-type"], "application/json");
    let temp_guid = order.temp_guid();
    assert!(temp_guid.len() == 32 && temp_guid.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
    let expected = json!({
        "addresses": [ALEX, SAM], "message": "Shall we?", "method": "private-api", "service": "iMessage",
        "tempGuid": temp_guid,
    });
    assert_eq!(order.json(), expected);
    assert_eq!(name.asked_with_password(), format!("PUT /api/v1/chat/{GUID}"));
    assert_eq!(name.json(), json!({"displayName": "Team lunch"}));
    for header in ["x-chert-signature", "idempotency-key"] {
        assert!(!order.headers.contains_key(header), "{header} is of another protocol");
    }
}

#[tokio::test]
async fn a_message_of_several_parts_is_one_text_and_a_direct_chat_has_no_name() {
    let (mac, app) = start();
    mac.will([Say::Chat("iMessage;-;+14155550111")]);
    let parts = json!([text_part("Look:"), {"type": "link", "value": "https://example.org"}]);
    let create = direct().parts(parts).with("/message/subject", "Not a group");
    let answer = app.acme().create(create).await.ok();
    assert_eq!((&answer["chat"]["is_group"], &answer["chat"]["display_name"]), (&json!(false), &Value::Null));
    let [order] = &mac.seen()[..] else { panic!("one request") };
    assert_eq!(order.json()["message"], "Look:\nhttps://example.org");
    assert_eq!(order.json()["addresses"], json!([SAM]));
}

#[tokio::test]
async fn a_group_without_a_name_is_not_named() {
    let (mac, app) = start();
    let answer = app.acme().create(group().without("/message/subject")).await;
    assert_made(&app, &answer, Value::Null).await;
    assert_eq!(mac.seen().len(), 1);
}

#[rstest]
#[case::refused(Say::Status(400))]
#[case::unknown(Say::Status(404))]
#[case::broken(Say::Status(500))]
#[case::redirect(Say::Bytes("HTTP/1.1 307 Go\r\nlocation: /api\r\ncontent-length: 0\r\n\r\n"))]
#[case::hung_up(HUNG_UP)]
#[case::no_http(Say::Bytes("220 mail.example.org ready\r\n"))]
#[case::silent(Say::Nothing)]
#[tokio::test]
async fn a_name_that_is_not_given_is_not_claimed(#[case] say: Say) {
    let (mac, app) = start();
    mac.will([Say::Chat(GUID), say]);
    let answer = app.acme().create(keyed("k1")).await;
    assert_made(&app, &answer, Value::Null).await;
    assert_eq!((mac.orders().len(), mac.names().len()), (1, 1));
    assert_eq!(answer.ok()["chat"]["health_score"], 100, "the message was delivered");
    assert_eq!(app.acme().create(keyed("k1")).await.body, answer.body, "and that stays the answer");
}

#[rstest]
#[case::another_step("iMessage;+;chat7/../../server")]
#[case::a_query("iMessage;+;chat7?x")]
#[case::a_fragment("iMessage;+;chat7#x")]
#[case::encoded("iMessage;+;chat%37")]
#[case::up("..")]
#[tokio::test]
async fn a_guid_that_a_path_would_change_is_not_named(#[case] guid: &'static str) {
    let (mac, app) = start();
    mac.will([Say::Chat(guid)]);
    let answer = app.acme().create(group()).await;
    assert_eq!(answer.ok()["chat"]["display_name"], Value::Null);
    assert_eq!(app.acme().route(&chat_id(&answer)).await.ok()["conversation_key"], guid);
    assert_eq!(mac.seen().len(), 1);
}

#[tokio::test]
async fn the_same_people_have_a_chat_already() {
    let (mac, app) = start();
    let minted = app.mac_shows("e1", None).await;
    let [first, second] =
        [app.acme().create(keyed("k1")).await, app.acme().create(keyed("k2")).await].map(|answer| {
            assert_eq!(chat_id(&answer), minted);
            answer.ok()["message"]["id"].clone()
        });
    assert_ne!(first, second, "two messages in one chat");
    let answer = app.acme().create(keyed("k1")).await;
    assert_made(&app, &answer, "Team lunch").await;
    assert_eq!(mac.orders().len(), 2);
}

#[tokio::test]
async fn an_existing_chat_keeps_its_name_when_it_is_not_renamed() {
    let (mac, app) = start();
    let first = app.acme().create(group()).await;
    mac.will([Say::Chat(GUID), Say::Status(500)]);
    let second = app.acme().create(group().with("/message/subject", "Dinner")).await;
    assert_eq!(chat_id(&first), chat_id(&second));
    assert_made(&app, &second, "Team lunch").await;
}

#[tokio::test]
async fn without_a_password_nothing_is_asked() {
    let mac = start_mac();
    let mut app = TestApp::start_with_relay_of(RelayKind::BlueBubbles, &mac.url());
    app.acme().create(keyed("k1")).await.refused(503, 3002);
    assert_eq!(mac.seen().len(), 0);
    let lacks = |line: &&str| line.contains("lacks") && line.contains(MAC.slug) && line.contains("password");
    assert!(logs::kept().lines().any(|line| lacks(&line)), "the operator is told");
    app.set_mac_password();
    app.restart();
    let answer = app.acme().create(keyed("k1")).await;
    assert_made(&app, &answer, "Team lunch").await;
}

#[tokio::test]
async fn a_line_whose_relay_takes_no_creates() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay_of(RelayKind::Linq, &relay.url());
    app.acme().create(keyed("k1")).await.refused(501, 4099);
    assert_eq!((relay.seen().len(), app.rows("deliveries")), (0, 0));
    // Whose line it is comes first.
    app.other().create(keyed("k1")).await.refused(403, 2006);
}
