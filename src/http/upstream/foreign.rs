//! `POST /upstream/v1/{kind}/{relay}`: relays that exist already say what happened, one event a request.
//!
//! Their senders give up on any 4xx, so what a later retry could mend is answered 503. A body is taken for what the
//! relay's kind sends, whatever its headers say.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data, Payload},
};

use super::{Sender, answer_one, take_in};
use crate::{
    domain::{phone::PhoneNumber, relay_kind::RelayKind},
    error::BadInput,
    http::{
        body::{self, BodyError},
        caller,
        error::{ApiError, Code},
        query::Query,
        state::AppState,
    },
    upstream::{Parsed, Rejected, bluebubbles, linq},
};

/// The query parameter that names the line, where a relay's URL has it.
const LINE: &str = "line";

pub(in crate::http) async fn bluebubbles(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let source = Source { kind: RelayKind::BlueBubbles, line_is: LINE };
    take(&state, &request, payload, source, |body| {
        let line = line_of(&request)?;
        Ok(bluebubbles::parse(body, line.as_ref()))
    })
    .await
}

pub(in crate::http) async fn linq(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let source = Source { kind: RelayKind::Linq, line_is: "the event's line" };
    take(&state, &request, payload, source, |body| Ok(linq::parse(body))).await
}

/// What is told apart by the route.
struct Source {
    kind: RelayKind,
    /// What names the line of an event, for whoever has to mend it.
    line_is: &'static str,
}

async fn take(
    state: &AppState,
    request: &HttpRequest,
    payload: Payload,
    source: Source,
    parse: impl FnOnce(&[u8]) -> Result<Result<Parsed, Rejected>, BadInput>,
) -> Result<HttpResponse, ApiError> {
    let body = read(request, payload, state).await?;
    let name = request.match_info().get("relay").unwrap_or_default();
    let relay = caller::relay_of_kind(state, request, source.kind, name, &body).await?;
    let event = parse(&body)?;
    answer_one(take_in(state, Sender { relay: &relay, line_is: source.line_is }, vec![event]).await?)
}

async fn read(request: &HttpRequest, payload: Payload, state: &AppState) -> Result<Bytes, ApiError> {
    body::read(request, payload, state.limits).await.map_err(|why| match why {
        BodyError::TooSlow(_) | BodyError::BrokeOff => ApiError::new(Code::Unavailable, why.to_string()),
        BodyError::TooLarge(_) => why.into(),
    })
}

fn line_of(request: &HttpRequest) -> Result<Option<PhoneNumber>, BadInput> {
    let number = Query::of(request).get(LINE)?.map(PhoneNumber::from_formatted).transpose();
    number.map_err(|_| BadInput::NotAPhoneNumber(LINE.to_owned()))
}
