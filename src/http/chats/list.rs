//! `GET /api/v1/chats`: a page of chats.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::ContentType,
    web::{Data, Payload},
};
use serde::Serialize;

use super::{asker, cursor::Cursor, shown, wire::ChatBody};
use crate::{
    domain::{conversation_key::ConversationKey, handle::Handle, ids::Slug, time::Time},
    error::BadInput,
    http::{error::ApiError, query::Query, state::AppState},
    store::{
        directory::Directory,
        memory::Shown,
        query::{ChatFilter, Order},
    },
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

#[derive(Serialize)]
struct Body<'a> {
    chats: Vec<ChatBody<'a>>,
    next_cursor: Option<String>,
    count: usize,
}

pub(in crate::http) async fn get(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let (tenant, _) = asker(&state, &request, payload).await?;
    let filter = parse(&Query::of(&request), &tenant, &state.directory.now())?;
    match by_conversation(&state, &tenant, &filter).await? {
        Some(page) => Ok(HttpResponse::Ok().content_type(ContentType::json()).body(page)),
        None => by_any_filter(&state, filter).await,
    }
}

/// The whole listing, where a conversation is all that is asked for and its chats fit on one page.
async fn by_conversation(
    state: &AppState,
    tenant: &Slug,
    filter: &ChatFilter,
) -> Result<Option<Vec<u8>>, ApiError> {
    let ChatFilter { line, conversation, handle, is_group, order, limit, tenant: _ } = filter;
    let (Some(conversation), None, None, Order::NewestFirst { before: None }) =
        (conversation, handle, is_group, order)
    else {
        return Ok(None);
    };
    let found = state.registry.find(tenant, line.as_ref(), conversation, shown::show).await?;
    let fits = |found: &Vec<_>| u32::try_from(found.len()).is_ok_and(|count| count <= *limit);
    Ok(found.filter(fits).map(|found| whole_listing(&found)))
}

/// As [`Body`] writes it.
fn whole_listing(found: &[Arc<Shown>]) -> Vec<u8> {
    let chats: Vec<&[u8]> = found.iter().map(|shown| shown::chat(shown)).collect();
    let mut body = Vec::with_capacity(64 + chats.iter().map(|chat| chat.len() + 1).sum::<usize>());
    body.extend_from_slice(b"{\"chats\":[");
    body.extend_from_slice(&chats.join(b",".as_slice()));
    body.extend_from_slice(format!("],\"next_cursor\":null,\"count\":{}}}", chats.len()).as_bytes());
    body
}

async fn by_any_filter(state: &AppState, mut filter: ChatFilter) -> Result<HttpResponse, ApiError> {
    let by_update = matches!(filter.order, Order::ByUpdate { .. });
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    // One more than asked for tells whether there is a next page.
    filter.limit += 1;
    let mut chats = state.registry.list(filter).await?;
    let has_more = chats.len() > limit;
    chats.truncate(limit);
    let next = chats.last().filter(|_| has_more).map(|last| Cursor::after(&last.chat, by_update).encode());
    Ok(HttpResponse::Ok().json(Body {
        count: chats.len(),
        chats: chats.iter().map(ChatBody::of).collect(),
        next_cursor: next,
    }))
}

fn parse(query: &Query<'_>, tenant: &Slug, directory: &Directory) -> Result<ChatFilter, BadInput> {
    let line = query.get("from")?.map(|text| directory.number(text)).transpose();
    Ok(ChatFilter {
        tenant: Some(tenant.clone()),
        line: line.map_err(|_| BadInput::NotAPhoneNumber("from".to_owned()))?,
        conversation: query.parsed("conversation_key", ConversationKey::new)?.map(|key| key.conversation()),
        handle: query.parsed("handle", Handle::new)?,
        is_group: query.parsed("is_group", boolean)?,
        order: order(query)?,
        limit: query.parsed("limit", limit)?.unwrap_or(DEFAULT_LIMIT),
    })
}

fn order(query: &Query<'_>) -> Result<Order, BadInput> {
    let since = query.parsed("updated_since", Time::parse)?;
    let cursor = query.parsed("cursor", Cursor::decode)?;
    match (since, cursor) {
        (None, None) => Ok(Order::NewestFirst { before: None }),
        (None, Some(Cursor::ById(id))) => Ok(Order::NewestFirst { before: Some(id) }),
        (Some(since), None) => Ok(Order::ByUpdate { since, after: None }),
        (Some(since), Some(Cursor::ByUpdate(at, id))) => Ok(Order::ByUpdate { since, after: Some((at, id)) }),
        _ => Err(BadInput::unusable("cursor", "belongs to a listing in another order")),
    }
}

fn limit(text: &str) -> Result<u32, String> {
    // `parse` alone would also take a plus sign.
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number =
        digits.and_then(|digits| digits.parse().ok()).filter(|number| (1..=MAX_LIMIT).contains(number));
    number.ok_or_else(|| format!("must be a number from 1 to {MAX_LIMIT}"))
}

fn boolean(text: &str) -> Result<bool, &'static str> {
    text.parse().map_err(|_| "must be true or false")
}
