//! Limits of size and time, and media types.

use std::time::{Duration, Instant};

use chert_groups::config::{self, Overrides};
use rstest::rstest;

use crate::support::{
    Event, TestApp,
    directory::ACME,
    raw::{Raw, events_head, head},
};

const MIB_8: usize = 8 * 1024 * 1024;

/// A service that is as patient with bodies as a test can be.
fn impatient() -> TestApp {
    TestApp::start_with(|settings| settings.server.body_timeout = Duration::from_secs(1))
}

fn event() -> String {
    Event::message("e1", "any;+;chat1").to_string()
}

/// An event of exactly `bytes`.
fn event_of(bytes: usize) -> String {
    let event = event();
    let padding = " ".repeat(bytes - event.len());
    event + &padding
}

#[tokio::test]
async fn a_body_of_8_mib_is_taken_and_one_byte_more_is_too_large() {
    let app = TestApp::start();
    app.relay_1().post_json(event_of(MIB_8)).await.ok();
    let mut raw = Raw::connect(&app).await;
    // Refused by what it declares: nobody has to send it first.
    let head = format!("{}content-length: {}\r\n\r\n", events_head(&app, b""), MIB_8 + 1);
    raw.send(head).await;
    raw.answer().await.refused(413, 1002);
}

#[tokio::test]
async fn a_declared_length_beyond_all_sense_is_refused_at_once() {
    let app = TestApp::start();
    for length in ["8388609", "999999999999", "18446744073709551615"] {
        let mut raw = Raw::connect(&app).await;
        raw.send(format!("{}content-length: {length}\r\n\r\n", events_head(&app, b""))).await;
        raw.answer().await.refused(413, 1002);
    }
}

#[tokio::test]
async fn a_chunked_body_is_cut_off_at_the_limit() {
    let app = TestApp::start_with(|settings| settings.server.body_limit = 4096);
    let body = event_of(4096);
    for (extra, fits) in [("", true), (" ", false)] {
        let mut raw = Raw::connect(&app).await;
        raw.send(format!("{}transfer-encoding: chunked\r\n\r\n", events_head(&app, body.as_bytes()))).await;
        for part in body.as_bytes().chunks(100).chain([extra.as_bytes()]).filter(|part| !part.is_empty()) {
            raw.send([format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat()).await;
        }
        raw.try_send("0\r\n\r\n").await;
        let answer = raw.answer().await;
        if fits {
            answer.ok();
        } else {
            answer.refused(413, 1002);
        }
    }
}

#[tokio::test]
async fn a_chunked_body_without_an_end_is_cut_off_at_8_mib() {
    let app = TestApp::start();
    let mut raw = Raw::connect(&app).await;
    raw.send(format!("{}transfer-encoding: chunked\r\n\r\n", events_head(&app, b""))).await;
    let chunk = [b"10000\r\n".as_slice(), &vec![b' '; 0x10000], b"\r\n"].concat();
    for _ in 0..200 {
        if !raw.try_send(&chunk).await {
            break;
        }
    }
    // Who goes on sending may find the connection reset before the answer is read; no answer is no success.
    app.relay_1().post_json(event()).await.ok();
}

#[rstest]
#[case("text/plain", "")]
#[case("application/xml", "")]
#[case("multipart/form-data; boundary=x", "")]
#[case("application/jsonp", "")]
#[case("application", "")]
#[case("application/json", "gzip")]
#[case("application/json", "br")]
#[case("application/x-ndjson", "deflate, gzip")]
#[tokio::test]
async fn other_media_types_and_encodings_are_not_supported(#[case] media_type: &str, #[case] encoding: &str) {
    let app = TestApp::start();
    let request = app.request("POST", "/upstream/v1/events").header("content-type", media_type);
    let request = if encoding.is_empty() { request } else { request.header("content-encoding", encoding) };
    request.body(event()).signed_by(crate::support::directory::RELAY_1).send().await.refused(415, 1002);
    for path in ["/api/v1/chats", "/api/v1/chats/resolve"] {
        let request = app.request("POST", path).header("content-type", media_type);
        let request =
            if encoding.is_empty() { request } else { request.header("content-encoding", encoding) };
        let request =
            request.header("authorization", format!("Bearer {}", crate::support::directory::ACME.secret));
        request.body("{}").send().await.refused(415, 1002);
    }
    assert_eq!(app.rows("chats"), 0);
}

#[tokio::test]
async fn a_body_without_a_media_type_is_json() {
    let app = TestApp::start();
    let request = app.request("POST", "/upstream/v1/events").body(event());
    request.signed_by(crate::support::directory::RELAY_1).send().await.ok();
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up_on() {
    let app = impatient();
    for (name, begun) in [("nothing", ""), ("half", "{\"event\":")] {
        let mut raw = Raw::connect(&app).await;
        let started = Instant::now();
        raw.send(format!("{}content-length: 500\r\n\r\n{begun}", events_head(&app, b""))).await;
        assert!(raw.answer().await.refused(408, 1002).contains("1 seconds"), "{name}");
        let waited = started.elapsed();
        assert!((900..4000).contains(&waited.as_millis()), "{name}: {waited:?}");
    }
    app.relay_1().post_json(event()).await.ok();
}

#[tokio::test]
async fn a_body_that_drips_is_given_up_on_however_steadily_it_does() {
    let app = impatient();
    for framing in ["content-length: 500", "transfer-encoding: chunked"] {
        let mut raw = Raw::connect(&app).await;
        let started = Instant::now();
        raw.send(format!("{}{framing}\r\n\r\n", events_head(&app, b""))).await;
        let drop = if framing.starts_with("content") { " " } else { "1\r\n \r\n" };
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        while started.elapsed() < Duration::from_millis(1500) && raw.try_send(drop).await {
            tick.tick().await;
        }
        raw.answer().await.refused(408, 1002);
    }
    app.relay_1().post_json(event()).await.ok();
}

#[tokio::test]
async fn look_ups_do_not_wait_for_bodies_either() {
    let app = impatient();
    let mut raw = Raw::connect(&app).await;
    raw.send(format!("{}content-length: 5\r\n\r\n", head(&app, ACME, "GET /api/v1/chats", b""))).await;
    raw.answer().await.refused(408, 1002);
}

#[test]
fn a_body_has_10_seconds_and_8_mib_unless_it_is_set_otherwise() {
    let server = config::load(None, &Overrides::default()).unwrap().server;
    assert_eq!((server.body_timeout, server.body_limit), (Duration::from_secs(10), MIB_8));
}

#[tokio::test]
async fn a_body_that_comes_slowly_but_in_time_is_taken_byte_by_byte() {
    let app = TestApp::start();
    let body = event();
    let mut raw = Raw::connect(&app).await;
    raw.send(format!("{}content-length: {}\r\n\r\n", events_head(&app, body.as_bytes()), body.len())).await;
    for byte in body.as_bytes() {
        raw.send([*byte]).await;
        tokio::task::yield_now().await;
    }
    raw.answer().await.ok();
}

#[tokio::test]
async fn a_client_that_goes_away_in_the_middle_of_a_body_leaves_nothing_behind() {
    let app = TestApp::start();
    let body = event();
    let head = events_head(&app, body.as_bytes());
    for sent in [0, 1, body.len() / 2, body.len() - 1] {
        let mut raw = Raw::connect(&app).await;
        raw.send(format!("{head}content-length: {}\r\n\r\n{}", body.len(), &body[..sent])).await;
    }
    app.acme().list_chats("").await.ok();
    assert_eq!(app.rows("chats"), 0);
}
