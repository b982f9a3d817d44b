//! JSON that is meant to hurt, in every format and on its route.

use std::time::{Duration, Instant};

use crate::support::{Event, Format, TestApp, answer::Answer};

/// Longer than any of these bodies may keep the service busy, also one that was built without optimization.
const PATIENCE: Duration = Duration::from_secs(10);

fn start() -> TestApp {
    TestApp::start_with_foreign(1)
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

/// Posts, which must not take long.
async fn post(app: &TestApp, format: Format, body: impl Into<Vec<u8>>) -> Answer {
    let started = Instant::now();
    let answer = format.post(app, body).await;
    assert!(started.elapsed() < PATIENCE, "{format:?}: {:?}", started.elapsed());
    answer
}

/// What the native forms that take several events say of this one. They must let a neighbour through.
async fn in_company(app: &TestApp, event: &str) -> [serde_json::Value; 2] {
    let neighbour = Event::message("neighbour", "any;+;neighbour").to_string();
    let mut results = [
        app.relay_1().post_ndjson(format!("{event}\n{neighbour}")).await.ok(),
        app.relay_1().post_json(format!("{{\"events\":[{event},{neighbour}]}}")).await.ok(),
    ];
    for result in &results {
        assert_eq!(result["results"][1]["event_id"], "neighbour");
        assert_ne!(result["results"][1]["outcome"], "rejected");
    }
    results.each_mut().map(|result| result["results"][0].take())
}

async fn assert_taken(app: &TestApp, format: Format, event: &str) {
    let answer = post(app, format, event).await.ok();
    assert!(answer["chat_id"].is_string(), "{format:?}: {answer}");
    if format == Format::Native {
        for result in in_company(app, event).await {
            assert_eq!(result["chat_id"], answer["chat_id"]);
        }
    }
}

async fn assert_rejected(app: &TestApp, format: Format, event: &str, code: u16) -> String {
    let message = post(app, format, event).await.refused(400, code);
    if format == Format::Native {
        for result in in_company(app, event).await {
            assert_eq!(result["error"]["code"], code, "{result}");
        }
    }
    message
}

/// The field is refused by its name.
async fn assert_unusable(app: &TestApp, format: Format, (pointer, field): (&str, &str), raw: &str) {
    let message = assert_rejected(app, format, &format.with_raw(pointer, raw), 1002).await;
    assert!(message.starts_with(&format!("{field} ")), "{format:?}: {message}");
}

#[tokio::test]
async fn whatever_stands_in_a_field_that_nobody_reads_is_passed_over() {
    let app = start();
    let objects = "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000);
    let million = format!("[{}0]", "0,".repeat(1_000_000));
    for value in [
        &*nested(10_000),
        &objects,
        &million,
        "{\"a\":1,\"a\":2}",
        "1e400",
        "-1e999999999",
        &"9".repeat(10_000),
        "0.000000000000000000000000000000000001e-400",
        r#""\ud800""#,
        r#""\udc00""#,
        r#""a\ud83d b""#,
        r#""\u0000""#,
    ] {
        for format in Format::ALL {
            for pointer in format.unread() {
                assert_taken(&app, format, &format.with_raw(pointer, value)).await;
            }
        }
    }
}

#[tokio::test]
async fn ten_thousand_levels_in_a_field_that_is_read_are_a_wrong_type() {
    let app = start();
    for format in Format::ALL {
        for field in format.texts() {
            assert_unusable(&app, format, field, &nested(10_000)).await;
        }
        let (pointer, name) = format.handles();
        let first = format!("{name}[0]");
        assert_unusable(&app, format, (pointer, &first), &nested(10_000)).await;
        assert_rejected(&app, format, &nested(10_000), 1002).await;
    }
}

#[tokio::test]
async fn levels_without_an_end_are_not_json() {
    let app = start();
    for format in Format::ALL {
        for body in [
            "[".repeat(1_000_000),
            "{\"a\":".repeat(100_000),
            format.with_raw("/extra", &"[".repeat(100_000)),
            format.with_raw(format.handles().0, &"[{".repeat(100_000)),
        ] {
            post(&app, format, body).await.refused(400, 1004);
        }
        post(&app, format, format.event()).await.ok();
    }
    let line = app.relay_1().post_ndjson("[".repeat(1_000_000)).await.ok();
    assert_eq!(line["results"][0]["error"]["code"], 1004);
}

#[tokio::test]
async fn what_breaks_off_after_a_wrong_type_is_not_json_either() {
    let app = start();
    for (format, bodies) in [
        (
            Format::Native,
            [r#"{"event":5,"event_id":"#, r#"{"event":[[[["#, r#"{"events":7"#, r#"{"data":{"chat":[}"#],
        ),
        (
            Format::BlueBubbles,
            [r#"{"type":5,"data":"#, r#"{"type":[[[["#, r#"{"data":7"#, r#"{"data":{"chats":[}"#],
        ),
        (
            Format::Linq,
            [r#"{"event_type":5,"data":"#, r#"{"event_type":[[["#, r#"{"data":7"#, r#"{"data":{"chat":[}"#],
        ),
    ] {
        for body in bodies {
            post(&app, format, body).await.refused(400, 1004);
        }
    }
}

#[tokio::test]
async fn a_field_that_occurs_twice_is_unusable_where_it_is_read() {
    let app = start();
    for (format, name, raw) in [
        (Format::Native, "event_id", "\"e0\""),
        (Format::Native, "conversation_key", "\"any;+;other\""),
        (Format::Native, "data", "{}"),
        (Format::BlueBubbles, "type", "\"new-message\""),
        (Format::BlueBubbles, "dateCreated", "1"),
        (Format::BlueBubbles, "displayName", "null"),
        (Format::BlueBubbles, "data", "null"),
        (Format::Linq, "event_id", "\"e0\""),
        (Format::Linq, "display_name", "null"),
        (Format::Linq, "event_type", "\"message.sent\""),
        (Format::Linq, "data", "{}"),
    ] {
        let event = format.event();
        let (before, after) = event.rsplit_once(&format!("\"{name}\":")).unwrap();
        let event = format!("{before}\"{name}\":{raw},\"{name}\":{after}");
        let message = assert_rejected(&app, format, &event, 1002).await;
        assert!(
            message.contains(name) && message.ends_with("occurs more than once"),
            "{format:?}: {message}"
        );
    }
}

#[tokio::test]
async fn numbers_beyond_all_types_are_numbers() {
    let app = start();
    for format in Format::ALL {
        for number in ["1e400", "-1e999999999", &"9".repeat(10_000), "0.00000000000000000000001e-400"] {
            assert_unusable(&app, format, format.time(), number).await;
        }
    }
    for number in [i64::MAX, i64::MIN, 0] {
        let (pointer, _) = Format::BlueBubbles.time();
        let event = Format::BlueBubbles.with_raw(pointer, &number.to_string());
        assert_taken(&app, Format::BlueBubbles, &event).await;
    }
}

#[tokio::test]
async fn half_a_surrogate_pair_is_no_text() {
    let app = start();
    for format in Format::ALL {
        let [.., name] = format.texts();
        for text in [r#""\ud800""#, r#""\udc00""#, r#""a\ud83d b""#] {
            assert_unusable(&app, format, name, text).await;
        }
        assert_taken(&app, format, &format.with_raw(name.0, r#""\ud83d\ude00""#)).await;
    }
}

#[tokio::test]
async fn bytes_that_are_not_utf_8_are_not_json() {
    let app = start();
    for bad in [b"\xff".as_slice(), b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"] {
        for format in Format::ALL {
            for pointer in [format.texts()[2].0, "/extra"] {
                let event = format.with_raw(pointer, "\"@\"");
                let (before, after) = event.split_once('@').unwrap();
                let event = [before.as_bytes(), bad, after.as_bytes()].concat();
                post(&app, format, event.clone()).await.refused(400, 1004);
                if format == Format::Native {
                    let neighbour = Event::message("neighbour", "any;+;neighbour").to_string();
                    let lines = [&event, b"\n".as_slice(), neighbour.as_bytes()].concat();
                    let results = app.relay_1().post_ndjson(lines).await.ok();
                    assert_eq!(results["results"][0]["error"]["code"], 1004, "{pointer}");
                    assert_ne!(results["results"][1]["outcome"], "rejected");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_compressed_or_in_another_encoding_is_not_json() {
    let app = start();
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00C\xbf\xa6\xa3\x02\x00\x00\x00";
    for format in Format::ALL {
        let utf_16: Vec<u8> = format.event().encode_utf16().flat_map(u16::to_le_bytes).collect();
        for body in [gzip.as_slice(), &utf_16, b""] {
            post(&app, format, body).await.refused(400, 1004);
        }
    }
}

#[tokio::test]
async fn nul_bytes_are_no_json_and_escaped_ones_are_characters() {
    let app = start();
    for format in Format::ALL {
        let event = format.event();
        let inside = event.replacen(':', ":\0", 1);
        for body in ["\0".to_owned(), format!("{event}\0"), format!("\0{event}"), inside] {
            post(&app, format, body).await.refused(400, 1004);
        }
        let [_, key, name] = format.texts();
        let in_chat = async |key_text: &str| {
            let event = format.with_raw(key.0, key_text);
            post(&app, format, event).await.ok()["chat_id"].take()
        };
        assert_ne!(in_chat(r#""any;+;c\u0000a""#).await, in_chat(r#""any;+;c\u0000b""#).await);
        assert_taken(&app, format, &format.with_raw(name.0, r#""\u0000a""#)).await;
    }
    let resolved = app.acme().resolve("+15555550100", &["any;+;c\0b", "any;+;c"]).await.ok();
    assert!(resolved["chats"][0]["chat_id"].is_string());
    assert_eq!(resolved["chats"][1]["chat_id"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_million_elements_are_refused_where_they_are_read() {
    let app = start();
    let million = |element: &str| format!("[{}{element}]", format!("{element},").repeat(1_000_000));
    for format in Format::ALL {
        let (pointer, name) = format.handles();
        assert_unusable(&app, format, (pointer, &format!("{name}[0]")), &million("0")).await;
        let message = post(&app, format, format.with_raw(pointer, &million("{}"))).await.refused(400, 1002);
        assert_eq!(message, format!("{name} has 1000001 entries; 1024 are allowed"));
    }
    let message =
        app.relay_1().post_json(format!("{{\"events\":{}}}", million("0"))).await.refused(400, 1002);
    assert_eq!(message, "events has 1000001 entries; 1000 are allowed");
    app.acme()
        .post_resolve(format!("{{\"from\":\"+15555550100\",\"conversation_keys\":{}}}", million("0")))
        .await
        .refused(400, 1002);
}

#[tokio::test]
async fn eight_mebibytes_are_taken_and_one_byte_more_is_not() {
    let app = start();
    for format in Format::ALL {
        let event = format.event();
        let padded = |bytes: usize| format!("{event}{}", " ".repeat(bytes - event.len()));
        post(&app, format, padded(8 << 20)).await.ok();
        let long = format.with_raw("/extra", &format!("\"{}\"", "x".repeat((8 << 20) - event.len() - 9)));
        post(&app, format, long).await.ok();
        post(&app, format, padded((8 << 20) + 1)).await.refused(413, 1002);
    }
}

#[tokio::test]
async fn what_is_no_object_is_no_event() {
    let app = start();
    for format in Format::ALL {
        for body in ["null", "true", "1", "\"event\"", "[]", "[{}]"] {
            let message = assert_rejected(&app, format, body, 1002).await;
            assert!(message.starts_with("the body "), "{format:?}: {message}");
        }
        let event = format.event();
        for body in
            [format!("{event}{event}"), format!("{event},"), format!("\u{feff}{event}"), "'event'".to_owned()]
        {
            post(&app, format, body).await.refused(400, 1004);
        }
        post(&app, format, format!(" \r\n\t{event} \n")).await.ok();
    }
}
