//! Who may call the API: `docs/api.md`, row by row.

use std::time::Duration;

use chert_groups::domain::time::Time;
use serde_json::json;

use crate::support::{
    Event, TestApp,
    answer::Answer,
    directory::{ACME, Identity, MANY, OTHER, RELAY_1, slug},
    request::{Request, SIGNATURE},
    wait::until,
};

/// The time of the published vectors.
const AT: i64 = 1_777_636_800;
const VECTOR_BODY: &str = r#"{"address":"+14155551234"}"#;
const VECTOR: &str = "v1,1777636800,29640b58becf7618844f04f9c76c1b5e0f889d69bcdfa196bb7c79897234b983";
const EMPTY_VECTOR: &str = "v1,1777636800,9766c6fb02af01e70270019e51c9c1013dca5d09ad7e06f2283baa570f3e16a2";

/// Something done to a request.
type Make<'a> = &'a dyn Fn(Request<'a>) -> Request<'a>;

/// Every route of the API.
const ROUTES: [(&str, &str); 6] = [
    ("POST", "/api/v1/chats"),
    ("GET", "/api/v1/chats"),
    ("POST", "/api/v1/chats/resolve"),
    ("GET", "/api/v1/chats/0197-not-there"),
    ("GET", "/api/v1/chats/0197-not-there/participants"),
    ("GET", "/api/v1/chats/0197-not-there/route"),
];

fn at_the_vectors_time() -> TestApp {
    let app = TestApp::start();
    app.clock.set(Time::from_seconds(AT));
    app
}

fn list(app: &TestApp) -> Request<'_> {
    app.request("GET", "/api/v1/chats")
}

/// A listing with `acme`'s name and this signature.
async fn list_signed(app: &TestApp, signature: impl AsRef<[u8]>) -> Answer {
    list(app).header("x-chert-tenant", "acme").header(SIGNATURE, signature).send().await
}

#[tokio::test]
async fn the_published_vectors_are_accepted_over_http() {
    let app = at_the_vectors_time();
    list_signed(&app, EMPTY_VECTOR).await.ok();
    let resolve = |body: &str| {
        let request = app.request("POST", "/api/v1/chats/resolve").header("x-chert-tenant", "acme");
        request.header(SIGNATURE, VECTOR).body(body).send()
    };
    // The body says nothing that this route could use, but the signature is good.
    assert_eq!(resolve(VECTOR_BODY).await.refused(400, 1001), "missing required field: from");
    resolve(&VECTOR_BODY.replace("1234", "1235")).await.refused(401, 2004);
    resolve(&VECTOR_BODY.replace(':', ": ")).await.refused(401, 2004);
}

