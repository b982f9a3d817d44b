//! Secrets that sign requests.

use std::fmt;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode::Indifferent, GeneralPurpose, GeneralPurposeConfig},
};
use hmac::{Hmac, KeyInit};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use sha2::{Digest, Sha256};

use super::relay_kind::SecretForm;

/// What a webhook secret begins with, when it is written in full.
pub const WEBHOOK_PREFIX: &str = "whsec_";

/// How long a hexadecimal secret is: 128 bits.
const HEX_CHARS: usize = 32;

/// Base64 as others write secrets: the alphabet is one, but not everybody pads.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(Indifferent));

/// A signing secret: its text, which is shown and stored, and the HMAC that is keyed with it.
///
/// What the key is depends on the [`SecretForm`]. `Debug` hides all of it, there is no `Display`, and the memory
/// is wiped when it is dropped.
#[derive(Clone)]
pub struct SigningSecret {
    text: SecretString,
    keyed: Hmac<Sha256>,
}

/// Why a text is no signing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningSecretError {
    /// It does not have the form [`SecretForm::Hex`].
    #[error("a signing secret is 32 lower-case hexadecimal characters")]
    NotHex,
    /// It does not have the form [`SecretForm::Webhook`].
    #[error("a webhook secret is whsec_ and base64, and this is no base64")]
    NotBase64,
    /// It has that form, but is too easily guessed, or no secret that anybody hands out.
    #[error("a webhook secret is the base64 of 24 to 64 bytes, and this is that of {0}")]
    WrongLength(usize),
}

impl SigningSecret {
    /// The hexadecimal secret that these random bits make.
    #[must_use]
    pub fn from_random(bits: [u8; 16]) -> Self {
        Self::of_hex(base16ct::lower::encode_string(&bits))
    }

    /// The secret of this form that these random bytes make.
    #[must_use]
    pub fn generate(form: SecretForm, random: [u8; 32]) -> Self {
        match form {
            SecretForm::Hex => {
                let mut text = base16ct::lower::encode_string(&random);
                text.truncate(HEX_CHARS);
                Self::of_hex(text)
            }
            SecretForm::Webhook => {
                let text = format!("{WEBHOOK_PREFIX}{}", BASE64.encode(random));
                Self { keyed: keyed(&random), text: text.into() }
            }
        }
    }

    /// Takes `text` as a hexadecimal secret.
    ///
    /// # Errors
    ///
    /// When it is not 32 lower-case hexadecimal characters.
    pub fn parse(text: &str) -> Result<Self, SigningSecretError> {
        Self::read(SecretForm::Hex, text)
    }

    /// Takes `text` as a secret of this form.
    ///
    /// # Errors
    ///
    /// When it does not have the form.
    pub fn read(form: SecretForm, text: &str) -> Result<Self, SigningSecretError> {
        let keyed = match form {
            SecretForm::Hex if is_hex(text) => keyed(text.as_bytes()),
            SecretForm::Hex => return Err(SigningSecretError::NotHex),
            SecretForm::Webhook => keyed(&webhook_key(text)?),
        };
        Ok(Self { text: text.to_owned().into(), keyed })
    }

    fn of_hex(text: String) -> Self {
        Self { keyed: keyed(text.as_bytes()), text: text.into() }
    }

    /// The secret itself: for signing, for the store, and to be shown once to whom it belongs.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// A fresh HMAC with the key that this secret stands for.
    #[must_use]
    pub fn keyed(&self) -> Hmac<Sha256> {
        self.keyed.clone()
    }

