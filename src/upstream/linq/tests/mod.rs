//! Every payload of `fixtures/linq` and what it means, then the rules one by one.

mod chats;
mod envelope;
mod groups;
mod messages;
mod samples;

use super::parse;
use crate::{
    domain::{
        conversation_key::ConversationKey,
        event::{Says, Word},
        handle::Handle,
        ids::EventId,
        phone::PhoneNumber,
        report::{Opinion, Report},
        service::Service,
        text::DisplayName,
        time::Time,
    },
    upstream::{
        Parsed,
        people::{LISTED, listed_as, subject},
        samples::{Payload, mention, spoken},
    },
};

const US: &str = "+12025550100";
const SAM: &str = "+12025550142";

const CHAT: &str = "b183b0d3-3211-43db-8b4b-9bb7294dcf7b";

fn message() -> Payload {
    Payload::of("linq/01-message.received-group-2026.json")
}

fn created() -> Payload {
    Payload::of("linq/03-chat.created.json")
}

fn added() -> Payload {
    Payload::of("linq/04-participant.added.json")
}

fn removed() -> Payload {
    Payload::of("linq/05-participant.removed.json")
}

fn renamed() -> Payload {
    Payload::of("linq/07-chat.group_name_updated.json")
}

fn reaction() -> Payload {
    Payload::of("linq/11-reaction.added.json")
}

#[track_caller]
fn report(payload: &Payload) -> Report {
    spoken(parse(&payload.body()))
}

#[track_caller]
fn refusal(payload: &Payload) -> String {
    parse(&payload.body()).unwrap_err().why.to_string()
}

#[track_caller]
fn assert_ignored(payload: &Payload) {
    assert!(matches!(parse(&payload.body()), Ok(Parsed::Ignored(_))));
}

/// An event in [`CHAT`] that says nothing yet.
fn report_of(id: &str, at: &str) -> Report {
    Report {
        id: EventId::new(id).unwrap(),
        claimed: Time::parse(at).unwrap(),
        line: None,
        key: ConversationKey::new(CHAT).unwrap(),
        previous: None,
        client_ref: None,
        says: Says::default(),
        about_line: None,
        about_number: None,
        teaches: Vec::new(),
    }
}

fn number(text: &str) -> PhoneNumber {
    text.parse().unwrap()
}

fn handles(addresses: &[&str]) -> Vec<Handle> {
    addresses.iter().map(|address| Handle::new(address).unwrap()).collect()
}

/// A name that somebody gave.
fn name_of(name: &str) -> Option<DisplayName> {
    DisplayName::new(name).unwrap()
}
