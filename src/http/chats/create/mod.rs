//! `POST /api/v1/chats`: create a group or a direct chat. `parse` checks what is asked, `render` writes the answer.

mod parse;
mod render;

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::HeaderName,
    web::{Data, Payload},
};
use tokio::time::timeout;

use super::asker;
use crate::{
    domain::ids::Slug,
    http::{
        body,
        error::{ApiError, Code},
        state::AppState,
    },
    registry::create::{Answer, CreateError, request::CreateRequest},
    store::directory::Directory,
    trace,
};
use parse::parse;
use render::render;

/// How long a caller waits at most. What it asked for goes on, and is found by its idempotency key.
const PATIENCE: Duration = Duration::from_secs(13);

/// Tells an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

pub(in crate::http) async fn post(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let (tenant, body) = asker(&state, &request, payload).await?;
    body::expect_json(&request)?;
    let create = parse(&body, tenant)?;
    let (directory, relay) = relay_of(&state, &create).await?;
    expect_creates(&directory, &relay)?;
    // On a task of its own, so that a caller who hangs up does not stop it half-way.
    let shared = state.clone();
    let run = async move { shared.registry.create(&shared.relays, directory, create, relay, render).await };
    let running = state.creates.spawn_on(trace::handed_on(run), &state.runtime);
    match timeout(PATIENCE, running).await {
        Ok(Ok(Ok(answer))) => Ok(respond(answer)),
        Ok(Ok(Err(failure))) => Err(logged(failure).into()),
        Ok(Err(_)) => Err(ApiError::internal()),
        Err(_) => {
            Err(ApiError::new(Code::Unavailable, "the create takes too long; ask again under the same key"))
        }
    }
}

fn respond(answer: Answer) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type("application/json");
    if answer.replayed {
        response.insert_header((REPLAYED, "true"));
    }
    response.body(answer.body)
}

fn logged(failure: CreateError) -> CreateError {
    tracing::info!(%failure, "a create did not succeed");
    failure
}

/// The relay of the line, when the line is the caller's and active.
async fn relay_of(state: &AppState, create: &CreateRequest) -> Result<(Arc<Directory>, Slug), ApiError> {
    let find = |directory: &Directory| {
        let line = directory.line(&create.from)?;
        (line.tenant == create.tenant && line.active).then(|| line.relay.clone())
    };
    let held = Arc::clone(&state.directory.now());
    if let Some(relay) = find(&held) {
        return Ok((held, relay));
    }
    state.directory.look_again().await;
    let fresh = Arc::clone(&state.directory.now());
    match find(&fresh) {
        Some(relay) => Ok((fresh, relay)),
        None => Err(ApiError::new(Code::NotYourLine, "from is no active line of this tenant")),
    }
}

fn expect_creates(directory: &Directory, relay: &Slug) -> Result<(), ApiError> {
    match directory.relay(relay) {
        Some(relay) if !relay.kind.takes_creates() => {
            Err(ApiError::new(Code::NotSupported, "the relay of this line takes no creates"))
        }
        _ => Ok(()),
    }
}
