//! The published vector, and everything that differs from it.

use super::*;
use crate::{auth::presented::Given, domain::relay_kind::SecretForm};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const MESSAGE: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
const AT: i64 = 1_649_367_553;
const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
const ENTRY: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

/// A request that differs from the published one in what a test says.
struct Delivery<'a> {
    id: Option<&'a str>,
    timestamp: Option<&'a str>,
    signature: Option<&'a str>,
    body: &'a [u8],
    secrets: &'a [&'a str],
    now: i64,
}

const PUBLISHED: Delivery<'static> = Delivery {
    id: Some(MESSAGE),
    timestamp: Some("1649367553"),
    signature: Some(ENTRY),
    body: BODY,
    secrets: &[SECRET],
    now: AT,
};

impl Delivery<'_> {
    fn verify(&self) -> Result<(), AuthError> {
        let headers = [(ID, self.id), (TIMESTAMP, self.timestamp), (SIGNATURE, self.signature)];
        let headers =
            headers.iter().filter_map(|(name, value)| Some((*name, (*value)?.as_bytes()))).collect();
        self.verify_with(headers)
    }

    fn verify_with(&self, headers: Vec<(&'static str, &[u8])>) -> Result<(), AuthError> {
        let secrets: Vec<_> = self.secrets.iter().map(|text| secret(text)).collect();
        verify(&Given { headers, query: "" }, self.body, &secrets, Time::from_seconds(self.now))
    }
}

fn secret(text: &str) -> SigningSecret {
    SigningSecret::read(SecretForm::Webhook, text).unwrap()
}

/// An entry that fits a message of ours.
fn entry(id: &str, timestamp: &str, body: &[u8]) -> String {
    let code = Code::over(secret(SECRET).keyed(), &[id.as_bytes(), timestamp.as_bytes(), body]);
    format!("v1,{}", BASE64_STANDARD.encode(code.bytes()))
}

fn with_signature(signature: &str) -> Result<(), AuthError> {
    Delivery { signature: Some(signature), ..PUBLISHED }.verify()
}

fn is_malformed(result: Result<(), AuthError>) -> bool {
    matches!(result, Err(AuthError::Malformed(_)))
}

