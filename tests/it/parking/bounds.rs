//! Parking is bounded in number, bytes and time.

use chert_groups::domain::parking::{MAX_BYTES, MAX_REPORTS};

use crate::support::{
    BlueBubbles, Event, TestApp,
    directory::{ACME, RELAY_1, RELAY_2, number},
    foreign::{MAC_LINES, outcome},
    mac::MAC,
};

use super::until_nothing_is_parked;

const NEW_LINE: &str = "+15555550177";

fn message(id: u64) -> Event {
    Event::message(&format!("e{id}"), "iMessage;+;chat1").line(NEW_LINE)
}

/// Has the store believe that a relay has parked so much already.
fn pretend(app: &TestApp, reports: u64, bytes: u64) {
    pretend_of(app, RELAY_1.slug, reports, bytes);
}

fn pretend_of(app: &TestApp, relay: &str, reports: u64, bytes: u64) {
    app.store.execute(&format!(
        "INSERT INTO parking (relay, reports, bytes) VALUES ('{relay}', {reports}, {bytes})
         ON CONFLICT (relay) DO UPDATE SET reports = excluded.reports, bytes = excluded.bytes"
    ));
}

#[tokio::test]
async fn ten_thousand_events_are_parked_and_one_more_is_asked_to_come_again() {
    let app = TestApp::start();
    for batch in 0..MAX_REPORTS / 1000 {
        let events = (0..1000).map(|id| message(batch * 1000 + id));
        app.relay_1().post_events(events).await.ok();
    }
    assert_eq!(app.rows("parked"), MAX_REPORTS);
    let one_more = app.relay_1().post_event(message(MAX_REPORTS)).await;
    one_more.refused(503, 3002);
    assert_eq!(one_more.retry_after(), Some(1));
    let batch = app.relay_1().post_events([message(MAX_REPORTS), message(0)]).await.ok();
    assert_eq!(batch["results"][0]["error"]["code"], 3002);
    assert_eq!(batch["results"][0]["error"]["retryable"], true);
    // What is parked already takes no more room, and other relays have their own.
    assert_eq!(batch["results"][1]["outcome"], "parked");
    assert_eq!(app.relay_2().outcome(message(1)).await.0, "parked");
    app.admin().add_line(&number(NEW_LINE), &ACME.slug(), &RELAY_1.slug()).unwrap();
    crate::support::wait::until(std::time::Duration::from_secs(20), async || app.rows("parked") == 1).await;
    assert_eq!(app.usage(), [(RELAY_2.slug.to_owned(), 1)]);
    assert_eq!(app.rows("receipts"), MAX_REPORTS);
    assert_eq!(app.relay_1().outcome(message(MAX_REPORTS)).await.0, "unchanged");
}

#[tokio::test]
async fn bytes_are_bounded_as_well() {
    let app = TestApp::start();
    pretend(&app, 1, MAX_BYTES - 10);
    app.relay_1().post_event(message(1)).await.refused(503, 3002);
    pretend(&app, 1, MAX_BYTES - 100_000);
    assert_eq!(app.relay_1().outcome(message(1)).await.0, "parked");
    assert_eq!((app.rows("parked"), app.rows("chats")), (1, 0));
}

#[tokio::test]
async fn an_event_is_refused_whole_when_a_part_of_it_finds_no_room_to_wait() {
    let app = TestApp::start_with_foreign(1);
    pretend_of(&app, MAC.slug, MAX_REPORTS, 1);
    let added = BlueBubbles::added("G-1", 15).named("Nobody told");
    app.mac_posts_to("", &added).await.refused(503, 3002);
    assert_eq!((app.rows("chats"), app.rows("receipts")), (0, 0));
    // What need not wait is taken.
    let told = BlueBubbles::added("G-2", 15).participants([(15, "robin@example.org")]);
    assert_eq!(outcome(&app.mac_posts_to("", &told).await), "created");
    assert_eq!(outcome(&app.mac_posts_to("", &added).await), "unchanged");
}

#[tokio::test]
async fn what_has_waited_keeps_its_room_when_it_goes_on_waiting_for_something_else() {
    let app = TestApp::start_with_foreign(2);
    let added = BlueBubbles::added("G-1", 15).in_chat("iMessage;+;chat1").by_us();
    assert_eq!(outcome(&app.mac_posts_to("", &added).await), "parked");
    // More is parked than may be: others took the room meanwhile.
    pretend_of(&app, MAC.slug, MAX_REPORTS + 1, MAX_BYTES);
    let shows = BlueBubbles::message("G-2").in_chat("iMessage;+;chat1").from(7, "sam@example.org");
    assert_eq!(outcome(&app.mac_posts_to(&format!("&line={}", MAC_LINES[1]), &shows).await), "created");
    assert_eq!(app.rows("parked WHERE number = 15"), 1);
    let told = BlueBubbles::message("G-3").in_chat("iMessage;+;chat1").from(15, "robin@example.org");
    app.mac_posts_to(&format!("&line={}", MAC_LINES[1]), &told).await.ok();
    assert_eq!(app.rows("parked"), 0);
    assert_eq!(app.acme().ids("handle=robin@example.org").await.len(), 1);
}

#[tokio::test]
async fn it_is_given_up_after_seven_days() {
    let mut app = TestApp::start();
    let week = 7 * 24 * 3600;
    app.relay_1().outcome(message(1)).await;
    app.set_clock(1);
    app.relay_1().outcome(message(2)).await;
    app.set_clock(week + 1);
    // Housekeeping comes every second.
    crate::support::wait::until(std::time::Duration::from_secs(5), async || app.rows("parked") == 1).await;
    assert_eq!(app.usage(), [(RELAY_1.slug.to_owned(), 1)]);
    app.restart();
    app.admin().add_line(&number(NEW_LINE), &ACME.slug(), &RELAY_1.slug()).unwrap();
    until_nothing_is_parked(&app).await;
    assert_eq!(app.rows("receipts"), 1, "only the one that was still parked has come in");
}
