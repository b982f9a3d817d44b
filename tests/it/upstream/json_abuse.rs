//! JSON that is meant to hurt.

use crate::support::{Event, TestApp, answer::Answer};

const KEY: &str = "any;+;chat1";

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

/// A good event with raw text spliced in as its field `name`.
fn with_raw(pointer: &str, raw: &str) -> String {
    Event::message("e1", KEY).with(pointer, "@").to_string().replace("\"@\"", raw)
}

/// Posts in every form. The two that take several events must let a neighbour through.
async fn in_every_form(app: &TestApp, event: &str) -> [Answer; 3] {
    let neighbour = Event::message("neighbour", "any;+;neighbour").to_string();
    [
        app.relay_1().post_json(event).await,
        app.relay_1().post_ndjson(format!("{event}\n{neighbour}")).await,
        app.relay_1().post_json(format!("{{\"events\":[{event},{neighbour}]}}")).await,
    ]
}

async fn assert_taken(event: &str) {
    let app = TestApp::start();
    let [one, lines, envelope] = in_every_form(&app, event).await;
    assert_eq!(one.ok()["outcome"], "created");
    for several in [lines.ok(), envelope.ok()] {
        assert_eq!(several["results"][0]["outcome"], "duplicate");
    }
}

async fn assert_rejected(event: &str, code: u16) -> String {
    let app = TestApp::start();
    let [one, lines, envelope] = in_every_form(&app, event).await;
    let message = one.refused(400, code);
    for several in [lines.ok(), envelope.ok()] {
        assert_eq!(several["results"][0]["error"]["code"], code, "{several}");
        assert_eq!(several["results"][1]["event_id"], "neighbour");
        assert_ne!(several["results"][1]["outcome"], "rejected");
    }
    message
}

#[tokio::test]
async fn ten_thousand_levels_in_a_field_that_nobody_reads_are_passed_over() {
    assert_taken(&with_raw("/extra", &nested(10_000))).await;
    assert_taken(&with_raw("/data/message/parts", &nested(10_000))).await;
    let objects = "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000);
    assert_taken(&with_raw("/data/chat/extra", &objects)).await;
}

#[tokio::test]
async fn ten_thousand_levels_in_a_field_that_is_read_are_a_wrong_type() {
    for (pointer, field) in [
        ("/event", "event"),
        ("/data/chat/conversation_key", "data.chat.conversation_key"),
        ("/data/chat/handles", "data.chat.handles[0]"),
    ] {
        let message = assert_rejected(&with_raw(pointer, &nested(10_000)), 1002).await;
        assert!(message.starts_with(&format!("{field} ")), "{message}");
    }
    assert_rejected(&nested(10_000), 1002).await;
}

#[tokio::test]
async fn levels_without_an_end_are_not_json() {
    let app = TestApp::start();
    for body in ["[".repeat(1_000_000), "{\"a\":".repeat(100_000), with_raw("/extra", &"[".repeat(100_000))] {
        app.relay_1().post_json(body.clone()).await.refused(400, 1004);
        let line = app.relay_1().post_ndjson(body).await.ok();
        assert_eq!(line["results"][0]["error"]["code"], 1004);
    }
    app.relay_1().post_event(Event::message("e1", KEY)).await.ok();
}

#[tokio::test]
async fn what_breaks_off_after_a_wrong_type_is_not_json_either() {
    let app = TestApp::start();
    for body in [r#"{"event":5,"event_id":"#, r#"{"event":[[[["#, r#"{"events":7"#, r#"{"data":{"chat":[}"#] {
        app.relay_1().post_json(body).await.refused(400, 1004);
    }
}

#[tokio::test]
async fn a_field_that_occurs_twice_is_unusable_where_it_is_read() {
    let twice = |name: &str, raw: &str| {
        let event = Event::message("e1", KEY).to_string();
        event.replacen(&format!("\"{name}\":"), &format!("\"{name}\":{raw},\"{name}\":"), 1)
    };
    for (name, raw) in [("event_id", "\"e0\""), ("conversation_key", "\"any;+;other\""), ("data", "{}")] {
        let message = assert_rejected(&twice(name, raw), 1002).await;
        assert!(message.contains(name) && message.ends_with("occurs more than once"), "{message}");
    }
    assert_taken(&with_raw("/extra", "{\"a\":1,\"a\":2}")).await;
}

