//! The people of an event. A Mac numbers its handles, and names some of them by number only.

use super::wire::{WireChat, WireData, WireHandle};
use crate::{
    domain::{
        event::Mention,
        handle::Handle,
        report::{Opinion, RowNumber},
        service::Service,
    },
    error::BadInput,
    json::Object,
    upstream::{field, roster::Roster},
};

/// Somebody whom an event names by address.
pub(super) struct Named {
    row: Option<RowNumber>,
    handle: Handle,
    service: Option<Service>,
}

/// The people whom an event names by address.
pub(super) struct People {
    /// Whoever wrote, changed the group, or left it.
    pub(super) actor: Option<Named>,
    /// The roster, where the event has one.
    pub(super) participants: Vec<Named>,
}

/// A number that counts: 0 stands for nobody.
pub(super) fn row_number(number: Option<i64>) -> Option<RowNumber> {
    number.filter(|number| *number > 0).map(RowNumber)
}

impl Named {
    fn read(wire: &WireHandle<'_>, path: impl Fn() -> String) -> Result<Self, BadInput> {
        Ok(Self {
            row: row_number(wire.row),
            handle: field::handle(wire.address.as_ref(), || format!("{}.address", path()))?,
            service: wire.service.as_deref().and_then(Service::from_name),
        })
    }

    /// The opinion as an assertion about them.
    pub(super) fn mentioned(&self, opinion: Opinion) -> Mention {
        Mention { service: self.service, ..opinion.of(self.handle.clone()) }
    }
}

impl People {
    pub(super) fn read(data: &WireData<'_>, chat: &WireChat<'_>) -> Result<Self, BadInput> {
        let listed = Roster::checked(chat.participants.as_ref(), "data.chats[0].participants")?;
        let actor =
            data.handle.as_ref().map(|Object(handle)| Named::read(handle, || "data.handle".to_owned()));
        let one = |(index, Object(handle)): (usize, &Object<WireHandle<'_>>)| {
            Named::read(handle, || format!("data.chats[0].participants[{index}]"))
        };
        Ok(Self {
            actor: actor.transpose()?,
            participants: listed.iter().enumerate().map(one).collect::<Result<_, _>>()?,
        })
    }

    /// Whoever has this number, if the event says so itself.
    pub(super) fn numbered(&self, row: RowNumber) -> Option<&Named> {
        self.all().find(|named| named.row == Some(row))
    }

    /// Whose numbers the event tells, each once.
    pub(super) fn numbers(&self) -> Vec<(RowNumber, Handle)> {
        let mut numbers: Vec<_> =
            self.all().filter_map(|named| Some((named.row?, named.handle.clone()))).collect();
        numbers.sort();
        numbers.dedup();
        numbers
    }

    /// The service that the conversation goes over, as far as its people show: the actor's, or the one that all
    /// participants share.
    pub(super) fn service(&self) -> Option<Service> {
        let shared = || {
            let service = self.participants.first()?.service;
            service.filter(|_| self.participants.iter().all(|named| named.service == service))
        };
        self.actor.as_ref().and_then(|actor| actor.service).or_else(shared)
    }

    fn all(&self) -> impl Iterator<Item = &Named> {
        self.participants.iter().chain(&self.actor)
    }
}
