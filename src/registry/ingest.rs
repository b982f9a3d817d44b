//! An event whose line is known comes in.

use super::{
    arrival::Arrival,
    command::{Command, touched_by},
    numbers::{self, ByNumber, Room},
    parking::{Seed, Unpark, draw},
};
use crate::{
    domain::{
        chat::MAX_HANDLES,
        ids::{ChatId, Slug},
        report::Report,
        time::Time,
    },
    store::{
        committer::CommitError,
        directory::Place,
        lanes::Touches,
        working::{Moment, Needs, Working, parking::ParkingFull},
    },
};

/// An event whose line was found to be a tenant's, and to be served by the relay that sent it.
pub struct Ingest {
    arrival: Arrival,
    by_number: ByNumber,
    seed: Seed,
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
        let by_number = ByNumber::of(&mut report, now);
        let event = report.into_event(place.line.clone());
        let (id_bits, seed) = draw();
        let arrival = Arrival::new(event, place, relay, now, id_bits);
        Self { arrival, by_number, seed }
    }

    pub(super) fn touches(&self) -> Touches {
        let event = self.arrival.event();
        touched_by(self.arrival.relay(), &event.key, event.previous.as_ref())
    }

    pub(super) fn needs(&self, loaded: &Working, needs: &mut Needs) {
        let relay = self.arrival.relay();
        self.by_number.needs(relay, loaded, needs);
        numbers::needs(&self.arrival, &self.by_number.resolve(relay, loaded), loaded, needs);
    }

    pub(super) fn decide(
        &self,
        working: &mut Working,
        moment: &Moment,
        then: &mut Vec<Command>,
    ) -> Result<Ingested, Refusal> {
        let (relay, place) = (self.arrival.relay().clone(), self.arrival.place().clone());
        let resolved = self.by_number.resolve(&relay, working);
        let unlocked = self.arrival.unlocks(working);
        let ingested = numbers::take(&self.arrival, resolved, Room::Needed, working, moment)?;
        then.extend(Unpark::all(self.by_number.teach(&relay, working), None, self.seed));
        then.extend(Unpark::all(unlocked, Some(&place), self.seed));
        Ok(ingested)
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
