//! What a relay reports, before it is known where that belongs.
//!
//! A report becomes an [`Event`] when it is placed on a line. Nearly all name their line; some real formats
//! name a conversation only, and then somebody who knows lines and conversations must say which are meant.

use super::{
    conversation_key::ConversationKey,
    delivery::DeliveryId,
    event::{Event, Mention, Says, Word},
    handle::Handle,
    ids::EventId,
    phone::PhoneNumber,
    stamp::Strength,
    time::Time,
};

/// What a relay reports about a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The relay's id of the event.
    pub id: EventId,
    /// When it happened, as upstream claims.
    pub claimed: Time,
    /// The line whose conversation it is, where the report names one.
    pub line: Option<PhoneNumber>,
    /// The conversation.
    pub key: ConversationKey,
    /// Another key that the same conversation had before.
    pub previous: Option<ConversationKey>,
    /// The delivery that it says it is a consequence of.
    pub client_ref: Option<DeliveryId>,
    /// What it says about everything that it names.
    pub says: Says,
    /// What it says about the line, whichever that is.
    pub about_line: Option<Opinion>,
    /// What it says about somebody whom it names only by the relay's own number.
    pub about_number: Option<(RowNumber, Opinion)>,
    /// Whose numbers it tells.
    pub teaches: Vec<(RowNumber, Handle)>,
}

/// Whether somebody is in, and how strongly that is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// In or out.
    pub word: Word,
    /// How strongly.
    pub strength: Strength,
}

/// A relay's own number of a handle: it means something to that relay only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowNumber(pub i64);

impl Opinion {
    /// Whoever writes or reacts is there.
    pub const WRITES: Self = Self { word: Word::Active, strength: Strength::Sender };

    /// The opinion as an assertion about `handle`.
    #[must_use]
    pub fn of(self, handle: Handle) -> Mention {
        Mention { handle, word: self.word, strength: self.strength, service: None, name: None }
    }
}

impl Report {
    /// The event that this report is on `line`: all of it but what it says about somebody whom it names by number.
    #[must_use]
    pub fn on(&self, line: &PhoneNumber) -> Event {
        self.clone().into_event(line.clone())
    }

    /// The same, for the only or last line that it is placed on.
    #[must_use]
    pub fn into_event(self, line: PhoneNumber) -> Event {
        let mut says = self.says;
        says.people.extend(self.about_line.map(|opinion| opinion.of(Handle::from(&line))));
        Event {
            id: self.id,
            claimed: self.claimed,
            line,
            key: self.key,
            previous: self.previous,
            client_ref: self.client_ref,
            says,
        }
    }
}
