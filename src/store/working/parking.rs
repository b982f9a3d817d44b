//! The parked reports that a batch has looked up, parks and takes out again.

use std::collections::{HashMap, HashSet};

use crate::{
    domain::{ids::Slug, parking::Usage},
    store::parked::{Parked, ParkedId, ParkedQuery},
};

/// Parked reports.
#[derive(Debug, Default)]
pub struct Parking {
    reports: HashMap<ParkedId, Parked>,
    /// What each query found, in the order of arrival. What was taken out since is skipped.
    found: HashMap<ParkedQuery, Vec<ParkedId>>,
    /// Of reports that were asked for one by one: whether they are parked.
    looked_for: HashMap<ParkedId, bool>,
    usage: HashMap<Slug, Usage>,
    added: HashSet<ParkedId>,
    removed: Vec<Parked>,
}

/// As much is parked of this relay as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParkingFull;

/// Loading.
impl Parking {
    /// Notes what a query found.
    pub fn add_found(&mut self, query: ParkedQuery, found: Vec<Parked>) {
        let ids = found.iter().map(|parked| parked.id).collect();
        self.found.insert(query, ids);
        self.reports.extend(found.into_iter().map(|parked| (parked.id, parked)));
    }

    /// Notes whether a report is parked.
    pub fn add_looked_for(&mut self, id: ParkedId, is_parked: bool) {
        self.looked_for.insert(id, is_parked);
    }

    /// Notes how much of a relay is parked.
    pub fn add_usage(&mut self, relay: Slug, usage: Usage) {
        self.usage.insert(relay, usage);
    }

    pub(super) fn is_loaded(&self, query: &ParkedQuery) -> bool {
        self.found.contains_key(query)
    }

    pub(super) fn has_looked_for(&self, id: ParkedId) -> bool {
        self.looked_for.contains_key(&id)
    }

    pub(super) fn usage(&self, relay: &Slug) -> Option<Usage> {
        self.usage.get(relay).copied()
    }
}

/// Deciding.
impl Parking {
    /// What a query has found and nobody has taken out yet.
    pub fn found(&self, query: &ParkedQuery) -> impl Iterator<Item = &Parked> {
        self.found.get(query).into_iter().flatten().filter_map(|id| self.reports.get(id))
    }

    /// Whether a report may be parked, or is parked already.
    #[must_use]
    pub fn takes(&self, parked: &Parked) -> bool {
        self.is_parked(parked.id)
            || self.usage(&parked.relay).unwrap_or_default().has_room_for(parked.bytes())
    }

    /// Parks a report, unless it is parked already.
    ///
    /// # Errors
    ///
    /// When there is no room for it.
    pub fn park(&mut self, parked: Parked) -> Result<(), ParkingFull> {
        if !self.takes(&parked) {
            return Err(ParkingFull);
        }
        if !self.is_parked(parked.id) {
            let usage = self.usage.entry(parked.relay.clone()).or_default();
            *usage = usage.with(parked.bytes());
            self.found.entry(parked.query()).or_default().push(parked.id);
            self.added.insert(parked.id);
            self.looked_for.insert(parked.id, true);
            self.reports.insert(parked.id, parked);
        }
        Ok(())
    }

    /// Takes out all that a query has found, in the order of arrival.
    pub fn take_out(&mut self, query: &ParkedQuery) -> Vec<Parked> {
        let ids = self.found.get_mut(query).map(std::mem::take).unwrap_or_default();
        let taken: Vec<Parked> = ids.into_iter().filter_map(|id| self.reports.remove(&id)).collect();
        for parked in &taken {
            self.forget(parked);
        }
        taken
    }

    fn forget(&mut self, parked: &Parked) {
        if let Some(usage) = self.usage.get_mut(&parked.relay) {
            *usage = usage.without(parked.bytes());
        }
        self.looked_for.insert(parked.id, false);
        if !self.added.remove(&parked.id) {
            self.removed.push(parked.clone());
        }
    }

    fn is_parked(&self, id: ParkedId) -> bool {
        self.looked_for.get(&id).copied().unwrap_or(false)
    }
}

/// Saving.
impl Parking {
    /// What was parked.
    pub fn added(&self) -> impl Iterator<Item = &Parked> {
        self.added.iter().filter_map(|id| self.reports.get(id))
    }

    /// What was taken out.
    #[must_use]
    pub fn removed(&self) -> &[Parked] {
        &self.removed
    }
}
