//! People whom a relay names by its own numbers: whose they are is learnt from what else it reports.

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

impl ByNumber {
    /// What `report` has to do with them. What it teaches is taken out of it.
    pub(super) fn of(report: &mut Report) -> Self {
        Self { about: report.about_number, teaches: std::mem::take(&mut report.teaches) }
    }

    pub(super) fn needs(&self, relay: &Slug, loaded: &Working, needs: &mut Needs) {
        let about = self.about.as_ref().map(|(number, _)| number);
        for number in self.teaches.iter().map(|(number, _)| number).chain(about) {
            needs.number(loaded, NumberRef { relay: relay.clone(), number: *number });
        }
    }

    /// The numbers that the report will make known, with who waits for that.
    pub(super) fn unlocks(&self, relay: &Slug, working: &Working) -> Vec<ParkedQuery> {
        let numbers =
            self.teaches.iter().map(|(number, _)| NumberRef { relay: relay.clone(), number: *number });
        numbers.filter(|number| working.numbers.is_unknown(number)).map(ParkedQuery::Owner).collect()
    }

    /// What the report says about the owner of a number, as far as the report itself or another one tells whose
    /// it is.
    pub(super) fn resolve(&self, relay: &Slug, working: &Working) -> Resolved {
        let taught = self.about.and_then(|(about, opinion)| {
            let owner = self.teaches.iter().find(|(number, _)| *number == about);
            owner.map(|(_, handle)| opinion.of(handle.clone()))
        });
        taught.map_or_else(|| resolve(self.about, relay, working), Resolved::Known)
    }

    /// Learns whose numbers the report tells.
    pub(super) fn teach(self, relay: &Slug, stamp: &Stamp, working: &mut Working) {
        for (number, handle) in self.teaches {
            let number = NumberRef { relay: relay.clone(), number };
            working.numbers.learn(number, Owner { handle, stamp: stamp.clone() });
        }
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
    mut arrival: Arrival,
    resolved: Resolved,
    working: &mut Working,
    moment: &Moment,
) -> Result<Ingested, Refusal> {
    let waiting = match resolved {
        Resolved::Nothing => None,
        Resolved::Known(mention) => {
            arrival.add(mention);
            None
        }
        Resolved::Unknown(number, opinion) => Some(waiting(&arrival, number, opinion)),
    };
    arrival.check(working)?;
    if let Some(waiting) = waiting {
        working.parking.park(waiting)?;
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
    let awaits = Awaits::Owner { tenant: arrival.tenant().clone(), line: line.clone(), number };
    Parked::new(arrival.relay().clone(), arrival.arrived(), awaits, report)
}

/// When a report counts as having said whose numbers it tells.
pub(super) fn said_at(report: &Report, arrived: Time) -> Stamp {
    // A clock that runs ahead must not settle a number for good.
    Stamp { time: report.claimed.min(arrived), event: report.id.clone() }
}
