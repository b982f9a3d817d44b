//! The ceiling: no store. It checks the signature, reads the event into its types and answers.

use std::{path::Path, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data},
};
use chert_groups::clock::Clock;

use crate::{
    naive,
    serving::{self, Answer, Shared},
};

/// As long as any other.
const CHAT: &str = "00000000-0000-7000-8000-000000000000";

/// Serves until it is killed. The store is read once, for the directory.
pub(crate) fn run(store: &Path) -> anyhow::Result<()> {
    let directory = naive::directory(store)?;
    serving::serve(Shared { directory, clock: Clock::system() }, post)
}

async fn post(
    shared: Data<Arc<Shared>>,
    request: HttpRequest,
    body: Bytes,
) -> actix_web::Result<HttpResponse> {
    let accepted = serving::accept(&shared, &request, &body)?;
    let single = accepted.is_single();
    let answers = accepted.events.into_iter().map(|(event, _)| Answer {
        event_id: event.id.as_str().to_owned(),
        chat_id: CHAT.to_owned(),
        outcome: "unchanged",
    });
    Ok(serving::answer(single, answers.collect()))
}
