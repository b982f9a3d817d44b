//! Every payload of `fixtures/bluebubbles` and what it means, then the rules one by one.

mod changes;
mod chats;
mod messages;
mod refusals;
mod samples;

use super::parse;
use crate::{
    domain::{
        conversation_key::ConversationKey,
        event::{Says, Word},
        handle::Handle,
        ids::EventId,
        report::{Opinion, Report, RowNumber},
        service::Service,
        text::DisplayName,
        time::Time,
    },
    upstream::{
        Parsed,
        people::{LISTED, subject},
        samples::{Payload, mention, spoken},
    },
};

const ALEX: &str = "+12025550141";
const SAM: &str = "+12025550142";
const ROBIN: &str = "robin@example.org";
const KIM: &str = "+442079460018";

/// The numbers of the four, as their Mac has them.
const ROWS: [(i64, &str); 4] = [(7, ALEX), (9, SAM), (12, ROBIN), (15, KIM)];

const GROUP: &str = "iMessage;+;chat730441906218844105";

fn message() -> Payload {
    Payload::of("bluebubbles/01-new-message-group.json")
}

fn renamed() -> Payload {
    Payload::of("bluebubbles/03-group-name-change.json")
}

fn added() -> Payload {
    Payload::of("bluebubbles/05-participant-added-with-participants.json")
}

fn left() -> Payload {
    Payload::of("bluebubbles/08-participant-left.json")
}

#[track_caller]
fn report(payload: &Payload) -> Report {
    spoken(parse(&payload.body(), None))
}

/// What an event in [`GROUP`] says at the least.
fn report_of(id: &str, millis: i64) -> Report {
    Report {
        id: EventId::new(id).unwrap(),
        claimed: Time::from_millis(millis),
        line: None,
        key: ConversationKey::new(GROUP).unwrap(),
        previous: None,
        client_ref: None,
        says: Says {
            name: Some(name_of("Trail runners")),
            service: Some(Service::IMessage),
            is_group: true,
            ..Says::default()
        },
        about_line: None,
        about_number: None,
        teaches: teaching(&[7]),
    }
}

/// A name that somebody gave.
fn name_of(name: &str) -> Option<DisplayName> {
    DisplayName::new(name).unwrap()
}

/// The numbers that an event tells, of those of [`ROWS`].
fn teaching(rows: &[i64]) -> Vec<(RowNumber, Handle)> {
    let told = ROWS.iter().filter(|(row, _)| rows.contains(row));
    told.map(|(row, address)| (RowNumber(*row), Handle::new(address).unwrap())).collect()
}

/// A complete roster.
fn listing(says: Says, members: &[&str]) -> Says {
    let people = members.iter().map(|member| mention(member, LISTED)).collect();
    Says { roster_complete: true, people, ..says }
}
