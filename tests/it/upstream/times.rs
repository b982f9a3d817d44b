//! When an event counts for.

use crate::support::{Event, TestApp};

const KEY: &str = "iMessage;+;chat1";

/// `seconds` after the time that the tests' clock shows at first.
fn after(seconds: i64) -> String {
    format!("2026-05-31T12:{:02}:{:02}Z", seconds / 60, seconds % 60)
}

fn renamed(id: &str, name: &str, seconds: i64) -> Event {
    Event::renamed(id, KEY, name).at(&after(seconds))
}

async fn name(app: &TestApp, chat: &str) -> String {
    app.acme().get_chat(chat).await.ok()["chat"]["display_name"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_event_more_than_300_seconds_ahead_counts_for_its_arrival() {
    let app = TestApp::start();
    let chat = app.relay_1().chat_of(renamed("e1", "Of a wrong clock", 301)).await;
    app.set_clock(10);
    assert_eq!(app.relay_1().outcome(renamed("e2", "Right", 5)).await.0, "updated");
    assert_eq!(name(&app, &chat).await, "Right");
}

#[tokio::test]
async fn an_event_exactly_300_seconds_ahead_counts_for_its_own_time() {
    let app = TestApp::start();
    let chat = app.relay_1().chat_of(renamed("e1", "Ahead", 300)).await;
    app.set_clock(10);
    assert_eq!(app.relay_1().outcome(renamed("e2", "Behind", 299)).await.0, "unchanged");
    assert_eq!(name(&app, &chat).await, "Ahead");
    let at_the_edge = renamed("e3", "Just over it", 300).at("2026-05-31T12:05:10.000000001Z");
    app.relay_1().outcome(at_the_edge).await;
    assert_eq!(name(&app, &chat).await, "Ahead");
}

#[tokio::test]
async fn a_copy_of_an_event_from_ahead_counts_for_the_first_arrival_also_after_a_restart() {
    let mut app = TestApp::start();
    let ahead = || renamed("e1", "Of a wrong clock", 400);
    let chat = app.relay_1().chat_of(ahead()).await;
    app.set_clock(10);
    app.relay_1().outcome(renamed("e2", "Right", 5)).await;
    // By now its own time is no longer in the future, and at the last moment it is past.
    for seconds in [50, 200, 500] {
        app.set_clock(seconds);
        assert_eq!(app.relay_1().outcome(ahead()).await.0, "duplicate", "{seconds}");
        app.restart();
        assert_eq!(app.relay_1().outcome(ahead()).await.0, "duplicate", "{seconds}");
        assert_eq!(name(&app, &chat).await, "Right");
    }
    // Under another id it is another event.
    assert_eq!(app.relay_1().outcome(renamed("e3", "Later", 400)).await.0, "updated");
}

#[tokio::test]
async fn the_time_of_arrival_is_what_look_ups_show() {
    let app = TestApp::start();
    let joined = Event::participant("added", "e1", KEY, "+14155550111").at("2031-01-01T00:00:00Z");
    let chat = app.relay_1().chat_of(joined).await;
    let participants = app.acme().participants(&chat).await.ok();
    assert_eq!(participants["participants"][0]["joined_at"], after(0));
}

#[tokio::test]
async fn a_clock_of_ours_that_jumps_an_hour_either_way_keeps_our_own_times_in_order() {
    let app = TestApp::start();
    let mut last = String::new();
    for (number, seconds) in [0, 3600, -3600, 0].into_iter().enumerate() {
        app.set_clock(seconds);
        let event = Event::renamed(&format!("e{number}"), KEY, &format!("Name {number}"));
        let chat = app.relay_1().chat_of(event).await;
        let chat = app.acme().get_chat(&chat).await.ok();
        let updated = chat["chat"]["updated_at"].as_str().unwrap().to_owned();
        assert!(updated >= last, "{updated} after {last}");
        last = updated;
    }
}
