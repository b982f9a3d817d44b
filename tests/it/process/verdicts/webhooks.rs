//! Requests with the headers of Standard Webhooks.

use super::{BODY, request::Request};
use crate::support::foreign::{LINQ, WEBHOOK_SECRET, webhook_signature};

/// A request with three headers of Standard Webhooks, as they are given here.
pub(super) fn webhook(id: &str, timestamp: &str, signature: &str, body: &[u8]) -> Request {
    let headers = [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)];
    Request {
        scheme: "standard-webhooks",
        secret: WEBHOOK_SECRET,
        target: format!("/upstream/v1/linq/{LINQ}"),
        headers: headers.map(|(name, value)| format!("{name}: {value}").into_bytes()).to_vec(),
        body: body.to_vec(),
    }
}

fn signed(id: &str, timestamp: &str, body: &[u8]) -> Request {
    webhook(id, timestamp, &webhook_signature(WEBHOOK_SECRET, id, timestamp, body), body)
}

/// Other times, bodies and ids, signed as they are.
pub(super) fn signed_anyhow(now: i64) -> Vec<Request> {
    let mut requests: Vec<_> =
        [-301, -300, 0, 300, 301].map(|by| signed("msg_1", &(now + by).to_string(), BODY)).into();
    let time = now.to_string();
    for body in [b"".as_slice(), b"\xff\xfe\x00", &[0; 4096]] {
        requests.push(signed("msg_1", &time, body));
    }
    for id in ["", "a.b", ".", "a b", "\u{e9}", &"a".repeat(256), &"a".repeat(257), "-_09azAZ"] {
        requests.push(signed(id, &time, BODY));
    }
    for timestamp in ["", "+1", "0", "1.5", "1e9", "9223372036854775807", "-9223372036854775808"] {
        requests.push(signed("msg_1", timestamp, BODY));
    }
    for (before, after) in [("+", ""), ("-", ""), ("0", ""), ("", ".0"), ("", "000"), ("", " ")] {
        requests.push(signed("msg_1", &format!("{before}{now}{after}"), BODY));
    }
    requests
}

/// Signatures in other forms, and several of them.
pub(super) fn other_signatures(now: i64) -> Vec<Request> {
    let time = now.to_string();
    let good = webhook_signature(WEBHOOK_SECRET, "msg_1", &time, BODY);
    let base64 = good.strip_prefix("v1,").unwrap();
    let others = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let full = |bytes: usize| format!("{good} {}", "x".repeat(bytes - good.len() - 1));
    let forms = [
        String::new(),
        "v1,".to_owned(),
        format!("{others} {others} {good} {others}"),
        format!("{others} {others} {others} {others}"),
        format!("{good} v2,x"),
        format!("  {good}\t"),
        format!("{others}  {good}"),
        format!("{others}\t{good}"),
        format!("{others},{good}"),
        good.replace("v1", "v2"),
        good.replace("v1", "V1"),
        good.replace("v1", "v01"),
        base64.to_owned(),
        good.trim_end_matches('=').to_owned(),
        format!("{good}="),
        format!("{}AA=", &good[..good.len() - 1]),
        good.replace('+', "-").replace('/', "_"),
        format!("v1,{}", "ab".repeat(32)),
        format!("{}{good}", "v2,x ".repeat(15)),
        format!("{}{good}", "v2,x ".repeat(16)),
        full(4096),
        full(4097),
        full(8000),
    ];
    forms.map(|signature| webhook("msg_1", &time, &signature, BODY)).into()
}

/// A good request, but for how one of its headers stands there.
pub(super) fn other_headers(now: i64) -> Vec<Request> {
    (0..3).flat_map(|place| with_header_changed(now, place)).collect()
}

fn with_header_changed(now: i64, place: usize) -> [Request; 6] {
    let good = || signed("msg_1", &now.to_string(), BODY);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut request = good();
        change(&mut request.headers[place]);
        request
    };
    let mut missing = good();
    let line = missing.headers.remove(place);
    let colon = line.iter().position(|byte| *byte == b':').unwrap();
    [
        missing,
        good().with(&line),
        good().with(line.to_ascii_uppercase()),
        changed(&|line| line[..colon].make_ascii_uppercase()),
        changed(&|line| line.insert(colon, b' ')),
        changed(&|line| drop(line.splice(colon + 1..=colon + 1, *b"\r\n "))),
    ]
}
