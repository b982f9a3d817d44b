//! Requests of the other schemes.

use chert_groups::{
    auth::hmac_v1,
    domain::{secret::SigningSecret, time::Time},
};
use hmac::{Hmac, KeyInit, Mac};

use super::{BODY, request::Request, webhooks::webhook};
use crate::support::{directory::RELAY_1, foreign::WEBHOOK_SECRET, mac::MAC};

fn hmac_hex(key: &str, signed: &str) -> String {
    let mut code = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
    code.update(signed.as_bytes());
    base16ct::lower::encode_string(&code.finalize().into_bytes())
}

fn legacy(timestamp: &str, code: &str) -> Request {
    let mut request = webhook("", "", "", BODY);
    request.scheme = "linq-legacy";
    request.headers.clear();
    request.with(format!("X-Webhook-Timestamp: {timestamp}")).with(format!("X-Webhook-Signature: {code}"))
}

pub(super) fn legacies(now: i64) -> Vec<Request> {
    let code = |timestamp: &str| hmac_hex(WEBHOOK_SECRET, &format!("{timestamp}.{{}}"));
    let mut requests: Vec<_> = [-301, -300, 0, 300, 301]
        .map(|by| (now + by).to_string())
        .map(|timestamp| legacy(&timestamp, &code(&timestamp)))
        .into();
    let time = now.to_string();
    for timestamp in ["", "+1", &format!("0{time}"), &format!("{time}000"), "9223372036854775807"] {
        requests.push(legacy(timestamp, &code(timestamp)));
    }
    let right = code(&time);
    for spoiled in
        ["", &right[1..], &right.to_uppercase(), &format!("sha256={right}"), &right.replace('a', "b")]
    {
        requests.push(legacy(&time, spoiled));
    }
    requests.push(legacy(&time, &right).with(format!("x-webhook-timestamp: {time}")));
    requests.push(legacy(&time, &right).with(format!("x-webhook-signature: {right}")));
    let mut bare = legacy(&time, &right);
    bare.headers.truncate(1);
    requests.push(bare);
    requests
}

pub(super) fn tokens() -> Vec<Request> {
    let secret = MAC.secret;
    let encoded = secret.replace('5', "%35");
    [
        String::new(),
        "?".to_owned(),
        "?token".to_owned(),
        "?token=".to_owned(),
        format!("?token={secret}"),
        format!("?token={encoded}"),
        format!("?%74%6fken={secret}"),
        format!("?&&line=%2B15555550110&token={secret}&x=%ff"),
        format!("?token={secret}&token="),
        format!("?token={secret}&%74oken={secret}"),
        format!("?Token={secret}"),
        format!("?token[]={secret}"),
        format!("?token={secret}%00"),
        format!("?token={secret}+"),
        format!("?token=%20{secret}"),
        format!("?token={secret};x=1"),
        format!("?x=1;token={secret}"),
        format!("?token={secret}?x"),
        format!("?token={secret}#x"),
        format!("?x#?token={secret}"),
        format!("?token=%2535{}", &secret[1..]),
        format!("?token={}", &secret[1..]),
        format!("?token={}", "f".repeat(32)),
        format!("?token={}", "f".repeat(4096)),
    ]
    .map(|query| Request {
        scheme: "url-token",
        secret,
        target: format!("/upstream/v1/bluebubbles/{}{query}", MAC.slug),
        headers: vec![],
        body: BODY.to_vec(),
    })
    .into()
}

pub(super) fn natives(now: Time) -> Vec<Request> {
    let right = hmac_v1::sign(&SigningSecret::parse(RELAY_1.secret).unwrap(), BODY, now);
    [
        right.clone(),
        right.to_uppercase(),
        right.replace("v1,", "v1,+"),
        right.replace("v1,", "v1, "),
        right.replace("v1,", "v2,"),
        right[..right.len() - 1].to_owned(),
        format!("{right},"),
        format!("{right}, {right}"),
        "v1".to_owned(),
        String::new(),
    ]
    .map(|signature| Request {
        scheme: "hmac-v1",
        secret: RELAY_1.secret,
        target: "/upstream/v1/events".to_owned(),
        headers: vec![
            format!("x-chert-signature: {signature}").into_bytes(),
            format!("x-chert-relay: {}", RELAY_1.slug).into_bytes(),
        ],
        body: BODY.to_vec(),
    })
    .into()
}
