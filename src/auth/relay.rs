//! The relay that posts events.

use super::{AuthError, presented::Presented};
use crate::{
    domain::{
        ids::Slug,
        relay_kind::{RelayKind, Scheme},
        secret::SigningSecret,
        time::Time,
    },
    store::directory::{Directory, Relay, Secrets},
};

/// The header that names a relay of our own protocol.
const NAME: &str = "x-chert-relay";

/// The kinds that speak our own protocol.
const NATIVE: [RelayKind; 2] = [RelayKind::Native, RelayKind::Loopback];

/// Finds the relay of our own protocol that a request names in a header and proves, over the body as received.
///
/// # Errors
///
/// As [`AuthError`] says; see [`authenticate`].
pub fn authenticate_native<'d>(
    directory: &'d Directory,
    request: &dyn Presented,
    body: &[u8],
    now: Time,
) -> Result<&'d Relay, AuthError> {
    let name = request.header(NAME)?.ok_or(AuthError::NoCredentials("send x-chert-relay"))?;
    authenticate(directory, &NATIVE, name, request, body, now)
}

/// Finds the relay of this name and one of these kinds, when the request proves that the relay has sent it, over
/// the body as received.
///
/// A relay that does not exist, one of another kind and one whose secret is another are answered alike and after as
/// much work, so that nobody learns which relays there are.
///
/// # Errors
///
/// As [`AuthError`] says.
pub fn authenticate<'d>(
    directory: &'d Directory,
    kinds: &[RelayKind],
    name: &[u8],
    request: &dyn Presented,
    body: &[u8],
    now: Time,
) -> Result<&'d Relay, AuthError> {
    let scheme = presented_scheme(kinds, request)?;
    let slug: Option<Slug> = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
    let relay = slug.and_then(|slug| directory.relay(&slug));
    let relay = relay.filter(|relay| kinds.contains(&relay.kind) && relay.kind.schemes().contains(&scheme));
    let nobodys = nobodys_secrets();
    let secrets = relay.map_or(&nobodys, |relay| &relay.secrets);
    scheme.verify(request, body, secrets.valid_at(now), now)?;
    relay.ok_or(AuthError::NotValid)
}

/// What is computed with where there is no relay: the code over a large body takes a time that can be measured from
/// afar. What fits it is refused all the same.
fn nobodys_secrets() -> Secrets {
    let mut secrets = Secrets::default();
    secrets.add(SigningSecret::from_random([0; 16]), None);
    secrets
}

/// The scheme that counts: the first that is there at all, so that a weaker one cannot stand in for a stronger
/// one that is wrong. With none there it is the first, which says itself what it misses.
///
/// # Errors
///
/// When one is there twice.
pub fn presented_scheme(kinds: &[RelayKind], request: &dyn Presented) -> Result<Scheme, AuthError> {
    let mut schemes = kinds.iter().flat_map(|kind| kind.schemes()).copied();
    for scheme in schemes.clone() {
        if scheme.is_presented(request)? {
            return Ok(scheme);
        }
    }
    schemes.next().ok_or(AuthError::NoCredentials("no relay is expected here"))
}

#[cfg(test)]
mod tests;
