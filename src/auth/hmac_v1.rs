//! HMAC v1: `v1,<unix seconds>,<hex>`.
//!
//! The code is HMAC-SHA256 over the unix seconds, a dot and the body as received, keyed with the bytes of the
//! secret's string. Method and path are not part of it.

use super::{
    AuthError,
    code::{Code, from_hex},
    presented::Presented,
    timestamp::Timestamp,
};
use crate::domain::{secret::SigningSecret, time::Time};

/// The header that carries the signature.
pub const SIGNATURE: &str = "x-chert-signature";

/// A signature header that has the right form.
#[derive(Clone, Copy, Debug)]
pub struct Signature<'a> {
    timestamp: Timestamp<'a>,
    code: [u8; 32],
}

impl<'a> Signature<'a> {
    /// Reads the header. Upper-case hex, signs, leading zeros and anything around it are refused.
    ///
    /// # Errors
    ///
    /// When the header does not have that form.
    pub fn parse(header: &'a [u8]) -> Result<Self, AuthError> {
        const FORM: AuthError =
            AuthError::Malformed("x-chert-signature is v1,<unix seconds>,<64 lower-case hex>");
        let rest = header.strip_prefix(b"v1,").ok_or(FORM)?;
        let comma = rest.iter().position(|byte| *byte == b',').ok_or(FORM)?;
        let (seconds, hex) = rest.split_at_checked(comma).ok_or(FORM)?;
        let code = hex.strip_prefix(b",").and_then(from_hex).ok_or(FORM)?;
        let timestamp = Timestamp::parse(seconds).ok_or(FORM)?;
        Ok(Self { timestamp, code })
    }

    /// Checks time and code against any of the secrets that are valid now.
    ///
    /// # Errors
    ///
    /// [`AuthError::WrongTime`] outside the window, else [`AuthError::NotValid`] when no secret fits.
    pub fn verify<'s>(
        &self,
        secrets: impl IntoIterator<Item = &'s SigningSecret>,
        body: &[u8],
        now: Time,
    ) -> Result<(), AuthError> {
        self.timestamp.check(now)?;
        let signed = [self.timestamp.text(), body];
        let fits = |secret: &SigningSecret| Code::over(secret.keyed(), &signed).is(&self.code);
        if secrets.into_iter().any(fits) { Ok(()) } else { Err(AuthError::NotValid) }
    }
}

/// Whether a request comes with such a signature, right or wrong.
pub(super) fn is_presented(request: &dyn Presented) -> Result<bool, AuthError> {
    Ok(request.header(SIGNATURE)?.is_some())
}

/// Checks the signature of a request.
pub(super) fn verify<'s>(
    request: &dyn Presented,
    body: &[u8],
    secrets: impl IntoIterator<Item = &'s SigningSecret>,
    now: Time,
) -> Result<(), AuthError> {
    let signature = request.header(SIGNATURE)?.ok_or(AuthError::NoCredentials("send x-chert-signature"))?;
    Signature::parse(signature)?.verify(secrets, body, now)
}

/// The header that signs `body` at `now`.
#[must_use]
pub fn sign(secret: &SigningSecret, body: &[u8], now: Time) -> String {
    let seconds = now.seconds().to_string();
    let code = Code::over(secret.keyed(), &[seconds.as_bytes(), body]);
    format!("v1,{seconds},{}", code.to_hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_777_636_800;
    const BODY: &[u8] = br#"{"address":"+14155551234"}"#;
    const CODE: &str = "29640b58becf7618844f04f9c76c1b5e0f889d69bcdfa196bb7c79897234b983";
    const EMPTY_CODE: &str = "9766c6fb02af01e70270019e51c9c1013dca5d09ad7e06f2283baa570f3e16a2";

    fn secret() -> SigningSecret {
        SigningSecret::parse("0123456789abcdef0123456789abcdef").unwrap()
    }

    fn verify(header: &str, body: &[u8], now: i64) -> Result<(), AuthError> {
        Signature::parse(header.as_bytes())?.verify([&secret()], body, Time::from_seconds(now))
    }

    #[test]
    fn the_published_vectors() {
        assert_eq!(sign(&secret(), BODY, Time::from_seconds(AT)), format!("v1,{AT},{CODE}"));
        assert_eq!(sign(&secret(), b"", Time::from_seconds(AT)), format!("v1,{AT},{EMPTY_CODE}"));
        assert_eq!(verify(&format!("v1,{AT},{CODE}"), BODY, AT), Ok(()));
        assert_eq!(verify(&format!("v1,{AT},{EMPTY_CODE}"), b"", AT), Ok(()));
    }

    #[test]
    fn the_window_has_exact_edges() {
        let header = format!("v1,{AT},{CODE}");
        for (offset, expected) in [
            (-301, Err(AuthError::WrongTime)),
            (-300, Ok(())),
            (300, Ok(())),
            (301, Err(AuthError::WrongTime)),
        ] {
            assert_eq!(verify(&header, BODY, AT + offset), expected, "{offset}");
        }
    }

    #[test]
    fn every_bit_of_the_code_matters() {
        let code = base16ct::lower::decode_vec(CODE).unwrap();
        for bit in 0..256 {
            let mut flipped = code.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let header = format!("v1,{AT},{}", base16ct::lower::encode_string(&flipped));
            assert_eq!(verify(&header, BODY, AT), Err(AuthError::NotValid), "{bit}");
        }
    }

    #[test]
    fn other_forms_are_malformed() {
        let upper = CODE.to_uppercase();
        let headers = [
            String::new(),
            format!("v1,{AT},{upper}"),
            format!("v1,+{AT},{CODE}"),
            format!("v1,-{AT},{CODE}"),
            format!("v1,0{AT},{CODE}"),
            format!("v1, {AT},{CODE}"),
            format!("v1,{AT},{CODE} "),
            format!("v1,{AT},{CODE},"),
            format!("v2,{AT},{CODE}"),
            format!("v1,{AT}"),
            format!("v1,,{CODE}"),
            format!("v1,9223372036854775807,{CODE}"),
            format!("v1,-9223372036854775808,{CODE}"),
            format!("v1,{AT},{}", &CODE[2..]),
        ];
        for header in headers {
            assert!(matches!(verify(&header, BODY, AT), Err(AuthError::Malformed(_))), "{header}");
        }
    }

    #[test]
    fn either_of_two_secrets_fits() {
        let other = SigningSecret::from_random([1; 16]);
        let header = sign(&other, BODY, Time::from_seconds(AT));
        let signature = Signature::parse(header.as_bytes()).unwrap();
        assert_eq!(signature.verify([&secret(), &other], BODY, Time::from_seconds(AT)), Ok(()));
        assert_eq!(signature.verify([&secret()], BODY, Time::from_seconds(AT)), Err(AuthError::NotValid));
        assert_eq!(signature.verify([], BODY, Time::from_seconds(AT)), Err(AuthError::NotValid));
    }
}
