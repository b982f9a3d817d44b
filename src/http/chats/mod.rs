//! `/api/v1/chats`: one file an operation. [`wire`] is the shape of a chat, [`shown`] a chat with its tag as it is
//! sent, [`cursor`] the place in a listing.

pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
pub(super) mod participants;
pub(super) mod resolve;
pub(super) mod route;

mod cursor;
mod shown;
mod wire;

use actix_web::{HttpRequest, web::Payload};

use super::{body, caller, error::ApiError, state::AppState};
use crate::domain::ids::{ChatId, Slug};
use crate::store::query::SeenChat;

/// The tenant that asks, and the body of its request. A look-up has none, but what comes is read all the
/// same: it is what was signed.
async fn asker(
    state: &AppState,
    request: &HttpRequest,
    payload: Payload,
) -> Result<(Slug, actix_web::web::Bytes), ApiError> {
    let body = body::read(request, payload, state.limits).await?;
    let tenant = caller::tenant(state, request, &body).await?;
    Ok((tenant, body))
}

/// The chat that the path names, if it is the asker's.
async fn chat_in_path(
    state: &AppState,
    request: &HttpRequest,
    payload: Payload,
) -> Result<SeenChat, ApiError> {
    let (tenant, _) = asker(state, request, payload).await?;
    let id = id_in_path(request)?;
    state.registry.chat(tenant, id).await?.ok_or_else(ApiError::chat_not_found)
}

/// The id in the path. What is no id at all names no chat either.
fn id_in_path(request: &HttpRequest) -> Result<ChatId, ApiError> {
    let id = request.match_info().get("id").and_then(|id| id.parse().ok());
    id.ok_or_else(ApiError::chat_not_found)
}
