//! `POST /upstream/v1/events`: relays that speak our own protocol say what happened.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};

use super::{Sender, answer_many, answer_one, take_in};
use crate::{
    http::{
        body::{self, Format},
        caller,
        error::ApiError,
        state::AppState,
    },
    upstream::request::{self, Events},
};

pub(in crate::http) async fn post(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let body = body::read(&request, payload, state.limits).await?;
    let relay = caller::relay(&state, &request, &body).await?;
    let events = match body::format(&request)? {
        Format::Json => request::from_json(&body)?,
        Format::NdJson => request::from_ndjson(&body)?,
    };
    let sender = Sender { relay: &relay, line_is: "data.chat.owner_handle.handle" };
    match events {
        Events::One(event) => answer_one(take_in(&state, sender, vec![event]).await?),
        Events::Many(events) => Ok(answer_many(sender, &take_in(&state, sender, events).await?)),
    }
}
