//! Which relay posts events, and for which lines.

use crate::support::{
    Event, TestApp,
    directory::{ACME, Identity, LINE, OTHER, OTHER_LINE, RELAY_1, RELAY_2},
    request::{Request, SIGNATURE},
};

const KEY: &str = "iMessage;+;chat1";

/// Something done to a request.
type Make<'a> = &'a dyn Fn(Request<'a>) -> Request<'a>;

fn post(app: &TestApp) -> Request<'_> {
    app.request("POST", "/upstream/v1/events").body(Event::message("e1", KEY).to_string())
}

#[tokio::test]
async fn each_way_to_fail_has_its_code() {
    let app = TestApp::start();
    let some = "v1,1777636800,9766c6fb02af01e70270019e51c9c1013dca5d09ad7e06f2283baa570f3e16a2";
    let tenant = Identity { header: "x-chert-tenant", ..RELAY_1 };
    let rows: [(&str, Make<'_>, u16); 10] = [
        ("nothing", &|r| r, 2012),
        ("only a name", &|r| r.header("x-chert-relay", "rly-1"), 2012),
        ("a signature without a name", &|r| r.header(SIGNATURE, some), 2012),
        ("the name in the tenant's header", &|r| r.signed_by(tenant), 2012),
        ("a bearer", &|r| r.header("x-chert-relay", "rly-1").bearer(RELAY_1.secret), 2012),
        ("another relay's secret", &|r| r.signed_by(RELAY_2.named("rly-1")), 2004),
        ("a tenant's secret", &|r| r.signed_by(RELAY_1.with_secret(ACME.secret)), 2004),
        ("an old signature", &|r| r.header("x-chert-relay", "rly-1").header(SIGNATURE, some), 2013),
        ("a malformed signature", &|r| r.header("x-chert-relay", "rly-1").header(SIGNATURE, "v1"), 2004),
        ("two names", &|r| r.header("x-chert-relay", "rly-1").signed_by(RELAY_1), 2004),
    ];
    for (what, make, code) in rows {
        let answer = make(post(&app)).send().await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
        answer.refused(401, code);
    }
    assert_eq!(app.rows("chats"), 0);
}

#[tokio::test]
async fn an_unknown_relay_and_a_wrong_secret_are_answered_alike() {
    let app = TestApp::start();
    let wrong_secret = post(&app).signed_by(OTHER_RELAY_SECRET).send().await;
    for name in ["rly-9", "no slug at all", "RLY-1"] {
        let unknown = post(&app).signed_by(RELAY_1.named(name)).send().await;
        unknown.refused(401, 2004);
        assert_eq!(unknown.untraced(), wrong_secret.untraced(), "{name}");
    }
}

const OTHER_RELAY_SECRET: Identity = RELAY_1.with_secret("ffffffffffffffffffffffffffffffff");

#[tokio::test]
async fn what_is_signed_is_the_bytes_as_they_came() {
    let app = TestApp::start();
    // Not JSON, and signed all the same: the signature comes first.
    app.relay_1().post_json("{ not json").await.refused(400, 1004);
    post(&app).signed_by(OTHER_RELAY_SECRET).body("{ not json").send().await.refused(401, 2004);
    // Equal JSON is not equal bytes.
    let spaced = Event::message("e1", KEY).to_string().replace("\":", "\" : ");
    app.relay_1().post_json(spaced).await.ok();
}

#[tokio::test]
async fn a_relay_speaks_for_its_own_lines_only() {
    let app = TestApp::start();
    let event = |line: &str| Event::message("e1", KEY).line(line);
    app.relay_1().post_event(event(LINE)).await.ok();
    app.relay_2().post_event(event(OTHER_LINE)).await.ok();
    let anothers = app.relay_1().post_event(event(OTHER_LINE)).await;
    assert!(anothers.refused(403, 2006).contains("data.chat.owner_handle.handle"));
    app.relay_2().post_event(event(LINE)).await.refused(403, 2006);
    assert_eq!(app.rows("chats"), 2);
}

#[tokio::test]
async fn the_same_key_on_two_tenants_lines_is_two_chats() {
    let app = TestApp::start();
    let ours = app.relay_1().chat_of(Event::message("e1", KEY)).await;
    let theirs = app.relay_2().chat_of(Event::message("e1", KEY).line(OTHER_LINE)).await;
    assert_ne!(ours, theirs);
    app.acme().get_chat(&theirs).await.refused(404, 2002);
    app.request("GET", &format!("/api/v1/chats/{theirs}")).signed_by(OTHER).send().await.ok();
}
