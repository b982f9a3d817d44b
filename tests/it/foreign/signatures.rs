//! Who may post as a relay of another system.

use chert_groups::{
    domain::{
        relay_kind::{RelayKind, SecretForm},
        secret::SigningSecret,
    },
    store::admin::Owner,
};

use crate::support::{
    BlueBubbles, Linq, TestApp,
    directory::{RELAY_1, slug},
    foreign::{LINQ, LINQ_LINE, WEBHOOK_SECRET, webhook_signature},
    mac::MAC,
    raw::Raw,
    request::Request,
};

const PATH: &str = "/upstream/v1/linq/linq-1";

fn body() -> String {
    Linq::message("e1", "b183b0d3").line(LINQ_LINE).to_string()
}

/// A request with these headers and no others.
fn with<'a>(app: &'a TestApp, headers: &[(&str, &str)]) -> Request<'a> {
    headers
        .iter()
        .fold(app.request("POST", PATH).body(body()), |request, (name, value)| request.header(name, value))
}

/// The headers of a good request at a time that lies so many seconds after ours.
fn good(app: &TestApp, offset: i64) -> [(&'static str, String); 3] {
    let seconds = (app.clock.now().seconds() + offset).to_string();
    let signature = webhook_signature(WEBHOOK_SECRET, "msg_1", &seconds, body().as_bytes());
    [("webhook-id", "msg_1".to_owned()), ("webhook-timestamp", seconds), ("webhook-signature", signature)]
}

async fn status_and_code(app: &TestApp, headers: &[(&str, String)]) -> (u16, u64) {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = with(app, &headers).send().await;
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    (answer.status, body["error"]["code"].as_u64().unwrap_or(0))
}

#[tokio::test]
async fn the_window_is_300_seconds_either_way() {
    let app = TestApp::start_with_foreign(1);
    for (offset, expected) in [(-301, (401, 2013)), (-300, (200, 0)), (300, (200, 0)), (301, (401, 2013))] {
        assert_eq!(status_and_code(&app, &good(&app, offset)).await, expected, "{offset}");
    }
}

#[tokio::test]
async fn what_lacks_or_spoils_a_header_is_refused() {
    let app = TestApp::start_with_foreign(1);
    for missing in 0..3 {
        let mut headers = good(&app, 0).to_vec();
        headers.remove(missing);
        assert_eq!(status_and_code(&app, &headers).await, (401, 2012), "{missing}");
    }
    assert_eq!(status_and_code(&app, &[]).await, (401, 2012));
    let [id, seconds, signature] = good(&app, 0);
    let many = |count: usize| vec!["v1,AAAA"; count - 1].join(" ") + " " + &signature.1;
    for (place, value, expected) in [
        (0, "msg.1".to_owned(), (401, 2004)),
        (1, format!("+{}", seconds.1), (401, 2004)),
        (1, format!("0{}", seconds.1), (401, 2004)),
        (1, i64::MAX.to_string(), (401, 2004)),
        (1, i64::MIN.to_string(), (401, 2004)),
        (2, signature.1[..signature.1.len() - 4].to_owned(), (401, 2004)),
        (2, signature.1.replace("v1,", "v2,"), (401, 2004)),
        (2, format!("v2,AAAA v1a,BBBB {}", signature.1), (200, 0)),
        (2, many(16), (200, 0)),
        (2, many(17), (401, 2004)),
        (2, format!("{} {}", signature.1, "x".repeat(4096)), (401, 2004)),
    ] {
        let mut headers = [id.clone(), seconds.clone(), signature.clone()];
        headers[place].1 = value;
        assert_eq!(status_and_code(&app, &headers).await, expected, "{:?}", headers[place]);
    }
}

#[tokio::test]
async fn the_older_header_counts_only_where_the_newer_ones_are_not_there() {
    use hmac::{Hmac, KeyInit, Mac};
    let app = TestApp::start_with_foreign(1);
    let seconds = app.clock.now().seconds().to_string();
    let mut code = Hmac::<sha2::Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()).unwrap();
    code.update(format!("{seconds}.{}", body()).as_bytes());
    let code = base16ct::lower::encode_string(&code.finalize().into_bytes());
    let older = [("x-webhook-timestamp", seconds), ("x-webhook-signature", code)];
    assert_eq!(status_and_code(&app, &older).await, (200, 0));
    let [id, time, _] = good(&app, 0);
    let spoiled = ("webhook-signature", webhook_signature(WEBHOOK_SECRET, "msg_2", &time.1, b""));
    let both = [id, time, spoiled, older[0].clone(), older[1].clone()];
    assert_eq!(status_and_code(&app, &both).await, (401, 2004));
}

