//! `GET /api/v1/chats/{id}`

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentType},
    web::{Data, Payload},
};

use super::{asker, id_in_path, shown};
use crate::http::{error::ApiError, state::AppState};

pub(in crate::http) async fn get(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let (tenant, _) = asker(&state, &request, payload).await?;
    let found = state.registry.show(&tenant, id_in_path(&request)?, shown::show).await?;
    let shown = found.ok_or_else(ApiError::chat_not_found)?;
    let tag = (header::ETAG, shown.tag.as_str());
    if is_known(&request, &shown.tag) {
        return Ok(HttpResponse::NotModified().insert_header(tag).finish());
    }
    Ok(HttpResponse::Ok().insert_header(tag).content_type(ContentType::json()).body(shown.body.clone()))
}

fn is_known(request: &HttpRequest, tag: &str) -> bool {
    request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok()).any(|list| {
        list.split(',')
            .map(str::trim)
            .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
    })
}
