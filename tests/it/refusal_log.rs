//! Why a request was refused is in its log line, for those who do not see the answer; what it said is not.

use std::time::Duration;

use chert_groups::domain::relay_kind::RelayKind;
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{
    BlueBubbles, Event, FakeRelay, Linq, TestApp,
    answer::Answer,
    callers::Poster,
    directory::{ACME, LINE, OTHER_LINE, RELAY_1},
    event::SAM,
    foreign::LINQ,
    logs,
    mac::{MAC, MAC_LINE},
};

/// A secret that is nobody's.
const WRONG: &str = "99999999999999999999999999999999";

/// What callers say, where it is no use.
const SAID: &str = "14155550199-said";

/// The lines of a request's log. Others may be half-written yet.
fn lines_of(answer: &Answer) -> Vec<Value> {
    let id = answer.trace_id();
    let (kept, parse) = (logs::kept(), |line| serde_json::from_str(line).expect("a line of JSON"));
    kept.lines().filter(|line| line.contains(id)).map(parse).collect()
}

/// The line about a request as a whole.
fn line_of(answer: &Answer) -> Value {
    let is_about_it =
        |line: &Value| line["message"].as_str().is_some_and(|text| text.starts_with("request "));
    let mut lines: Vec<_> = lines_of(answer).into_iter().filter(is_about_it).collect();
    assert_eq!(lines.len(), 1, "one line for a request: {lines:?}");
    lines.remove(0)
}

/// Asserts what the log says of a refused request.
#[track_caller]
fn assert_logged(answer: &Answer, code: u16, who: [Option<&str>; 2]) {
    let (line, why) = (line_of(answer), answer.refused(answer.status, code));
    assert_eq!((&line["message"], &line["level"]), (&json!("request refused"), &json!("INFO")), "{line}");
    assert_eq!((&line["code"], &line["why"]), (&json!(code), &json!(why)), "{line}");
    assert_eq!([line["tenant"].as_str(), line["relay"].as_str()], who, "{line}");
}

#[tokio::test]
async fn a_refusal_is_logged_with_its_code_its_reason_and_who_was_refused() {
    let app = TestApp::start_with_foreign(1);
    let (nobody, relay) = ([None, None], [None, Some(RELAY_1.slug)]);
    let missing =
        app.relay_1().post_event(Event::message("e1", "k").without("/data/chat/conversation_key")).await;
    assert_logged(&missing, 1001, relay);
    assert!(line_of(&missing)["why"].as_str().unwrap().contains("data.chat.conversation_key"));
    let theirs = app.relay_1().post_event(Event::message("e1", "any;+;chat1").line(OTHER_LINE)).await;
    assert_logged(&theirs, 2006, relay);
    let unsigned = app.request("POST", "/upstream/v1/events").body("{}").send().await;
    assert_logged(&unsigned, 2012, nobody);
    let stranger = Poster::new(&app, RELAY_1.with_secret(WRONG)).post_event(Event::message("e1", "k")).await;
    assert_logged(&stranger, 2004, nobody);
    assert_logged(&app.linq_posts("{").await, 1004, [None, Some(LINQ)]);
    assert_logged(
        &app.mac_posts_to("&line=1", BlueBubbles::message("G-1")).await,
        1003,
        [None, Some(MAC.slug)],
    );
    assert_logged(&app.acme().list_chats("limit=0").await, 1002, [Some(ACME.slug), None]);
    assert_logged(&app.request("GET", "/nowhere").send().await, 2011, nobody);
}

/// The caller is told, and knows what it asked for.
#[tokio::test]
async fn what_is_not_supported_is_no_failure_and_what_fails_is() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay_of(RelayKind::Linq, &relay.url());
    let create = |from: &str| {
        let message = json!({"parts": [{"type": "text", "value": "Shall we?"}]});
        app.acme().create(json!({"from": from, "to": [SAM], "message": message}))
    };
    assert_logged(&create(MAC_LINE).await, 4099, [Some(ACME.slug), None]);
    // The relay of this one has no URL.
    let answer = create(LINE).await;
    // Said on the task of the create.
    let why = "the relay lacks what delivering to it needs";
    assert!(lines_of(&answer).iter().any(|line| line["message"] == why), "{:?}", lines_of(&answer));
    let line = line_of(&answer);
    assert_eq!((&line["message"], &line["level"]), (&json!("request failed"), &json!("ERROR")), "{line}");
    assert_eq!((&line["code"], &line["tenant"]), (&json!(3002), &json!(ACME.slug)), "{line}");
}

#[tokio::test]
async fn what_fails_over_and_over_has_few_lines() {
    let app = TestApp::start_with(|settings| settings.store.queue = 1);
    let too_many = || ["e1", "e2"].map(|id| Event::message(id, "any;+;chat1"));
    let relay = app.relay_1();
    let answers = join_all((0..15).map(|_| relay.post_events(too_many()))).await;
    for answer in &answers {
        answer.refused(503, 3002);
    }
    let lines = || answers.iter().flat_map(lines_of).filter(|line| line["level"] == "ERROR");
    assert_eq!(lines().count(), 10);
    assert!(lines().all(|line| line["left_out"] == 0));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let later = relay.post_events(too_many()).await;
    assert_eq!(line_of(&later)["left_out"], 5);
}

