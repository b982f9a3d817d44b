//! An event names a line that nobody has registered yet.

use chert_groups::domain::relay_kind::RelayKind;

use crate::support::{
    Event, TestApp,
    callers::Poster,
    directory::{ACME, Identity, LINE, OTHER, RELAY_1, RELAY_2, number, slug},
    event::SAM,
};

use super::{only_chat, people, until_nothing_is_parked};

const NEW_LINE: &str = "+15555550177";
const KEY: &str = "iMessage;+;chat1";
const ROBIN: &str = "+14155550112";

fn message(id: &str) -> Event {
    Event::message(id, KEY).line(NEW_LINE)
}

fn renamed(id: &str, name: &str, at: &str) -> Event {
    Event::renamed(id, KEY, name).line(NEW_LINE).at(at)
}

/// Registers the line that the events wait for.
fn register(app: &TestApp) {
    app.admin().add_line(&number(NEW_LINE), &ACME.slug(), &RELAY_1.slug()).unwrap();
}

#[tokio::test]
async fn it_is_answered_as_parked_and_applied_by_itself_when_the_line_comes() {
    let app = TestApp::start();
    let answer = app.relay_1().post_event(message("e1")).await.ok();
    assert_eq!(answer, serde_json::json!({"event_id": "e1", "chat_id": null, "outcome": "parked"}));
    assert_eq!((app.rows("parked"), app.rows("chats")), (1, 0));
    register(&app);
    until_nothing_is_parked(&app).await;
    let chat = only_chat(&app).await;
    assert_eq!((chat["from"].as_str(), people(&chat)), (Some(NEW_LINE), vec![SAM]));
    // It has its receipt: the same event again is known.
    assert_eq!(app.relay_1().outcome(message("e1")).await.0, "duplicate");
}

#[tokio::test]
async fn what_was_parked_is_merged_as_if_it_came_in_order() {
    let app = TestApp::start();
    let newest = renamed("e3", "Newest", "2026-05-30T14:00:00Z");
    let oldest = renamed("e2", "Oldest", "2026-05-30T13:00:00Z");
    let left = Event::participant("left", "e4", KEY, ROBIN).line(NEW_LINE);
    for event in [newest, oldest, left, message("e1").sender(ROBIN)] {
        assert_eq!(app.relay_1().outcome(event).await.0, "parked");
    }
    register(&app);
    until_nothing_is_parked(&app).await;
    let chat = only_chat(&app).await;
    assert_eq!((chat["display_name"].as_str(), people(&chat)), (Some("Newest"), vec![]));
}

#[tokio::test]
async fn it_survives_a_restart_and_a_line_that_came_meanwhile_is_noticed() {
    let mut app = TestApp::start();
    app.relay_1().outcome(message("e1")).await;
    app.stop();
    register(&app);
    app.resume();
    until_nothing_is_parked(&app).await;
    assert_eq!(people(&only_chat(&app).await), [SAM]);
}

#[tokio::test]
async fn it_is_parked_once_however_often_it_comes() {
    let app = TestApp::start();
    for _ in 0..3 {
        assert_eq!(app.relay_1().outcome(message("e1")).await.0, "parked");
    }
    let batch = app.relay_1().post_events([message("e1"), message("e1"), message("e2")]).await.ok();
    assert_eq!(batch["results"][2]["outcome"], "parked");
    assert_eq!(app.rows("parked"), 2);
    // A copy that says more is another report, and enriches.
    app.relay_1().outcome(message("e1").handles([SAM, ROBIN])).await;
    assert_eq!(app.rows("parked"), 3);
    register(&app);
    until_nothing_is_parked(&app).await;
    assert_eq!(people(&only_chat(&app).await), [SAM, ROBIN]);
}

#[tokio::test]
async fn it_belongs_to_its_relay() {
    let app = TestApp::start();
    app.relay_1().outcome(message("e1")).await;
    app.admin().add_line(&number(NEW_LINE), &OTHER.slug(), &RELAY_2.slug()).unwrap();
    app.relay_2().outcome(message("e2").sender(ROBIN)).await;
    app.relay_1().post_event(message("e3")).await.refused(403, 2006);
    // Long enough for what would be wrong to happen.
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    assert_eq!((app.rows("parked"), app.rows("chats")), (1, 1));
    let ids = app.other().ids("limit=10").await;
    assert_eq!(people(&app.other().get_chat(&ids[0]).await.ok()["chat"]), [ROBIN]);
}

#[tokio::test]
async fn its_time_of_arrival_counts_when_its_own_lies_in_the_future() {
    let app = TestApp::start();
    let ahead = renamed("e1", "Of a wrong clock", "2026-05-31T13:00:00Z");
    app.relay_1().outcome(ahead).await;
    app.set_clock(600);
    register(&app);
    until_nothing_is_parked(&app).await;
    let five_minutes_after_it_came = renamed("e2", "Right", "2026-05-31T12:05:00Z");
    assert_eq!(app.relay_1().outcome(five_minutes_after_it_came).await.0, "updated");
    assert_eq!(only_chat(&app).await["display_name"], "Right");
}

#[tokio::test]
async fn more_than_one_slice_is_applied() {
    let app = TestApp::start();
    let events =
        (0..1000).map(|id| Event::message(&format!("e{id}"), &format!("k{}", id % 400)).line(NEW_LINE));
    app.relay_1().post_events(events).await.ok();
    assert_eq!(app.usage(), [("rly-1".to_owned(), 1000)]);
    register(&app);
    until_nothing_is_parked(&app).await;
    assert_eq!((app.rows("chats"), app.rows("receipts")), (400, 1000));
}

#[tokio::test]
async fn a_line_that_is_known_parks_nothing() {
    let app = TestApp::start();
    assert_eq!(app.relay_1().outcome(Event::message("e1", KEY).line(LINE)).await.0, "created");
    assert_eq!((app.rows("parked"), app.rows("parking")), (0, 0));
}

/// A relay without a line, as the service learns of it.
fn add_relay(app: &TestApp) -> Poster<'_> {
    let relay = Identity { slug: "rly-9", ..RELAY_1 }.with_secret("99999999999999999999999999999999");
    app.admin().add_relay(&relay.slug(), RelayKind::Native, None, &relay.secret()).unwrap();
    Poster::new(app, relay)
}

#[tokio::test]
async fn a_removed_relay_takes_what_it_parked_with_it() {
    let app = TestApp::start();
    let poster = add_relay(&app);
    assert_eq!(poster.outcome(message("e1")).await.0, "parked");
    app.admin().remove_relay(&slug("rly-9")).unwrap();
    assert_eq!((app.rows("parked"), app.rows("parking")), (0, 0));
}

#[tokio::test]
async fn what_a_relay_sent_that_is_removed_meanwhile_is_gone_with_it() {
    let app = TestApp::start();
    let poster = add_relay(&app);
    assert_eq!(poster.outcome(message("e1")).await.0, "parked");
    app.admin().remove_relay(&slug("rly-9")).unwrap();
    // The service has not heard of it yet.
    assert_eq!(poster.outcome(message("e2")).await.0, "parked");
    assert_eq!((app.rows("parked"), app.rows("parking")), (0, 0));
    // A relay of the same name is another one, and the store still takes writes.
    let poster = add_relay(&app);
    assert_eq!(poster.outcome(message("e3")).await.0, "parked");
    assert_eq!(app.usage(), [("rly-9".to_owned(), 1)]);
}
