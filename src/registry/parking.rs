//! Reports that cannot be placed yet are parked, and applied when what they wait for comes.
//!
//! A conversation or the owner of a number becomes known by an event, and what waits for it is applied in that
//! event's own transaction. A line is registered by an operator, and the attendant looks after what waits for it.
//! Either way it is an [`Unpark`] that follows.

use sha2::{Digest, Sha256};

use super::{
    arrival::Arrival,
    command::Command,
    numbers::{self, Room},
};
use crate::{
    clock,
    domain::{conversation_key::Conversation, ids::Slug},
    store::{
        directory::Place,
        parked::{Awaits, NumberRef, Parked, ParkedQuery},
        working::{Moment, Needs, Working},
    },
};

/// Something is known now: what has waited for it is taken out and applied, a slice at a time.
pub struct Unpark {
    query: ParkedQuery,
    places: Vec<Place>,
    seed: Seed,
}

/// Of this the ids of minted chats are made.
pub type Seed = [u8; 16];

/// What an event may need of randomness, drawn at once: the bits of its own chat's id, and a seed for what follows. They
/// are independent, since everybody sees the former.
pub(super) fn draw() -> ([u8; 10], Seed) {
    let random: [u8; 26] = clock::random_from_stock();
    // Twenty-six bytes have ten in front and sixteen behind.
    (random.first_chunk().copied().unwrap_or_default(), random.last_chunk().copied().unwrap_or_default())
}

impl Unpark {
    /// Takes out what `query` finds, and applies it on `places`. What waits for the owner of a number has its place
    /// already.
    #[must_use]
    pub fn new(query: ParkedQuery, places: Vec<Place>, seed: Seed) -> Self {
        Self { query, places, seed }
    }

    /// The commands that follow when these have become known to a line.
    pub(super) fn all(
        queries: Vec<ParkedQuery>,
        place: Option<&Place>,
        seed: Seed,
    ) -> impl Iterator<Item = Command> {
        let places: Vec<_> = place.into_iter().cloned().collect();
        queries.into_iter().map(move |query| Self::new(query, places.clone(), seed).into())
    }

    /// The relay, and the conversation if it is one that is known now.
    pub(super) fn about(&self) -> (&Slug, Option<&Conversation>) {
        match &self.query {
            ParkedQuery::Conversation(relay, conversation) => (relay, Some(conversation)),
            ParkedQuery::Line(relay, _) | ParkedQuery::Unplaced(relay) => (relay, None),
            ParkedQuery::Owner(number) => (&number.relay, None),
        }
    }

    pub(super) fn needs(&self, loaded: &Working, needs: &mut Needs) {
        needs.parked(loaded, &self.query);
        for parked in loaded.parking.found(&self.query) {
            let about = parked.report.about_number;
            if let Some((number, _)) = about {
                needs.number(loaded, NumberRef { relay: parked.relay.clone(), number });
            }
            let resolved = numbers::resolve(about, &parked.relay, loaded);
            for arrival in self.arrivals_of(parked) {
                numbers::needs(&arrival, &resolved, loaded, needs);
            }
        }
    }

    /// Whether there is more that somebody must come for.
    pub(super) fn decide(&self, working: &mut Working, moment: &Moment, then: &mut Vec<Command>) -> bool {
        let taken = working.parking.take_out(&self.query);
        for parked in &taken {
            for arrival in self.arrivals_of(parked) {
                self.apply(&arrival, parked, working, moment, then);
            }
        }
        let more = working.parking.has_more(&self.query);
        if more && self.is_followed_to_the_end() {
            then.push(Self::new(self.query.clone(), self.places.clone(), self.seed).into());
            return false;
        }
        more
    }

    /// Whether nobody would come for the rest.
    fn is_followed_to_the_end(&self) -> bool {
        match self.query {
            ParkedQuery::Conversation(..) | ParkedQuery::Owner(_) => true,
            ParkedQuery::Line(..) | ParkedQuery::Unplaced(_) => false,
        }
    }

    /// Nobody waits for an answer any more, so what goes wrong is logged.
    fn apply(
        &self,
        arrival: &Arrival,
        parked: &Parked,
        working: &mut Working,
        moment: &Moment,
        then: &mut Vec<Command>,
    ) {
        let relay = &parked.relay;
        let resolved = numbers::resolve(parked.report.about_number, relay, working);
        let (unlocked, place) = (arrival.unlocks(working), arrival.place().clone());
        match numbers::take(arrival, resolved, Room::Had, working, moment) {
            Ok(_) => {
                metrics::counter!("chert_groups_unparked_total").increment(1);
                then.extend(Self::all(unlocked, Some(&place), self.seed));
            }
            Err(why) => tracing::warn!(%relay, %why, "a parked report is refused, and lost"),
        }
    }

    /// A parked report as it enters chats: on the line that it was placed on when it came, or on those of `places`.
    fn arrivals_of(&self, parked: &Parked) -> Vec<Arrival> {
        let arrival = |place: Place| {
            let (event, id_bits) = (parked.report.on(&place.line), self.id_bits(parked, &place));
            Arrival::new(event, place, parked.relay.clone(), parked.arrived, id_bits)
        };
        match &parked.awaits {
            Awaits::Owner { tenant, line, .. } => {
                vec![arrival(Place { tenant: tenant.clone(), line: line.clone(), takes_parked: false })]
            }
            Awaits::Conversation | Awaits::Line(_) => self.places.iter().cloned().map(arrival).collect(),
        }
    }

    fn id_bits(&self, parked: &Parked, place: &Place) -> [u8; 10] {
        let hash = Sha256::new().chain_update(self.seed).chain_update(parked.id);
        let hash = hash.chain_update(place.line.as_str());
        let full: [u8; 32] = hash.finalize().into();
        full.first_chunk().copied().unwrap_or_default()
    }
}

impl From<Unpark> for Command {
    fn from(unpark: Unpark) -> Self {
        Self::Unpark(Box::new(unpark))
    }
}
