//! `GET /api/v1/chats/{id}/route`: what the API tier needs to deliver to a chat.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Serialize;

use super::chat_in_path;
use crate::{
    http::{error::ApiError, state::AppState},
    store::query::SeenChat,
};

#[derive(Serialize)]
struct Body<'a> {
    chat_id: String,
    from: &'a str,
    conversation_key: Option<&'a str>,
    /// The relay that serves the line now; null when the line is gone or another tenant's.
    relay: Option<&'a str>,
}

pub(in crate::http) async fn get(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let SeenChat { chat, .. } = chat_in_path(&state, &request, payload).await?;
    let directory = state.directory.now();
    let line = directory.line(&chat.line).filter(|line| line.tenant == chat.tenant);
    Ok(HttpResponse::Ok().json(Body {
        chat_id: chat.id.to_string(),
        from: chat.line.as_str(),
        conversation_key: chat.state.key().map(crate::domain::conversation_key::ConversationKey::as_str),
        relay: line.map(|line| line.relay.as_str()),
    }))
}
