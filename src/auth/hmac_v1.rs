//! HMAC v1: `v1,<unix seconds>,<hex>`.
//!
//! The code is HMAC-SHA256 over the unix seconds, a dot and the body as received, keyed with the bytes of the
//! secret's string. Method and path are not part of it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::AuthError;
use crate::domain::{secret::SigningSecret, time::Time};

/// How far a signature's time may lie from ours, in either direction, both ends included.
pub const WINDOW_SECONDS: i64 = 300;

/// A signature header that has the right form.
#[derive(Clone, Copy, Debug)]
pub struct Signature<'a> {
    seconds_text: &'a [u8],
    seconds: i64,
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
        let (seconds_text, hex) = rest.split_at_checked(comma).ok_or(FORM)?;
        let mut code = [0; 32];
        let hex = hex.strip_prefix(b",").filter(|hex| hex.len() == 64).ok_or(FORM)?;
        base16ct::lower::decode(hex, &mut code).map_err(|_| FORM)?;
        let seconds = plain_number(seconds_text).ok_or(FORM)?;
        Ok(Self { seconds_text, seconds, code })
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
        if (now.seconds() - self.seconds).abs() > WINDOW_SECONDS {
            return Err(AuthError::WrongTime);
        }
        for secret in secrets {
            // `verify_slice` compares in constant time.
            if code_over(secret, self.seconds_text, body).verify_slice(&self.code).is_ok() {
                return Ok(());
            }
        }
        Err(AuthError::NotValid)
    }
}

/// A number of 1 to 12 digits without sign or leading zeros: far below the limits of `i64`.
fn plain_number(digits: &[u8]) -> Option<i64> {
    let leading_zero = digits.len() > 1 && digits.first() == Some(&b'0');
    if leading_zero || digits.is_empty() || digits.len() > 12 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn code_over(secret: &SigningSecret, seconds: &[u8], body: &[u8]) -> Hmac<Sha256> {
    let mut code = keyed(secret);
    code.update(seconds);
    code.update(b".");
    code.update(body);
    code
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn keyed(secret: &SigningSecret) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length")
}

/// The header that signs `body` at `now`.
#[must_use]
pub fn sign(secret: &SigningSecret, body: &[u8], now: Time) -> String {
    let seconds = now.seconds().to_string();
    let code: [u8; 32] = code_over(secret, seconds.as_bytes(), body).finalize().into_bytes().into();
    format!("v1,{seconds},{}", base16ct::lower::encode_string(&code))
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
