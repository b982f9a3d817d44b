//! What is hardly HTTP. The library answers most of it by itself; what counts is that nothing of it is taken
//! and the service lives on.

use rstest::rstest;

use crate::support::{
    Event, TestApp,
    raw::{Raw, events_head},
};

fn event() -> String {
    Event::message("e1", "any;+;chat1").to_string()
}

/// Sends bytes on a connection of their own. The library refuses them without asking us, closes the
/// connection, and whatever comes of it, somebody else is served.
async fn refused_by_the_library(app: &TestApp, bytes: impl AsRef<[u8]>) -> u16 {
    let mut raw = Raw::connect(app).await;
    raw.send(bytes).await;
    let answer = raw.answer().await;
    assert_eq!(answer.header("x-trace-id"), None, "{}", answer.text());
    assert!(raw.is_closed().await);
    assert_eq!(app.request("GET", "/healthz").send().await.status, 200);
    assert_eq!(app.rows("chats"), 0);
    answer.status
}

#[tokio::test]
async fn ninety_seven_headers_are_too_many_for_the_library() {
    let app = TestApp::start();
    let body = event();
    let head = |more: usize| {
        let more = "x-more: y\r\n".repeat(more);
        let length = body.len();
        format!("{}content-length: {length}\r\n{more}\r\n{body}", events_head(&app, body.as_bytes()))
    };
    // Host, name, signature and length are four.
    let status = refused_by_the_library(&app, head(93)).await;
    assert!(matches!(status, 400 | 431), "{status}");
    let mut raw = Raw::connect(&app).await;
    raw.send(head(92)).await;
    raw.answer().await.ok();
}

#[tokio::test]
async fn a_head_without_measure_is_refused() {
    let app = TestApp::start();
    let status = refused_by_the_library(
        &app,
        format!("GET /healthz HTTP/1.1\r\nhost: test\r\nx: {}\r\n\r\n", "y".repeat(200_000)),
    )
    .await;
    assert!(matches!(status, 400 | 431), "{status}");
    let status =
        refused_by_the_library(&app, format!("GET /{} HTTP/1.1\r\nhost: test\r\n\r\n", "y".repeat(200_000)))
            .await;
    assert!(matches!(status, 400 | 414 | 431), "{status}");
}

#[rstest]
#[case::two_lengths("content-length: 5\r\ncontent-length: 6\r\n")]
#[case::length_with_a_sign("content-length: +5\r\n")]
#[case::negative_length("content-length: -5\r\n")]
#[case::hexadecimal_length("content-length: 0x5\r\n")]
#[case::list_of_lengths("content-length: 5, 5\r\n")]
#[case::length_and_chunks("content-length: 5\r\ntransfer-encoding: chunked\r\n")]
#[case::chunks_twice("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n")]
#[case::chunks_not_last("transfer-encoding: chunked, gzip\r\n")]
#[case::unknown_coding("transfer-encoding: xchunked\r\n")]
#[case::blank_before_the_colon("content-length : 5\r\n")]
#[case::folded_header("x: y\r\n folded: z\r\n")]
#[case::nul_in_a_header("x: a\0b\r\n")]
#[case::bare_carriage_return("x: a\rb\r\n")]
#[case::no_name(": y\r\n")]
#[tokio::test]
async fn shapes_that_smuggle_are_refused(#[case] headers: &str) {
    let app = TestApp::start();
    // What would be smuggled is an event with a good signature.
    let body = event();
    let smuggled =
        format!("{}content-length: {}\r\n\r\n{body}", events_head(&app, body.as_bytes()), body.len());
    let outer = format!("{}{headers}\r\n0\r\n\r\n{smuggled}", events_head(&app, b""));
    let status = refused_by_the_library(&app, outer).await;
    assert!((400..500).contains(&status), "{status}");
}

#[rstest]
#[case("\0\0\0\0\r\n\r\n")]
#[case("GET\r\n\r\n")]
#[case("GET /healthz\r\nhost: test\r\n\r\n")]
#[case("GET /healthz HTTP/9.9\r\nhost: test\r\n\r\n")]
#[case("GET /healthz HTTP/1.1 extra\r\nhost: test\r\n\r\n")]
#[case("G\u{e9}T /healthz HTTP/1.1\r\nhost: test\r\n\r\n")]
#[case("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\r\n\r\n")]
#[tokio::test]
async fn what_is_no_http_is_refused(#[case] bytes: &str) {
    let app = TestApp::start();
    let status = refused_by_the_library(&app, bytes).await;
    assert!((400..506).contains(&status), "{status}");
}

#[tokio::test]
async fn a_head_that_never_ends_is_given_up_on() {
    let app = TestApp::start();
    let mut raw = Raw::connect(&app).await;
    raw.send("GET /healthz HTTP/1.1\r\nhost: test\r\n").await;
    let status = raw.answer().await.status;
    assert_eq!(status, 408);
    assert!(raw.is_closed().await);
}

#[tokio::test]
async fn requests_in_one_packet_are_answered_in_their_order() {
    let app = TestApp::start();
    let mut raw = Raw::connect(&app).await;
    let body = event();
    let head = events_head(&app, body.as_bytes());
    let post = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    raw.send(format!("{post}GET /nowhere HTTP/1.1\r\nhost: test\r\n\r\n{post}")).await;
    assert_eq!(raw.answer().await.ok()["outcome"], "created");
    raw.answer().await.refused(404, 2011);
    assert_eq!(raw.answer().await.ok()["outcome"], "duplicate");
}

#[tokio::test]
async fn a_client_that_never_reads_holds_up_nobody() {
    let app = TestApp::start();
    let mut raw = Raw::connect(&app).await;
    raw.send("GET /metrics HTTP/1.1\r\nhost: test\r\n\r\n".repeat(200)).await;
    app.relay_1().post_json(event()).await.ok();
    drop(raw);
}
