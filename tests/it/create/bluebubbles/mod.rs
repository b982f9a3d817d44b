//! Creates through a BlueBubbles server.

mod once;
mod order;
mod shown;

use serde_json::{Value, json};

use super::{Create, chat_id};
use crate::support::{
    FakeRelay, Say, TestApp,
    answer::Answer,
    mac::{GUID, MAC_LINE, start_mac},
};

const HUNG_UP: Say = Say::Bytes("");

/// A named group of two, through the Mac.
fn group() -> Create {
    Create::group().with("/from", MAC_LINE)
}

fn keyed(key: &str) -> Create {
    group().key(key)
}

fn direct() -> Create {
    Create::direct().with("/from", MAC_LINE)
}

fn start() -> (FakeRelay, TestApp) {
    let mac = start_mac();
    let app = TestApp::start_with_mac(&mac.url());
    (mac, app)
}

/// Asserts that a create was answered with the chat that the server has made.
async fn assert_made(app: &TestApp, answer: &Answer, name: impl Into<Value>) {
    let (created, name) = (answer.ok(), name.into());
    assert_eq!((&created["message"]["status"], &created["chat"]["display_name"]), (&json!("sent"), &name));
    let found = app.acme().get_chat(&chat_id(answer)).await.ok();
    assert_eq!((&found["chat"]["status"], &found["chat"]["display_name"]), (&json!("active"), &name));
    let resolved = app.acme().resolve(MAC_LINE, &[GUID]).await.ok();
    assert_eq!(resolved["chats"][0]["chat_id"], created["chat"]["id"]);
    assert_eq!(app.rows("chats"), 1);
}
