//! Who is speaking: the headers of a request, checked against the directory.

use std::sync::Arc;

use actix_web::HttpRequest;

use super::{error::ApiError, state::AppState};
use crate::{
    auth::{self, AuthError, Credentials},
    domain::{ids::Slug, time::Time},
    store::directory::Directory,
};

const TENANT: &str = "x-chert-tenant";
const RELAY: &str = "x-chert-relay";
const SIGNATURE: &str = "x-chert-signature";
const AUTHORIZATION: &str = "authorization";

/// The tenant that calls the API.
pub(super) async fn tenant(state: &AppState, request: &HttpRequest, body: &[u8]) -> Result<Slug, ApiError> {
    let credentials = credentials(request, TENANT)?;
    let check = |directory: &Directory, now| {
        auth::tenant::authenticate(directory, credentials, body, now).map(|tenant| tenant.slug.clone())
    };
    with_news(state, check).await
}

/// The relay that posts events.
pub(super) async fn relay(state: &AppState, request: &HttpRequest, body: &[u8]) -> Result<Slug, ApiError> {
    let credentials = credentials(request, RELAY)?;
    let check = |directory: &Directory, now| {
        auth::relay::authenticate(directory, credentials, body, now).map(|relay| relay.slug.clone())
    };
    with_news(state, check).await
}

/// Checks, and checks once more against a fresher directory where that may help.
async fn with_news(
    state: &AppState,
    check: impl Fn(&Directory, Time) -> Result<Slug, AuthError>,
) -> Result<Slug, ApiError> {
    let now = state.clock.now();
    let held = Arc::clone(&state.directory.now());
    match check(&held, now) {
        Err(refusal) if refusal.may_be_news() => {
            state.directory.look_again().await;
            let fresh = Arc::clone(&state.directory.now());
            Ok(check(&fresh, now)?)
        }
        result => Ok(result?),
    }
}

fn credentials<'r>(request: &'r HttpRequest, name: &str) -> Result<Credentials<'r>, ApiError> {
    Ok(Credentials {
        name: single(request, name)?,
        signature: single(request, SIGNATURE)?,
        authorization: single(request, AUTHORIZATION)?,
    })
}

/// The value of a header that may occur once: of two, one was meant for somebody else.
fn single<'r>(request: &'r HttpRequest, name: &str) -> Result<Option<&'r [u8]>, AuthError> {
    let mut values = request.headers().get_all(name);
    let first = values.next();
    if values.next().is_some() {
        return Err(AuthError::Malformed("a header occurs twice"));
    }
    Ok(first.map(actix_web::http::header::HeaderValue::as_bytes))
}
