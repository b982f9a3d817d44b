//! Reports that cannot be placed yet are parked, and applied when what they wait for comes.
//!
//! A conversation or the owner of a number becomes known by an event, so what waits for it is applied in that
//! event's own transaction. A line is registered by an operator: [`Unpark`] is what follows.

use sha2::{Digest, Sha256};

use super::{arrival::Arrival, numbers};
use crate::{
    domain::ids::Slug,
    store::{
        directory::Place,
        parked::{Awaits, NumberRef, Parked, ParkedQuery},
        working::{ConversationRef, Moment, Needs, Working},
    },
};

/// What becomes known to a relay's line, for those who wait for it.
pub(super) fn query_of(relay: &Slug, conversation: &ConversationRef) -> ParkedQuery {
    ParkedQuery::Conversation(relay.clone(), conversation.conversation.clone())
}

/// Ids of chats to be are made of these where no chat can come to be.
pub(super) const NO_CHAT: [u8; 10] = [0; 10];

/// What must be seen before [`apply_all`].
pub(super) fn needs(query: &ParkedQuery, place: Option<&Place>, loaded: &Working, needs: &mut Needs) {
    needs.parked(loaded, query);
    for parked in loaded.parking.found(query) {
        let about = parked.report.about_number;
        if let Some((number, _)) = about {
            needs.number(loaded, NumberRef { relay: parked.relay.clone(), number });
        }
        let resolved = numbers::resolve(about, &parked.relay, loaded);
        if let Some(arrival) = arrival_of(parked, place, NO_CHAT) {
            numbers::needs(&arrival, &resolved, loaded, needs);
        }
    }
}

/// Applies all that waits for what has become known: a conversation on `place`, or the owner of a number. None of
/// it mints a chat.
pub(super) fn apply_all(query: &ParkedQuery, place: Option<&Place>, working: &mut Working, moment: &Moment) {
    for parked in working.parking.take_out(query) {
        if let Some(arrival) = arrival_of(&parked, place, NO_CHAT) {
            apply(&parked, arrival, working, moment);
        }
    }
}

/// A parked report as it enters a chat: on the line that it was placed on when it came, or on `place`, which all
/// others need.
fn arrival_of(parked: &Parked, place: Option<&Place>, id_bits: [u8; 10]) -> Option<Arrival> {
    let (line, tenant) = match (&parked.awaits, place) {
        (Awaits::Owner { tenant, line, .. }, _) => (line, tenant),
        (Awaits::Conversation | Awaits::Line(_), Some(place)) => (&place.line, &place.tenant),
        (Awaits::Conversation | Awaits::Line(_), None) => return None,
    };
    Some(Arrival::new(parked.report.on(line), tenant, parked.relay.clone(), parked.arrived, id_bits))
}

/// Nobody waits for an answer any more, so what goes wrong is logged.
fn apply(parked: &Parked, arrival: Arrival, working: &mut Working, moment: &Moment) {
    let relay = &parked.relay;
    let resolved = numbers::resolve(parked.report.about_number, relay, working);
    match numbers::take(arrival, resolved, working, moment) {
        Ok(_) => metrics::counter!("chert_groups_unparked_total").increment(1),
        Err(why) => tracing::warn!(%relay, %why, "a parked report is refused, and lost"),
    }
}

/// Applies what waits for a line, or for some line, to one that an operator has registered. Up to a slice of it
/// at a time.
pub struct Unpark {
    query: ParkedQuery,
    place: Place,
    /// Of this the ids of minted chats are made.
    seed: [u8; 16],
}

impl Unpark {
    /// Takes out what `query` finds, and applies it on `place`.
    #[must_use]
    pub fn new(query: ParkedQuery, place: Place, seed: [u8; 16]) -> Self {
        Self { query, place, seed }
    }

    pub(super) fn needs(&self, loaded: &Working, wanted: &mut Needs) {
        needs(&self.query, Some(&self.place), loaded, wanted);
        for parked in loaded.parking.found(&self.query) {
            for query in self.unlocks(parked, loaded) {
                needs(&query, Some(&self.place), loaded, wanted);
            }
        }
    }

    /// How many reports were taken out.
    pub(super) fn decide(self, working: &mut Working, moment: &Moment) -> usize {
        let taken = working.parking.take_out(&self.query);
        for (index, parked) in taken.iter().enumerate() {
            let unlocked = self.unlocks(parked, working);
            if let Some(arrival) = arrival_of(parked, Some(&self.place), self.id_bits(index)) {
                apply(parked, arrival, working, moment);
            }
            for query in &unlocked {
                apply_all(query, Some(&self.place), working, moment);
            }
        }
        taken.len()
    }

    /// Who waits for what this report will make known.
    fn unlocks(&self, parked: &Parked, working: &Working) -> Vec<ParkedQuery> {
        let arrival = arrival_of(parked, Some(&self.place), NO_CHAT);
        let unknown = arrival.iter().flat_map(|arrival| arrival.unknown_conversations(working));
        unknown.map(|conversation| query_of(&parked.relay, conversation)).collect()
    }

    fn id_bits(&self, index: usize) -> [u8; 10] {
        let hash = Sha256::new().chain_update(self.seed).chain_update(index.to_be_bytes());
        let full: [u8; 32] = hash.finalize().into();
        full.first_chunk().copied().unwrap_or_default()
    }
}
