//! Requests with one thing wrong, and what is said of them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use proptest::prelude::*;

use super::*;
use crate::{
    auth::{code::Code, presented::Given},
    domain::secret::keyed,
};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const HEX: &str = "0123456789abcdef0123456789abcdef";
const AT: i64 = 1_777_636_800;
const STAMP: &str = "1777636800";
const BODY: &str = "{\"to\": \"sam\",\r\n \"n\": 1.0}\n";

/// What is said of a request.
struct Said {
    differs: Vec<String>,
    expected: Option<String>,
    tried: Option<Tried>,
}

/// A request of these headers, or of this query, to a table's row.
fn said(scheme: Scheme, secret: &str, headers: &[(&'static str, &str)], query: &str) -> Said {
    let secret = SigningSecret::read(scheme.secret_form(), secret).unwrap();
    let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let request = Given { headers, query };
    let (body, now) = (BODY.as_bytes(), Time::from_seconds(AT));
    let case = Case { scheme, request: &request, body, secret: &secret, now };
    let Explanation { differs, expected, tried, .. } = case.check().expect_err("something is wrong");
    Said { differs, expected, tried }
}

/// The code with this key over these pieces.
fn code(key: &[u8], pieces: &[&str]) -> Code {
    let pieces: Vec<_> = pieces.iter().map(|piece| piece.as_bytes()).collect();
    Code::over(keyed(key), &pieces)
}

/// The key that [`SECRET`] spells.
fn key() -> Vec<u8> {
    BASE64_STANDARD.decode(&SECRET[6..]).unwrap()
}

fn entry(code: Code) -> String {
    format!("v1,{}", BASE64_STANDARD.encode(code.bytes()))
}

fn webhook(id: &str, timestamp: &str, signature: &str) -> Said {
    let headers = [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)];
    said(Scheme::StandardWebhooks, SECRET, &headers, "")
}

fn chert(header: &str) -> Said {
    said(Scheme::HmacV1, HEX, &[("x-chert-signature", header)], "")
}

fn legacy(code: &str, timestamp: &str) -> Said {
    let headers = [("x-webhook-signature", code), ("x-webhook-timestamp", timestamp)];
    said(Scheme::LinqLegacy, SECRET, &headers, "")
}

#[test]
fn what_is_right_needs_no_explanation() {
    let secret = SigningSecret::read(Scheme::StandardWebhooks.secret_form(), SECRET).unwrap();
    let signature = entry(code(&key(), &["msg_1", STAMP, BODY]));
    let headers = vec![
        ("webhook-id", b"msg_1".as_slice()),
        ("webhook-timestamp", STAMP.as_bytes()),
        ("webhook-signature", signature.as_bytes()),
    ];
    let request = Given { headers, query: "" };
    let (scheme, now) = (Scheme::StandardWebhooks, Time::from_seconds(AT));
    assert!(Case { scheme, request: &request, body: BODY.as_bytes(), secret: &secret, now }.check().is_ok());
}

#[test]
fn a_form_that_is_wrong_around_a_code_that_is_right() {
    let right = code(&key(), &["msg_1", STAMP, BODY]);
    let (base64, bytes) = (BASE64_STANDARD.encode(right.bytes()), right.bytes());
    let hex = right.to_hex();
    let other = entry(code(b"another", &["msg_1", STAMP, BODY]));
    for (signature, differs) in [
        (format!("v1,{hex}"), "webhook-signature, entry 1 of 1, is hex, and base64 is expected"),
        (format!("v1,{}", &base64[..43]), "webhook-signature, entry 1 of 1, lacks the '=' at its end"),
        (
            format!("v2,{base64}"),
            "webhook-signature, entry 1 of 1, is of version v2, which is skipped: v1 is expected",
        ),
        (
            format!("V1,{base64}"),
            "webhook-signature, entry 1 of 1, has its version in upper case: v1 is expected",
        ),
        (base64.clone(), "webhook-signature, entry 1 of 1, has no version: v1,<base64> is expected"),
    ] {
        let said = webhook("msg_1", STAMP, &signature);
        assert_eq!((said.differs, said.tried), (vec![differs.to_owned()], Some(Tried::Right)), "{signature}");
        assert_eq!(said.expected, Some(format!("webhook-signature: v1,{base64}")));
    }
    let cut_off = format!("v1,{}", BASE64_STANDARD.encode(&bytes[..31]));
    let said = webhook("msg_1", STAMP, &format!("{other} {cut_off}"));
    let differs = [
        "webhook-signature, entry 1 of 2, does not match",
        "webhook-signature, entry 2 of 2, decodes to 31 bytes, and 32 are expected: it is cut off",
    ];
    assert_eq!((said.differs, said.tried), (differs.map(str::to_owned).to_vec(), Some(Tried::Nothing)));
}

#[test]
fn other_headers_that_are_wrong() {
    let long = "a".repeat(257);
    for (id, timestamp, differs) in [
        ("", STAMP, "webhook-id is empty"),
        ("msg.1", STAMP, "webhook-id has other characters than A-Z, a-z, 0-9, '-' and '_'"),
        (&long, STAMP, "webhook-id has 257 characters, and 256 are allowed"),
        ("msg_1", "+1777636800", "webhook-timestamp has a sign, and plain digits are expected"),
        (
            "msg_1",
            "1777636800000",
            "webhook-timestamp has 13 digits: these are milliseconds (2026-05-01T12:00:00Z), and seconds are expected",
        ),
        (
            "msg_1",
            "1777636499",
            "webhook-timestamp is 2026-05-01T11:54:59Z: 301 s before 2026-05-01T12:00:00Z, and 300 s are allowed",
        ),
    ] {
        let said = webhook(id, timestamp, &entry(code(&key(), &[id, timestamp, BODY])));
        assert_eq!((said.differs, said.tried), (vec![differs.to_owned()], Some(Tried::Right)));
    }
    let right = entry(code(&key(), &["msg_1", STAMP, BODY]));
    for (signature, differs) in [
        (String::new(), "webhook-signature is empty".to_owned()),
        ([&*right; 17].join(" "), "webhook-signature has 17 entries, and 16 are allowed".to_owned()),
        (format!("{right}{}", " ".repeat(4096)), {
            format!("webhook-signature has {} bytes, and 4096 are allowed", right.len() + 4096)
        }),
    ] {
        assert_eq!(webhook("msg_1", STAMP, &signature).differs, [differs]);
    }
}

#[test]
fn headers_that_are_missing_or_repeated() {
    let all = [("webhook-id", "msg_1"), ("webhook-timestamp", STAMP), ("webhook-signature", "v1,x")];
    for (scheme, secret, headers, differs) in [
        (Scheme::StandardWebhooks, SECRET, &all[1..], "webhook-id is missing"),
        (Scheme::StandardWebhooks, SECRET, &all[..2], "webhook-signature is missing"),
        (
            Scheme::StandardWebhooks,
            SECRET,
            &[all[0], all[0], all[1], all[2]],
            "webhook-id occurs more than once",
        ),
        (Scheme::LinqLegacy, SECRET, &all, "x-webhook-timestamp is missing"),
        (Scheme::HmacV1, HEX, &all, "x-chert-signature is missing"),
    ] {
        assert_eq!(said(scheme, secret, headers, "").differs[0], differs);
    }
    let said = said(Scheme::HmacV1, HEX, &[], "");
    let right = code(HEX.as_bytes(), &[STAMP, BODY]).to_hex();
    assert_eq!(said.expected, Some(format!("x-chert-signature: v1,{STAMP},{right}")));
}

/// What is told when one supposition makes it match.
fn only(supposition: &str) -> Tried {
    Tried::If(vec![supposition.to_owned()])
}

#[test]
fn the_usual_mistakes_of_standard_webhooks() {
    let text = SECRET.as_bytes();
    let trimmed = BODY.trim_end();
    let unix = BODY.replace('\r', "");
    for (made, supposition) in [
        (code(&key(), &["msg_1", STAMP, trimmed]), "the body has no line feed at its end"),
        (code(&key(), &["msg_1", STAMP, &unix]), "the body's lines end in LF, not CRLF"),
        (
            code(&key(), &["msg_1", STAMP, r#"{"to":"sam","n":1.0}"#]),
            "the body is the same JSON without blanks",
        ),
        (code(text, &["msg_1", STAMP, BODY]), "the key is the secret's text with whsec_"),
        (code(&text[6..], &["msg_1", STAMP, BODY]), "the key is the secret's text without whsec_"),
        (
            code(&[text, b"\n"].concat(), &["msg_1", STAMP, BODY]),
            "the key is the secret's text with a line feed at its end",
        ),
        (code(&key(), &[STAMP, BODY]), "the id is not signed"),
        (code(&key(), &["msg_1", BODY]), "the timestamp is not signed"),
        (code(&key(), &[BODY]), "only the body is signed"),
        (code(&key(), &["msg_1", "1777636800000", BODY]), "the timestamp is signed in milliseconds"),
        (
            code(text, &[STAMP, trimmed]),
            "the id is not signed, and the key is the secret's text with whsec_, \
             and the body has no line feed at its end",
        ),
    ] {
        let said = webhook("msg_1", STAMP, &entry(made));
        assert_eq!(said.differs, ["webhook-signature, entry 1 of 1, does not match"]);
        assert_eq!(said.tried, Some(only(supposition)));
    }
    let millis = webhook("msg_1", "1777636800123", &entry(code(&key(), &["msg_1", STAMP, BODY])));
    assert_eq!(millis.tried, Some(only("the timestamp is signed in seconds")));
    assert_eq!(
        webhook("msg_1", STAMP, &entry(code(b"another", &["msg_1", STAMP, BODY]))).tried,
        Some(Tried::Nothing)
    );
}

#[test]
fn the_usual_mistakes_of_hmac_v1() {
    let right = code(HEX.as_bytes(), &[STAMP, BODY]).to_hex();
    let base64 = BASE64_STANDARD.encode(code(HEX.as_bytes(), &[STAMP, BODY]).bytes());
    let spelled = code(&base16ct::lower::decode_vec(HEX).unwrap(), &[STAMP, BODY]).to_hex();
    let no_match = "the code in x-chert-signature does not match";
    for (header, differs, tried) in [
        (
            format!("v1,{STAMP},{}", right.to_uppercase()),
            "the code in x-chert-signature has upper-case letters, and lower-case hex is expected",
            Some(Tried::Right),
        ),
        (
            format!("v1,{STAMP},{base64}"),
            "the code in x-chert-signature is base64, and lower-case hex is expected",
            Some(Tried::Right),
        ),
        (
            format!("v2,{STAMP},{right}"),
            "x-chert-signature is of version v2: v1 is expected",
            Some(Tried::Right),
        ),
        (
            format!("v1,0{STAMP},{}", code(HEX.as_bytes(), &["01777636800", BODY]).to_hex()),
            "the time in x-chert-signature has leading zeros",
            Some(Tried::Right),
        ),
        (
            format!("t={STAMP},v1={right}"),
            "x-chert-signature is not of three parts: v1,<unix seconds>,<hex>",
            None,
        ),
        (
            format!("v1,{STAMP},{spelled}"),
            no_match,
            Some(only("the key is the bytes that the secret spells, not its text")),
        ),
        (
            format!("v1,{STAMP},{}", code(format!("{HEX}\n").as_bytes(), &[STAMP, BODY]).to_hex()),
            no_match,
            Some(only("the key is the secret's text with a line feed at its end")),
        ),
        (
            format!("v1,{STAMP},{}", code(HEX.as_bytes(), &[BODY]).to_hex()),
            no_match,
            Some(only("the timestamp is not signed")),
        ),
        (format!("v1,{STAMP},{}", "0".repeat(64)), no_match, Some(Tried::Nothing)),
    ] {
        let said = chert(&header);
        assert_eq!((said.differs, said.tried), (vec![differs.to_owned()], tried), "{header}");
    }
}

#[test]
fn the_usual_mistakes_of_linqs_older_header() {
    let text = SECRET.as_bytes();
    let right = code(text, &[STAMP, BODY]).to_hex();
    for (made, differs, tried) in [
        (&right[1..], "x-webhook-signature has 63 hexadecimal characters, and 64 are expected", None),
        (
            &right.to_uppercase(),
            "x-webhook-signature has upper-case letters, and lower-case hex is expected",
            Some(Tried::Right),
        ),
        (
            &code(&key(), &[STAMP, BODY]).to_hex(),
            "x-webhook-signature does not match",
            Some(only("the key is the bytes that the secret spells, not its text")),
        ),
        (
            &code(&text[6..], &[STAMP, BODY]).to_hex(),
            "x-webhook-signature does not match",
            Some(only("the key is the secret's text without whsec_")),
        ),
    ] {
        let said = legacy(made, STAMP);
        assert_eq!((said.differs, said.tried), (vec![differs.to_owned()], tried), "{made}");
        assert_eq!(said.expected, Some(format!("x-webhook-signature: {right}")));
    }
}

#[test]
fn tokens() {
    for (query, differs) in [
        (String::new(), "the URL has no parameter token"),
        ("password=x".to_owned(), "the URL has no parameter token"),
        (format!("token={HEX}&token={HEX}"), "the URL has the parameter token more than once"),
        ("token=".to_owned(), "token is empty"),
        (format!("token={}", HEX.to_uppercase()), "token has other upper and lower case than the secret"),
        (format!("token={HEX}%0A"), "token has blanks or line ends around the secret"),
        (format!("token=%2530{}", &HEX[1..]), "token is percent-encoded twice"),
        (format!("token={}", &HEX[..30]), "token has 30 bytes, and the secret has 32"),
        ("token=ffffffffffffffffffffffffffffffff".to_owned(), "token is not the secret"),
    ] {
        let said = said(Scheme::UrlToken, HEX, &[], &query);
        assert_eq!((said.differs, said.tried), (vec![differs.to_owned()], None), "{query}");
        assert_eq!(said.expected, None, "a secret is not repeated");
    }
}

/// A part of a header, right or nearly so or anything.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let known =
        ["v1", "v2", STAMP, "1777636800000", HEX, SECRET, "msg_1", ",", " ", "=", ".", "token=", "&", "%3"];
    prop_oneof![
        proptest::sample::select(known.to_vec()).prop_map(Into::into),
        proptest::collection::vec(any::<u8>(), 0..50)
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(part(), 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    /// Nothing is refused without a reason, and no request is too odd to be looked at.
    #[test]
    fn every_refusal_is_explained(
        names in proptest::sample::subsequence(NAMES.to_vec(), 0..=NAMES.len()),
        values in [value(), value(), value(), value(), value(), value()],
        query in value(),
        body in value(),
    ) {
        let headers = names.into_iter().zip(values.iter().map(|value| &**value)).collect();
        let query = String::from_utf8_lossy(&query);
        let request = Given { headers, query: &query };
        for (scheme, text) in SCHEMES {
            let secret = SigningSecret::read(scheme.secret_form(), text).unwrap();
            let case = Case { scheme, request: &request, body: &body, secret: &secret, now: Time::from_seconds(AT) };
            if let Err(explanation) = case.check() {
                prop_assert!(!explanation.differs.is_empty(), "{explanation:?}");
                prop_assert!(explanation.differs.iter().all(|sentence| sentence.is_ascii()));
            }
        }
    }
}

const NAMES: [&str; 6] = [
    "x-chert-signature",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-webhook-signature",
    "x-webhook-timestamp",
];

const SCHEMES: [(Scheme, &str); 4] = [
    (Scheme::HmacV1, HEX),
    (Scheme::StandardWebhooks, SECRET),
    (Scheme::LinqLegacy, SECRET),
    (Scheme::UrlToken, HEX),
];
