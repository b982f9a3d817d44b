//! Events that cannot be placed yet.

mod bounds;
mod conversations;
mod lines;
mod numbers;

use std::time::Duration;

use serde_json::Value;

use crate::support::{TestApp, wait::until};

/// Waits until nothing is parked any more.
async fn until_nothing_is_parked(app: &TestApp) {
    until(Duration::from_secs(5), async || app.rows("parked") == 0).await;
    assert_eq!(app.usage(), [], "what is not parked is not counted");
}

/// The only chat of the tenant.
async fn only_chat(app: &TestApp) -> Value {
    let mut page = app.acme().list_chats("limit=10").await.ok();
    assert_eq!(page["count"], 1, "{page}");
    page["chats"][0].take()
}

/// The addresses of those who are in a chat.
fn people(chat: &Value) -> Vec<&str> {
    chat["handles"].as_array().unwrap().iter().map(|handle| handle["address"].as_str().unwrap()).collect()
}