    /// A fresh HMAC with the bytes of the text as its key, whatever the form: some senders do not decode.
    #[must_use]
    pub fn keyed_by_text(&self) -> Hmac<Sha256> {
        keyed(self.expose().as_bytes())
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

/// The HMAC with this key.
#[must_use]
#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn is_hex(text: &str) -> bool {
    text.len() == HEX_CHARS && text.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
}

/// The bytes that a webhook secret spells. Those who hand it out may leave out prefix and padding.
fn webhook_key(text: &str) -> Result<Zeroizing<Vec<u8>>, SigningSecretError> {
    let base64 = text.strip_prefix(WEBHOOK_PREFIX).unwrap_or(text);
    let key = Zeroizing::new(BASE64.decode(base64).map_err(|_| SigningSecretError::NotBase64)?);
    match key.len() {
        24..=64 => Ok(key),
        bytes => Err(SigningSecretError::WrongLength(bytes)),
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use hmac::Mac;

    use super::*;

    const PUBLISHED: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn webhook(text: &str) -> Result<SigningSecret, SigningSecretError> {
        SigningSecret::read(SecretForm::Webhook, text)
    }

    fn code(keyed: Hmac<Sha256>) -> [u8; 32] {
        keyed.finalize().into_bytes().into()
    }

    #[test]
    fn only_lower_case_hex_of_32_characters() {
        let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(
            code(secret.keyed()),
            code(keyed(b"0123456789abcdef0123456789abcdef")),
            "the string is the key"
        );
        for bad in
            ["", "0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdeg"]
        {
            assert_eq!(SigningSecret::parse(bad).err(), Some(SigningSecretError::NotHex), "{bad}");
        }
    }

    #[test]
    fn the_key_of_a_webhook_secret_is_what_it_spells() {
        let secret = webhook(PUBLISHED).unwrap();
        let bytes = BASE64.decode("C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        assert_eq!(code(secret.keyed()), code(keyed(&bytes)));
        assert_eq!(code(secret.keyed_by_text()), code(keyed(PUBLISHED.as_bytes())));
        let bare = webhook(&PUBLISHED["whsec_".len()..]).unwrap();
        assert_eq!(code(bare.keyed()), code(secret.keyed()), "the prefix may be missing");
        assert_eq!(bare.expose(), &PUBLISHED["whsec_".len()..], "the text stays as it was given");
    }

    #[test]
    fn webhook_secrets_may_lack_padding_and_must_have_24_to_64_bytes() {
        for bytes in 0..=66_u8 {
            let padded = BASE64.encode((0..bytes).collect::<Vec<_>>());
            for text in [padded.clone(), padded.trim_end_matches('=').to_owned()] {
                let wrong = !(24..=64).contains(&bytes);
                let expected = wrong.then_some(SigningSecretError::WrongLength(bytes.into()));
                assert_eq!(webhook(&text).err(), expected, "{text}");
                assert_eq!(webhook(&format!("whsec_{text}")).err(), expected, "{text}");
            }
        }
        assert_eq!(webhook("").err(), Some(SigningSecretError::WrongLength(0)));
        assert_eq!(webhook("whsec_").err(), Some(SigningSecretError::WrongLength(0)));
    }

    #[test]
    fn webhook_secrets_are_of_one_alphabet() {
        for (good, bad) in
            [("+", "-"), ("C2F", "C2_"), ("C2F", " 2F"), ("oD", "o\n"), ("C2F", "é2F"), ("oD", "oD=====")]
        {
            let text = PUBLISHED.replace(good, bad);
            assert_eq!(webhook(&text).err(), Some(SigningSecretError::NotBase64), "{text}");
        }
        assert!(webhook("whsec_whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").is_err());
    }

    #[test]
    fn what_is_made_can_be_read() {
        for form in [SecretForm::Hex, SecretForm::Webhook] {
            let made = SigningSecret::generate(form, [0xab; 32]);
            let read = SigningSecret::read(form, made.expose()).unwrap();
            assert_eq!(code(read.keyed()), code(made.keyed()));
            assert_eq!(format!("{made:?}"), "SigningSecret(…)");
        }
        let made = SigningSecret::generate(SecretForm::Webhook, [0xab; 32]);
        assert!(made.expose().starts_with("whsec_") && made.expose().ends_with('='));
        assert_eq!(SigningSecret::from_random([0xab; 16]).expose(), "ab".repeat(16));
    }
}
