//! A bounded number of bytes, with what was asked for again kept longest.
//!
//! The slots are a clock: its hand passes over what was asked for since it last came by, and takes out what was not.
//! Unlike a list in the order of use this costs a look-up no writes but one bit.

use hashbrown::HashTable;

use super::{
    Found,
    changes::{Mark, Traces},
};

pub(super) struct Bounded {
    slots: Vec<Slot>,
    /// Where in `slots` what has a certain hash is.
    places: HashTable<usize>,
    hand: usize,
    weight: usize,
    capacity: usize,
}

struct Slot {
    hash: u64,
    key: Box<[u8]>,
    found: Found,
    traces: Traces,
    as_of: Mark,
    /// Whether it was asked for since the hand last came by.
    is_wanted: bool,
}

impl Slot {
    /// How many bytes it takes, roughly; its place and the spare room of both tables count too.
    fn weight(&self) -> usize {
        2 * size_of::<Self>() + self.key.len() + self.found.weight()
    }
}

impl Bounded {
    pub(super) fn new(capacity: usize) -> Self {
        Self { slots: Vec::new(), places: HashTable::new(), hand: 0, weight: 0, capacity }
    }

    pub(super) fn get(&mut self, hash: u64, key: &[u8]) -> Option<(Found, Traces, Mark)> {
        let place = self.place_of(hash, key)?;
        let slot = self.slots.get_mut(place)?;
        slot.is_wanted = true;
        Some((slot.found.clone(), slot.traces, slot.as_of))
    }

    /// Puts something in, in place of what is there under its key. What is older than that stays out, and so does
    /// what would put out a good part of the rest.
    pub(super) fn put(&mut self, hash: u64, key: Box<[u8]>, found: Found, traces: Traces, as_of: Mark) {
        if let Some(place) = self.place_of(hash, &key) {
            if self.slots.get(place).is_some_and(|held| held.as_of > as_of) {
                return;
            }
            self.take_out(place);
        }
        let slot = Slot { hash, key, found, traces, as_of, is_wanted: false };
        if slot.weight() > self.capacity / 4 {
            return;
        }
        self.weight += slot.weight();
        let hash_at = |place: &usize| self.slots.get(*place).map_or(0, |slot| slot.hash);
        self.places.insert_unique(hash, self.slots.len(), hash_at);
        self.slots.push(slot);
        while self.weight > self.capacity {
            self.make_room();
        }
    }

    fn place_of(&self, hash: u64, key: &[u8]) -> Option<usize> {
        let is_it = |place: &usize| self.slots.get(*place).is_some_and(|slot| *slot.key == *key);
        self.places.find(hash, is_it).copied()
    }

    /// Moves the hand on, and takes out what it finds unwanted.
    fn make_room(&mut self) {
        let Some(slot) = self.slots.get_mut(self.hand) else {
            self.hand = 0;
            return;
        };
        if std::mem::take(&mut slot.is_wanted) {
            self.hand += 1;
        } else {
            self.take_out(self.hand);
        }
    }

    /// Takes a slot out, and moves the last one there.
    fn take_out(&mut self, place: usize) {
        let last = self.slots.len().saturating_sub(1);
        let hash_of = |place: usize| self.slots.get(place).map_or(0, |slot| slot.hash);
        if let Ok(gone) = self.places.find_entry(hash_of(place), |held| *held == place) {
            gone.remove();
        }
        if let Some(moved) = self.places.find_mut(hash_of(last), |held| *held == last) {
            *moved = place;
        }
        self.weight -= self.slots.swap_remove(place).weight();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ChatId;

    fn put(bounded: &mut Bounded, number: u8, mark: Mark) {
        let found = Found::One(Some(ChatId::from_bytes([number; 16])));
        // Few hashes, so that places are told apart by their keys.
        bounded.put(u64::from(number % 3), Box::new([number]), found, Traces::default(), mark);
    }

    fn get(bounded: &mut Bounded, number: u8) -> Option<Found> {
        bounded.get(u64::from(number % 3), &[number]).map(|(found, ..)| found)
    }

    fn one_weighs() -> usize {
        let mut bounded = Bounded::new(usize::MAX);
        put(&mut bounded, 0, Mark::default());
        bounded.weight
    }

    #[test]
    fn what_is_asked_for_stays_and_what_is_not_makes_room() {
        let mut bounded = Bounded::new(10 * one_weighs());
        for number in 0..200 {
            put(&mut bounded, number, Mark::default());
            for wanted in 0..5 {
                let found = get(&mut bounded, wanted);
                assert!(number < wanted || found == Some(Found::One(Some(ChatId::from_bytes([wanted; 16])))));
            }
            assert!(bounded.weight <= bounded.capacity);
            assert_eq!(bounded.weight, bounded.slots.len() * one_weighs());
            assert_eq!(
                (bounded.places.len(), bounded.slots.len()),
                (bounded.slots.len(), bounded.slots.len().min(10))
            );
        }
        assert_eq!(bounded.slots.len(), 10);
    }

    #[test]
    fn everything_makes_room_when_everything_is_wanted() {
        let mut bounded = Bounded::new(5 * one_weighs());
        for number in 0..50 {
            put(&mut bounded, number, Mark::default());
            (0..=number).for_each(|number| drop(get(&mut bounded, number)));
        }
        assert_eq!(bounded.slots.len(), 5);
    }

    #[test]
    fn a_key_has_one_place() {
        let mut bounded = Bounded::new(usize::MAX);
        (0..3).for_each(|_| put(&mut bounded, 7, Mark::default()));
        assert_eq!((bounded.slots.len(), bounded.weight), (1, one_weighs()));
    }

    #[test]
    fn what_is_too_large_stays_out_and_puts_nothing_out() {
        let mut bounded = Bounded::new(4 * one_weighs());
        put(&mut bounded, 1, Mark::default());
        let all = Found::All(vec![ChatId::from_bytes([0; 16]); 1000].into());
        bounded.put(2, Box::new([2]), all, Traces::default(), Mark::default());
        assert!(get(&mut bounded, 1).is_some() && get(&mut bounded, 2).is_none());
        let mut nothing = Bounded::new(0);
        put(&mut nothing, 1, Mark::default());
        assert_eq!(get(&mut nothing, 1), None);
    }
}
