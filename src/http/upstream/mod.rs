//! Relays say what happened: [`native`] in our own protocol, [`foreign`] in theirs.
//!
//! Whatever the route, each event is judged by the directory, taken by the registry, and answered after that is
//! durable.

pub(super) mod foreign;
pub(super) mod native;

use std::{sync::Arc, time::Duration};

use actix_web::HttpResponse;
use serde::Serialize;
use tokio::time::sleep;

use super::{
    error::{ApiError, Described},
    measure,
    state::AppState,
};
use crate::{
    domain::{
        ids::{EventId, Slug},
        time::Time,
    },
    registry::{command::Command, ingest::Ingested, placement::place, settle::SettleFailure},
    store::{committer::CommitError, directory::Directory},
    upstream::{Failed, Parsed, Rejected},
};

/// How long it takes to be told that the queue is full. Those who then come again at once, instead of after the time that
/// they are told, would otherwise take the processors from those whose events are in the queue.
const REFUSAL_TAKES: Duration = Duration::from_millis(500);

/// The answer to one event.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    Taken { event_id: &'a str, chat_id: Option<String>, outcome: &'static str },
    Rejected { event_id: Option<&'a str>, outcome: &'static str, error: Described<'a> },
}

#[derive(Serialize)]
struct Answers<'a> {
    results: Vec<Answer<'a>>,
}

/// Who sends events, and what names their line on its route.
#[derive(Clone, Copy)]
struct Sender<'a> {
    relay: &'a Slug,
    line_is: &'static str,
}

/// What came of an event, whether it got as far as the registry or not.
struct Handled {
    event_id: Option<String>,
    came_of_it: Result<Option<Ingested>, ApiError>,
}

fn answer_one(results: Vec<Handled>) -> Result<HttpResponse, ApiError> {
    let result = results.into_iter().next().ok_or_else(ApiError::internal)?;
    match result.answer() {
        Answer::Rejected { .. } => Err(result.came_of_it.err().unwrap_or_else(ApiError::internal)),
        taken @ Answer::Taken { .. } => Ok(HttpResponse::Ok().json(taken)),
    }
}

fn answer_many(sender: Sender<'_>, results: &[Handled]) -> HttpResponse {
    tell_of_rejected(sender, results);
    HttpResponse::Ok().json(Answers { results: results.iter().map(Handled::answer).collect() })
}

/// Logs what is refused of a batch: how many events, and why the first of them. The request itself succeeds.
fn tell_of_rejected(sender: Sender<'_>, results: &[Handled]) {
    let mut refusals = results.iter().filter_map(|result| result.came_of_it.as_ref().err());
    let Some(first) = refusals.next() else { return };
    let (code, why, rejected) = (first.number(), first.to_string(), 1 + refusals.count());
    tracing::info!(relay = %sender.relay, events = results.len(), rejected, code, why, "events refused");
}

impl Handled {
    fn answer(&self) -> Answer<'_> {
        let answer = match &self.came_of_it {
            Ok(ingested) => Answer::Taken {
                event_id: self.event_id.as_deref().unwrap_or_default(),
                chat_id: ingested.and_then(|ingested| ingested.chat).map(|chat| chat.to_string()),
                outcome: ingested.map_or("ignored", |ingested| ingested.outcome.as_str()),
            },
            Err(error) => Answer::Rejected {
                event_id: self.event_id.as_deref(),
                outcome: "rejected",
                error: error.described(),
            },
        };
        let (Answer::Taken { outcome, .. } | Answer::Rejected { outcome, .. }) = &answer;
        measure::event(outcome);
        answer
    }
}

/// What is decided about an event before the registry sees it.
enum Judgement {
    /// It says nothing that is kept.
    Ignored,
    /// It cannot be used.
    Refused(ApiError),
    /// The registry is to take it.
    Accepted(Command),
}

/// Takes events in; the results are in their order.
async fn take_in(
    state: &AppState,
    sender: Sender<'_>,
    events: Vec<Result<Parsed, Rejected>>,
) -> Result<Vec<Handled>, ApiError> {
    let directory = directory_for(state, sender.relay, &events).await;
    let now = state.clock.now();
    let mut accepted = Vec::with_capacity(events.len());
    let mut handled = Vec::with_capacity(events.len());
    let mut waiting = Vec::with_capacity(events.len());
    for event in events {
        let (event_id, judgement) = judge(&directory, sender, event, now);
        let came_of_it = match judgement {
            Judgement::Ignored => Ok(None),
            Judgement::Refused(error) => Err(error),
            Judgement::Accepted(command) => {
                accepted.push(command);
                waiting.push(handled.len());
                Ok(None)
            }
        };
        handled.push(Handled { event_id, came_of_it });
    }
    if accepted.is_empty() {
        return Ok(handled);
    }
    let replies = match state.registry.take(accepted).await {
        Err(full @ CommitError::Full) => {
            sleep(REFUSAL_TAKES).await;
            return Err(full.into());
        }
        taken => taken?,
    };
    for (place, reply) in waiting.into_iter().zip(replies) {
        if let Some(handled) = handled.get_mut(place) {
            handled.came_of_it = reply.map_err(ApiError::from);
        }
    }
    Ok(handled)
}

/// Judges an event; the id is as much of it as could be read.
fn judge(
    directory: &Directory,
    Sender { relay, line_is }: Sender<'_>,
    event: Result<Parsed, Rejected>,
    now: Time,
) -> (Option<String>, Judgement) {
    let text = |id: &EventId| Some(id.as_str().to_owned());
    match event {
        Err(Rejected { event_id, why }) => (event_id, Judgement::Refused(why.into())),
        Ok(Parsed::Ignored(id)) => (text(&id), Judgement::Ignored),
        Ok(Parsed::Failed(id, Failed { delivery, line })) => {
            let failure = SettleFailure::new(delivery, relay.clone(), line);
            (text(&id), Judgement::Accepted(Command::SettleFailure(failure)))
        }
        Ok(Parsed::Speaks(report)) => {
            let id = text(&report.id);
            let command = place(directory, relay, &report).command(*report, relay.clone(), now);
            let refused = || Judgement::Refused(ApiError::not_your_line(line_is));
            (id, command.map_or_else(refused, Judgement::Accepted))
        }
    }
}

/// The directory, looked up anew when it does not know one of the events' lines as this relay's.
async fn directory_for(
    state: &AppState,
    relay: &Slug,
    events: &[Result<Parsed, Rejected>],
) -> Arc<Directory> {
    let held = Arc::clone(&state.directory.now());
    let misses = |event: &Result<Parsed, Rejected>| match event {
        Ok(Parsed::Speaks(report)) => place(&held, relay, report).may_be_news(),
        _ => false,
    };
    if !events.iter().any(misses) {
        return held;
    }
    state.directory.look_again().await;
    Arc::clone(&state.directory.now())
}
