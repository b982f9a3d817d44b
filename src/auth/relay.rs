//! The relay that posts events, by signature.

use super::{AuthError, Credentials, hmac_v1::Signature};
use crate::{
    domain::{ids::Slug, time::Time},
    store::directory::{Directory, Relay},
};

/// Finds the relay that `credentials` prove, over the body as received.
///
/// A relay that does not exist and one whose secret is another are answered alike, so that nobody learns
/// which relays there are.
///
/// # Errors
///
/// As [`AuthError`] says.
pub fn authenticate<'d>(
    directory: &'d Directory,
    credentials: Credentials<'_>,
    body: &[u8],
    now: Time,
) -> Result<&'d Relay, AuthError> {
    let name = credentials.name.ok_or(AuthError::NoCredentials("send x-chert-relay"))?;
    let signature = credentials.signature.ok_or(AuthError::NoCredentials("send x-chert-signature"))?;
    let signature = Signature::parse(signature)?;
    let slug: Option<Slug> = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
    let relay = slug.and_then(|slug| directory.relay(&slug));
    let secrets = relay.into_iter().flat_map(|relay| relay.secrets.valid_at(now));
    signature.verify(secrets, body, now)?;
    relay.ok_or(AuthError::NotValid)
}
