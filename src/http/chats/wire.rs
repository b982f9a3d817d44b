//! A chat as callers see it.

use serde::Serialize;

use crate::{
    domain::{chat::ChatState, event::Word, service::Service},
    store::query::SeenChat,
};

/// A chat in answers.
#[derive(Serialize)]
pub(super) struct ChatBody<'a> {
    id: String,
    display_name: Option<&'a str>,
    handles: Vec<HandleBody<'a>>,
    is_group: Option<bool>,
    service: Option<&'static str>,
    health_score: Option<u8>,
    created_at: String,
    from: &'a str,
    status: &'static str,
    version: u64,
    updated_at: String,
}

/// An active participant, in a chat.
#[derive(Serialize)]
pub(super) struct HandleBody<'a> {
    pub(super) service: Option<&'static str>,
    pub(super) address: &'a str,
}

/// A participant with its history.
#[derive(Serialize)]
pub(super) struct ParticipantBody<'a> {
    service: Option<&'static str>,
    address: &'a str,
    display_name: Option<&'a str>,
    is_me: bool,
    status: &'static str,
    joined_at: Option<String>,
    left_at: Option<String>,
}

impl<'a> ChatBody<'a> {
    pub(super) fn of(SeenChat { chat, health }: &'a SeenChat) -> Self {
        let state = &chat.state;
        Self {
            id: chat.id.to_string(),
            display_name: state.name().map(crate::domain::text::DisplayName::as_str),
            handles: handles(state),
            is_group: state.is_group(),
            service: state.service().map(Service::as_str),
            health_score: health.score(),
            created_at: chat.created_at.to_rfc3339(),
            from: chat.line.as_str(),
            status: chat.status().as_str(),
            version: chat.version,
            updated_at: chat.updated_at.to_rfc3339(),
        }
    }
}

fn handles(state: &ChatState) -> Vec<HandleBody<'_>> {
    state
        .participants()
        .filter(|(_, _, standing)| standing.word == Word::Active)
        .map(|(handle, person, _)| HandleBody {
            service: person.service().map(Service::as_str),
            address: handle.as_str(),
        })
        .collect()
}

/// All participants, the departed included, ordered by address.
pub(super) fn participants(state: &ChatState) -> Vec<ParticipantBody<'_>> {
    state
        .participants()
        .map(|(handle, person, standing)| ParticipantBody {
            service: person.service().map(Service::as_str),
            address: handle.as_str(),
            display_name: person.name().map(crate::domain::text::DisplayName::as_str),
            is_me: false,
            status: standing.word.as_str(),
            joined_at: person.further.added_at.map(crate::domain::time::Time::to_rfc3339),
            left_at: (standing.word != Word::Active).then(|| standing.since.to_rfc3339()),
        })
        .collect()
}
