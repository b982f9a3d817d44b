//! What one instance has answered, every instance shows at once, whatever it showed before.

use super::instances;
use crate::support::{Event, directory::LINE, event::SAM};

const LATER: &str = "2026-05-31T11:00:00Z";

#[tokio::test]
async fn a_change_shows_on_every_route_of_another_instance() {
    let [one, other] = instances();
    let (key, id) = ("any;+;chat1", "e1");
    assert!(other.acme().resolve(LINE, &[key]).await.ok()["chats"][0]["chat_id"].is_null());
    assert!(other.acme().ids("").await.is_empty());
    let chat = one.relay_1().chat_of(Event::message(id, key)).await;
    assert_eq!(other.acme().resolve(LINE, &[key]).await.ok()["chats"][0]["chat_id"], chat.as_str());
    assert_eq!(other.acme().ids("").await, [chat.as_str()]);
    let by_handle = format!("handle=%2B{}", &SAM[1..]);
    assert_eq!(other.acme().ids(&by_handle).await, [chat.as_str()]);
    let before = other.acme().get_chat(&chat).await;
    assert_eq!(other.acme().participants(&chat).await.ok()["participants"][0]["status"], "active");
    assert_eq!(other.acme().route(&chat).await.ok()["conversation_key"], key);

    one.relay_1().chat_of(Event::renamed("e2", key, "Lunch").at(LATER)).await;
    one.relay_1().chat_of(Event::participant("left", "e3", key, SAM).at(LATER)).await;
    let after = other.acme().get_chat(&chat).await;
    assert_eq!(after.ok()["chat"]["display_name"], "Lunch");
    let tag = before.header("etag").unwrap();
    assert_eq!(other.acme().get_chat_if_not(&chat, tag).await.status, 200, "what has changed is sent");
    assert_eq!(other.acme().participants(&chat).await.ok()["participants"][0]["status"], "left");
    assert!(other.acme().ids(&by_handle).await.is_empty());
}

#[tokio::test]
async fn what_is_answered_by_one_is_seen_by_another_under_load() {
    let [one, other] = instances();
    let chat = one.relay_1().chat_of(Event::message("e0", "any;+;chat1")).await;
    let apps = [&one, &other];
    for round in 0..200 {
        let (writer, reader) = (apps[round % 2], apps[(round + 1) % 2]);
        let name = format!("Name {round}");
        let at = format!("2026-05-31T{:02}:{:02}:00Z", round / 60, round % 60);
        writer
            .relay_1()
            .chat_of(Event::renamed(&format!("e{}", round + 1), "any;+;chat1", &name).at(&at))
            .await;
        assert_eq!(reader.acme().get_chat(&chat).await.ok()["chat"]["display_name"], name.as_str());
    }
    // Whoever reads on from the last one seen misses nothing.
    let since = other.acme().list_chats("updated_since=2026-01-01T00:00:00Z").await.ok();
    assert_eq!(since["chats"][0]["display_name"], "Name 199");
}
