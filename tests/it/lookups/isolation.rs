//! What is another tenant's is as if it were not there.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Event, TestApp,
    directory::{LINE, OTHER, OTHER_LINE, number},
    event::SAM,
    wait::until,
};

const KEY: &str = "iMessage;+;chat1";
const ABSENT: &str = "019e7de7-be00-7e58-84e2-585635d2d20c";

#[tokio::test]
async fn another_tenants_id_is_answered_as_an_absent_one_on_every_route() {
    let app = TestApp::start();
    let theirs = app.relay_2().chat_of(Event::message("e1", KEY).line(OTHER_LINE)).await;
    app.other().get_chat(&theirs).await.ok();
    let caller = app.acme();
    for absent in [ABSENT, &theirs.to_uppercase(), &theirs.replace('-', ""), "chat1", "%00", "..%2f", "é"] {
        let pairs = [
            (caller.get_chat(&theirs).await, caller.get_chat(absent).await),
            (caller.get_chat_if_not(&theirs, "*").await, caller.get_chat_if_not(absent, "*").await),
            (caller.participants(&theirs).await, caller.participants(absent).await),
            (caller.route(&theirs).await, caller.route(absent).await),
        ];
        for (of_another, of_nobody) in pairs {
            assert_eq!(of_another.refused(404, 2002), "chat not found");
            assert_eq!(of_another.untraced(), of_nobody.untraced(), "{absent}");
            let names = |answer: &crate::support::answer::Answer| {
                let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
                names.sort();
                names
            };
            assert_eq!(names(&of_another), names(&of_nobody));
        }
    }
}

#[tokio::test]
async fn another_tenants_key_handle_and_line_find_nothing() {
    let app = TestApp::start();
    let theirs = app.relay_2().chat_of(Event::message("e1", KEY).line(OTHER_LINE)).await;
    assert_eq!(app.other().ids("conversation_key=any;+;chat1").await, [theirs.as_str()]);
    let pairs = [
        ("", "limit=50"),
        ("conversation_key=iMessage;+;chat1", "conversation_key=iMessage;+;absent"),
        ("handle=+14155550111", "handle=+14155550199"),
        ("from=+15555550102", "from=+15555550199"),
        ("is_group=true", "is_group=false"),
        ("updated_since=2020-01-01T00:00:00Z", "updated_since=2040-01-01T00:00:00Z"),
    ];
    for (of_another, of_nobody) in pairs {
        let (found, absent) =
            (app.acme().list_chats(of_another).await, app.acme().list_chats(of_nobody).await);
        assert_eq!(found.ok()["count"], 0, "{of_another}");
        assert_eq!(found.untraced(), absent.untraced(), "{of_another}");
    }
    for line in [OTHER_LINE, LINE, "+15555550199"] {
        let expected = json!({"chats": [{"conversation_key": KEY, "chat_id": null}]});
        assert_eq!(app.acme().resolve(line, &[KEY]).await.ok(), expected, "{line}");
    }
}

#[tokio::test]
async fn another_tenants_cursor_opens_nothing() {
    let app = TestApp::start();
    let events =
        (0..3).map(|number| Event::message(&format!("e{number}"), &format!("k{number}")).line(OTHER_LINE));
    app.relay_2().post_events(events).await.ok();
    let page = app.other().list_chats("limit=1").await.ok();
    let cursor = page["next_cursor"].as_str().unwrap();
    assert!(app.acme().ids(&format!("cursor={cursor}")).await.is_empty());
}

#[tokio::test]
async fn the_new_tenant_of_a_line_never_sees_the_old_ones_chats() {
    let app = TestApp::start();
    let old = app.relay_1().chat_of(Event::message("e1", KEY).handles([SAM])).await;
    let before = app.acme().get_chat(&old).await.text();
    app.admin().move_line(&number(LINE), Some(&OTHER.slug()), None).unwrap();
    let minted = async || app.relay_1().chat_of(Event::message("e2", KEY).sender("24273")).await != old;
    until(Duration::from_secs(1), minted).await;
    let new = app.relay_1().chat_of(Event::message("e2", KEY).sender("24273")).await;

    app.other().get_chat(&old).await.refused(404, 2002);
    app.other().participants(&old).await.refused(404, 2002);
    app.other().route(&old).await.refused(404, 2002);
    assert_eq!(app.other().ids("").await, [new.as_str()]);
    assert_eq!(app.other().ids("from=+15555550100").await, [new.as_str()]);
    assert!(app.other().ids("handle=+14155550111").await.is_empty());
    assert_eq!(app.other().resolve(LINE, &[KEY]).await.ok()["chats"][0]["chat_id"], json!(new));
    assert_eq!(app.other().get_chat(&new).await.ok()["chat"]["handles"][0]["address"], "24273");

    // And the old one keeps what it had, as it was.
    assert_eq!(app.acme().resolve(LINE, &[KEY]).await.ok()["chats"][0]["chat_id"], json!(old));
    assert_eq!(app.acme().route(&old).await.ok()["relay"], Value::Null);
    app.acme().get_chat(&new).await.refused(404, 2002);
    let same_id = Event::message("e1", KEY).handles([SAM]);
    assert_eq!(app.relay_1().outcome(same_id).await, ("updated".to_owned(), new));
    let after = app.acme().get_chat(&old).await.text();
    // A message may have come in before the move was known here, but none after it.
    assert!(after == before || after.contains("24273"), "{after}");
}
