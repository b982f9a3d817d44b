//! `POST /api/v1/chats/resolve`: many conversation keys at once. Never mints.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::ContentType,
    web::{Data, Payload},
};
use serde::{Deserialize, Serialize, Serializer};

use super::asker;
use crate::{
    domain::{conversation_key::Meaning, ids::ChatId, phone::PhoneNumber},
    error::BadInput,
    http::{body, error::ApiError, state::AppState},
    json::{self, Text},
    store::directory::Directory,
};

/// The most keys in one request.
const MAX_KEYS: usize = 1000;

/// What a key and its chat take in an answer, besides the key.
const AROUND: usize = 80;

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    from: Option<Text<'a>>,
    #[serde(borrow)]
    conversation_keys: Option<Vec<Text<'a>>>,
}

/// A request that cannot be wrong, but for what its keys mean.
struct Request<'a> {
    line: PhoneNumber,
    keys: Vec<Text<'a>>,
}

#[derive(Serialize)]
struct Body<'a> {
    chats: Vec<Resolved<'a>>,
}

#[derive(Serialize)]
struct Resolved<'a> {
    conversation_key: &'a str,
    #[serde(serialize_with = "as_text")]
    chat_id: Option<ChatId>,
}

pub(in crate::http) async fn post(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let (tenant, body) = asker(&state, &request, payload).await?;
    body::expect_json(&request)?;
    let Request { line, keys } = parse(&body, &state.directory.now())?;
    let ids = state.registry.resolve(&tenant, &line, &meanings(&keys)?).await?;
    let chats = keys.iter().zip(ids).map(|(key, chat_id)| Resolved { conversation_key: key, chat_id });
    let answer = Body { chats: chats.collect() };
    // All of it is reserved at once, where no key needs escapes.
    let mut written = Vec::with_capacity(body.len() + AROUND * keys.len());
    serde_json::to_writer(&mut written, &answer).map_err(|_| ApiError::internal())?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(written))
}

fn parse<'a>(body: &'a [u8], directory: &Directory) -> Result<Request<'a>, BadInput> {
    let json::Object(wire): json::Object<Wire<'a>> = json::read(body)?;
    let missing = |field: &str| BadInput::Missing(field.to_owned());
    let from = wire.from.filter(|from| !from.is_empty()).ok_or_else(|| missing("from"))?;
    let keys = wire.conversation_keys.filter(|keys| !keys.is_empty());
    let keys = keys.ok_or_else(|| missing("conversation_keys"))?;
    if keys.len() > MAX_KEYS {
        let why = format!("has {} entries; {MAX_KEYS} are allowed", keys.len());
        return Err(BadInput::unusable("conversation_keys", why));
    }
    let line = directory.number(&from).map_err(|_| BadInput::NotAPhoneNumber("from".to_owned()))?;
    Ok(Request { line, keys })
}

fn meanings<'k>(keys: &'k [Text<'_>]) -> Result<Vec<Meaning<'k>>, BadInput> {
    let meaning = |(index, key): (usize, &'k Text<'_>)| {
        Meaning::of(key).map_err(|why| BadInput::unusable(format!("conversation_keys[{index}]"), why))
    };
    keys.iter().enumerate().map(meaning).collect()
}

#[expect(clippy::ref_option, reason = "serde hands it over so")]
fn as_text<S: Serializer>(id: &Option<ChatId>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.serialize_str(id.to_text(&mut [0; ChatId::TEXT_BYTES])),
        None => serializer.serialize_none(),
    }
}
