//! `POST /api/v1/chats/resolve`: many conversation keys at once. Never mints.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::ContentType,
    web::{Data, Payload},
};
use serde::Deserialize;

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

pub(in crate::http) async fn post(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let (tenant, body) = asker(&state, &request, payload).await?;
    body::expect_json(&request)?;
    let Request { line, keys } = parse(&body, &state.directory.now())?;
    let ids = state.registry.resolve(&tenant, &line, &meanings(&keys)?).await?;
    let mut answer = Vec::with_capacity(body.len() + AROUND * keys.len());
    write(&keys, &ids, &mut answer);
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(answer))
}

/// Writes the answer, as serde would: with a thousand keys it is much of what a request costs.
fn write(keys: &[Text<'_>], ids: &[Option<ChatId>], answer: &mut Vec<u8>) {
    answer.extend_from_slice(b"{\"chats\":[");
    for (place, (key, id)) in keys.iter().zip(ids).enumerate() {
        let before: &[u8] = if place == 0 { b"" } else { b"," };
        answer.extend_from_slice(before);
        answer.extend_from_slice(b"{\"conversation_key\":");
        key.write(answer);
        answer.extend_from_slice(b",\"chat_id\":");
        match id {
            Some(id) => {
                let mut buffer = [0; ChatId::TEXT_BYTES];
                answer.push(b'"');
                answer.extend_from_slice(id.to_text(&mut buffer).as_bytes());
                answer.extend_from_slice(b"\"}");
            }
            None => answer.extend_from_slice(b"null}"),
        }
    }
    answer.extend_from_slice(b"]}");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_json_with_keys_as_they_were_spelled() {
        let body =
            r#"{"conversation_keys":["plain;+;1","a \"quoted\" one","\u0001\n\u00e9\ud83d\ude00","é/😀\\"]}"#;
        let json::Object(wire): json::Object<Wire<'_>> = json::read(body.as_bytes()).unwrap();
        let keys = wire.conversation_keys.unwrap();
        let ids = [Some(ChatId::from_bytes([7; 16])), None, None, Some(ChatId::from_bytes([0; 16]))];
        for count in 0..=keys.len() {
            let mut answer = Vec::new();
            write(&keys[..count], &ids[..count], &mut answer);
            let chats: Vec<_> = keys[..count]
                .iter()
                .zip(&ids)
                .map(|(key, id)| {
                    serde_json::json!({"conversation_key": &**key, "chat_id": id.map(|id| id.to_string())})
                })
                .collect();
            let written: serde_json::Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(written, serde_json::json!({ "chats": chats }));
        }
    }
}
