//! Whose numbers a batch has looked up, and learns.

use crate::{
    domain::{handle::Handle, stamp::Stamp},
    hash::{QuickMap, QuickSet},
    store::parked::NumberRef,
};

/// Relays' own numbers of handles.
#[derive(Debug, Default)]
pub struct Numbers {
    owners: QuickMap<NumberRef, Option<Owner>>,
    learnt: QuickSet<NumberRef>,
}

/// Whose number it is. A number that is given to somebody else is the newest, which is the greatest owner's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// When that was said.
    pub stamp: Stamp,
    /// The handle.
    pub handle: Handle,
}

impl Numbers {
    /// Notes what the store knows of a number.
    pub fn add(&mut self, number: NumberRef, owner: Option<Owner>) {
        self.owners.entry(number).or_insert(owner);
    }

    pub(super) fn is_loaded(&self, number: &NumberRef) -> bool {
        self.owners.contains_key(number)
    }

    /// Whose number it is, as far as that is known.
    #[must_use]
    pub fn owner(&self, number: &NumberRef) -> Option<&Owner> {
        self.owners.get(number)?.as_ref()
    }

    /// Whether the store has looked for a number's owner and found none.
    #[must_use]
    pub fn is_unknown(&self, number: &NumberRef) -> bool {
        matches!(self.owners.get(number), Some(None))
    }

    /// Learns whose number it is.
    pub fn learn(&mut self, number: NumberRef, owner: Owner) {
        if self.owner(&number).is_none_or(|held| *held < owner) {
            self.owners.insert(number.clone(), Some(owner));
            self.learnt.insert(number);
        }
    }

    /// What was learnt, to be saved.
    pub fn learnt(&self) -> impl Iterator<Item = (&NumberRef, &Owner)> {
        self.learnt.iter().filter_map(|number| Some((number, self.owner(number)?)))
    }
}
