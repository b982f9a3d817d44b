//! A report that names no line, or one that nobody has registered, comes in.
//!
//! Of a relay's several lines those are meant that know the conversation already, each of them. When none does,
//! the report is parked.

use std::sync::Arc;

use super::{
    arrival::Arrival,
    ingest::{Ingested, Outcome, Refusal},
    numbers::{self, ByNumber},
    parking,
};
use crate::{
    domain::{ids::Slug, report::Report, stamp::Stamp, time::Time},
    store::{
        directory::Place,
        parked::{Awaits, Parked},
        working::{ConversationRef, Moment, Needs, Working},
    },
};

/// A report that must find its lines.
pub struct Seek {
    /// The report as it is parked, should it have to be.
    parked: Parked,
    /// The lines that may be meant.
    places: Arc<[Place]>,
    by_number: ByNumber,
    said_at: Stamp,
}

impl Seek {
    /// A report of `relay` that came at `now` and may be about any of `places`; about none yet when there are none.
    #[must_use]
    pub fn new(mut report: Report, places: Arc<[Place]>, relay: Slug, now: Time) -> Self {
        let by_number = ByNumber::of(&mut report);
        let said_at = numbers::said_at(&report, now);
        let awaits = report.line.clone().map_or(Awaits::Conversation, Awaits::Line);
        Self { parked: Parked::new(relay, now, awaits, report), places, by_number, said_at }
    }

    pub(super) fn needs(&self, loaded: &Working, needs: &mut Needs) {
        let Parked { relay, report, id, .. } = &self.parked;
        for place in &*self.places {
            needs.everywhere(loaded, (place.tenant.clone(), report.key.conversation()));
        }
        // Somebody in the same batch may make the conversation known.
        report.client_ref.into_iter().for_each(|delivery| needs.delivery(loaded, delivery));
        needs.room_to_park(loaded, relay, *id);
        self.by_number.needs(relay, loaded, needs);
        for arrival in self.arrivals(loaded) {
            numbers::needs(&arrival, &self.by_number.resolve(relay, loaded), loaded, needs);
        }
        for query in self.by_number.unlocks(relay, loaded) {
            parking::needs(&query, None, loaded, needs);
        }
    }

    pub(super) fn decide(self, working: &mut Working, moment: &Moment) -> Result<Ingested, Refusal> {
        let unlocked = self.by_number.unlocks(&self.parked.relay, working);
        let ingested = self.place(working, moment)?;
        self.by_number.teach(&self.parked.relay, &self.said_at, working);
        for query in &unlocked {
            parking::apply_all(query, None, working, moment);
        }
        Ok(ingested)
    }

    /// Takes the report into the chat of each line that knows the conversation, or parks it. The answer is that of
    /// the first line that took it.
    fn place(&self, working: &mut Working, moment: &Moment) -> Result<Ingested, Refusal> {
        let mut results = Vec::new();
        for arrival in self.arrivals(working) {
            let resolved = self.by_number.resolve(&self.parked.relay, working);
            results.push(numbers::take(arrival, resolved, working, moment));
        }
        let taken = results.iter().find(|result| result.is_ok()).or(results.first());
        if let Some(result) = taken {
            return *result;
        }
        working.parking.park(self.parked.clone())?;
        Ok(Ingested { chat: None, outcome: Outcome::Parked })
    }

    /// The report on each of the lines that know its conversation.
    fn arrivals(&self, working: &Working) -> Vec<Arrival> {
        let Parked { relay, report, arrived, .. } = &self.parked;
        let conversation = report.key.conversation();
        let knows = |place: &&Place| {
            let (tenant, line) = (place.tenant.clone(), place.line.clone());
            working.find(&ConversationRef { tenant, line, conversation: conversation.clone() }).is_some()
        };
        let arrival = |place: &Place| {
            Arrival::new(report.on(&place.line), &place.tenant, relay.clone(), *arrived, parking::NO_CHAT)
        };
        self.places.iter().filter(knows).map(arrival).collect()
    }
}
