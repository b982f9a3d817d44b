//! Senders that give up on any 4xx: none for what a later retry could mend.

use std::time::Duration;

use crate::support::{
    BlueBubbles, Linq, TestApp,
    foreign::{LINQ_LINE, outcome},
    mac::MAC,
    raw::Raw,
};

#[tokio::test]
async fn a_body_that_stalls_is_asked_for_again() {
    let app = TestApp::start_with(|settings| settings.server.body_timeout = Duration::from_secs(1));
    let mut raw = Raw::connect(&app).await;
    let head =
        format!("POST /upstream/v1/bluebubbles/{}?token={} HTTP/1.1\r\nhost: x\r\n", MAC.slug, MAC.secret);
    raw.send(format!("{head}content-length: 500\r\n\r\n{{\"type\":")).await;
    let answer = raw.answer().await;
    answer.refused(503, 3002);
    assert_eq!(answer.retry_after(), Some(1));
}

#[tokio::test]
async fn media_types_and_encodings_that_are_named_wrongly_do_no_harm() {
    let app = TestApp::start_with_foreign(1);
    for media_type in ["text/plain", "application/x-ndjson", "application/cloudevents+json"] {
        let body = Linq::message(media_type, "b183b0d3").line(LINQ_LINE).to_string();
        let path = format!("/upstream/v1/bluebubbles/{}?token={}", MAC.slug, MAC.secret);
        let request = app.request("POST", &path).header("content-type", media_type);
        request.body(BlueBubbles::message("G-1").to_string()).send().await.ok();
        app.linq_posts(body).await.ok();
    }
}

#[tokio::test]
async fn what_can_never_succeed_is_refused() {
    let app = TestApp::start_with_foreign(1);
    app.linq_posts("{ not json").await.refused(400, 1004);
    app.linq_posts("[]").await.refused(400, 1002);
    app.linq_posts("{}").await.refused(400, 1001);
    app.mac_posts_to("", "{ not json").await.refused(400, 1004);
    app.mac_posts_to("", "{}").await.refused(400, 1001);
    let timeless = BlueBubbles::message("G-1").without("/data/dateCreated");
    app.mac_posts_to("", timeless).await.refused(400, 1001);
}

#[tokio::test]
async fn a_line_that_nobody_has_registered_yet_is_no_refusal_and_anothers_is() {
    let app = TestApp::start_with_foreign(1);
    let message = |line: &str| Linq::message("e1", "b183b0d3").line(line);
    assert_eq!(outcome(&app.linq_posts(message("+15555550177")).await), "parked");
    app.linq_posts(message(crate::support::directory::LINE)).await.refused(403, 2006);
}

#[tokio::test]
async fn only_posts_are_taken() {
    let app = TestApp::start_with_foreign(1);
    for path in ["/upstream/v1/linq/linq-1", "/upstream/v1/bluebubbles/mac-1"] {
        let answer = app.request("GET", path).send().await;
        answer.refused(405, 1002);
        assert_eq!(answer.header("allow"), Some("POST"));
    }
    app.request("POST", "/upstream/v1/sendblue/x").send().await.refused(404, 2011);
}
