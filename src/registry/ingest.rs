//! An event whose line is known comes in.

use super::{
    arrival::Arrival,
    numbers::{self, ByNumber},
    parking,
};
use crate::{
    clock,
    domain::{
        chat::MAX_HANDLES,
        ids::{ChatId, Slug},
        report::Report,
        stamp::Stamp,
        time::Time,
    },
    store::{
        committer::CommitError,
        directory::Place,
        parked::ParkedQuery,
        working::{Moment, Needs, Working, parking::ParkingFull},
    },
};

/// An event whose line was found to be a tenant's, and to be served by the relay that sent it.
pub struct Ingest {
    arrival: Arrival,
    place: Place,
    by_number: ByNumber,
    said_at: Stamp,
}

/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ingested {
    /// Its chat; `None` while it is parked.
    pub chat: Option<ChatId>,
    /// What it did.
    pub outcome: Outcome,
}

/// What an event did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It cannot be placed yet, and will be by itself.
    Parked,
    /// It was taken before, and said nothing new.
    Duplicate,
    /// It said nothing new about a known chat.
    Unchanged,
    /// It changed something about a known chat.
    Updated,
    /// It minted the chat.
    Created,
}

/// Why an event is refused although it is well-formed. It has changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The chat would know too many handles.
    #[error("data.chat.handles would make more than {MAX_HANDLES} handles in this chat")]
    TooManyHandles,
    /// It cannot be placed yet, and as much of its relay is parked as may be.
    #[error("too many events of this relay wait for their line or conversation to be known")]
    ParkingFull,
}

impl From<ParkingFull> for Refusal {
    fn from(_: ParkingFull) -> Self {
        Self::ParkingFull
    }
}

/// Why an event was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It is not durable.
    #[error(transparent)]
    NotCommitted(#[from] CommitError),
}

impl Ingest {
    /// A report of `relay` about the line of `place`, that came at `now`.
    #[must_use]
    pub fn new(mut report: Report, place: Place, relay: Slug, now: Time) -> Self {
        let by_number = ByNumber::of(&mut report);
        let said_at = numbers::said_at(&report, now);
        let event = report.into_event(place.line.clone());
        let arrival = Arrival::new(event, &place.tenant, relay, now, clock::random());
        Self { arrival, place, by_number, said_at }
    }

    pub(super) fn needs(&self, loaded: &Working, needs: &mut Needs) {
        let relay = self.arrival.relay();
        self.by_number.needs(relay, loaded, needs);
        numbers::needs(&self.arrival, &self.by_number.resolve(relay, loaded), loaded, needs);
        for query in self.unlocks(loaded) {
            parking::needs(&query, Some(&self.place), loaded, needs);
        }
    }

    pub(super) fn decide(self, working: &mut Working, moment: &Moment) -> Result<Ingested, Refusal> {
        let relay = self.arrival.relay().clone();
        let resolved = self.by_number.resolve(&relay, working);
        let unlocked = self.unlocks(working);
        let ingested = numbers::take(self.arrival, resolved, working, moment)?;
        self.by_number.teach(&relay, &self.said_at, working);
        for query in &unlocked {
            parking::apply_all(query, Some(&self.place), working, moment);
        }
        Ok(ingested)
    }

    /// Who waits for what this event will make known.
    fn unlocks(&self, working: &Working) -> Vec<ParkedQuery> {
        let relay = self.arrival.relay();
        let mut unlocks = self.by_number.unlocks(relay, working);
        if self.place.takes_parked {
            let conversations = self.arrival.unknown_conversations(working);
            unlocks.extend(conversations.map(|conversation| parking::query_of(relay, conversation)));
        }
        unlocks
    }
}

impl Outcome {
    /// The name in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Duplicate => "duplicate",
            Self::Parked => "parked",
        }
    }
}