#[tokio::test]
async fn numbers_beyond_all_types_are_numbers() {
    for number in
        ["1e400", "-1e999999999", &"9".repeat(10_000), "0.000000000000000000000000000000000001e-400"]
    {
        assert_taken(&with_raw("/extra", number)).await;
        let message = assert_rejected(&with_raw("/timestamp", number), 1002).await;
        assert!(message.starts_with("timestamp "), "{message}");
    }
}

#[tokio::test]
async fn half_a_surrogate_pair_is_no_text() {
    for text in [r#""\ud800""#, r#""\udc00""#, r#""a\ud83d b""#] {
        let message = assert_rejected(&with_raw("/data/chat/display_name", text), 1002).await;
        assert!(message.starts_with("data.chat.display_name "), "{message}");
        assert_taken(&with_raw("/extra", text)).await;
    }
    assert_taken(&with_raw("/data/chat/display_name", r#""\ud83d\ude00""#)).await;
}

#[tokio::test]
async fn bytes_that_are_not_utf_8_are_not_json() {
    let app = TestApp::start();
    for bad in [b"\xff".as_slice(), b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"] {
        for pointer in ["/data/chat/display_name", "/extra"] {
            let event = with_raw(pointer, "\"@\"");
            let (before, after) = event.split_once('@').unwrap();
            let event = [before.as_bytes(), bad, after.as_bytes()].concat();
            app.relay_1().post_json(event.clone()).await.refused(400, 1004);
            let neighbour = Event::message("neighbour", KEY).to_string();
            let lines = [&event, b"\n".as_slice(), neighbour.as_bytes()].concat();
            let results = app.relay_1().post_ndjson(lines).await.ok();
            assert_eq!(results["results"][0]["error"]["code"], 1004, "{pointer}");
            assert_ne!(results["results"][1]["outcome"], "rejected");
        }
    }
}

#[tokio::test]
async fn nul_bytes_are_no_json_and_escaped_ones_are_characters() {
    let app = TestApp::start();
    let event = Event::message("e1", KEY).to_string();
    for body in
        ["\0".to_owned(), format!("{event}\0"), format!("\0{event}"), event.replace("chat1", "chat\0")]
    {
        app.relay_1().post_json(body).await.refused(400, 1004);
    }
    let one = app.relay_1().chat_of(Event::message("e1", "any;+;chat\0a")).await;
    let two = app
        .relay_1()
        .chat_of(Event::message("e2", "any;+;chat\0b").with("/data/chat/display_name", "\0a"))
        .await;
    assert_ne!(one, two);
    let resolved = app.acme().resolve("+15555550100", &["any;+;chat\0b", "any;+;chat"]).await.ok();
    assert_eq!(resolved["chats"][0]["chat_id"], two);
    assert_eq!(resolved["chats"][1]["chat_id"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_million_elements_are_passed_over_or_refused() {
    let million = format!("[{}0]", "0,".repeat(1_000_000));
    assert_taken(&with_raw("/extra", &million)).await;
    assert_rejected(&with_raw("/data/chat/handles", &million), 1002).await;
    let app = TestApp::start();
    let message = app.relay_1().post_json(format!("{{\"events\":{million}}}")).await.refused(400, 1002);
    assert_eq!(message, "events has 1000001 entries; 1000 are allowed");
    app.acme()
        .post_resolve(format!("{{\"from\":\"+15555550100\",\"conversation_keys\":{million}}}"))
        .await
        .refused(400, 1002);
}

#[tokio::test]
async fn what_is_no_object_is_no_event() {
    for body in ["null", "true", "1", "\"event\"", "[]", "[{}]"] {
        let message = assert_rejected(body, 1002).await;
        assert!(message.starts_with("the body "), "{message}");
    }
    let app = TestApp::start();
    let event = Event::message("e1", KEY).to_string();
    for body in
        [format!("{event}{event}"), format!("{event},"), format!("\u{feff}{event}"), "'event'".to_owned()]
    {
        app.relay_1().post_json(body).await.refused(400, 1004);
    }
    app.relay_1().post_json(format!(" \r\n\t{event} \n")).await.ok();
}
