//! What all the servers and commands of a test run logged, searched for what must never be in a log.

#![expect(clippy::expect_used, reason = "these are tests")]

use std::{fs, path::PathBuf};

use regex::Regex;

/// What must not be in a log, and how it would look. What is in `<>` is our own word for it.
const FORBIDDEN: [(&str, &str); 11] = [
    ("a phone number", r"\+\d{8,15}"),
    ("a phone number without its plus", r"(1415|1202|1555|4420)\d{7,}"),
    ("a signing secret", r"\b[0-9a-f]{32}\b"),
    ("a webhook secret", "whsec_"),
    ("a token in a URL", r"[?&]token="),
    ("a relay's password", "mac-password-"),
    ("a database's password", "pg-password-"),
    ("a bearer", "Bearer [^<]"),
    ("a signature", r"v1,\d{9,}"),
    ("a conversation key", ";[+-];"),
    ("a panic", r#""panicked""#),
];

/// Twelve random hexadecimal digits. In as many lines as tests log, some look like a number.
const TRACE_ID: &str = r#"trace_id"?[:=]"?[0-9a-f]{12}\b"#;

/// Where the processes that tests start log to.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os("CHERT_GROUPS_TEST_LOGS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/test-logs"), PathBuf::from)
}

#[test]
#[ignore = "reads what the other tests logged; make test runs it last"]
fn the_logs_hold_no_number_and_no_secret() {
    let audit = Audit::new();
    let mut lines = 0_usize;
    for entry in fs::read_dir(folder()).expect("the other tests have logged") {
        let path = entry.expect("a readable folder").path();
        for line in fs::read_to_string(&path).expect("a log in UTF-8").lines() {
            lines += 1;
            assert_eq!(audit.leak(line), None, "in {}: {line}", path.display());
        }
    }
    assert!(lines > 0, "the logs are empty, so this has shown nothing");
}

/// The audit can fail.
#[test]
fn the_audit_finds_each_kind_of_leak() {
    let audit = Audit::new();
    for (what, line) in [
        ("a phone number", "no line +15555550100"),
        ("a phone number without its plus", "handle 14155550111 is odd"),
        ("a signing secret", "secret=0123456789abcdef0123456789abcdef"),
        ("a relay's password", "PUT http://mac.example/api/v1/chat/new?password=mac-password-7%20"),
        ("a database's password", "store=postgres://registry:pg-password-1@127.0.0.1:5432/registry"),
        ("a webhook secret", "secret=whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
        ("a token in a URL", "uri=/upstream/v1/bluebubbles/mac-1?token=x"),
        ("a bearer", "authorization: Bearer x"),
        ("a signature", "x-chert-signature: v1,1777636800,29"),
        ("a conversation key", "key iMessage;+;chat42"),
    ] {
        assert_eq!(audit.leak(line), Some(what));
    }
    let usual = r#"{"timestamp":"2026-05-01T12:00:00.123456Z","level":"INFO","message":"request refused",
        "route":"/api/v1/chats/{id}","trace_id":"5f0c2a9be471"}"#;
    assert_eq!(audit.leak(usual), None);
    let unlucky = r#"{"message":"request answered","trace_id":"415552706304"}"#;
    assert_eq!(audit.leak(unlucky), None);
}

struct Audit {
    forbidden: [(&'static str, Regex); FORBIDDEN.len()],
    trace_id: Regex,
}

impl Audit {
    fn new() -> Self {
        let compiled = |pattern| Regex::new(pattern).expect("a pattern of ours");
        Self {
            forbidden: FORBIDDEN.map(|(what, pattern)| (what, compiled(pattern))),
            trace_id: compiled(TRACE_ID),
        }
    }

    /// What a line gives away.
    fn leak(&self, line: &str) -> Option<&'static str> {
        let line = self.trace_id.replace_all(line, "trace_id");
        self.forbidden.iter().find(|(_, pattern)| pattern.is_match(&line)).map(|(what, _)| *what)
    }
}
