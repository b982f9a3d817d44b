//! `/healthz`, `/readyz` and `/metrics`.

use crate::support::{Event, TestApp};

#[tokio::test]
async fn a_service_that_runs_says_so_to_anybody() {
    let app = TestApp::start();
    for (path, says) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = app.request("GET", path).send().await;
        assert_eq!((answer.status, answer.text().as_str()), (200, says));
        answer.trace_id();
    }
}

#[tokio::test]
async fn metrics_count_what_was_done_and_name_nobody() {
    let app = TestApp::start();
    let chat = app.relay_1().chat_of(Event::message("e1", "any;+;chat1")).await;
    app.acme().get_chat(&chat).await.ok();
    let answer = app.request("GET", "/metrics").send().await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let text = answer.text();
    for line in [
        "chert_groups_events_total{outcome=\"created\"}",
        "chert_groups_request_seconds_bucket{route=\"/api/v1/chats/{id}\"",
        "chert_groups_queue_depth",
        "chert_groups_commit_seconds_count",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    for personal in [chat.as_str(), "5555550", "chat1", "acme", "rly-1"] {
        assert!(!text.contains(personal), "{personal}");
    }
}