#[tokio::test]
async fn a_token_proves_a_bluebubbles_server_and_nothing_else() {
    let app = TestApp::start_with_foreign(1);
    let event = BlueBubbles::message("G-1").to_string();
    let post = async |query: String| {
        let request = app.request("POST", &format!("/upstream/v1/bluebubbles/{}{query}", MAC.slug));
        request.body(event.clone()).send().await
    };
    post(format!("?token={}", MAC.secret)).await.ok();
    post(format!("?line=%2B15555550110&token={}", MAC.secret)).await.ok();
    post(String::new()).await.refused(401, 2012);
    post("?token=".to_owned()).await.refused(401, 2004);
    post(format!("?token={}", RELAY_1.secret)).await.refused(401, 2004);
    post(format!("?token={}&token={}", MAC.secret, MAC.secret)).await.refused(401, 2004);
    // With the signature of our own protocol, or on its route, the same relay is nobody.
    app.request("POST", "/upstream/v1/events")
        .body(event.clone())
        .signed_by(MAC)
        .send()
        .await
        .refused(401, 2004);
}

#[tokio::test]
async fn a_relay_of_another_kind_and_one_that_is_not_there_are_answered_alike() {
    let app = TestApp::start_with_foreign(1);
    let on = async |name: &str| {
        let path = format!("/upstream/v1/bluebubbles/{name}?token={}", MAC.secret);
        app.request("POST", &path).body("{}").send().await
    };
    let absent = on("nobody").await;
    absent.refused(401, 2004);
    for name in [LINQ, RELAY_1.slug, "No-Slug", "%00"] {
        assert_eq!(on(name).await.untraced(), absent.untraced(), "{name}");
    }
}

#[tokio::test]
async fn a_relays_name_is_what_the_path_decodes_to_and_nothing_near_it() {
    let app = TestApp::start_with_foreign(1);
    let event = BlueBubbles::message("G-1").to_string();
    for (name, status) in [
        ("mac-1", 200),
        ("%6dac-1", 200),
        ("mac%2d1", 200),
        ("mac%252d1", 401),
        ("MAC-1", 401),
        ("mac-1%20", 401),
        ("mac-1%00", 401),
        ("mac-1%0d%0ax-a:b", 401),
        ("mac-1%2f", 401),
        ("x%2f..%2fmac-1", 401),
        ("mac-1;x=1", 401),
        ("mac-1%3ftoken=1", 401),
        ("mac-1%ff", 401),
        ("%D0%BCac-1", 401),
        ("{relay}", 401),
        (&"m".repeat(30_000), 401),
        ("mac-1/", 404),
        ("mac-1/x", 404),
        ("", 404),
    ] {
        let mut raw = Raw::connect(&app).await;
        let target = format!("/upstream/v1/bluebubbles/{name}?token={}", MAC.secret);
        let length = event.len();
        raw.send(format!("POST {target} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{event}"))
            .await;
        assert_eq!(raw.answer().await.status, status, "{name:.100}");
    }
}

