//! Receipts are in a table for each day, made before the day begins and dropped when it is over for long.

use std::time::Duration;

use crate::support::{Event, TestApp, store::TestStore, wait};

const DAY: i64 = 24 * 60 * 60;
const PATIENCE: Duration = Duration::from_secs(20);

fn has_table(app: &TestApp, day: &str) -> bool {
    app.store.count(&format!("SELECT count(*) FROM pg_class WHERE relname = 'receipts_{day}'")) == 1
}

#[tokio::test]
async fn a_day_has_a_table_before_it_begins_and_none_when_it_is_over_for_long() {
    let app = TestApp::start_with_store(TestStore::peopled_database());
    let of = |id: &str, at: &str| Event::message(id, "any;+;chat1").at(at);
    app.relay_1()
        .post_events(vec![of("today", "2026-05-31T11:00:00Z"), of("long-ago", "2026-05-01T11:00:00Z")])
        .await
        .ok();
    assert!(has_table(&app, "2026_05_31") && has_table(&app, "2026_06_01"));
    assert_eq!(app.store.count("SELECT count(*) FROM receipts_2026_05_31"), 1);
    assert_eq!(app.store.count("SELECT count(*) FROM receipts_of_other_days"), 1);
    // Receipts are kept for 35 days: both are gone, the one with its table.
    app.set_clock(37 * DAY);
    wait::until(PATIENCE, async || app.rows("receipts") == 0 && !has_table(&app, "2026_05_31")).await;
    assert!(has_table(&app, "2026_07_07"));
    app.store.assert_sound();
}

/// Somebody claims a day that has no table yet; when it gets one, that is where the receipt is.
#[tokio::test]
async fn what_came_before_its_day_moves_into_its_table() {
    let app = TestApp::start_with_store(TestStore::peopled_database());
    let event = || Event::message("early", "any;+;chat1").at("2026-06-10T11:00:00Z");
    assert_eq!(app.relay_1().outcome(event()).await.0, "created");
    assert_eq!(app.store.count("SELECT count(*) FROM receipts_of_other_days"), 1);
    app.set_clock(9 * DAY);
    wait::until(PATIENCE, async || has_table(&app, "2026_06_10")).await;
    assert_eq!(app.store.count("SELECT count(*) FROM receipts_2026_06_10"), 1);
    assert_eq!(app.relay_1().outcome(event()).await.0, "duplicate");
}
