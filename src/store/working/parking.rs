//! The parked reports that a batch has looked up, parks and takes out again.

use crate::{
    domain::{ids::Slug, parking::Usage},
    hash::{QuickMap, QuickSet},
    store::parked::{Parked, ParkedId, ParkedQuery},
};

/// Parked reports.
#[derive(Debug, Default)]
pub struct Parking {
    reports: QuickMap<ParkedId, Parked>,
    lookups: QuickMap<ParkedQuery, Lookup>,
    /// Of reports that were asked for one by one, parked or taken out: whether they are parked.
    is_parked: QuickMap<ParkedId, bool>,
    usage: QuickMap<Slug, Usage>,
    added: QuickSet<ParkedId>,
    removed: Vec<Removed>,
}

/// How far a query has been followed. What others have taken out meanwhile is skipped.
#[derive(Debug, Default)]
struct Lookup {
    /// What was found and not taken out yet, in the order of arrival.
    found: Vec<ParkedId>,
    /// What this batch has parked: it comes after all that the store has.
    new: Vec<ParkedId>,
    /// How many reports the store was asked for so far.
    passed: u32,
    /// Whether the store was asked since the last report was taken out.
    is_loaded: bool,
    /// Whether the store has no more.
    is_complete: bool,
}

/// A report that was taken out.
#[derive(Debug)]
pub struct Removed {
    /// Which.
    pub id: ParkedId,
    /// Whose it was.
    pub relay: Slug,
    /// How many bytes of its relay's share it took.
    pub bytes: u64,
}

/// As much is parked of this relay as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParkingFull;

/// Loading.
impl Parking {
    /// Notes what a query found next; whether the store has no more.
    pub fn add_found(&mut self, query: ParkedQuery, found: Vec<Parked>, is_complete: bool) {
        let lookup = self.lookups.entry(query).or_default();
        lookup.passed += u32::try_from(found.len()).unwrap_or(u32::MAX);
        (lookup.is_loaded, lookup.is_complete) = (true, is_complete);
        for parked in found {
            // The store does not know yet what this batch has taken out.
            if self.is_parked.get(&parked.id) != Some(&false) {
                lookup.found.push(parked.id);
                self.reports.entry(parked.id).or_insert(parked);
            }
        }
    }

    /// Notes whether a report is parked.
    pub fn add_looked_for(&mut self, id: ParkedId, is_parked: bool) {
        self.is_parked.entry(id).or_insert(is_parked);
    }

    /// Notes how much of a relay the store has parked.
    pub fn add_usage(&mut self, relay: Slug, usage: Usage) {
        let removed = self.removed.iter().filter(|removed| removed.relay == relay);
        let usage = removed.fold(usage, |usage, removed| usage.without(removed.bytes));
        self.usage.entry(relay).or_insert(usage);
    }

    /// How many reports of a query were asked for already.
    #[must_use]
    pub fn passed(&self, query: &ParkedQuery) -> u32 {
        self.lookups.get(query).map_or(0, |lookup| lookup.passed)
    }

    /// Whether the store was asked what a query finds next.
    #[must_use]
    pub fn is_loaded(&self, query: &ParkedQuery) -> bool {
        self.lookups.get(query).is_some_and(|lookup| lookup.is_loaded)
    }

    pub(super) fn has_looked_for(&self, id: ParkedId) -> bool {
        self.is_parked.contains_key(&id)
    }

    pub(super) fn usage(&self, relay: &Slug) -> Option<Usage> {
        self.usage.get(relay).copied()
    }
}

/// Deciding.
impl Parking {
    /// What a query has found and nobody has taken out yet.
    pub fn found(&self, query: &ParkedQuery) -> impl Iterator<Item = &Parked> {
        let lookup = self.lookups.get(query).into_iter();
        let ids = lookup.flat_map(|lookup| {
            let new = lookup.is_complete.then_some(&lookup.new);
            lookup.found.iter().chain(new.into_iter().flatten())
        });
        ids.filter_map(|id| self.reports.get(id))
    }

    /// Whether the store may have more of what a query finds.
    #[must_use]
    pub fn has_more(&self, query: &ParkedQuery) -> bool {
        self.lookups.get(query).is_none_or(|lookup| !lookup.is_complete)
    }

    /// Parks a report, unless it is parked already.
    ///
    /// # Errors
    ///
    /// When there is no room for it.
    pub fn park(&mut self, parked: Parked) -> Result<(), ParkingFull> {
        let usage = self.usage(&parked.relay).unwrap_or_default();
        if !self.is_parked(parked.id) && !usage.has_room_for(parked.bytes()) {
            return Err(ParkingFull);
        }
        self.keep(parked);
        Ok(())
    }

    /// Parks a report whether there is room or not: it was parked before, and waits for something else now.
    pub fn keep(&mut self, parked: Parked) {
        if self.is_parked(parked.id) {
            return;
        }
        let usage = self.usage.entry(parked.relay.clone()).or_default();
        *usage = usage.with(parked.bytes());
        for query in parked.queries() {
            self.lookups.entry(query).or_default().new.push(parked.id);
        }
        self.added.insert(parked.id);
        self.is_parked.insert(parked.id, true);
        self.reports.insert(parked.id, parked);
    }

    /// Takes out what a query has found, in the order of arrival. [`Parking::has_more`] says whether that was all.
    pub fn take_out(&mut self, query: &ParkedQuery) -> Vec<Parked> {
        let Some(lookup) = self.lookups.get_mut(query) else { return Vec::new() };
        let mut ids = std::mem::take(&mut lookup.found);
        lookup.is_loaded = lookup.is_complete;
        if lookup.is_complete {
            ids.append(&mut lookup.new);
        }
        let taken: Vec<Parked> = ids.into_iter().filter_map(|id| self.reports.remove(&id)).collect();
        for parked in &taken {
            self.forget(parked);
        }
        taken
    }

    fn forget(&mut self, parked: &Parked) {
        let (relay, bytes) = (parked.relay.clone(), parked.bytes());
        if let Some(usage) = self.usage.get_mut(&relay) {
            *usage = usage.without(bytes);
        }
        self.is_parked.insert(parked.id, false);
        if !self.added.remove(&parked.id) {
            self.removed.push(Removed { id: parked.id, relay, bytes });
        }
    }

    fn is_parked(&self, id: ParkedId) -> bool {
        self.is_parked.get(&id).copied().unwrap_or(false)
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
    pub fn removed(&self) -> &[Removed] {
        &self.removed
    }
}
