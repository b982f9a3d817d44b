//! How a code is written, right or wrong.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode::Indifferent, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_STANDARD,
};

use crate::auth::code::from_hex;

/// Base64 that overlooks whatever can be overlooked.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(Indifferent).with_decode_allow_trailing_bits(true),
);

/// The bytes that a sender meant, in hex or base64 of any kind.
pub(super) fn leniently(text: &[u8]) -> Option<Vec<u8>> {
    if is_whole_hex(text) {
        return base16ct::mixed::decode_vec(text).ok();
    }
    let plain: Vec<u8> = text
        .iter()
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    LENIENT.decode(plain).ok()
}

/// What is wrong with a code that should be lower-case hex.
pub(super) fn not_hex(text: &[u8]) -> Option<String> {
    if from_hex(text).is_some() {
        return None;
    }
    let all_hex = text.iter().all(u8::is_ascii_hexdigit);
    let is_base64 = leniently(text).is_some_and(|bytes| bytes.len() == 32);
    Some(match text.len() {
        0 => "is empty".to_owned(),
        64 if all_hex => "has upper-case letters, and lower-case hex is expected".to_owned(),
        len if all_hex => format!("has {len} hexadecimal characters, and 64 are expected"),
        _ if is_base64 => "is base64, and lower-case hex is expected".to_owned(),
        _ => "is no lower-case hex".to_owned(),
    })
}

/// What is wrong with a code that should be base64.
pub(super) fn not_base64(text: &[u8]) -> Option<String> {
    if BASE64_STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == 32) {
        return None;
    }
    let of_urls = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    Some(match leniently(text) {
        _ if text.is_empty() => "is empty".to_owned(),
        _ if is_whole_hex(text) => "is hex, and base64 is expected".to_owned(),
        None => "is no base64".to_owned(),
        Some(bytes) if bytes.len() != 32 => format!("decodes to {} bytes, and 32 are expected", bytes.len()),
        Some(_) if of_urls => "is base64 with '-' and '_', and '+' and '/' are expected".to_owned(),
        Some(_) if text.len() < 44 => "lacks the '=' at its end".to_owned(),
        Some(_) => "has stray bits or padding at its end".to_owned(),
    })
}

fn is_whole_hex(text: &[u8]) -> bool {
    text.len() == 64 && text.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "b59d48e3f843ca000980ee5363189277a49dd240d6ea13de9c37be6d36b72a4c";
    const BASE64: &str = "tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

    #[test]
    fn what_is_no_hex() {
        for (text, expected) in [
            (HEX, None),
            ("", Some("is empty")),
            (&*HEX.to_uppercase(), Some("has upper-case letters, and lower-case hex is expected")),
            (&HEX[2..], Some("has 62 hexadecimal characters, and 64 are expected")),
            (BASE64, Some("is base64, and lower-case hex is expected")),
            (&format!("sha256={HEX}"), Some("is no lower-case hex")),
            ("no", Some("is no lower-case hex")),
        ] {
            assert_eq!(not_hex(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_base64() {
        let of_urls = BASE64.replace('/', "_").replace('+', "-");
        for (text, expected) in [
            (BASE64, None),
            ("", Some("is empty")),
            (HEX, Some("is hex, and base64 is expected")),
            (&HEX.to_uppercase(), Some("is hex, and base64 is expected")),
            (&BASE64[..40], Some("decodes to 30 bytes, and 32 are expected")),
            (&of_urls, Some("is base64 with '-' and '_', and '+' and '/' are expected")),
            (&BASE64[..43], Some("lacks the '=' at its end")),
            ("tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkx=", Some("has stray bits or padding at its end")),
            ("no!", Some("is no base64")),
        ] {
            assert_eq!(not_base64(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn every_spelling_means_the_same_bytes() {
        let bytes = BASE64_STANDARD.decode(BASE64).unwrap();
        for text in
            [BASE64, &BASE64[..43], HEX, &HEX.to_uppercase(), &BASE64.replace('/', "_").replace('+', "-")]
        {
            assert_eq!(leniently(text.as_bytes()), Some(bytes.clone()), "{text}");
        }
    }
}
