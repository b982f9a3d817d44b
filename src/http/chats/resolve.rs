//! `POST /api/v1/chats/resolve`: many conversation keys at once. Never mints.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::{Deserialize, Serialize};

use super::asker;
use crate::{
    domain::{
        conversation_key::{Conversation, ConversationKey},
        phone::PhoneNumber,
    },
    error::BadInput,
    http::{body, error::ApiError, state::AppState},
    json,
};

/// The most keys in one request.
const MAX_KEYS: usize = 1000;

#[derive(Deserialize)]
struct Wire {
    from: Option<String>,
    conversation_keys: Option<Vec<String>>,
}

/// A request that cannot be wrong.
struct Request {
    line: PhoneNumber,
    keys: Vec<String>,
    conversations: Vec<Conversation>,
}

#[derive(Serialize)]
struct Body<'a> {
    chats: Vec<Resolved<'a>>,
}

#[derive(Serialize)]
struct Resolved<'a> {
    conversation_key: &'a str,
    chat_id: Option<String>,
}

pub(in crate::http) async fn post(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let (tenant, body) = asker(&state, &request, payload).await?;
    body::expect_json(&request)?;
    let Request { line, keys, conversations } = parse(&body)?;
    let ids = state.registry.resolve(tenant, line, conversations).await?;
    let chats = keys
        .iter()
        .zip(ids)
        .map(|(key, id)| Resolved { conversation_key: key, chat_id: id.map(|id| id.to_string()) })
        .collect();
    Ok(HttpResponse::Ok().json(Body { chats }))
}

fn parse(body: &[u8]) -> Result<Request, BadInput> {
    let json::Object(wire): json::Object<Wire> = json::read(body)?;
    let missing = |field: &str| BadInput::Missing(field.to_owned());
    let from = wire.from.filter(|from| !from.is_empty()).ok_or_else(|| missing("from"))?;
    let keys = wire.conversation_keys.filter(|keys| !keys.is_empty());
    let keys = keys.ok_or_else(|| missing("conversation_keys"))?;
    if keys.len() > MAX_KEYS {
        let why = format!("has {} entries; {MAX_KEYS} are allowed", keys.len());
        return Err(BadInput::unusable("conversation_keys", why));
    }
    let line = from.parse().map_err(|_| BadInput::NotAPhoneNumber("from".to_owned()))?;
    let conversation = |(index, key): (usize, &String)| {
        ConversationKey::new(key)
            .map(|key| key.conversation())
            .map_err(|why| BadInput::unusable(format!("conversation_keys[{index}]"), why))
    };
    let conversations = keys.iter().enumerate().map(conversation).collect::<Result<_, _>>()?;
    Ok(Request { line, keys, conversations })
}
