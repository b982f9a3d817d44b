//! The caller of the API: a tenant, by signature or by bearer.

use super::{
    AuthError,
    hmac_v1::{SIGNATURE, Signature},
    presented::Presented,
};
use crate::{
    domain::{ids::Slug, secret::fingerprint, time::Time},
    store::directory::{Directory, Tenant},
};
use subtle::ConstantTimeEq;

/// The header that names the tenant.
const NAME: &str = "x-chert-tenant";

/// The header that carries a bearer.
const AUTHORIZATION: &str = "authorization";

/// Finds the tenant that a request proves, over the body as received.
///
/// With both a signature and a bearer, the signature decides. `Ok` of a suspended tenant does not happen.
///
/// # Errors
///
/// As [`AuthError`] says. Unknown names and secrets may only be unknown *yet*: see
/// [`AuthError::may_be_news`].
pub fn authenticate<'d>(
    directory: &'d Directory,
    request: &dyn Presented,
    body: &[u8],
    now: Time,
) -> Result<&'d Tenant, AuthError> {
    let name = request.header(NAME)?;
    let tenant = match (request.header(SIGNATURE)?, request.header(AUTHORIZATION)?) {
        (Some(signature), _) => by_signature(directory, name, signature, body, now)?,
        (None, Some(authorization)) => by_bearer(directory, name, authorization, now)?,
        (None, None) => return Err(AuthError::NoCredentials("send x-chert-signature or a bearer")),
    };
    if tenant.suspended { Err(AuthError::Suspended) } else { Ok(tenant) }
}

fn by_signature<'d>(
    directory: &'d Directory,
    name: Option<&[u8]>,
    signature: &[u8],
    body: &[u8],
    now: Time,
) -> Result<&'d Tenant, AuthError> {
    let name = name.ok_or(AuthError::NoCredentials("a signature needs x-chert-tenant"))?;
    let tenant = named(directory, name)?;
    Signature::parse(signature)?.verify(tenant.secrets.valid_at(now), body, now)?;
    Ok(tenant)
}

fn by_bearer<'d>(
    directory: &'d Directory,
    name: Option<&[u8]>,
    authorization: &[u8],
    now: Time,
) -> Result<&'d Tenant, AuthError> {
    let named = name.map(|name| named(directory, name)).transpose()?;
    let token = bearer_token(authorization)?;
    let found = directory.tenant_by_bearer(&fingerprint(token)).ok_or(AuthError::NotValid)?;
    let fits = |secret: &str| bool::from(secret.as_bytes().ct_eq(token.as_bytes()));
    if !found.secrets.valid_at(now).any(|secret| fits(secret.expose())) {
        return Err(AuthError::NotValid);
    }
    match named {
        Some(named) if named.slug != found.slug => Err(AuthError::NotValid),
        None if found.multi_tenant => {
            Err(AuthError::NoCredentials("a bearer of a multi-tenant account needs x-chert-tenant"))
        }
        _ => Ok(found),
    }
}

fn named<'d>(directory: &'d Directory, name: &[u8]) -> Result<&'d Tenant, AuthError> {
    let slug: Option<Slug> = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
    slug.and_then(|slug| directory.tenant(&slug)).ok_or(AuthError::UnknownTenant)
}

fn bearer_token(authorization: &[u8]) -> Result<&str, AuthError> {
    const FORM: AuthError = AuthError::Malformed("authorization is Bearer <signing secret>");
    let text = std::str::from_utf8(authorization).map_err(|_| FORM)?;
    let (scheme, token) = text.split_once(' ').ok_or(FORM)?;
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() { Ok(token) } else { Err(FORM) }
}