#[tokio::test]
async fn what_is_refused_of_a_batch_is_logged_in_one_line() {
    let app = TestApp::start();
    let theirs = |id: &str| Event::message(id, "any;+;chat1").line(OTHER_LINE);
    let events = [Event::message("e1", "any;+;chat1"), theirs("e2"), theirs("e3").without("/timestamp")];
    let answer = app.relay_1().post_events(events).await;
    assert_eq!(answer.ok()["results"][2]["error"]["code"], 1001);
    let lines: Vec<_> =
        lines_of(&answer).into_iter().filter(|line| line["message"] == "events refused").collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    assert_eq!(json!([line["events"], line["rejected"], line["code"]]), json!([3, 2, 2006]), "{line}");
    assert_eq!((&line["relay"], &line["level"]), (&json!(RELAY_1.slug), &json!("INFO")), "{line}");
    let clean = app.relay_1().post_events([Event::message("e1", "any;+;chat1")]).await;
    assert!(lines_of(&clean).iter().all(|line| line["message"] != "events refused"));
}

#[tokio::test]
async fn who_may_not_speak_for_a_line_is_told_what_names_it() {
    let app = TestApp::start_with_foreign(1);
    let theirs = app.relay_1().post_event(Event::message("e1", "any;+;chat1").line(OTHER_LINE)).await;
    let why = theirs.refused(403, 2006);
    assert_eq!(why, "data.chat.owner_handle.handle is no line of this relay");
    let theirs = app.linq_posts(Linq::message("e1", "b183b0d3").line(OTHER_LINE)).await;
    assert_eq!(theirs.refused(403, 2006), "the event's line is no line of this relay");
    let theirs = app.mac_posts_to("&line=%2B15555550102", BlueBubbles::message("G-1")).await;
    assert_eq!(theirs.refused(403, 2006), "line is no line of this relay");
}

/// Asserts that a request is refused without a word of what it said, and that the log does not have it either.
#[track_caller]
fn assert_discreet(answer: &Answer) {
    assert!(answer.status >= 400, "{}", answer.text());
    assert!(!answer.text().contains("said"), "{}", answer.text());
    for line in lines_of(answer) {
        assert!(!line.to_string().contains("said"), "{line}");
    }
}

#[rstest]
#[case::no_json(r#"{"event": SAID}"#)]
#[case::of_another_type(r#"{"event": {"SAID": "SAID"}}"#)]
#[case::text_for_an_object(r#"{"event": "message.received", "data": "SAID"}"#)]
#[case::that_looks_like_a_reason(r#"{"event": "chat.renamed", "data": "a, expected SAID"}"#)]
#[case::twice(r#"{"SAID": 1, "SAID": 2, "event": 1}"#)]
#[case::in_a_field_that_is_ignored(r#"{"SAID": {"SAID": [1, {"SAID": 1e999}]}, "event": []}"#)]
#[case::no_time(r#"{"event": "chat.renamed", "event_id": "e1", "timestamp": "SAID"}"#)]
#[case::no_line(
    r#"{"event": "message.received", "event_id": "e1", "timestamp": "2026-05-24T01:35:34Z", "data": {
        "chat": {"conversation_key": "SAID", "owner_handle": {"handle": "SAID"}}}}"#
)]
#[case::no_handle(
    r#"{"event": "message.received", "event_id": "e1", "timestamp": "2026-05-24T01:35:34Z", "data": {
        "chat": {"conversation_key": "SAID", "owner_handle": {"handle": "+15555550100"},
            "handles": [{"handle": "@SAID "}, {"SAID": "SAID"}]}}}"#
)]
#[tokio::test]
async fn no_refusal_repeats_what_an_event_said(#[case] body: &str) {
    let app = TestApp::start();
    let body = body.replace("SAID", SAID);
    assert_discreet(&app.relay_1().post_json(body).await);
}

#[rstest]
#[case::unknown_and_twice("/api/v1/chats?SAID=1&SAID=2&limit=0")]
#[case::no_number("/api/v1/chats?from=SAID")]
#[case::twice("/api/v1/chats?handle=SAID&handle=SAID")]
#[case::no_utf_8("/api/v1/chats?handle=SAID%ff")]
#[case::no_cursor("/api/v1/chats?cursor=SAID")]
#[case::no_time("/api/v1/chats?updated_since=SAID")]
#[case::no_chat("/api/v1/chats/SAID")]
#[case::no_route("/SAID?SAID")]
#[tokio::test]
async fn no_refusal_repeats_what_a_url_said(#[case] path: &str) {
    let app = TestApp::start();
    let request = app.request("GET", &path.replace("SAID", SAID));
    assert_discreet(&request.signed_by(ACME).send().await);
}

#[tokio::test]
async fn parameters_that_nobody_reads_may_be_anything() {
    let app = TestApp::start();
    app.acme().list_chats("x=1&x=2&%ff=%ff").await.ok();
    app.acme().list_chats("limit=1&limit=1").await.refused(400, 1002);
}
