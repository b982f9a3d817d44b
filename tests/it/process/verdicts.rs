//! `verify-signature` says of a recorded request what the service said when it came: one table, both ways.

use std::fs;

use chert_groups::{auth::hmac_v1, domain::secret::SigningSecret};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use tempfile::TempDir;

use super::program::{program, run};
use crate::support::{
    TestApp,
    directory::RELAY_1,
    foreign::{LINQ, WEBHOOK_SECRET, webhook_signature},
    mac::MAC,
    raw::Raw,
};

/// What is said of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Valid,
    Refused(String),
    /// It is not even HTTP.
    NoRequest,
}

/// A request that proves itself, or does not.
struct Request {
    scheme: &'static str,
    secret: &'static str,
    target: String,
    headers: Vec<Vec<u8>>,
    body: Vec<u8>,
}

impl Request {
    fn with(mut self, line: impl AsRef<[u8]>) -> Self {
        self.headers.push(line.as_ref().to_vec());
        self
    }

    fn head(&self) -> Vec<u8> {
        self.headers.iter().flat_map(|line| [line, b"\r\n".as_slice()].concat()).collect()
    }

    /// What the service says.
    async fn served(&self, app: &TestApp) -> Verdict {
        let mut raw = Raw::connect(app).await;
        let first = format!("POST {} HTTP/1.1\r\nhost: test\r\n", self.target);
        let length = format!("content-length: {}\r\n\r\n", self.body.len());
        raw.send([first.as_bytes(), &self.head(), length.as_bytes(), &self.body].concat()).await;
        let answer = raw.answer().await;
        match answer.status {
            401 => {
                let body: Value = serde_json::from_slice(&answer.body).unwrap();
                Verdict::Refused(body["error"]["message"].as_str().unwrap().to_owned())
            }
            400 if answer.header("x-trace-id").is_none() => Verdict::NoRequest,
            // Whatever the body is: somebody who may has sent it.
            200 | 400 => Verdict::Valid,
            status => panic!("{status} to {}", self.shown()),
        }
    }

    /// What the command says.
    fn recorded(&self, folder: &TempDir, at: i64) -> Verdict {
        let file = |name: &str, contents: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, contents).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (secret, headers) = (file("secret", self.secret.as_bytes()), file("headers", &self.head()));
        let (body, at) = (file("body", &self.body), at.to_string());
        let mut command = program();
        command.args(["verify-signature", "--json", "--scheme", self.scheme, "--secret-file", &secret]);
        command.args(["--headers-file", &headers, "--body-file", &body, "--url", &self.target, "--at", &at]);
        let ran = run(&mut command);
        match (ran.status, serde_json::from_str::<Value>(&ran.stdout)) {
            (Some(0), Ok(said)) if said["valid"] == true => Verdict::Valid,
            (Some(1), Ok(said)) => Verdict::Refused(said["refusal"].as_str().unwrap().to_owned()),
            (Some(1), Err(_)) if ran.stdout.is_empty() => Verdict::NoRequest,
            _ => panic!("{ran:?} of {}", self.shown()),
        }
    }

    fn shown(&self) -> String {
        let head = self.head();
        format!("{} {} {:.400}", self.scheme, self.target, String::from_utf8_lossy(&head))
    }
}

/// A request with three headers of Standard Webhooks, as they are given here.
fn webhook(id: &str, timestamp: &str, signature: &str, body: &[u8]) -> Request {
    let headers = [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)];
    Request {
        scheme: "standard-webhooks",
        secret: WEBHOOK_SECRET,
        target: format!("/upstream/v1/linq/{LINQ}"),
        headers: headers.map(|(name, value)| format!("{name}: {value}").into_bytes()).to_vec(),
        body: body.to_vec(),
    }
}

fn signed(id: &str, timestamp: impl ToString, body: &[u8]) -> Request {
    let timestamp = timestamp.to_string();
    webhook(id, &timestamp, &webhook_signature(WEBHOOK_SECRET, id, &timestamp, body), body)
}

const BODY: &[u8] = b"{}";

fn webhooks(now: i64) -> Vec<Request> {
    let time = now.to_string();
    let good = webhook_signature(WEBHOOK_SECRET, "msg_1", &time, BODY);
    let base64 = good.strip_prefix("v1,").unwrap();
    let mut requests: Vec<_> = [-301, -300, 0, 300, 301].map(|by| signed("msg_1", now + by, BODY)).into();
    for body in [b"".as_slice(), b"\xff\xfe\x00", &[0; 4096]] {
        requests.push(signed("msg_1", now, body));
    }
    for id in ["", "a.b", ".", "a b", "\u{e9}", &"a".repeat(256), &"a".repeat(257), "-_09azAZ"] {
        requests.push(signed(id, now, BODY));
    }
    for timestamp in [
        "",
        "+1",
        "0",
        "1.5",
        "1e9",
        "9223372036854775807",
        "-9223372036854775808",
        &format!("+{time}"),
        &format!("-{time}"),
        &format!("0{time}"),
        &format!("{time}.0"),
        &format!("{time}000"),
        &format!("{time} "),
    ] {
        requests.push(signed("msg_1", timestamp, BODY));
    }
    let others = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let full = |bytes: usize| format!("{good} {}", "x".repeat(bytes - good.len() - 1));
    for signature in [
        "".to_owned(),
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
    ] {
        requests.push(webhook("msg_1", &time, &signature, BODY));
    }
    for place in 0..3 {
        let mut missing = signed("msg_1", now, BODY);
        let line = missing.headers.remove(place);
        requests.push(missing);
        requests.push(signed("msg_1", now, BODY).with(&line));
        requests.push(signed("msg_1", now, BODY).with(line.to_ascii_uppercase()));
        let mut renamed = signed("msg_1", now, BODY);
        let colon = line.iter().position(|byte| *byte == b':').unwrap();
        renamed.headers[place][..colon].make_ascii_uppercase();
        requests.push(renamed);
        let mut spaced = signed("msg_1", now, BODY);
        spaced.headers[place].insert(colon, b' ');
        requests.push(spaced);
        let mut folded = signed("msg_1", now, BODY);
        folded.headers[place].splice(colon + 1..=colon + 1, *b"\r\n ");
        requests.push(folded);
    }
    requests
}

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

fn legacies(now: i64) -> Vec<Request> {
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

fn tokens() -> Vec<Request> {
    let secret = MAC.secret;
    let encoded: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
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

fn natives(app: &TestApp) -> Vec<Request> {
    let right = hmac_v1::sign(&SigningSecret::parse(RELAY_1.secret).unwrap(), BODY, app.clock.now());
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
        headers: vec![format!("x-chert-signature: {signature}").into_bytes()],
        body: BODY.to_vec(),
    })
    .into()
}

#[tokio::test]
async fn the_command_says_what_the_service_says() {
    let app = TestApp::start_with_foreign(1);
    let folder = tempfile::tempdir().unwrap();
    let now = app.clock.now().seconds();
    let natives = natives(&app).into_iter().map(|request| request.with("x-chert-relay: rly-1"));
    let requests = webhooks(now).into_iter().chain(legacies(now)).chain(tokens()).chain(natives);
    let mut seen = [0, 0, 0];
    for request in requests {
        let served = request.served(&app).await;
        assert_eq!(request.recorded(&folder, now), served, "{}", request.shown());
        seen[match served {
            Verdict::Valid => 0,
            Verdict::Refused(_) => 1,
            Verdict::NoRequest => 2,
        }] += 1;
    }
    assert!(seen.iter().all(|requests| *requests > 5), "some of each: {seen:?}");
}
