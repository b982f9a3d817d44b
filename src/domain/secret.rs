//! Secrets that sign requests.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// A signing secret: 32 lower-case hexadecimal characters, 128 random bits.
///
/// The *string* is the key, not the bytes that it spells. `Debug` hides it, there is no `Display`, and the
/// memory is wiped when it is dropped.
#[derive(Clone)]
pub struct SigningSecret(SecretString);

/// The text is no signing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signing secret is 32 lower-case hexadecimal characters")]
pub struct SigningSecretError;

impl SigningSecret {
    /// The secret that these random bits make.
    #[must_use]
    pub fn from_random(bits: [u8; 16]) -> Self {
        Self(base16ct::lower::encode_string(&bits).into())
    }

    /// Takes `text` as a secret.
    ///
    /// # Errors
    ///
    /// When it is not 32 lower-case hexadecimal characters.
    pub fn parse(text: &str) -> Result<Self, SigningSecretError> {
        let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if text.len() == 32 && text.bytes().all(hex) {
            Ok(Self(text.to_owned().into()))
        } else {
            Err(SigningSecretError)
        }
    }

    /// The secret itself: for signing, for the store, and to be shown once to whom it belongs.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The SHA-256 of the secret, by which a bearer is found without comparing secrets.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        fingerprint(self.expose())
    }
}

/// The SHA-256 of a text that somebody presents as a secret.
#[must_use]
pub fn fingerprint(presented: &str) -> [u8; 32] {
    Sha256::digest(presented.as_bytes()).into()
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_case_hex_of_32_characters() {
        assert!(SigningSecret::parse("0123456789abcdef0123456789abcdef").is_ok());
        for bad in
            ["", "0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdeg"]
        {
            assert!(SigningSecret::parse(bad).is_err(), "{bad}");
        }
        let made = SigningSecret::from_random([0xab; 16]);
        assert!(SigningSecret::parse(made.expose()).is_ok());
        assert_eq!(format!("{made:?}"), "SigningSecret(…)");
    }
}
