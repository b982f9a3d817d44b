//! Which relay a request proves, and what the others are told.

use super::*;
use crate::auth::{hmac_v1, presented::Given};

const NOW: Time = Time::from_seconds(1_649_367_553);
const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
const HEX: &str = "0123456789abcdef0123456789abcdef";
const WEBHOOK: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// One relay of each kind, named as its kind is.
fn directory() -> Directory {
    let relays = RelayKind::ALL.map(|kind| {
        let text = if kind == RelayKind::Linq { WEBHOOK } else { HEX };
        let mut secrets = Secrets::default();
        secrets.add(SigningSecret::read(kind.secret_form(), text).unwrap(), None);
        Relay {
            slug: kind.name().parse().unwrap(),
            kind,
            url: None,
            password: None,
            secrets,
            lost_line: false,
            created_at: NOW,
        }
    });
    Directory::new(1, vec![], relays.to_vec(), vec![])
}

fn ask(kind: RelayKind, name: &str, request: &Given<'_>) -> Result<RelayKind, AuthError> {
    authenticate(&directory(), &[kind], name.as_bytes(), request, BODY, NOW).map(|relay| relay.kind)
}

const WEBHOOK_HEADERS: [(&str, &[u8]); 3] = [
    ("webhook-id", b"msg_27UH4WbU6Z5A5EzD8u03UvzRbpk"),
    ("webhook-timestamp", b"1649367553"),
    ("webhook-signature", b"v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="),
];

const LEGACY_HEADERS: [(&str, &[u8]); 2] = [
    ("x-webhook-timestamp", b"1649367553"),
    ("x-webhook-signature", b"996637d7f89ef8f7b59f7faaf5341457472e823d8ca666d16b7bbd1dc831721d"),
];

fn of_headers<'a>(headers: &[(&'static str, &'a [u8])]) -> Given<'a> {
    Given { headers: headers.to_vec(), query: "" }
}

fn of_query(query: &str) -> Given<'_> {
    Given { headers: vec![], query }
}

#[test]
fn each_kind_has_its_way() {
    let token = format!("token={HEX}");
    let signature = hmac_v1::sign(&SigningSecret::parse(HEX).unwrap(), BODY, NOW);
    let native = |name| of_headers(&[("x-chert-relay", name), ("x-chert-signature", signature.as_bytes())]);
    assert_eq!(ask(RelayKind::Linq, "linq", &of_headers(&WEBHOOK_HEADERS)), Ok(RelayKind::Linq));
    assert_eq!(ask(RelayKind::Linq, "linq", &of_headers(&LEGACY_HEADERS)), Ok(RelayKind::Linq));
    assert_eq!(ask(RelayKind::BlueBubbles, "bluebubbles", &of_query(&token)), Ok(RelayKind::BlueBubbles));
    for kind in NATIVE {
        let found =
            authenticate_native(&directory(), &native(kind.name().as_bytes()), BODY, NOW).unwrap().kind;
        assert_eq!(found, kind);
    }
    let foreign = native(b"bluebubbles");
    let refusal = authenticate_native(&directory(), &foreign, BODY, NOW).err();
    assert_eq!(refusal, Some(AuthError::NotValid), "a token is no key to sign with");
}

#[test]
fn a_stranger_another_kind_and_a_wrong_secret_are_answered_alike() {
    let (right, wrong) = (format!("token={HEX}"), format!("token={}", "f".repeat(32)));
    for (name, query) in [
        ("bluebubbles", &wrong),
        ("nobody", &right),
        ("native", &right),
        ("linq", &right),
        ("no slug at all", &right),
        ("", &right),
    ] {
        assert_eq!(ask(RelayKind::BlueBubbles, name, &of_query(query)), Err(AuthError::NotValid), "{name}");
    }
    for name in ["nobody", "bluebubbles", "native"] {
        assert_eq!(
            ask(RelayKind::Linq, name, &of_headers(&WEBHOOK_HEADERS)),
            Err(AuthError::NotValid),
            "{name}"
        );
    }
}

#[test]
fn the_secret_that_stands_in_for_none_opens_nothing() {
    let nobodys = nobodys_secrets();
    let secret = nobodys.newest().unwrap();
    let token = format!("token={}", secret.expose());
    let signature = hmac_v1::sign(secret, BODY, NOW);
    let native = of_headers(&[("x-chert-relay", b"nobody"), ("x-chert-signature", signature.as_bytes())]);
    for name in ["nobody", "native", "bluebubbles"] {
        assert_eq!(ask(RelayKind::BlueBubbles, name, &of_query(&token)), Err(AuthError::NotValid), "{name}");
        assert_eq!(ask(RelayKind::Native, name, &native), Err(AuthError::NotValid), "{name}");
    }
}

#[test]
fn the_stronger_scheme_counts_alone() {
    let mut both = [&WEBHOOK_HEADERS[..], &LEGACY_HEADERS].concat();
    assert_eq!(ask(RelayKind::Linq, "linq", &of_headers(&both)), Ok(RelayKind::Linq));
    both[2].1 = b"v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(ask(RelayKind::Linq, "linq", &of_headers(&both)), Err(AuthError::NotValid));
    for kept in 0..3 {
        // Any of its headers shows that the stronger one was meant.
        let headers = [&WEBHOOK_HEADERS[kept..=kept], &LEGACY_HEADERS].concat();
        let refusal = ask(RelayKind::Linq, "linq", &of_headers(&headers));
        assert!(matches!(refusal, Err(AuthError::NoCredentials(_))), "{kept}: {refusal:?}");
    }
    let twice = [&WEBHOOK_HEADERS[..1], &WEBHOOK_HEADERS, &LEGACY_HEADERS].concat();
    assert!(matches!(ask(RelayKind::Linq, "linq", &of_headers(&twice)), Err(AuthError::Malformed(_))));
}

#[test]
fn nothing_presented_is_no_credentials() {
    for kind in RelayKind::ALL {
        let refusal = ask(kind, kind.name(), &of_query("line=%2B15555550100"));
        assert!(matches!(refusal, Err(AuthError::NoCredentials(_))), "{kind:?}: {refusal:?}");
    }
    let refusal = authenticate_native(&directory(), &of_query(""), BODY, NOW).err();
    assert_eq!(refusal, Some(AuthError::NoCredentials("send x-chert-relay")));
}

#[test]
fn during_a_rotation_either_secret_counts_until_the_old_one_ends() {
    let mut secrets = Secrets::default();
    secrets.add(SigningSecret::parse(HEX).unwrap(), Some(NOW));
    secrets.add(SigningSecret::parse(&"f".repeat(32)).unwrap(), None);
    let kind = RelayKind::BlueBubbles;
    let relay = Relay {
        slug: "mac".parse().unwrap(),
        kind,
        url: None,
        password: None,
        secrets,
        lost_line: false,
        created_at: NOW,
    };
    let directory = Directory::new(1, vec![], vec![relay], vec![]);
    for (text, at, valid) in
        [(HEX, -1, true), (HEX, 0, false), (&"f".repeat(32), -1, true), (&"f".repeat(32), 0, true)]
    {
        let query = format!("token={text}");
        let at = Time::from_seconds(NOW.seconds() + at);
        let found = authenticate(&directory, &[kind], b"mac", &of_query(&query), BODY, at);
        assert_eq!(found.is_ok(), valid, "{text} at {at:?}");
    }
}