#[test]
fn the_published_vector() {
    assert_eq!(PUBLISHED.verify(), Ok(()));
    for secrets in [
        &["C2FVsBQIhrscChlQIMV+b5sSYspob7oD"][..],
        &["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SECRET],
        &[SECRET, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="],
    ] {
        assert_eq!(Delivery { secrets, ..PUBLISHED }.verify(), Ok(()), "{secrets:?}");
    }
}

#[test]
fn what_is_signed_cannot_be_changed() {
    for changed in [
        Delivery { id: Some("msg_27UH4WbU6Z5A5EzD8u03UvzRbpK"), ..PUBLISHED },
        Delivery { timestamp: Some("1649367554"), ..PUBLISHED },
        Delivery { body: b"", ..PUBLISHED },
        Delivery { body: br#"{"email":"test@example.com","username":"test_user"} "#, ..PUBLISHED },
        Delivery { secrets: &[], ..PUBLISHED },
        Delivery { secrets: &["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"], ..PUBLISHED },
    ] {
        assert_eq!(changed.verify(), Err(AuthError::NotValid));
    }
}

#[test]
fn each_header_is_needed_and_once() {
    let headers =
        [(ID, MESSAGE.as_bytes()), (TIMESTAMP, b"1649367553".as_slice()), (SIGNATURE, ENTRY.as_bytes())];
    assert_eq!(PUBLISHED.verify_with(headers.to_vec()), Ok(()));
    for header in headers {
        let without = headers.into_iter().filter(|(name, _)| *name != header.0).collect();
        let refusal = PUBLISHED.verify_with(without);
        assert!(
            matches!(refusal, Err(AuthError::NoCredentials(why)) if why.contains(header.0)),
            "{refusal:?}"
        );
        let twice = headers.into_iter().chain([header]).collect();
        assert!(is_malformed(PUBLISHED.verify_with(twice)), "{header:?}");
    }
}

#[test]
fn the_window_has_exact_edges() {
    let old = Err(AuthError::WrongTime);
    for (offset, expected) in
        [(-86_400, old), (-301, old), (-300, Ok(())), (300, Ok(())), (301, old), (86_400, old)]
    {
        assert_eq!(Delivery { now: AT + offset, ..PUBLISHED }.verify(), expected, "{offset}");
    }
    assert_eq!(Delivery { now: i64::MIN, ..PUBLISHED }.verify(), old);
    assert_eq!(Delivery { now: i64::MAX, ..PUBLISHED }.verify(), old);
}

#[test]
fn ids_are_plain() {
    for id in ["a", "_", "-", &"a".repeat(256)] {
        let entry = entry(id, "1649367553", BODY);
        assert_eq!(Delivery { id: Some(id), signature: Some(&entry), ..PUBLISHED }.verify(), Ok(()), "{id}");
    }
    for id in ["", "msg.1", "msg 1", "msg,1", "mëssage", "msg\n", &"a".repeat(257)] {
        let entry = entry(id, "1649367553", BODY);
        assert!(
            is_malformed(Delivery { id: Some(id), signature: Some(&entry), ..PUBLISHED }.verify()),
            "{id}"
        );
    }
}

#[test]
fn timestamps_are_plain_digits() {
    for timestamp in [
        "",
        "+1649367553",
        "-1649367553",
        "01649367553",
        " 1649367553",
        "1649367553.0",
        "1649367553000",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "99999999999999999999999",
    ] {
        let entry = entry(MESSAGE, timestamp, BODY);
        let signed = Delivery { timestamp: Some(timestamp), signature: Some(&entry), ..PUBLISHED };
        assert!(is_malformed(signed.verify()), "{timestamp}");
    }
    let far = entry(MESSAGE, "999999999999", BODY);
    let far = Delivery { timestamp: Some("999999999999"), signature: Some(&far), ..PUBLISHED };
    assert_eq!(far.verify(), Err(AuthError::WrongTime));
}

#[test]
fn one_entry_that_fits_is_enough() {
    let wrong = format!("v1,{}", BASE64_STANDARD.encode([0; 32]));
    for signature in [
        format!("{wrong} {wrong} {ENTRY} {wrong}"),
        format!("v2,abc v1a,def {ENTRY}"),
        format!("v1,short {ENTRY}"),
        format!("nonsense  {ENTRY} "),
        format!("{}{ENTRY}", format!("{wrong} ").repeat(15)),
    ] {
        assert_eq!(with_signature(&signature), Ok(()), "{signature}");
    }
    assert_eq!(with_signature(&format!("{wrong} {wrong}")), Err(AuthError::NotValid));
}

#[test]
fn entries_that_are_not_whole_do_not_count() {
    let bytes = BASE64_STANDARD.decode(&ENTRY[3..]).unwrap();
    let truncated: Vec<_> =
        (0..32).map(|len| format!("v1,{}", BASE64_STANDARD.encode(&bytes[..len]))).collect();
    let longer = format!("v1,{}", BASE64_STANDARD.encode([&*bytes, &[0]].concat()));
    let others = [
        "",
        " ",
        "v1",
        "v1,",
        "v1,=",
        "v2,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        "V1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        "tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        // Without padding, in the alphabet of URLs, and with bits behind the end.
        "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw",
        "v1,tZ1I4_hDygAJgO5TYxiSd6Sd0kDW6hPenDe-bTa3Kkw=",
        "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkx=",
    ];
    for signature in truncated.iter().map(String::as_str).chain(others).chain([&*longer]) {
        assert!(is_malformed(with_signature(signature)), "{signature}");
    }
}

#[test]
fn sixteen_entries_are_read_and_seventeen_are_not() {
    let signature = |entries: usize| format!("{}{ENTRY}", "v2,x ".repeat(entries - 1));
    assert_eq!(with_signature(&signature(16)), Ok(()));
    assert!(is_malformed(with_signature(&signature(17))));
    assert!(is_malformed(with_signature(&vec![ENTRY; 17].join(" "))));
}

#[test]
fn four_kibibytes_are_read_and_no_more() {
    let padded = |len: usize| format!("v2,{} {ENTRY}", "x".repeat(len - ENTRY.len() - 4));
    assert_eq!(padded(4096).len(), 4096);
    assert_eq!(with_signature(&padded(4096)), Ok(()));
    assert!(is_malformed(with_signature(&padded(4097))));
}

#[test]
fn the_body_is_bytes() {
    let long = vec![0xff; 100_000];
    for body in [&b""[..], b"\xff\xfe\x00", b".", b"a.b", &long] {
        let entry = entry(MESSAGE, "1649367553", body);
        assert_eq!(Delivery { body, signature: Some(&entry), ..PUBLISHED }.verify(), Ok(()));
    }
    let bytes: &[u8] = b"v1,\xff\xfe";
    let headers = vec![(ID, MESSAGE.as_bytes()), (TIMESTAMP, b"1649367553"), (SIGNATURE, bytes)];
    assert!(is_malformed(PUBLISHED.verify_with(headers)));
}

#[test]
fn every_bit_of_the_code_matters() {
    let code = BASE64_STANDARD.decode(&ENTRY[3..]).unwrap();
    for bit in 0..256 {
        let mut flipped = code.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let signature = format!("v1,{}", BASE64_STANDARD.encode(&flipped));
        assert_eq!(with_signature(&signature), Err(AuthError::NotValid), "{bit}");
    }
}
