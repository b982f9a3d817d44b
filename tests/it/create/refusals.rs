//! What is refused before any relay hears of it.

use serde_json::{Value, json};

use super::{Create, numbers, text_part};
use crate::support::{
    FakeRelay, TestApp,
    directory::{LINE, OTHER_LINE, number},
    event::SAM,
};

/// Asserts that each of these is refused like this, and that no relay has seen any of them.
async fn all_refused(status: u16, code: u16, creates: impl IntoIterator<Item = (Create, &str)>) {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    for (create, says) in creates {
        let message = app.acme().create(create).await.refused(status, code);
        assert!(message.contains(says), "{message}, without {says}");
    }
    assert_eq!(relay.seen().len(), 0);
    assert_eq!(app.rows("deliveries"), 0, "no refusal is stored");
}

#[tokio::test]
async fn what_is_missing_is_1001() {
    let group = Create::group;
    let cases = [
        (group().without("/from"), "from"),
        (group().with("/from", Value::Null), "from"),
        (group().without("/to"), "to"),
        (group().with("/to", json!([])), "to"),
        (group().without("/message"), "message"),
        (group().without("/message/parts"), "message.parts"),
        (group().parts(json!([])), "message.parts"),
        (group().without("/message/parts/0/type"), "message.parts[0].type"),
        (group().without("/message/parts/0/value"), "message.parts[0].value"),
        (group().text(""), "message.parts[0].value"),
    ];
    all_refused(400, 1001, cases).await;
}

#[tokio::test]
async fn what_is_unusable_is_1002() {
    let group = Create::group;
    let cases = [
        (group().with("/from", 5), "from"),
        (group().with("/to", SAM), "to"),
        (group().to([5]), "to[0]"),
        (group().to([Value::Null]), "to[0]"),
        (group().with("/message", json!([])), "message"),
        (group().parts(json!({})), "message.parts"),
        (group().parts(json!(["Shall we?"])), "message.parts[0]"),
        (group().with("/message/parts/0/type", 5), "message.parts[0].type"),
        (group().with("/message/parts/0/type", "voice"), "message.parts[0].type"),
        (group().with("/message/parts/0/type", "TEXT"), "message.parts[0].type"),
        (group().with("/message/parts/0/value", 5), "message.parts[0].value"),
        (group().with("/message/subject", 5), "message.subject"),
        (group().with("/message/subject", "x".repeat(1025)), "message.subject"),
        (group().with("/message/idempotency_key", 5), "message.idempotency_key"),
        (group().key(""), "message.idempotency_key"),
        (group().key(&"é".repeat(256)), "message.idempotency_key"),
        (group().to([SAM, LINE]), "to"),
        (group().to([LINE]), "to"),
    ];
    all_refused(400, 1002, cases).await;
}

#[tokio::test]
async fn what_is_no_phone_number_is_1003() {
    let group = Create::group;
    let numbers = ["", "14155550111", "+1415", "+1415555011a", "sam@example.org", "+1 415 555 0111", " "];
    // An empty `from` is missing.
    let from = numbers[1..].iter().map(|bad| (group().with("/from", *bad), "from"));
    let to = numbers.iter().map(|bad| (group().to([SAM, bad]), "to[1]"));
    all_refused(400, 1003, from.chain(to)).await;
}

#[tokio::test]
async fn what_is_no_json_is_1004() {
    let app = TestApp::start();
    for body in ["", "{", "Shall we?", "{\"from\":}", "{} {}"] {
        app.acme().post_create(body).await.refused(400, 1004);
    }
    app.acme().post_create(b"{\"from\":\"\xff\"}").await.refused(400, 1004);
}

#[tokio::test]
async fn a_url_in_a_text_is_1005() {
    let urls = ["http://example.org", "see HTTPS://example.org", "at Www.Example.org", "hTTp://", "x(www.)"];
    let group = urls.map(|url| (Create::group().text(url), "URL"));
    let direct = urls.map(|url| (Create::direct().text(url), "URL"));
    all_refused(400, 1005, group.into_iter().chain(direct)).await;
}

#[tokio::test]
async fn too_many_recipients_are_1006_with_422() {
    let cases = [(Create::group().to(numbers(32)), "31"), (Create::group().to(numbers(1000)), "31")];
    all_refused(422, 1006, cases).await;
}

#[tokio::test]
async fn too_many_parts_are_1006_with_400() {
    let links = |count| vec![json!({"type": "link", "value": "https://example.org"}); count];
    all_refused(400, 1006, [(Create::direct().parts(links(11)), "10")]).await;
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    app.acme().create(Create::direct().parts(links(10))).await.ok();
}

#[tokio::test]
async fn two_texts_in_a_row_are_1008() {
    let link = json!({"type": "link", "value": "https://example.org"});
    let two = json!([text_part("Shall"), text_part("we?")]);
    let apart = json!([link, text_part("Shall"), text_part("we?")]);
    let cases = [
        (Create::group().parts(two.clone()), "row"),
        (Create::direct().parts(two), "row"),
        (Create::direct().parts(apart), "row"),
    ];
    all_refused(400, 1008, cases).await;
}

#[tokio::test]
async fn a_text_of_10_001_characters_is_1009_and_one_less_is_not() {
    all_refused(400, 1009, [(Create::group().text(&"é".repeat(10_001)), "10000")]).await;
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    app.acme().create(Create::group().text(&"é".repeat(10_000))).await.ok();
}

#[tokio::test]
async fn a_line_that_is_not_the_callers_or_not_active_is_2006() {
    let strange = [OTHER_LINE, "+15555550199"].map(|line| (Create::group().with("/from", line), "from"));
    all_refused(403, 2006, strange).await;
    let relay = FakeRelay::start();
    let mut app = TestApp::start_with_relay(&relay);
    let kept = app.acme().create(Create::keyed("k1")).await;
    kept.ok();
    app.stop();
    app.admin().set_line_active(&number(LINE), false).unwrap();
    app.resume();
    app.acme().create(Create::group()).await.refused(403, 2006);
    app.stop();
    app.admin().set_line_active(&number(LINE), true).unwrap();
    app.resume();
    assert_eq!(app.acme().create(Create::keyed("k1")).await.body, kept.body);
    assert_eq!(relay.seen().len(), 1);
}

#[tokio::test]
async fn media_and_a_link_to_a_group_are_4099() {
    let media = json!({"type": "media", "url": "https://example.org/a.jpg"});
    let link = json!({"type": "link", "value": "https://example.org"});
    let cases = [
        (Create::group().parts(json!([media])), "media"),
        (Create::direct().parts(json!([media])), "media"),
        (Create::group().parts(json!([link])), "link"),
        (Create::group().parts(json!([text_part("Shall we?"), link])), "link"),
    ];
    all_refused(501, 4099, cases).await;
}
