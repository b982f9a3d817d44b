//! Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` and `webhook-signature`.
//!
//! The code is HMAC-SHA256 over id, timestamp and body with dots between them. A signature header has several
//! entries while the sender changes its key; one that fits is enough. Where the standard leaves room, this is
//! strict: what an id and a timestamp look like, and how much of a header is looked at.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{AuthError, code::Code, presented::Presented, timestamp::Timestamp};
use crate::domain::{secret::SigningSecret, time::Time};

/// The header with the id of the message.
pub const ID: &str = "webhook-id";
/// The header with the time of this delivery of it.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures.
pub const SIGNATURE: &str = "webhook-signature";

/// What entries of the version that we know begin with. Those of others are skipped.
pub(super) const VERSION: &[u8] = b"v1,";

/// The most entries in a signature header.
pub(super) const MAX_ENTRIES: usize = 16;

/// The most bytes in a signature header.
pub(super) const MAX_BYTES: usize = 4096;

/// Whether a request comes with any part of such a signature.
pub(super) fn is_presented(request: &dyn Presented) -> Result<bool, AuthError> {
    let has = |name| request.header(name).map(|value| value.is_some());
    Ok(has(ID)? | has(TIMESTAMP)? | has(SIGNATURE)?)
}

/// Checks the signature of a request.
pub(super) fn verify<'s>(
    request: &dyn Presented,
    body: &[u8],
    secrets: impl IntoIterator<Item = &'s SigningSecret>,
    now: Time,
) -> Result<(), AuthError> {
    let id = request.header(ID)?.ok_or(AuthError::NoCredentials("send webhook-id"))?;
    let timestamp = request.header(TIMESTAMP)?.ok_or(AuthError::NoCredentials("send webhook-timestamp"))?;
    let signature = request.header(SIGNATURE)?.ok_or(AuthError::NoCredentials("send webhook-signature"))?;
    if !is_id(id) {
        return Err(AuthError::Malformed("webhook-id is 1 to 256 of A-Z, a-z, 0-9, '-' and '_'"));
    }
    let timestamp = Timestamp::parse(timestamp)
        .ok_or(AuthError::Malformed("webhook-timestamp is unix seconds: 1 to 12 digits"))?;
    let codes = codes(signature)?;
    timestamp.check(now)?;
    let fits = |secret: &SigningSecret| {
        let code = Code::over(secret.keyed(), &[id, timestamp.text(), body]);
        codes.iter().any(|presented| code.is(presented))
    };
    if secrets.into_iter().any(fits) { Ok(()) } else { Err(AuthError::NotValid) }
}

/// Whether this is a message's id. Without dots, nobody can move the seam between it and the timestamp.
pub(super) fn is_id(id: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=256).contains(&id.len()) && id.iter().all(plain)
}

/// The codes of those entries that may fit.
fn codes(signature: &[u8]) -> Result<Vec<[u8; 32]>, AuthError> {
    if signature.len() > MAX_BYTES || entries(signature).count() > MAX_ENTRIES {
        return Err(AuthError::Malformed("webhook-signature has at most 16 entries and 4096 bytes"));
    }
    let codes: Vec<_> = entries(signature).filter_map(code).collect();
    if codes.is_empty() {
        return Err(AuthError::Malformed("webhook-signature has no entry v1,<base64 of 32 bytes>"));
    }
    Ok(codes)
}

/// The entries of a signature header.
pub(super) fn entries(signature: &[u8]) -> impl Iterator<Item = &[u8]> {
    signature.split(|byte| *byte == b' ').filter(|entry| !entry.is_empty())
}

/// The code of an entry, when it is of the version that we know and has all 32 bytes.
pub(super) fn code(entry: &[u8]) -> Option<[u8; 32]> {
    BASE64_STANDARD.decode(entry.strip_prefix(VERSION)?).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests;
