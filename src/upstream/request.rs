//! A request body, taken apart into events.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Parsed, Rejected, native};
use crate::{
    error::BadInput,
    json::{self, Object},
};

/// The most events that one request may carry.
pub const MAX_EVENTS: usize = 1000;

/// What a body holds. The two forms are answered differently, also when the second holds a single event.
#[derive(Debug)]
pub enum Events {
    /// One event.
    One(Result<Parsed, Rejected>),
    /// Any number of events, each of which stands or falls alone.
    Many(Vec<Result<Parsed, Rejected>>),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    events: Option<Vec<&'a RawValue>>,
}

/// Takes apart a JSON body: one event, or `{"events":[…]}`.
///
/// # Errors
///
/// When the body as a whole cannot be used: not JSON, `events` empty or of more than [`MAX_EVENTS`].
pub fn from_json(body: &[u8]) -> Result<Events, BadInput> {
    // An event is what nearly all bodies are; it is looked at as an envelope only when it says that it is one.
    let event = native::read(body);
    if !matches!(event, Ok(native::Read { envelope: true, .. })) {
        return Ok(Events::One(event.and_then(native::Read::parse)));
    }
    let Object(Envelope { events }) = json::read(body)?;
    let events = events.unwrap_or_default();
    check_count(events.len())?;
    let parse = |raw: &&RawValue| native::read(raw.get().as_bytes()).and_then(native::Read::parse);
    Ok(Events::Many(events.iter().map(parse).collect()))
}

/// Takes apart an NDJSON body: one event a line, blank lines skipped.
///
/// # Errors
///
/// When it holds no event, or more than [`MAX_EVENTS`].
pub fn from_ndjson(body: &[u8]) -> Result<Events, BadInput> {
    let lines: Vec<&[u8]> =
        body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).collect();
    check_count(lines.len())?;
    let parse = |line: &[u8]| native::read(line).and_then(native::Read::parse);
    Ok(Events::Many(lines.into_iter().map(parse).collect()))
}

fn check_count(events: usize) -> Result<(), BadInput> {
    match events {
        0 => Err(BadInput::Missing("events".to_owned())),
        1..=MAX_EVENTS => Ok(()),
        _ => Err(BadInput::unusable("events", format!("has {events} entries; {MAX_EVENTS} are allowed"))),
    }
}
