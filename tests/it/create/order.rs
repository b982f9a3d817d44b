//! A request that is wrong in several ways gets the answer of the first check that it fails.

use serde_json::{Value, json};

use super::{Create, numbers, text_part};
use crate::support::{
    FakeRelay, Say, TestApp,
    directory::{LINE, OTHER_LINE},
    event::SAM,
};

#[tokio::test]
async fn the_first_check_that_fails_answers() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.always(Say::Status(400));
    let request = app.request("POST", "/api/v1/chats").header("content-type", "application/json");
    request.body("no JSON").send().await.refused(401, 2012);
    app.acme().post_create("no JSON").await.refused(400, 1004);

    // All that can be wrong is wrong, and then less and less.
    let long_url = format!("www.{}", "x".repeat(10_000));
    let mut parts =
        vec![text_part(&long_url), text_part("again"), json!({"type": "media"}), json!({"type": "odd"})];
    parts.resize(11, json!({"type": "text"}));
    let wrong = Create::group()
        .with("/from", OTHER_LINE)
        .to(numbers(32))
        .with("/to/31", "no number")
        .parts(parts.clone());
    let then =
        async |create: &Create, status, code| app.acme().create(create.clone()).await.refused(status, code);
    then(&wrong, 400, 1001).await;
    parts[4..].fill(text_part("and again"));
    let wrong = wrong.parts(parts.clone());
    then(&wrong, 422, 1006).await;
    let wrong = wrong.to(["no number", SAM]);
    then(&wrong, 400, 1003).await;
    let wrong = wrong.to(numbers(2));
    then(&wrong, 400, 1006).await;
    parts.truncate(4);
    then(&wrong.clone().parts(parts.clone()), 400, 1002).await;
    parts.truncate(3);
    then(&wrong.clone().parts(parts.clone()), 501, 4099).await;
    parts.truncate(2);
    then(&wrong.clone().parts(parts.clone()), 400, 1008).await;
    parts.truncate(1);
    let wrong = wrong.parts(Value::Array(parts));
    then(&wrong, 400, 1005).await;
    let wrong = wrong.text(&"x".repeat(10_001));
    then(&wrong, 400, 1009).await;
    let wrong = wrong.text("Shall we?");
    then(&wrong, 403, 2006).await;
    assert_eq!(relay.seen().len(), 0);
    then(&wrong.with("/from", LINE), 502, 4001).await;
}
