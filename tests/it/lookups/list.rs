//! `GET /api/v1/chats`: filters, limits and cursors.

use rstest::rstest;

use crate::support::{
    Event, TestApp,
    directory::{LINE, LINE_2},
    event::SAM,
};

/// A few chats of several kinds; their names are the ids of the events that made them.
async fn some_chats(app: &TestApp) {
    let chats = [
        Event::message("group", "iMessage;+;chat1"),
        Event::message("group-on-2", "any;+;chat1").line(LINE_2),
        Event::message("direct", "SMS;-;+14155550111"),
        Event::message("mail", "any;+;chat2").sender("Robin@Example.org"),
        Event::message("opaque", "thread/1").sender("24273"),
    ];
    for (seconds, chat) in (0..).zip(chats) {
        app.set_clock(seconds * 60);
        let named = chat.clone();
        let name: serde_json::Value = chat.into();
        let name = name["event_id"].as_str().unwrap().to_owned();
        app.relay_1().chat_of(named.with("/data/chat/display_name", name)).await;
    }
}

async fn names(app: &TestApp, query: &str) -> Vec<String> {
    let page = app.acme().list_chats(query).await.ok();
    let chats = page["chats"].as_array().unwrap();
    assert_eq!(page["count"], chats.len());
    chats.iter().map(|chat| chat["display_name"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[case("", &["opaque", "mail", "direct", "group-on-2", "group"])]
#[case("unknown=1&also", &["opaque", "mail", "direct", "group-on-2", "group"])]
#[case("from=+15555550101", &["group-on-2"])]
#[case("from=%2B15555550101", &["group-on-2"])]
#[case("from=+15555550102", &[])]
#[case("from=+15555550100", &["opaque", "mail", "direct", "group"])]
#[case("conversation_key=iMessage;+;chat1", &["group-on-2", "group"])]
#[case("conversation_key=any%3B%2B%3Bchat1", &["group-on-2", "group"])]
#[case("conversation_key=RCS;+;chat1&from=+15555550100", &["group"])]
#[case("conversation_key=iMessage;-;+14155550111", &["direct"])]
#[case("conversation_key=imessage;+;chat1", &[])]
#[case("conversation_key=thread/1", &["opaque"])]
#[case("conversation_key=thread%2F1", &["opaque"])]
#[case("conversation_key=thread", &[])]
#[case("handle=+14155550111", &["direct", "group-on-2", "group"])]
#[case("handle=+1%20(415)%20555-0111", &["direct", "group-on-2", "group"])]
#[case("handle=robin@example.org", &["mail"])]
#[case("handle=%20ROBIN@EXAMPLE.ORG", &["mail"])]
#[case("handle=24273", &["opaque"])]
#[case("handle=+15555550100", &[])]
#[case("is_group=true", &["mail", "group-on-2", "group"])]
#[case("is_group=false", &["direct"])]
#[case("handle=+14155550111&is_group=true&from=+15555550100", &["group"])]
#[case("updated_since=2026-05-31T12:02:00Z", &["direct", "mail", "opaque"])]
#[case("updated_since=2026-05-31T14:02:00.000000001%2B02:00", &["mail", "opaque"])]
#[case("updated_since=2026-05-31T12:05:00Z", &[])]
#[case("updated_since=2020-01-01T00:00:00Z&is_group=true", &["group", "group-on-2", "mail"])]
#[case("updated_since=2020-01-01T00:00:00Z&handle=24273", &["opaque"])]
#[tokio::test]
async fn a_listing_finds_what_its_filters_say_in_its_order(#[case] query: &str, #[case] expected: &[&str]) {
    let app = TestApp::start();
    some_chats(&app).await;
    assert_eq!(names(&app, query).await, expected);
}

#[tokio::test]
async fn a_handle_finds_the_chats_that_it_is_in_now() {
    let app = TestApp::start();
    some_chats(&app).await;
    let left = Event::participant("left", "bye", "iMessage;+;chat1", SAM).at("2026-05-30T13:00:00Z");
    app.relay_1().chat_of(left).await;
    assert_eq!(names(&app, "handle=+14155550111").await, ["direct", "group-on-2"]);
    let back = Event::message("back", "iMessage;+;chat1").at("2026-05-30T14:00:00Z");
    app.relay_1().chat_of(back).await;
    assert_eq!(names(&app, "handle=+14155550111").await, ["direct", "group-on-2", "group"]);
}

#[rstest]
#[case("from=15555550100", 1003, "from")]
#[case("from=nobody", 1003, "from")]
#[case("handle=%20", 1002, "handle")]
#[case("is_group=yes", 1002, "is_group")]
#[case("is_group=True", 1002, "is_group")]
#[case("updated_since=yesterday", 1002, "updated_since")]
#[case("updated_since=1777636800", 1002, "updated_since")]
#[case("limit=0", 1002, "limit")]
#[case("limit=201", 1002, "limit")]
#[case("limit=-1", 1002, "limit")]
#[case("limit=1.5", 1002, "limit")]
#[case("limit=many", 1002, "limit")]
#[case("limit=99999999999999999999", 1002, "limit")]
#[case("limit=1&limit=1", 1002, "limit")]
#[case("cursor=!", 1002, "cursor")]
#[case("cursor=aaaa", 1002, "cursor")]
#[case("handle=%ff", 1002, "handle")]
#[tokio::test]
async fn a_parameter_that_cannot_be_used_is_named(
    #[case] query: &str,
    #[case] code: u16,
    #[case] name: &str,
) {
    let app = TestApp::start();
    let message = app.acme().list_chats(query).await.refused(400, code);
    assert!(message.starts_with(&format!("{name} ")), "{message}");
}

#[tokio::test]
async fn a_key_longer_than_any_is_refused() {
    let app = TestApp::start();
    let query = |bytes| format!("conversation_key={}", "k".repeat(bytes));
    assert!(app.acme().ids(&query(512)).await.is_empty());
    app.acme().list_chats(&query(513)).await.refused(400, 1002);
}

#[tokio::test]
async fn a_page_has_50_chats_unless_1_to_200_are_asked_for() {
    let app = TestApp::start();
    let events = (0..202).map(|number| Event::message(&format!("e{number}"), &format!("any;+;chat{number}")));
    app.relay_1().post_events(events).await.ok();
    for (query, count) in [("", 50), ("limit=", 50), ("limit=1", 1), ("limit=200", 200)] {
        let page = app.acme().list_chats(query).await.ok();
        assert_eq!(page["count"], count, "{query}");
        assert_eq!(page["chats"].as_array().unwrap().len(), count, "{query}");
        assert!(page["next_cursor"].is_string(), "{query}");
    }
}

#[tokio::test]
async fn the_last_page_has_no_cursor_also_when_it_is_full() {
    let app = TestApp::start();
    some_chats(&app).await;
    for (limit, more) in [(4, true), (5, false), (6, false)] {
        for order in ["", "&updated_since=2020-01-01T00:00:00Z"] {
            let page = app.acme().list_chats(&format!("limit={limit}{order}")).await.ok();
            assert_eq!(page["next_cursor"].is_string(), more, "{limit}{order}");
        }
    }
    let nothing = app.acme().list_chats("handle=nobody").await.ok();
    assert_eq!(nothing, serde_json::json!({"chats": [], "next_cursor": null, "count": 0}));
}

#[tokio::test]
async fn a_cursor_belongs_to_the_order_that_gave_it_out() {
    let app = TestApp::start();
    some_chats(&app).await;
    let cursor = async |query: &str| {
        let page = app.acme().list_chats(query).await.ok();
        page["next_cursor"].as_str().unwrap().to_owned()
    };
    let since = "updated_since=2020-01-01T00:00:00Z";
    let by_id = cursor("limit=2").await;
    let by_update = cursor(&format!("limit=2&{since}")).await;
    app.acme().list_chats(&format!("cursor={by_update}")).await.refused(400, 1002);
    app.acme().list_chats(&format!("cursor={by_id}&{since}")).await.refused(400, 1002);
    assert_eq!(names(&app, &format!("cursor={by_id}")).await, ["direct", "group-on-2", "group"]);
    assert_eq!(names(&app, &format!("cursor={by_update}&{since}")).await, ["direct", "mail", "opaque"]);
    // Any change to it makes it another text, and nothing worse.
    for cut in 0..by_id.len() {
        let answer = app.acme().list_chats(&format!("cursor={}", &by_id[..cut])).await;
        assert!(matches!(answer.status, 200 | 400), "{}", answer.text());
    }
}

#[tokio::test]
async fn filters_hold_on_every_page() {
    let app = TestApp::start();
    some_chats(&app).await;
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app.acme().list_chats(&format!("from={LINE}&limit=1&cursor={cursor}")).await.ok();
        found.push(page["chats"][0]["display_name"].as_str().unwrap().to_owned());
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(found, ["opaque", "mail", "direct", "group"]);
}
