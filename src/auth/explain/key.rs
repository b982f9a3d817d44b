//! The key of the code, as senders get it wrong.

use hmac::Hmac;
use sha2::Sha256;

use super::hypothesis::Variant;
use crate::domain::{
    relay_kind::{Scheme, SecretForm},
    secret::{SigningSecret, WEBHOOK_PREFIX, keyed},
};

/// The key that a scheme makes of a secret, and others that senders make of it.
pub(super) fn keys(scheme: Scheme, secret: &SigningSecret) -> Vec<Variant<Hmac<Sha256>>> {
    let text = secret.expose();
    match scheme.secret_form() {
        SecretForm::Hex => of_hex(secret, text),
        SecretForm::Webhook => of_webhook(scheme, secret, text),
    }
}

fn of_hex(secret: &SigningSecret, text: &str) -> Vec<Variant<Hmac<Sha256>>> {
    let spelled = base16ct::lower::decode_vec(text).unwrap_or_default();
    vec![
        Variant::right(secret.keyed()),
        Variant::wrong("the key is the bytes that the secret spells, not its text", keyed(&spelled)),
        with_line_feed(text),
    ]
}

fn of_webhook(scheme: Scheme, secret: &SigningSecret, text: &str) -> Vec<Variant<Hmac<Sha256>>> {
    let bare = text.strip_prefix(WEBHOOK_PREFIX).unwrap_or(text);
    let full = format!("{WEBHOOK_PREFIX}{bare}");
    let bytes = "the key is the bytes that the secret spells, not its text";
    let mut keys = match scheme {
        Scheme::LinqLegacy => {
            vec![Variant::right(secret.keyed_by_text()), Variant::wrong(bytes, secret.keyed())]
        }
        _ => vec![Variant::right(secret.keyed())],
    };
    keys.push(Variant::wrong("the key is the secret's text with whsec_", keyed(full.as_bytes())));
    keys.push(Variant::wrong("the key is the secret's text without whsec_", keyed(bare.as_bytes())));
    keys.push(with_line_feed(text));
    keys
}

fn with_line_feed(text: &str) -> Variant<Hmac<Sha256>> {
    let key = keyed(format!("{text}\n").as_bytes());
    Variant::wrong("the key is the secret's text with a line feed at its end", key)
}
