//! Linq's older signature: `X-Webhook-Signature` and `X-Webhook-Timestamp`.
//!
//! The code is HMAC-SHA256 over timestamp, a dot and the body, in lower-case hex. Its key is the secret as it is
//! written, `whsec_` and all.

use super::{
    AuthError,
    code::{Code, from_hex},
    presented::Presented,
    timestamp::Timestamp,
};
use crate::domain::{secret::SigningSecret, time::Time};

/// The header with the code.
pub const SIGNATURE: &str = "x-webhook-signature";
/// The header with the time of the delivery.
pub const TIMESTAMP: &str = "x-webhook-timestamp";

/// Whether a request comes with any part of such a signature.
pub(super) fn is_presented(request: &dyn Presented) -> Result<bool, AuthError> {
    Ok(request.header(SIGNATURE)?.is_some() | request.header(TIMESTAMP)?.is_some())
}

/// Checks the signature of a request.
pub(super) fn verify<'s>(
    request: &dyn Presented,
    body: &[u8],
    secrets: impl IntoIterator<Item = &'s SigningSecret>,
    now: Time,
) -> Result<(), AuthError> {
    let signature = request.header(SIGNATURE)?.ok_or(AuthError::NoCredentials("send x-webhook-signature"))?;
    let timestamp = request.header(TIMESTAMP)?.ok_or(AuthError::NoCredentials("send x-webhook-timestamp"))?;
    let presented =
        from_hex(signature).ok_or(AuthError::Malformed("x-webhook-signature is 64 lower-case hex"))?;
    let timestamp = Timestamp::parse(timestamp)
        .ok_or(AuthError::Malformed("x-webhook-timestamp is unix seconds: 1 to 12 digits"))?;
    timestamp.check(now)?;
    let signed = [timestamp.text(), body];
    let fits = |secret: &SigningSecret| Code::over(secret.keyed_by_text(), &signed).is(&presented);
    if secrets.into_iter().any(fits) { Ok(()) } else { Err(AuthError::NotValid) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{auth::presented::Given, domain::relay_kind::SecretForm};

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const AT: i64 = 1_649_367_553;
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;

    /// Made with another program: `printf '%s.%s' "$at" "$body" | openssl dgst -sha256 -hmac "$secret"`.
    const CODE: &str = "996637d7f89ef8f7b59f7faaf5341457472e823d8ca666d16b7bbd1dc831721d";

    fn verify(headers: &[(&'static str, &str)], body: &[u8], now: i64) -> Result<(), AuthError> {
        let secret = SigningSecret::read(SecretForm::Webhook, SECRET).unwrap();
        let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        super::verify(&Given { headers, query: "" }, body, [&secret], Time::from_seconds(now))
    }

    fn signed(code: &str, timestamp: &str, now: i64) -> Result<(), AuthError> {
        verify(&[(SIGNATURE, code), (TIMESTAMP, timestamp)], BODY, now)
    }

    #[test]
    fn the_written_secret_is_the_key() {
        assert_eq!(signed(CODE, "1649367553", AT), Ok(()));
        assert_eq!(
            verify(&[(SIGNATURE, CODE), (TIMESTAMP, "1649367553")], b"{}", AT),
            Err(AuthError::NotValid)
        );
        assert_eq!(signed(CODE, "1649367554", AT), Err(AuthError::NotValid), "the time is signed");
    }

    #[test]
    fn the_window_has_exact_edges() {
        for (offset, expected) in [
            (-301, Err(AuthError::WrongTime)),
            (-300, Ok(())),
            (300, Ok(())),
            (301, Err(AuthError::WrongTime)),
        ] {
            assert_eq!(signed(CODE, "1649367553", AT + offset), expected, "{offset}");
        }
    }

    #[test]
    fn other_forms_are_malformed() {
        let upper = CODE.to_uppercase();
        for (code, timestamp) in [
            (&*upper, "1649367553"),
            (&CODE[2..], "1649367553"),
            ("", "1649367553"),
            (CODE, "+1649367553"),
            (CODE, "01649367553"),
            (CODE, "1649367553000"),
            (CODE, "9223372036854775807"),
        ] {
            assert!(
                matches!(signed(code, timestamp, AT), Err(AuthError::Malformed(_))),
                "{code} {timestamp}"
            );
        }
        let twice = [(SIGNATURE, CODE), (SIGNATURE, CODE), (TIMESTAMP, "1649367553")];
        assert!(matches!(verify(&twice, BODY, AT), Err(AuthError::Malformed(_))));
        for one in [(SIGNATURE, CODE), (TIMESTAMP, "1649367553")] {
            assert!(matches!(verify(&[one], BODY, AT), Err(AuthError::NoCredentials(_))), "{one:?}");
        }
    }

    #[test]
    fn every_bit_of_the_code_matters() {
        let code = base16ct::lower::decode_vec(CODE).unwrap();
        for bit in 0..256 {
            let mut flipped = code.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let flipped = base16ct::lower::encode_string(&flipped);
            assert_eq!(signed(&flipped, "1649367553", AT), Err(AuthError::NotValid), "{bit}");
        }
    }
}
