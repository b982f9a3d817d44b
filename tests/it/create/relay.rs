//! What a relay gets to see.

use serde_json::{Value, json};

use super::{ALEX, Create, text_part};
use crate::support::{
    FakeRelay, TestApp,
    directory::{LINE, RELAY_1},
    event::SAM,
};

#[tokio::test]
async fn a_relay_gets_a_signed_order_under_the_name_of_the_delivery() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    app.acme().create(Create::keyed("the caller's")).await.ok();
    let seen = &relay.seen()[0];
    assert_eq!(seen.first_line, "POST /v1/groups HTTP/1.1");
    assert_eq!(seen.headers["content-type"], "application/json");
    assert!(seen.is_signed_by(RELAY_1, &app.clock));
    let client_ref = seen.client_ref();
    assert_eq!(seen.idempotency_key(), client_ref);
    assert!(
        client_ref.len() == 32 && client_ref.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    );
    let expected = json!({
        "client_ref": client_ref, "from": LINE, "to": [SAM, ALEX], "is_group": true,
        "display_name": "Team lunch", "message": {"parts": [{"type": "text", "value": "Shall we?"}]},
    });
    assert_eq!(seen.json(), expected);
}

#[tokio::test]
async fn a_direct_order_says_so() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let parts = json!([text_part("Look:"), {"type": "link", "value": "https://example.org"}]);
    app.acme().create(Create::direct().parts(parts.clone())).await.ok();
    let order = relay.seen()[0].json();
    assert_eq!((&order["is_group"], &order["display_name"]), (&json!(false), &Value::Null));
    assert_eq!((&order["to"], &order["message"]["parts"]), (&json!([SAM]), &parts));
}
