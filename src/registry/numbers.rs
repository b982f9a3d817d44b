//! People whom a relay names by its own numbers: whose they are is learnt from what else it reports.

use std::borrow::Cow;

use super::{
    arrival::Arrival,
    ingest::{Ingested, Refusal},
};
use crate::{
    domain::{
        event::{Event, Mention, Says},
        handle::Handle,
        ids::Slug,
        report::{Opinion, Report, RowNumber},
        stamp::Stamp,
        time::Time,
    },
    store::{
        parked::{Awaits, NumberRef, Parked, ParkedQuery},
        working::{Moment, Needs, Working, numbers::Owner},
    },
};

/// What a report has to do with numbers.
pub(super) struct ByNumber {
    /// What it says about whom.
    about: Option<(RowNumber, Opinion)>,
    /// Whose numbers it tells.
    teaches: Vec<(RowNumber, Handle)>,
    /// When it counts as having said so.
    said_at: Stamp,
}

/// What is to be done about an opinion on the owner of a number.
pub(super) enum Resolved {
    /// There is none.
    Nothing,
    /// The owner is known.
    Known(Mention),
    /// The opinion must wait.
    Unknown(RowNumber, Opinion),
}

/// Whether there must be room for what has to wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// It needs some.
    Needed,
    /// It has waited for something else until now, and goes on.
    Had,
}

impl ByNumber {
    /// What `report`, that came at `arrived`, has to do with them. What it teaches is taken out of it.
    pub(super) fn of(report: &mut Report, arrived: Time) -> Self {
        Self {
            about: report.about_number,
            teaches: std::mem::take(&mut report.teaches),
            // A clock that runs ahead must not settle a number for good.
            said_at: Stamp { time: report.claimed.min(arrived), event: report.id.clone() },
        }
    }

    pub(super) fn needs(&self, relay: &Slug, loaded: &Working, needs: &mut Needs) {
        let about = self.about.as_ref().map(|(number, _)| number);
        for number in self.teaches.iter().map(|(number, _)| number).chain(about) {
            needs.number(loaded, NumberRef { relay: relay.clone(), number: *number });
        }
    }

    /// What the report says about the owner of a number, as far as the report itself or another one tells whose
    /// it is.
    pub(super) fn resolve(&self, relay: &Slug, working: &Working) -> Resolved {
        let taught = self.about.and_then(|(about, opinion)| {
            let owners = self.teaches.iter().filter(|(number, _)| *number == about);
            owners.map(|(_, handle)| handle).max().map(|handle| opinion.of(handle.clone()))
        });
        taught.map_or_else(|| resolve(self.about, relay, working), Resolved::Known)
    }

    /// Learns whose numbers the report tells; returns who waits for those that were nobody's.
    pub(super) fn teach(&self, relay: &Slug, working: &mut Working) -> Vec<ParkedQuery> {
        let mut unlocked = Vec::new();
        for (number, handle) in &self.teaches {
            let number = NumberRef { relay: relay.clone(), number: *number };
            if working.numbers.owner(&number).is_none() {
                unlocked.push(ParkedQuery::Owner(number.clone()));
            }
            working.numbers.learn(number, Owner { stamp: self.said_at.clone(), handle: handle.clone() });
        }
        unlocked
    }
}

/// What an opinion on the owner of a number comes to.
pub(super) fn resolve(about: Option<(RowNumber, Opinion)>, relay: &Slug, working: &Working) -> Resolved {
    let Some((number, opinion)) = about else { return Resolved::Nothing };
    match working.numbers.owner(&NumberRef { relay: relay.clone(), number }) {
        Some(owner) => Resolved::Known(opinion.of(owner.handle.clone())),
        None => Resolved::Unknown(number, opinion),
    }
}

/// Takes an event into its chat, with what it says about the owner of a number: now, or when that is known.
pub(super) fn take(
    arrival: &Arrival,
    resolved: Resolved,
    room: Room,
    working: &mut Working,
    moment: &Moment,
) -> Result<Ingested, Refusal> {
    // Nearly all name nobody by number, and are taken as they are.
    let mut arrival = Cow::Borrowed(arrival);
    let waiting = match resolved {
        Resolved::Nothing => None,
        Resolved::Known(mention) => {
            arrival.to_mut().add(mention);
            None
        }
        Resolved::Unknown(number, opinion) => Some(waiting(&arrival, number, opinion)),
    };
    arrival.check(working)?;
    match (waiting, room) {
        (Some(waiting), Room::Needed) => working.parking.park(waiting)?,
        (Some(waiting), Room::Had) => working.parking.keep(waiting),
        (None, _) => {}
    }
    Ok(arrival.take(working, moment))
}

/// What must be seen before [`take`].
pub(super) fn needs(arrival: &Arrival, resolved: &Resolved, loaded: &Working, needs: &mut Needs) {
    arrival.needs(loaded, needs);
    if let Resolved::Unknown(number, opinion) = resolved {
        let waiting = waiting(arrival, *number, *opinion);
        needs.room_to_park(loaded, arrival.relay(), waiting.id);
    }
}

/// The part of an event that waits for the owner of a number, when all else of it is taken.
fn waiting(arrival: &Arrival, number: RowNumber, opinion: Opinion) -> Parked {
    let Event { id, claimed, line, key, .. } = arrival.event();
    let report = Report {
        id: id.clone(),
        claimed: *claimed,
        line: Some(line.clone()),
        key: key.clone(),
        previous: None,
        client_ref: None,
        says: Says::default(),
        about_line: None,
        about_number: Some((number, opinion)),
        teaches: Vec::new(),
    };
    let awaits = Awaits::Owner { tenant: arrival.place().tenant.clone(), line: line.clone(), number };
    Parked::new(arrival.relay().clone(), arrival.arrived(), awaits, report)
}
