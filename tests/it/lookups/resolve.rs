//! `POST /api/v1/chats/resolve`

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{
    Event, TestApp,
    directory::{LINE, LINE_2, OTHER_LINE},
};

fn ids(resolved: &Value) -> Vec<&Value> {
    resolved["chats"].as_array().unwrap().iter().map(|chat| &chat["chat_id"]).collect()
}

#[tokio::test]
async fn keys_are_answered_in_their_order_and_as_they_were_spelled() {
    let app = TestApp::start();
    let one = app.relay_1().chat_of(Event::message("e1", "iMessage;+;chat1")).await;
    let two = app.relay_1().chat_of(Event::message("e2", "thread/2")).await;
    let asked = ["thread/2", "never;seen", "SMS;+;chat1", "any;+;chat1", "thread/2", "Thread/2"];
    let expected = [Some(&two), None, Some(&one), Some(&one), Some(&two), None];
    let chats: Vec<_> =
        asked.iter().zip(expected).map(|(key, id)| json!({"conversation_key": key, "chat_id": id})).collect();
    assert_eq!(app.acme().resolve(LINE, &asked).await.ok(), json!({"chats": chats}));
}

#[tokio::test]
async fn a_key_is_of_one_line() {
    let app = TestApp::start();
    let one = app.relay_1().chat_of(Event::message("e1", "any;+;chat1")).await;
    let two = app.relay_1().chat_of(Event::message("e1", "any;+;chat1").line(LINE_2)).await;
    for (line, expected) in
        [(LINE, json!(one)), (LINE_2, json!(two)), (OTHER_LINE, Value::Null), ("+15555550199", Value::Null)]
    {
        assert_eq!(ids(&app.acme().resolve(line, &["any;+;chat1"]).await.ok()), [&expected], "{line}");
    }
}

#[tokio::test]
async fn nothing_is_minted_by_asking() {
    let app = TestApp::start();
    for _ in 0..2 {
        assert_eq!(ids(&app.acme().resolve(LINE, &["any;+;chat1"]).await.ok()), [&Value::Null]);
    }
    assert_eq!((app.rows("chats"), app.rows("conversation_keys")), (0, 0));
    assert_eq!(app.relay_1().outcome(Event::message("e1", "any;+;chat1")).await.0, "created");
}

#[tokio::test]
async fn a_thousand_keys_are_answered_and_one_more_is_too_many() {
    let app = TestApp::start();
    let chat = app.relay_1().chat_of(Event::message("e1", "any;+;chat999")).await;
    let keys: Vec<String> = (0..1001).map(|number| format!("iMessage;+;chat{number}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let resolved = app.acme().resolve(LINE, &keys[..1000]).await.ok();
    let found = ids(&resolved);
    assert_eq!(found.len(), 1000);
    assert_eq!(found[999], &json!(chat));
    assert!(found[..999].iter().all(|id| id.is_null()));
    let message = app.acme().resolve(LINE, &keys).await.refused(400, 1002);
    assert_eq!(message, "conversation_keys has 1001 entries; 1000 are allowed");
}

#[rstest]
#[case("{}", 1001, "from")]
#[case(r#"{"conversation_keys":["k"]}"#, 1001, "from")]
#[case(r#"{"from":null,"conversation_keys":["k"]}"#, 1001, "from")]
#[case(r#"{"from":"","conversation_keys":["k"]}"#, 1001, "from")]
#[case(r#"{"from":"+15555550100"}"#, 1001, "conversation_keys")]
#[case(r#"{"from":"+15555550100","conversation_keys":null}"#, 1001, "conversation_keys")]
#[case(r#"{"from":"+15555550100","conversation_keys":[]}"#, 1001, "conversation_keys")]
#[case(r#"{"from":5,"conversation_keys":["k"]}"#, 1002, "from")]
#[case(r#"{"from":"+15555550100","conversation_keys":"k"}"#, 1002, "conversation_keys")]
#[case(r#"{"from":"+15555550100","conversation_keys":["k",1]}"#, 1002, "conversation_keys[1]")]
#[case(r#"{"from":"+15555550100","conversation_keys":["k",null]}"#, 1002, "conversation_keys[1]")]
#[case(r#"{"from":"+15555550100","conversation_keys":["k",""]}"#, 1002, "conversation_keys[1]")]
#[case(r#"{"from":"+15555550100","from":"+15555550100","conversation_keys":["k"]}"#, 1002, "from")]
#[case(r#"{"from":"front-desk","conversation_keys":["k"]}"#, 1003, "from")]
#[case(r#"{"from":"15555550100","conversation_keys":["k"]}"#, 1003, "from")]
#[case(r#"["+15555550100",["k"]]"#, 1002, "body")]
#[case("null", 1002, "body")]
#[case("", 1004, "JSON")]
#[case("{", 1004, "JSON")]
#[case("{\"from\":\"\0\"}", 1004, "JSON")]
#[tokio::test]
async fn a_body_that_cannot_be_used_is_refused_by_field(
    #[case] body: &str,
    #[case] code: u16,
    #[case] field: &str,
) {
    let app = TestApp::start();
    let message = app.acme().post_resolve(body).await.refused(400, code);
    assert!(message.split([' ', ':']).any(|word| word == field), "{field} in: {message}");
}

#[tokio::test]
async fn a_key_in_the_middle_that_is_too_long_is_named_by_its_place() {
    let app = TestApp::start();
    let long = "k".repeat(513);
    let message = app.acme().resolve(LINE, &["a", &long[..512], &long]).await.refused(400, 1002);
    assert!(message.starts_with("conversation_keys[2] "), "{message}");
}
