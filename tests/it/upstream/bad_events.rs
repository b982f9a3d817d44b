//! What makes an event unusable: each way has its code, and its message names the field.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Event, TestApp, directory::OTHER_LINE};

const KEY: &str = "iMessage;+;chat1";

fn good() -> Event {
    Event::message("e1", KEY)
}

/// Refused alone and in a batch, with the same error, and without a trace.
async fn assert_refused(event: Event, status: u16, code: u16, field: &str) {
    let app = TestApp::start();
    let message = app.relay_1().post_event(event.clone()).await.refused(status, code);
    assert!(message.split([' ', ':']).any(|word| word == field), "{field} in: {message}");
    let results = app.relay_1().post_events([event, Event::message("neighbour", "any;+;chat2")]).await.ok();
    let error = json!({"code": code, "message": message, "retryable": false});
    assert_eq!(results["results"][0]["outcome"], "rejected");
    assert_eq!(results["results"][0]["error"], error);
    assert_eq!(results["results"][1]["outcome"], "created");
    assert_eq!((app.rows("chats"), app.rows("receipts")), (1, 1));
}

#[rstest]
#[case("/event", "event")]
#[case("/event_id", "event_id")]
#[case("/timestamp", "timestamp")]
#[case("/data", "data")]
#[case("/data/chat", "data.chat.conversation_key")]
#[case("/data/chat/conversation_key", "data.chat.conversation_key")]
#[case("/data/chat/owner_handle", "data.chat.owner_handle.handle")]
#[case("/data/chat/owner_handle/handle", "data.chat.owner_handle.handle")]
#[case("/data/message/sender_handle/handle", "data.message.sender_handle.handle")]
#[tokio::test]
async fn a_required_field_is_missing_when_absent_or_null(#[case] pointer: &str, #[case] field: &str) {
    assert_refused(good().without(pointer), 400, 1001, field).await;
    assert_refused(good().with(pointer, Value::Null), 400, 1001, field).await;
}

#[rstest]
#[case("/event", "event")]
#[case("/event_id", "event_id")]
#[case("/timestamp", "timestamp")]
#[case("/data/chat/conversation_key", "data.chat.conversation_key")]
#[case("/data/chat/owner_handle/handle", "data.chat.owner_handle.handle")]
#[case("/data/message/sender_handle/handle", "data.message.sender_handle.handle")]
#[tokio::test]
async fn a_required_text_is_missing_when_empty(#[case] pointer: &str, #[case] field: &str) {
    assert_refused(good().with(pointer, ""), 400, 1001, field).await;
}

#[rstest]
#[case("/event", json!(5))]
#[case("/event_id", json!(20_260_507))]
#[case("/timestamp", json!(1_777_636_800))]
#[case("/data", json!("everything"))]
#[case("/data", json!([1]))]
#[case("/data/chat", json!([KEY]))]
#[case("/data/chat/conversation_key", json!([KEY]))]
#[case("/data/chat/owner_handle", json!("+15555550100"))]
#[case("/data/chat/owner_handle", json!(["+15555550100"]))]
#[case("/data/chat/owner_handle/handle", json!(15_555_550_100_i64))]
#[case("/data/chat/owner_handle/is_me", json!("yes"))]
#[case("/data/chat/is_group", json!("yes"))]
#[case("/data/chat/display_name", json!(42))]
#[case("/data/chat/icon", json!(true))]
#[case("/data/chat/service", json!({}))]
#[case("/data/chat/handles", json!("everyone"))]
#[case("/data/chat/handles", json!({"handle": "+14155550111"}))]
#[case("/data/chat/handles_complete", json!(1))]
#[case("/data/message", json!("hello"))]
#[case("/data/message/sender_handle", json!("+14155550111"))]
#[case("/data/reaction", json!([]))]
#[case("/data/participant", json!("+14155550111"))]
#[case("/data/participant/handle", json!(7))]
#[tokio::test]
async fn a_wrong_type_is_unusable(#[case] pointer: &str, #[case] value: Value) {
    let field = pointer[1..].replace('/', ".");
    assert_refused(good().with(pointer, value), 400, 1002, &field).await;
}