#[tokio::test]
async fn every_route_wants_credentials() {
    let app = TestApp::start();
    for (method, path) in ROUTES {
        app.request(method, path).send().await.refused(401, 2012);
        app.request(method, path).signed_by(OTHER.named("acme")).send().await.refused(401, 2004);
        let known = app.request(method, path).signed_by(ACME).send().await.status;
        assert_ne!(known, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn each_way_to_fail_has_its_code() {
    let app = at_the_vectors_time();
    app.admin().set_suspended(&slug("other"), true).unwrap();
    let stale = EMPTY_VECTOR.replace("1777636800", "1777636499");
    let rows: [(&str, Make<'_>, u16, u16); 17] = [
        ("nothing", &|r| r, 401, 2012),
        ("only a name", &|r| r.header("x-chert-tenant", "acme"), 401, 2012),
        ("a signature without a name", &|r| r.header(SIGNATURE, EMPTY_VECTOR), 401, 2012),
        ("another's secret", &|r| r.signed_by(OTHER.named("acme")), 401, 2004),
        ("a relay's secret", &|r| r.signed_by(ACME.with_secret(RELAY_1.secret)), 401, 2004),
        ("an unknown slug", &|r| r.signed_by(ACME.named("nobody")), 404, 2001),
        (
            "what is no slug",
            &|r| r.header("x-chert-tenant", b"Ac me\xff").header(SIGNATURE, EMPTY_VECTOR),
            404,
            2001,
        ),
        ("an old signature", &|r| r.header("x-chert-tenant", "acme").header(SIGNATURE, &stale), 401, 2013),
        ("an unknown token", &|r| r.bearer("ffffffffffffffffffffffffffffffff"), 401, 2004),
        ("an empty token", &|r| r.header("authorization", "Bearer "), 401, 2004),
        ("another scheme", &|r| r.header("authorization", "Basic YTpi"), 401, 2004),
        ("no scheme", &|r| r.header("authorization", ACME.secret), 401, 2004),
        ("a token that is not UTF-8", &|r| r.header("authorization", b"Bearer \xff\xfe"), 401, 2004),
        ("a relay's secret as a token", &|r| r.bearer(RELAY_1.secret), 401, 2004),
        (
            "a token with an unknown slug",
            &|r| r.bearer(ACME.secret).header("x-chert-tenant", "nobody"),
            404,
            2001,
        ),
        ("suspended, by signature", &|r| r.signed_by(OTHER), 403, 2005),
        ("suspended, by bearer", &|r| r.bearer(OTHER.secret), 403, 2005),
    ];
    for (what, make, status, code) in rows {
        let answer = make(list(&app)).send().await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        let message = answer.refused(status, code);
        assert!(!message.contains("acme") && !message.contains(ACME.secret), "{what}: {message}");
    }
}

#[tokio::test]
async fn a_bearer_alone_is_enough_for_a_single_tenant_account_only() {
    let app = TestApp::start();
    list(&app).bearer(ACME.secret).send().await.ok();
    list(&app).header("authorization", format!("bearer {}", ACME.secret)).send().await.ok();
    list(&app).bearer(ACME.secret).header("x-chert-tenant", "acme").send().await.ok();
    list(&app).bearer(MANY.secret).send().await.refused(401, 2012);
    list(&app).bearer(MANY.secret).header("x-chert-tenant", "many").send().await.ok();
}

#[tokio::test]
async fn a_bearer_of_one_tenant_does_not_open_another() {
    let app = TestApp::start();
    for (token, name) in [(ACME, "other"), (OTHER, "acme"), (MANY, "acme"), (ACME, "many")] {
        list(&app).bearer(token.secret).header("x-chert-tenant", name).send().await.refused(401, 2004);
    }
}

#[tokio::test]
async fn with_a_signature_the_bearer_is_not_looked_at() {
    let app = TestApp::start();
    list(&app).signed_by(ACME).bearer("nonsense").send().await.ok();
    list(&app).signed_by(ACME).bearer(OTHER.secret).send().await.ok();
    let wrong = || list(&app).header("x-chert-tenant", "acme").header(SIGNATURE, EMPTY_VECTOR);
    wrong().bearer(ACME.secret).send().await.refused(401, 2013);
    list(&app).signed_by(OTHER.named("acme")).bearer(ACME.secret).send().await.refused(401, 2004);
}

#[tokio::test]
async fn a_header_that_occurs_twice_is_refused_even_when_both_are_good() {
    let app = at_the_vectors_time();
    let signed = || list(&app).header("x-chert-tenant", "acme").header(SIGNATURE, EMPTY_VECTOR);
    signed().send().await.ok();
    signed().header(SIGNATURE, EMPTY_VECTOR).send().await.refused(401, 2004);
    signed().header("x-chert-tenant", "acme").send().await.refused(401, 2004);
    signed().bearer(ACME.secret).bearer(ACME.secret).send().await.refused(401, 2004);
}

#[tokio::test]
async fn a_signature_has_one_form() {
    let app = at_the_vectors_time();
    let code = &EMPTY_VECTOR[14..];
    list_signed(&app, format!("v1,{AT},{code}")).await.ok();
    let forms = [
        format!("v1,{AT},{}", code.to_uppercase()),
        format!("v1,+{AT},{code}"),
        format!("v1,-{AT},{code}"),
        format!("v1,0{AT},{code}"),
        format!("v1,{AT}.0,{code}"),
        format!("v1,{AT}000,{code}0"),
        format!("v1, {AT},{code}"),
        format!("v1,{AT},{code},"),
        format!("v1,{AT},{code},{code}"),
        format!("v1,{AT},{}", &code[1..]),
        format!("v1,{AT},{code}00"),
        format!("v1,{AT},0x{}", &code[2..]),
        format!("v1,{AT},"),
        format!("v1,{AT}"),
        format!("v1,,{code}"),
        format!("V1,{AT},{code}"),
        format!("v2,{AT},{code}"),
        format!("v1,9223372036854775807,{code}"),
        format!("v1,-9223372036854775808,{code}"),
        format!("v1,18446744073709551616,{code}"),
        format!("v1,{AT},{}", "0".repeat(20_000)),
        "v1".to_owned(),
        ",,,".to_owned(),
        String::new(),
    ];
    for form in forms {
        let answer = list_signed(&app, &form).await;
        assert_eq!(answer.status, 401, "{form}");
        answer.refused(401, 2004);
    }
    list_signed(&app, b"v1,\xff\xfe,\x80").await.refused(401, 2004);
}

#[tokio::test]
async fn a_bit_that_flips_anywhere_in_the_code_is_noticed() {
    let app = at_the_vectors_time();
    let (front, code) = EMPTY_VECTOR.split_at(14);
    for place in 0..code.len() {
        let digit = u32::from_str_radix(&code[place..=place], 16).unwrap();
        let flipped = char::from_digit(digit ^ 1, 16).unwrap();
        let other = format!("{front}{}{flipped}{}", &code[..place], &code[place + 1..]);
        list_signed(&app, other).await.refused(401, 2004);
    }
    // The time is signed as well.
    list_signed(&app, EMPTY_VECTOR.replace("1777636800", "1777636801")).await.refused(401, 2004);
}

#[tokio::test]
async fn the_time_window_is_300_seconds_either_way_to_the_second() {
    let app = at_the_vectors_time();
    for (offset, inside) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
        app.clock.set(Time::from_seconds(AT + offset));
        let answer = list_signed(&app, EMPTY_VECTOR).await;
        if inside {
            answer.ok();
        } else {
            answer.refused(401, 2013);
        }
    }
    // The last nanosecond of the last second is still inside.
    app.clock.set(Time::from_nanos((AT + 301) * 1_000_000_000 - 1));
    list_signed(&app, EMPTY_VECTOR).await.ok();
}

#[tokio::test]
async fn a_suspended_tenant_is_refused_but_its_lines_events_are_taken() {
    let app = TestApp::start();
    app.admin().set_suspended(&ACME.slug(), true).unwrap();
    soon(&app, ACME, 403).await;
    list(&app).signed_by(ACME).send().await.refused(403, 2005);
    let (outcome, chat) = app.relay_1().outcome(Event::message("e1", "any;+;chat1")).await;
    assert_eq!(outcome, "created");
    app.admin().set_suspended(&ACME.slug(), false).unwrap();
    soon(&app, ACME, 200).await;
    assert_eq!(app.acme().get_chat(&chat).await.ok()["chat"]["id"], json!(chat));
}

/// Waits until a listing by `identity` has this status: as long as changes may take.
async fn soon(app: &TestApp, identity: Identity, status: u16) {
    let arrived = async || list(app).signed_by(identity).send().await.status == status;
    until(Duration::from_secs(1), arrived).await;
}
