//! A report that names no line, or one that nobody has registered, comes in.
//!
//! Of a relay's several lines those are meant that know the conversation already, each of them, and the one that a
//! delivery went to of which the report is a consequence. When there is none, the report is parked.

use super::{
    arrival::Arrival,
    command::{Command, touched_by},
    ingest::{Ingested, Outcome, Refusal},
    numbers::{self, ByNumber, Room},
    parking::{Seed, Unpark, draw},
};
use crate::{
    domain::{ids::Slug, report::Report, time::Time},
    store::{
        directory::{Place, Places},
        lanes::Touches,
        parked::{Awaits, Parked},
        working::{EverywhereRef, Moment, Needs, Working},
    },
};

/// A report that must find its lines.
pub struct Seek {
    /// The report as it is parked, should it have to be.
    parked: Parked,
    /// The lines that may be meant.
    places: Places,
    by_number: ByNumber,
    seed: Seed,
    id_bits: [u8; 10],
}

impl Seek {
    /// A report of `relay` that came at `now` and may be about any of `places`; about none yet when there are none.
    #[must_use]
    pub fn new(mut report: Report, places: Places, relay: Slug, now: Time) -> Self {
        let by_number = ByNumber::of(&mut report, now);
        let awaits = report.line.clone().map_or(Awaits::Conversation, Awaits::Line);
        let parked = Parked::new(relay, now, awaits, report);
        let (id_bits, seed) = draw();
        Self { parked, places, by_number, seed, id_bits }
    }

    pub(super) fn touches(&self) -> Touches {
        let report = &self.parked.report;
        touched_by(&self.parked.relay, &report.key, report.previous.as_ref())
    }

    pub(super) fn needs(&self, loaded: &Working, needs: &mut Needs) {
        let Parked { relay, report, id, .. } = &self.parked;
        let (relay, places, conversation) = (relay.clone(), self.places.clone(), report.key.conversation());
        needs.room_to_park(loaded, &relay, *id);
        self.by_number.needs(&relay, loaded, needs);
        report.client_ref.into_iter().for_each(|delivery| needs.delivery(loaded, delivery));
        for arrival in self.arrivals(loaded) {
            numbers::needs(&arrival, &self.by_number.resolve(&relay, loaded), loaded, needs);
        }
        if !places.all().is_empty() {
            needs.everywhere(loaded, EverywhereRef { relay, places, conversation });
        }
    }

    pub(super) fn decide(
        &self,
        working: &mut Working,
        moment: &Moment,
        then: &mut Vec<Command>,
    ) -> Result<Ingested, Refusal> {
        let ingested = self.place(working, moment, then)?;
        then.extend(Unpark::all(self.by_number.teach(&self.parked.relay, working), None, self.seed));
        Ok(ingested)
    }

    /// Takes the report into the chat of each line that is meant, or parks it.
    fn place(
        &self,
        working: &mut Working,
        moment: &Moment,
        then: &mut Vec<Command>,
    ) -> Result<Ingested, Refusal> {
        let mut answer = None;
        for arrival in self.arrivals(working) {
            let resolved = self.by_number.resolve(&self.parked.relay, working);
            let (unlocked, place) = (arrival.unlocks(working), arrival.place().clone());
            let taken = numbers::take(&arrival, resolved, Room::Needed, working, moment);
            if taken.is_ok() {
                then.extend(Unpark::all(unlocked, Some(&place), self.seed));
            }
            answer = Some(answer.map_or(taken, |before| more_important(before, taken)));
        }
        answer.unwrap_or_else(|| {
            working.parking.park(self.parked.clone())?;
            Ok(Ingested { chat: None, outcome: Outcome::Parked })
        })
    }

    /// The report on each of the lines that are meant.
    fn arrivals(&self, working: &Working) -> Vec<Arrival> {
        let Parked { relay, report, arrived, .. } = &self.parked;
        let of_delivery = self.place_of_delivery(working);
        let conversation = report.key.conversation();
        let known = working.known_on(&conversation);
        let mut places: Vec<&Place> =
            known.filter_map(|(tenant, line)| self.places.find(tenant, line)).collect();
        places.extend(of_delivery.filter(|place| !places.contains(place)));
        let arrival = |place: &Place| {
            Arrival::new(report.on(&place.line), place.clone(), relay.clone(), *arrived, self.id_bits)
        };
        places.into_iter().map(arrival).collect()
    }

    /// The line that a delivery went to of which the report is a consequence.
    fn place_of_delivery(&self, working: &Working) -> Option<&Place> {
        let delivery = working.delivery(self.parked.report.client_ref?)?;
        let is_theirs = delivery.relay == self.parked.relay;
        self.places.find(&delivery.tenant, &delivery.line).filter(|_| is_theirs)
    }
}

/// Of what came of a report on two lines, what its sender must hear. That it has to come again is most important,
/// since whoever has taken it already takes it twice without harm; then what it has done, and the first of equals.
fn more_important(
    one: Result<Ingested, Refusal>,
    other: Result<Ingested, Refusal>,
) -> Result<Ingested, Refusal> {
    match (one, other) {
        (Err(Refusal::ParkingFull), _) | (_, Err(Refusal::ParkingFull)) => Err(Refusal::ParkingFull),
        (Ok(before), Ok(now)) if now.outcome > before.outcome => other,
        (Err(_), Ok(_)) => other,
        _ => one,
    }
}
