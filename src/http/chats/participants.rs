//! `GET /api/v1/chats/{id}/participants`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Serialize;

use super::{
    chat_in_path,
    wire::{ParticipantBody, participants},
};
use crate::{
    http::{error::ApiError, state::AppState},
    store::query::SeenChat,
};

#[derive(Serialize)]
struct Body<'a> {
    participants: Vec<ParticipantBody<'a>>,
}

pub(in crate::http) async fn get(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let SeenChat { chat, .. } = chat_in_path(&state, &request, payload).await?;
    Ok(HttpResponse::Ok().json(Body { participants: participants(&chat.state) }))
}
