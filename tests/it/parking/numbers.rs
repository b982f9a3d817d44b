//! A BlueBubbles server names people by row numbers.

use crate::support::{
    BlueBubbles, TestApp,
    directory::{OTHER, number},
    foreign::{MAC_LINES, outcome},
    mac::MAC,
};

use super::{only_chat, people};

const GROUP: &str = "iMessage;+;chat1";
const OTHER_GROUP: &str = "iMessage;+;chat2";
const T: i64 = 1_780_142_400_000;
const SAM: (i64, &str) = (7, "+12025550141");
const ROBIN: (i64, &str) = (15, "+12025550142");

fn message(guid: &str, group: &str, who: (i64, &str)) -> BlueBubbles {
    BlueBubbles::message(guid).in_chat(group).named("").from(who.0, who.1).at(T)
}

fn added(guid: &str, row: i64) -> BlueBubbles {
    BlueBubbles::added(guid, row).in_chat(GROUP).named("").from(SAM.0, SAM.1).at(T + 1000)
}

fn removed(guid: &str, row: i64) -> BlueBubbles {
    BlueBubbles::removed(guid, row).in_chat(GROUP).named("").from(SAM.0, SAM.1).at(T + 2000)
}

async fn posted(app: &TestApp, event: BlueBubbles) -> String {
    outcome(&app.mac_posts_to("", event).await)
}

#[tokio::test]
async fn a_number_that_was_learnt_in_any_chat_is_known() {
    let mut app = TestApp::start_with_foreign(1);
    posted(&app, message("G-1", OTHER_GROUP, ROBIN)).await;
    posted(&app, message("G-2", GROUP, SAM)).await;
    app.restart();
    assert_eq!(posted(&app, added("G-3", ROBIN.0)).await, "updated");
    assert_eq!(app.rows("parked"), 0);
    let ids = app.acme().ids("handle=%2B12025550142").await;
    assert_eq!(ids.len(), 2);
    assert_eq!(posted(&app, removed("G-4", ROBIN.0)).await, "updated");
    assert_eq!(app.acme().ids("handle=%2B12025550142").await.len(), 1);
}

#[tokio::test]
async fn what_is_said_of_a_number_is_applied_when_its_owner_is_learnt() {
    let mut app = TestApp::start_with_foreign(1);
    // The rest of the event counts at once.
    assert_eq!(posted(&app, added("G-1", ROBIN.0)).await, "created");
    assert_eq!((app.rows("parked"), app.rows("chats")), (1, 1));
    app.restart();
    posted(&app, message("G-2", OTHER_GROUP, ROBIN)).await;
    assert_eq!(app.usage(), []);
    let ids = app.acme().ids("handle=%2B12025550142&is_group=true").await;
    assert_eq!(ids.len(), 2, "in the chat where it wrote, and in the one it was added to");
    let people = app.acme().participants(&ids[1]).await.ok();
    let other = app.acme().participants(&ids[0]).await.ok();
    let joined: Vec<_> = [&people, &other].map(|chat| chat["participants"][0]["joined_at"].clone()).into();
    assert!(joined.contains(&serde_json::json!("2026-05-30T12:00:01Z")), "{joined:?}");
}

#[tokio::test]
async fn whichever_comes_first_the_newest_word_on_the_owner_counts() {
    let events = || [message("G-1", GROUP, ROBIN), added("G-2", ROBIN.0), removed("G-3", ROBIN.0)];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let app = TestApp::start_with_foreign(1);
        for place in order {
            posted(&app, events()[place].clone()).await;
        }
        let chat = only_chat(&app).await;
        assert_eq!(people(&chat), Vec::<&str>::new(), "{order:?}");
        let people = app.acme().participants(chat["id"].as_str().unwrap()).await.ok();
        let robin = &people["participants"][0];
        assert_eq!((&robin["address"], &robin["status"]), (&ROBIN.1.into(), &"removed".into()), "{order:?}");
        assert_eq!(robin["joined_at"], "2026-05-30T12:00:01Z", "{order:?}");
        assert_eq!(app.usage(), [], "{order:?}");
    }
}

#[tokio::test]
async fn the_same_report_waits_once() {
    let app = TestApp::start_with_foreign(1);
    for _ in 0..3 {
        posted(&app, added("G-1", ROBIN.0)).await;
    }
    assert_eq!(app.usage(), [(MAC.slug.to_owned(), 1)]);
    posted(&app, message("G-2", GROUP, ROBIN)).await;
    assert_eq!(app.usage(), []);
}

#[tokio::test]
async fn a_number_is_one_relays_own() {
    let app = TestApp::start_with_foreign(1);
    posted(&app, added("G-1", ROBIN.0)).await;
    // Somebody else's number 15 is somebody else.
    let slug = crate::support::directory::slug("mac-2");
    let secret = crate::support::directory::secret("66666666666666666666666666666666");
    app.admin()
        .add_relay(&slug, chert_groups::domain::relay_kind::RelayKind::BlueBubbles, None, &secret)
        .unwrap();
    app.add_line("+15555550118", &slug);
    let path = format!("/upstream/v1/bluebubbles/mac-2?token={}", secret.expose());
    let request = app.request("POST", &path).body(message("G-2", GROUP, ROBIN).to_string());
    request.send().await.ok();
    assert_eq!(app.rows("parked"), 1);
}