#[tokio::test]
async fn a_token_anywhere_else_proves_nothing() {
    let app = TestApp::start_with_foreign(1);
    let path = format!("/upstream/v1/bluebubbles/{}", MAC.slug);
    let url = format!("http://test{path}?token={}", MAC.secret);
    let post = |path: &str| app.request("POST", path).body(BlueBubbles::message("G-1").to_string());
    for (name, value) in [
        ("referer", &*url),
        ("x-original-url", &url),
        ("x-forwarded-uri", &url),
        ("cookie", &format!("token={}", MAC.secret)),
        ("authorization", &format!("Bearer {}", MAC.secret)),
        ("x-chert-relay", MAC.slug),
    ] {
        post(&path).header(name, value).send().await.refused(401, 2012);
    }
    let form = format!("token={}", MAC.secret);
    app.request("POST", &path).body(form).send().await.refused(401, 2012);
    // What is a header of Linq's means nothing on this route, and a token nothing on Linq's.
    app.linq_request(body()).send().await.ok();
    app.request("POST", &format!("{PATH}?token={}", MAC.secret)).send().await.refused(401, 2012);
}

#[tokio::test]
async fn the_key_counts_and_not_how_the_secret_is_written() {
    use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_STANDARD_NO_PAD};
    let mut app = TestApp::start_with_foreign(1);
    let mut relays = Vec::new();
    for bytes in [24, 25, 26, 32, 63, 64] {
        for place in 0..3 {
            let key = vec![bytes + place; bytes.into()];
            let padded = format!("whsec_{}", BASE64_STANDARD.encode(&key));
            let bare = BASE64_STANDARD_NO_PAD.encode(&key);
            let written = [padded.clone(), format!("whsec_{bare}"), bare][usize::from(place)].clone();
            let name = format!("linq-{bytes}-{place}");
            let secret = SigningSecret::read(SecretForm::Webhook, &written).unwrap();
            app.admin().add_relay(&slug(&name), RelayKind::Linq, None, &secret).unwrap();
            relays.push((name, padded));
        }
    }
    app.restart();
    let seconds = app.clock.now().seconds().to_string();
    for (name, secret) in relays {
        // A body that is no text is signed all the same; only then it is no JSON.
        for (body, status) in [(body().into_bytes(), 403), (b"\xff\x00\xfe".to_vec(), 400)] {
            let signature = webhook_signature(&secret, "msg_1", &seconds, &body);
            let request = app.request("POST", &format!("/upstream/v1/linq/{name}")).body(body);
            let request = request.header("webhook-id", "msg_1").header("webhook-timestamp", &seconds);
            assert_eq!(request.header("webhook-signature", signature).send().await.status, status, "{name}");
        }
    }
}

#[tokio::test]
async fn a_rotated_token_and_a_rotated_webhook_secret_are_both_good_until_the_overlap_ends() {
    let app = TestApp::start_with_foreign(1);
    let hour = jiff::SignedDuration::from_hours(1);
    for (name, kind) in [(MAC.slug, RelayKind::BlueBubbles), (LINQ, RelayKind::Linq)] {
        let form = kind.secret_form();
        let new = SigningSecret::generate(form, [7; 32]);
        app.admin().rotate_secret(Owner::Relay, &slug(name), &new, hour).unwrap();
    }
    let new = SigningSecret::generate(SecretForm::Hex, [7; 32]);
    let path = format!("/upstream/v1/bluebubbles/{}?token={}", MAC.slug, new.expose());
    let with_new =
        async || app.request("POST", &path).body(BlueBubbles::message("G-1").to_string()).send().await;
    with_new().await.ok();
    app.mac_posts_to("", BlueBubbles::message("G-1")).await.ok();
    app.linq_posts(body()).await.ok();
    app.set_clock(60 * 24 * 3600 + 3601);
    app.mac_posts_to("", BlueBubbles::message("G-1")).await.refused(401, 2004);
    app.linq_posts(body()).await.refused(401, 2004);
    with_new().await.ok();
}
