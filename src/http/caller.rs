//! Who is speaking: the headers of a request, checked against the directory.

use std::sync::Arc;

use actix_web::{HttpRequest, http::header::HeaderValue};

use super::{error::ApiError, state::AppState};
use crate::{
    auth::{
        self, AuthError,
        presented::{Presented, only},
    },
    domain::{ids::Slug, relay_kind::RelayKind, time::Time},
    store::directory::Directory,
};

/// The tenant that calls the API.
pub(super) async fn tenant(state: &AppState, request: &HttpRequest, body: &[u8]) -> Result<Slug, ApiError> {
    let check = |directory: &Directory, now| {
        auth::tenant::authenticate(directory, request, body, now).map(|tenant| tenant.slug.clone())
    };
    with_news(state, check).await
}

/// The relay of our own protocol that posts events.
pub(super) async fn relay(state: &AppState, request: &HttpRequest, body: &[u8]) -> Result<Slug, ApiError> {
    let check = |directory: &Directory, now| {
        auth::relay::authenticate_native(directory, request, body, now).map(|relay| relay.slug.clone())
    };
    with_news(state, check).await
}

/// The relay of another kind that posts events on a path with its name.
pub(super) async fn relay_of_kind(
    state: &AppState,
    request: &HttpRequest,
    kind: RelayKind,
    name: &str,
    body: &[u8],
) -> Result<Slug, ApiError> {
    let check = |directory: &Directory, now| {
        let found = auth::relay::authenticate(directory, &[kind], name.as_bytes(), request, body, now);
        found.map(|relay| relay.slug.clone())
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

impl Presented for HttpRequest {
    fn header(&self, name: &str) -> Result<Option<&[u8]>, AuthError> {
        only(self.headers().get_all(name).map(HeaderValue::as_bytes))
    }

    fn query(&self) -> &str {
        self.query_string()
    }
}