#[tokio::test]
async fn a_report_that_lacks_both_line_and_owner_finds_both() {
    let app = TestApp::start_with_foreign(2);
    assert_eq!(posted(&app, added("G-1", ROBIN.0)).await, "parked");
    let of_line = format!("&line={}", MAC_LINES[1]);
    app.mac_posts_to(&of_line, message("G-2", GROUP, SAM)).await.ok();
    assert_eq!(app.usage(), [(MAC.slug.to_owned(), 1)], "the line is known, the owner is not");
    app.mac_posts_to(&of_line, message("G-3", OTHER_GROUP, ROBIN)).await.ok();
    assert_eq!(app.usage(), []);
    assert_eq!(app.acme().ids("handle=%2B12025550142").await.len(), 2);
}

#[tokio::test]
async fn a_number_that_is_given_to_somebody_else_is_the_newest_owners() {
    let app = TestApp::start_with_foreign(1);
    posted(&app, message("G-1", OTHER_GROUP, (15, "old@example.org")).at(T)).await;
    posted(&app, message("G-2", OTHER_GROUP, (15, "new@example.org")).at(T + 10)).await;
    posted(&app, message("G-3", OTHER_GROUP, (15, "older@example.org")).at(T - 10)).await;
    posted(&app, added("G-4", 15)).await;
    assert_eq!(app.acme().ids("handle=new@example.org").await.len(), 2);
    assert_eq!(app.acme().ids("handle=older@example.org").await.len(), 1);
}

#[tokio::test]
async fn operators_see_what_is_awaited() {
    use chert_groups::{domain::time::Time, store::parked::Awaited};
    let app = TestApp::start_with_foreign(2);
    let awaited = || app.admin().backlog(&MAC.slug()).unwrap();
    assert_eq!(awaited(), []);
    let on_line = async |event: BlueBubbles| {
        let line = MAC_LINES[0].replace('+', "%2B");
        outcome(&app.mac_posts_to(&format!("&line={line}"), event).await)
    };
    // Two wait for the owners of two numbers, and two for a line that knows their conversation.
    assert_eq!(on_line(added("G-1", 15)).await, "created");
    app.set_clock(61 * 24 * 3600);
    assert_eq!(on_line(removed("G-2", 16)).await, "unchanged");
    for guid in ["G-3", "G-4"] {
        assert_eq!(posted(&app, message(guid, OTHER_GROUP, SAM)).await, "parked");
    }
    let found: Vec<_> =
        awaited().into_iter().map(|row| (row.awaits, row.usage.reports, row.oldest)).collect();
    let day = |day: i64| {
        Time::parse(crate::support::app::NOW).unwrap().plus(jiff::SignedDuration::from_hours(24 * day))
    };
    assert_eq!(found, [(Awaited::Conversation, 2, day(61)), (Awaited::Owner, 2, day(60))]);
    let usage: u64 = awaited().iter().map(|row| row.usage.bytes).sum();
    let parking = app.admin().parking().unwrap();
    assert_eq!((parking[0].1.reports, parking[0].1.bytes), (4, usage));
}

#[tokio::test]
async fn a_number_that_is_said_again_is_that_owners_from_then_on() {
    let said = |guid: &str, who: &str, at: i64| message(guid, OTHER_GROUP, (15, who)).at(at);
    // That somebody else had it in between is heard last.
    let events = [
        ("G-1", "old@example.org", T),
        ("G-2", "old@example.org", T + 20),
        ("G-3", "new@example.org", T + 10),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [2, 0, 1], [2, 1, 0]] {
        let app = TestApp::start_with_foreign(1);
        for place in order {
            let (guid, who, at) = events[place];
            posted(&app, said(guid, who, at)).await;
        }
        posted(&app, added("G-4", 15)).await;
        assert_eq!(app.acme().ids("handle=old@example.org").await.len(), 2, "{order:?}");
    }
}

#[tokio::test]
async fn what_is_said_of_a_number_stays_with_the_tenant_that_had_the_line() {
    let app = TestApp::start_with_foreign(1);
    posted(&app, added("G-1", ROBIN.0)).await;
    app.admin().move_line(&number(MAC_LINES[0]), Some(&OTHER.slug()), None).unwrap();
    let mut app = app;
    app.restart();
    posted(&app, message("G-2", OTHER_GROUP, ROBIN)).await;
    assert_eq!(app.usage(), []);
    assert_eq!(people(&only_chat(&app).await), [ROBIN.1], "in the chat of the one who had the line");
    let ids = app.other().ids("handle=%2B12025550142").await;
    assert_eq!(ids.len(), 1, "and where the number was told");
}
