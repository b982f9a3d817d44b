//! `GET /api/v1/chats/{id}`

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Payload},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{chat_in_path, wire::ChatBody};
use crate::http::{error::ApiError, state::AppState};

#[derive(Serialize)]
struct Body<'a> {
    chat: ChatBody<'a>,
}

pub(in crate::http) async fn get(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let chat = chat_in_path(&state, &request, payload).await?;
    let body = serde_json::to_vec(&Body { chat: ChatBody::of(&chat) }).map_err(|_| ApiError::internal())?;
    let tag = entity_tag(&body);
    if is_known(&request, &tag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish());
    }
    Ok(HttpResponse::Ok().insert_header((header::ETAG, tag)).content_type("application/json").body(body))
}

/// A hash of the body: it changes whenever the body does, and nobody has to remember what else to count.
fn entity_tag(body: &[u8]) -> String {
    let hash: [u8; 32] = Sha256::digest(body).into();
    let (short, _) = hash.split_at(16);
    format!("\"{}\"", base16ct::lower::encode_string(short))
}

fn is_known(request: &HttpRequest, tag: &str) -> bool {
    request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok()).any(|list| {
        list.split(',')
            .map(str::trim)
            .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
    })
}