#[rstest]
#[case("/event_id", "x".repeat(257))]
#[case("/event_id", "é".repeat(257))]
#[case("/timestamp", "yesterday".to_owned())]
#[case("/timestamp", "2026-05-30".to_owned())]
#[case("/timestamp", "2026-05-30T12:00:00".to_owned())]
#[case("/timestamp", "2026-02-30T12:00:00Z".to_owned())]
#[case("/timestamp", "1777636800".to_owned())]
#[case("/data/chat/conversation_key", "k".repeat(513))]
#[case("/data/chat/conversation_key", "ü".repeat(257))]
#[case("/data/chat/display_name", "n".repeat(1025))]
#[case("/data/chat/icon", "http://example.com/icon.png".to_owned())]
#[case("/data/chat/icon", "icon.png".to_owned())]
#[case("/data/message/sender_handle/handle", "h".repeat(257))]
#[case("/data/message/sender_handle/handle", " \t ".to_owned())]
#[case("/data/message/sender_handle/display_name", "n".repeat(1025))]
#[tokio::test]
async fn a_value_beyond_its_limits_is_unusable(#[case] pointer: &str, #[case] value: String) {
    let field = pointer[1..].replace('/', ".");
    assert_refused(good().with(pointer, value), 400, 1002, &field).await;
}

#[rstest]
#[case("/event_id", "é".repeat(256))]
#[case("/timestamp", "2026-05-30T23:59:59.999999999+14:00".to_owned())]
#[case("/data/chat/conversation_key", "k".repeat(512))]
#[case("/data/chat/conversation_key", "ü".repeat(256))]
#[case("/data/chat/conversation_key", " ".to_owned())]
#[case("/data/chat/conversation_key", "\0".to_owned())]
#[case("/data/chat/display_name", "é".repeat(1024))]
#[case("/data/chat/display_name", "a\0b".to_owned())]
#[case("/data/chat/icon", String::new())]
#[case("/data/message/sender_handle/handle", "h".repeat(256))]
#[case("/data/chat/owner_handle/handle", "+1 (555) 555-0100".to_owned())]
#[tokio::test]
async fn a_value_at_its_limits_is_taken(#[case] pointer: &str, #[case] value: String) {
    let app = TestApp::start();
    assert_eq!(app.relay_1().outcome(good().with(pointer, value)).await.0, "created");
}

#[rstest]
#[case(json!([["+14155550111"]]), 1002, "data.chat.handles[0]")]
#[case(json!([{"handle": "+14155550111"}, "+14155550112"]), 1002, "data.chat.handles[1]")]
#[case(json!([{"handle": "+14155550111"}, {}]), 1001, "data.chat.handles[1].handle")]
#[case(json!([{"handle": ""}]), 1001, "data.chat.handles[0].handle")]
#[case(json!([{"handle": "  "}]), 1002, "data.chat.handles[0].handle")]
#[case(json!([{"handle": "h".repeat(257)}]), 1002, "data.chat.handles[0].handle")]
#[case(json!([{"handle": "sam@example.com", "display_name": 7}]), 1002, "data.chat.handles[0].display_name")]
#[case(json!(vec![json!({"handle": "+14155550111"}); 1025]), 1002, "data.chat.handles")]
#[tokio::test]
async fn a_handle_in_the_list_is_named_by_its_place(
    #[case] handles: Value,
    #[case] code: u16,
    #[case] field: &str,
) {
    assert_refused(good().with("/data/chat/handles", handles), 400, code, field).await;
}

#[rstest]
#[case("front-desk")]
#[case("line100@example.com")]
#[case("5555550100")]
#[case("+1555")]
#[case("+155555501001234567")]
#[case("+1-800-FLOWERS")]
#[tokio::test]
async fn a_line_is_a_phone_number(#[case] line: &str) {
    assert_refused(good().line(line), 400, 1003, "data.chat.owner_handle.handle").await;
}

#[tokio::test]
async fn a_line_must_not_be_another_relays() {
    assert_refused(good().line(OTHER_LINE), 403, 2006, "data.chat.owner_handle.handle").await;
}

#[tokio::test]
async fn no_message_repeats_what_was_sent() {
    let app = TestApp::start();
    let secret = "sesame-4155550111";
    for pointer in
        ["/data/chat/is_group", "/data/chat/handles", "/timestamp", "/data/chat/owner_handle/handle"]
    {
        let event = good().with(pointer, secret);
        let text = app.relay_1().post_event(event).await.text();
        assert!(text.contains("error") && !text.contains(secret), "{text}");
    }
}
