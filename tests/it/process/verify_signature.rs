//! `verify-signature`: recorded requests, right and with something wrong.

use std::{io::Write as _, path::PathBuf, process::Stdio};

use tempfile::TempDir;

use super::program::{Ran, program, run};

const WEBHOOK: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const HEX: &str = "0123456789abcdef0123456789abcdef";

/// The published request of Standard Webhooks.
const BODY: &str = r#"{"email":"test@example.com","username":"test_user"}"#;
const ID: &str = "webhook-id: msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
const TIMESTAMP: &str = "webhook-timestamp: 1649367553";
const SIGNATURE: &str = "webhook-signature: v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";
const AT: &str = "1649367553";

/// The same in Linq's older headers.
const LEGACY: [&str; 2] = [
    "X-Webhook-Signature: 996637d7f89ef8f7b59f7faaf5341457472e823d8ca666d16b7bbd1dc831721d",
    "X-Webhook-Timestamp: 1649367553",
];

/// The published request of our own scheme.
const CHERT_BODY: &str = r#"{"address":"+14155551234"}"#;
const CHERT: &str =
    "x-chert-signature: v1,1777636800,29640b58becf7618844f04f9c76c1b5e0f889d69bcdfa196bb7c79897234b983";
const CHERT_AT: &str = "2026-05-01T12:00:00Z";

/// A folder with a recorded request in it.
struct Recording {
    folder: TempDir,
    arguments: Vec<String>,
}

impl Recording {
    fn new(scheme: &str, secret: &str, body: &str) -> Self {
        let recording = Self { folder: tempfile::tempdir().unwrap(), arguments: vec![] };
        let secret = recording.file("secret", secret);
        let body = recording.file("body", body);
        recording.with(&["--scheme", scheme, "--secret-file", &secret, "--body-file", &body])
    }

