//! The events of Linq's partner API: `wire` is their form, and each kind has a file for what it means: `message`,
//! `reaction`, `created`, `membership` and `update`; `handles` knows what they say of people.
//!
//! A refusal loses the event for good, since it is not sent again. So an event is refused only for what can never be
//! right, and where it leaves something open, as it may, that is not said.

mod created;
mod handles;
mod membership;
mod message;
mod reaction;
mod update;
mod wire;

#[cfg(test)]
mod tests;

use super::{Parsed, Rejected, event_id, field::required};
use crate::{
    domain::{
        conversation_key::ConversationKey,
        event::Says,
        phone::PhoneNumber,
        report::{Opinion, Report},
        time::{Time, TimeError},
    },
    error::BadInput,
    json::{self, Object},
};
use wire::WireEnvelope;

/// What an event's data tells.
struct Told {
    /// When it happened, where the data says so itself.
    at: Option<Time>,
    line: Option<PhoneNumber>,
    key: ConversationKey,
    says: Says,
    about_line: Option<Opinion>,
}

/// Reads the data of an event's body; `None` when it names no chat, and so says nothing.
type Reader = fn(&[u8]) -> Result<Option<Told>, BadInput>;

/// How the data of an event is read. There are many more types than speak of a conversation, and ever new ones.
#[rustfmt::skip]
fn reader_of(event_type: &str) -> Option<Reader> {
    Some(match event_type {
        "message.received" | "message.sent"   => message::written,
        "message.edited"                      => message::edited,
        "reaction.added" | "reaction.removed" => reaction::told,
        "chat.created"                        => created::told,
        "participant.added"                   => membership::added,
        "participant.removed"                 => membership::removed,
        "chat.group_name_updated"             => update::name,
        "chat.group_icon_updated"             => update::icon,
        _ => return None,
    })
}

/// Judges an event.
///
/// # Errors
///
/// When it is not the JSON that Linq sends, or a field that is read has a value that cannot be used.
pub fn parse(body: &[u8]) -> Result<Parsed, Rejected> {
    let Object(envelope): Object<WireEnvelope<'_>> =
        json::read(body).map_err(|why| Rejected { event_id: event_id::in_unreadable(body), why })?;
    envelope
        .judge(body)
        .map_err(|why| Rejected { event_id: event_id::shown(envelope.event_id.as_ref()), why })
}

impl WireEnvelope<'_> {
    fn judge(&self, body: &[u8]) -> Result<Parsed, BadInput> {
        let reader = reader_of(required(self.event_type.as_ref(), "event_type")?);
        let id = event_id::judged(self.event_id.as_ref())?;
        let told = reader.map(|read| read(body)).transpose()?.flatten();
        let Some(told) = told else { return Ok(Parsed::Ignored(id)) };
        Ok(Parsed::Speaks(Box::new(Report {
            id,
            claimed: told.at.map_or_else(|| self.created_at(), Ok)?,
            line: told.line,
            key: told.key,
            previous: None,
            client_ref: None,
            says: told.says,
            about_line: told.about_line,
            about_number: None,
            teaches: Vec::new(),
        })))
    }

    /// When the event was made: what counts where its data has no time of its own.
    fn created_at(&self) -> Result<Time, BadInput> {
        const FIELD: &str = "created_at";
        let at = self.created_at.as_ref().ok_or_else(|| BadInput::Missing(FIELD.to_owned()))?;
        at.read().ok_or_else(|| BadInput::unusable(FIELD, TimeError))
    }
}
