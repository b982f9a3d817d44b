//! The form of errors, and the trace id. [`Answer::refused`](crate::support::answer::Answer::refused) checks
//! the form in every test that meets an error; here is what is left.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use rstest::rstest;
use serde_json::json;

use crate::support::{
    Event, TestApp,
    directory::{ACME, RELAY_1},
};

#[tokio::test]
async fn an_error_looks_like_this() {
    let app = TestApp::start();
    let answer = app.acme().get_chat("chat1").await;
    let trace_id = answer.trace_id();
    let expected = format!(
        r#"{{"success":false,"error":{{"status":404,"code":2002,"message":"chat not found","retryable":false}},"trace_id":"{trace_id}"}}"#
    );
    assert_eq!(answer.text(), expected);
}

#[tokio::test]
async fn every_answer_has_a_trace_id_of_its_own() {
    let app = TestApp::start();
    let chat = app.relay_1().chat_of(Event::message("e1", "any;+;chat1")).await;
    let mut seen = HashSet::new();
    for _ in 0..10 {
        for answer in [
            app.acme().get_chat(&chat).await,
            app.acme().get_chat_if_not(&chat, "*").await,
            app.acme().get_chat("absent").await,
            app.request("GET", "/healthz").send().await,
            app.request("GET", "/nowhere").send().await,
            app.request("BREW", "/healthz").send().await,
            app.relay_1().post_json("{").await,
        ] {
            assert!(seen.insert(answer.trace_id().to_owned()), "{} twice", answer.trace_id());
        }
    }
}

#[tokio::test]
async fn a_trace_id_that_a_caller_sends_is_not_taken_over() {
    let app = TestApp::start();
    let answer = app.request("GET", "/healthz").header("x-trace-id", "000000000000").send().await;
    assert_ne!(answer.trace_id(), "000000000000");
}

#[tokio::test]
async fn an_overload_says_when_to_come_back_and_has_taken_nothing() {
    let app = TestApp::start_with(|settings| settings.store.queue = 2);
    let events = |count: usize| {
        (0..count).map(|number| Event::message(&format!("e{number}"), &format!("any;+;chat{number}")))
    };
    let asked = Instant::now();
    let answer = app.relay_1().post_events(events(3)).await;
    answer.refused(503, 3002);
    // Who comes again at once must not take the processors from others.
    assert!(asked.elapsed() >= Duration::from_millis(400), "{:?}", asked.elapsed());
    assert_eq!(answer.header("retry-after"), Some("1"));
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["error"]["retry_after"], json!(1));
    assert_eq!(app.rows("chats"), 0);
    app.relay_1().post_events(events(2)).await.ok();
}

#[rstest]
#[case("GET", "/")]
#[case("GET", "/api/v1")]
#[case("GET", "/api/v1/chats/")]
#[case("GET", "/api/v1/chats/a/b")]
#[case("GET", "/api/v1/chats/a/participants/b")]
#[case("POST", "/api/v1/events")]
#[case("POST", "/upstream/v1/events/")]
#[case("POST", "/upstream/v1")]
#[case("GET", "/api/v2/chats")]
#[case("GET", "/API/V1/CHATS")]
#[case("DELETE", "/nowhere")]
#[case("GET", "/%2e%2e/etc/passwd")]
#[case("OPTIONS", "/nowhere")]
#[tokio::test]
async fn what_is_no_route_is_not_found(#[case] method: &str, #[case] path: &str) {
    let app = TestApp::start();
    let message = app.request(method, path).signed_by(ACME).send().await.refused(404, 2011);
    assert_eq!(message, "no such route");
}

#[rstest]
#[case("/api/v1/chats", "GET, POST")]
#[case("/api/v1/chats/resolve", "POST")]
#[case("/api/v1/chats/a", "GET")]
#[case("/api/v1/chats/a/participants", "GET")]
#[case("/api/v1/chats/a/route", "GET")]
#[case("/upstream/v1/events", "POST")]
#[case("/healthz", "GET")]
#[case("/readyz", "GET")]
#[case("/metrics", "GET")]
#[tokio::test]
async fn a_route_says_which_methods_it_takes(#[case] path: &str, #[case] allowed: &str) {
    let app = TestApp::start();
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        let answer = app.request(method, path).send().await;
        if allowed.split(", ").any(|taken| taken == method) {
            assert_ne!(answer.status, 405, "{method} {path}");
            continue;
        }
        assert!(answer.refused(405, 1002).contains(allowed));
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
    }
    let head = app.request("HEAD", path).send().await;
    assert_eq!((head.status, head.header("allow"), head.body.len()), (405, Some(allowed), 0));
}

#[tokio::test]
async fn no_error_tells_what_is_inside() {
    let app = TestApp::start();
    let inside = ["sqlite", "SELECT", "registry.db", "panicked", "src/", ".rs", "serde", RELAY_1.secret];
    for answer in [
        app.acme().list_chats("cursor='").await,
        app.acme().list_chats("handle=%00").await,
        app.acme().post_resolve("{\"from\":1}").await,
        app.relay_1().post_json("{\"data\":{\"chat\":1}}").await,
        app.relay_1().post("text/plain", "x").await,
    ] {
        let text = answer.text();
        assert!(inside.iter().all(|word| !text.contains(word)), "{text}");
    }
}