    fn file(&self, name: &str, contents: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        std::fs::write(&path, contents).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    fn headers(self, headers: &[&str]) -> Self {
        headers.iter().fold(self, |recording, header| recording.with(&["--header", header]))
    }

    fn verify(&self) -> Ran {
        run(program().arg("verify-signature").args(&self.arguments))
    }
}

fn webhook(body: &str, headers: &[&str], at: &str) -> Recording {
    Recording::new("standard-webhooks", WEBHOOK, body).headers(headers).with(&["--at", at])
}

/// What a command says that has found something wrong.
fn differences(ran: &Ran) -> &str {
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert_eq!(ran.told, "chert-groups: the request would be refused\n");
    ran.stdout.strip_prefix("not valid: ").unwrap_or_else(|| panic!("{ran:?}"))
}

#[test]
fn each_scheme_can_be_valid() {
    let token = format!("https://example.org/upstream/v1/bluebubbles/mac-1?line=%2B1&token={HEX}");
    for recording in [
        webhook(BODY, &[ID, TIMESTAMP, SIGNATURE], AT),
        webhook(BODY, &[ID, TIMESTAMP, SIGNATURE], "2022-04-07T21:44:13Z"),
        Recording::new("linq-legacy", &format!("{WEBHOOK}\n"), BODY).headers(&LEGACY).with(&["--at", AT]),
        Recording::new("hmac-v1", HEX, CHERT_BODY).headers(&[CHERT]).with(&["--at", CHERT_AT]),
        Recording::new("url-token", HEX, "anything").with(&["--url", &token]),
    ] {
        let valid = recording.verify();
        assert_eq!((valid.text(), &*valid.told), ("valid\n", ""), "{:?}", recording.arguments);
        let valid = recording.with(&["--json"]).verify();
        assert_eq!(valid.json(), serde_json::json!({"valid": true}));
    }
}

#[test]
fn headers_come_from_files_and_bodies_from_stdin() {
    let log =
        format!("POST /upstream/v1/linq/x HTTP/1.1\r\nHost: example.org\r\n{ID}\r\n{TIMESTAMP}\r\n\r\n");
    let recording = Recording::new("standard-webhooks", WEBHOOK, "");
    let file = recording.file("headers", &log);
    let recording = recording.with(&["--headers-file", &file, "--at", AT]).headers(&[SIGNATURE]);
    let arguments =
        recording.arguments.iter().map(|argument| if argument.ends_with("/body") { "-" } else { argument });
    let mut command = program();
    let command = command.arg("verify-signature").args(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(BODY.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(0), b"valid\n".to_vec()));
    std::fs::write(&file, "HTTP/1.1 200 OK\nno header\n").unwrap();
    assert!(recording.verify().complaint().ends_with("headers: line 2 is not 'Name: value'"));
}

#[test]
fn without_a_body_file_the_body_is_empty() {
    let recording = Recording::new("hmac-v1", HEX, "");
    let secret = recording.folder.path().join("secret");
    let empty =
        "x-chert-signature: v1,1777636800,9766c6fb02af01e70270019e51c9c1013dca5d09ad7e06f2283baa570f3e16a2";
    let mut command = program();
    command.args(["verify-signature", "--scheme", "hmac-v1", "--at", CHERT_AT, "--header", empty]);
    assert_eq!(run(command.arg("--secret-file").arg(secret)).text(), "valid\n");
}

/// A request is refused, and these things are said of it.
fn assert_says(recording: &Recording, expected: &[&str]) {
    let ran = recording.verify();
    let said = differences(&ran);
    for part in expected {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(!said.contains(WEBHOOK) && !said.contains(HEX), "{said}");
}

#[test]
fn what_differs_in_a_webhook_is_named() {
    let right = [ID, TIMESTAMP, SIGNATURE];
    let cut = SIGNATURE.replace("Kkw=", "Kg==");
    let two = format!("{} v2,abc", SIGNATURE.replace("tZ1I", "tZ1J"));
    let too_many = format!("{SIGNATURE} {}", "v2,abc ".repeat(16));
    let line_feed = format!("{BODY}\n");
    let pretty = BODY.replace(':', ": ");
    let rows: [(&str, &[&str], &str, &[&str]); 11] = [
        (BODY, &[ID, TIMESTAMP], AT, &["no credentials", "- webhook-signature is missing"]),
        (BODY, &[ID, ID, TIMESTAMP, SIGNATURE], AT, &["malformed", "- webhook-id occurs more than once"]),
        (BODY, &right, "1649367854", &["is 2022-04-07T21:39:13Z: 301 s before", "The code itself is right"]),
        (BODY, &right, "1649367252", &["is 2022-04-07T21:39:13Z: 301 s after", "The code itself is right"]),
        (
            BODY,
            &[ID, "webhook-timestamp: 1649367553000", SIGNATURE],
            AT,
            &["these are milliseconds", "It matches if the timestamp is signed in seconds."],
        ),
        (&line_feed, &right, AT, &["does not match", "It matches if the body has no line feed at its end."]),
        (&pretty, &right, AT, &["It matches if the body is the same JSON without blanks."]),
        (BODY, &[ID, TIMESTAMP, &cut], AT, &["decodes to 31 bytes, and 32 are expected"]),
        (
            BODY,
            &[ID, TIMESTAMP, &two],
            AT,
            &["entry 1 of 2, does not match", "entry 2 of 2, is of version v2"],
        ),
        (
            BODY,
            &[ID, TIMESTAMP, &too_many],
            AT,
            &["has 17 entries, and 16 are allowed", "The code itself is right"],
        ),
        (
            BODY,
            &["webhook-id: a.b", TIMESTAMP, SIGNATURE],
            AT,
            &["malformed", "- webhook-id has other characters"],
        ),
    ];
    for (body, headers, at, expected) in rows {
        assert_says(&webhook(body, headers, at), expected);
    }
    let unexplained = ["No usual mistake explains it", "it would be\nwebhook-signature: v1,"];
    assert_says(&webhook("{}", &right, AT), &unexplained);
}

#[test]
fn what_differs_in_the_other_schemes_is_named() {
    let chert = |header: &str| {
        Recording::new("hmac-v1", HEX, CHERT_BODY).headers(&[header]).with(&["--at", CHERT_AT])
    };
    let upper = CHERT.replace("29640b58", "29640B58");
    assert_says(&chert(&upper), &["has upper-case letters", "The code itself is right"]);
    assert_says(&chert(&CHERT.replace("29640b58", "29640b59")), &["does not match", "No usual mistake"]);
    assert_says(&chert(&CHERT.replace("v1,", "v1,+")), &["malformed", "has a sign"]);

    let bare =
        Recording::new("linq-legacy", &WEBHOOK["whsec_".len()..], BODY).headers(&LEGACY).with(&["--at", AT]);
    assert_says(
        &bare,
        &["x-webhook-signature does not match", "if the key is the secret's text with whsec_."],
    );

    let token = |url: &str| Recording::new("url-token", HEX, "").with(&["--url", url]);
    assert_says(
        &token("/upstream/v1/bluebubbles/mac-1"),
        &["no credentials", "the URL has no parameter token"],
    );
    assert_says(&token("/?token=ffffffffffffffffffffffffffffffff"), &["- token is not the secret"]);
}

#[test]
fn the_signature_that_it_would_be_is_valid() {
    let wrong = webhook("another body", &[ID, TIMESTAMP, SIGNATURE], AT).with(&["--json"]).verify();
    assert_eq!(wrong.status, Some(1));
    let said: serde_json::Value = serde_json::from_str(&wrong.stdout).unwrap();
    assert_eq!(said["valid"], false);
    assert_eq!(said["refusal"], "the signature or token is not valid");
    assert_eq!(said["differs"][0], "webhook-signature, entry 1 of 1, does not match");
    assert_eq!((&said["code_is_right"], &said["matches_if"]), (&false.into(), &serde_json::json!([])));
    let expected = said["expected"].as_str().unwrap();
    assert_eq!(webhook("another body", &[ID, TIMESTAMP, expected], AT).verify().text(), "valid\n");
}

#[test]
fn wrong_usage_and_files_that_are_none() {
    let usage = |arguments: &[&str]| run(program().arg("verify-signature").args(arguments));
    let complete = ["--scheme", "hmac-v1", "--secret-file", "secret"];
    for arguments in [
        &[][..],
        &["--scheme", "hmac-v1"],
        &["--scheme", "hmac-v2", "--secret-file", "secret"],
        &["--scheme", "url-token", "--secret-file", "secret"],
        &[&complete[..], &["--header", "no header"]].concat(),
        &[&complete[..], &["--at", "yesterday"]].concat(),
        &[&complete[..], &["--at", "1777636800000"]].concat(),
    ] {
        let refused = usage(arguments);
        assert_eq!((refused.status, &*refused.stdout), (Some(2), ""), "{arguments:?}: {refused:?}");
    }
    let missing = ["--scheme", "hmac-v1", "--secret-file", "/nowhere/secret"];
    assert!(usage(&missing).complaint().contains("cannot read /nowhere/secret"));
    let wrong = Recording::new("standard-webhooks", HEX.trim_start_matches("012"), "").verify();
    assert!(wrong.complaint().contains("a webhook secret is"), "{wrong:?}");
}
