//! A bounded number of bytes, with what was asked for again kept longest.
//!
//! The slots are a clock: its hand passes over what was asked for since it last came by, and takes out what was not.
//! Unlike a list in the order of use this costs a look-up no writes but one bit, so look-ups share it.

use std::sync::atomic::{AtomicBool, Ordering};

use hashbrown::HashTable;

use super::{
    Found,
    changes::{Mark, Traces},
    key::Key,
};

pub(super) struct Bounded {
    slots: Vec<Slot>,
    /// Where in `slots` what has a certain hash is.
    places: HashTable<u32>,
    hand: u32,
    weight: usize,
    capacity: usize,
}

/// What is remembered, on one line of the processor's cache: of a request for a thousand keys each is another one.
#[repr(align(64))]
struct Slot {
    hash: u64,
    key: Box<[u8]>,
    found: Found,
    as_of: Mark,
    traces: Traces,
    /// Whether it was asked for since the hand last came by.
    is_wanted: AtomicBool,
}

const _: () = assert!(size_of::<Slot>() == 64);

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

    /// What is remembered under a key with this hash, what it depends on, and as of when it is true.
    pub(super) fn get(&self, hash: u64, key: Key<'_>) -> Option<(&Found, Traces, Mark)> {
        let slot = self.slot(self.place_of(hash, key)?)?;
        // Not written to where it is so already: others may be reading it.
        if !slot.is_wanted.load(Ordering::Relaxed) {
            slot.is_wanted.store(true, Ordering::Relaxed);
        }
        Some((&slot.found, slot.traces, slot.as_of))
    }

    /// Puts something in, in place of what is there under its key. What is older than that stays out, and so does
    /// what would put out a good part of the rest.
    pub(super) fn put(&mut self, hash: u64, key: Key<'_>, found: Found, traces: Traces, as_of: Mark) {
        if let Some(place) = self.place_of(hash, key) {
            if self.slot(place).is_some_and(|held| held.as_of > as_of) {
                return;
            }
            self.take_out(place);
        }
        let slot =
            Slot { hash, key: key.to_bytes(), found, as_of, traces, is_wanted: AtomicBool::new(false) };
        let Ok(place) = u32::try_from(self.slots.len()) else { return };
        if slot.weight() > self.capacity / 16 {
            return;
        }
        self.weight += slot.weight();
        let slots = &self.slots;
        self.places.insert_unique(hash, place, |place| hash_at(slots, *place));
        self.slots.push(slot);
        while self.weight > self.capacity {
            self.make_room();
        }
    }

    fn place_of(&self, hash: u64, key: Key<'_>) -> Option<u32> {
        let is_it =
            |place: &u32| self.slot(*place).is_some_and(|slot| slot.hash == hash && key.is(&slot.key));
        self.places.find(hash, is_it).copied()
    }

    fn slot(&self, place: u32) -> Option<&Slot> {
        self.slots.get(usize::try_from(place).ok()?)
    }

    /// Moves the hand on, and takes out what it finds unwanted.
    fn make_room(&mut self) {
        let Some(slot) = self.slot(self.hand) else {
            self.hand = 0;
            return;
        };
        if slot.is_wanted.swap(false, Ordering::Relaxed) {
            self.hand += 1;
        } else {
            self.take_out(self.hand);
        }
    }

    /// Takes a slot out, and moves the last one there.
    fn take_out(&mut self, place: u32) {
        let Ok(last) = u32::try_from(self.slots.len().saturating_sub(1)) else { return };
        if let Ok(gone) = self.places.find_entry(hash_at(&self.slots, place), |held| *held == place) {
            gone.remove();
        }
        if let Some(moved) = self.places.find_mut(hash_at(&self.slots, last), |held| *held == last) {
            *moved = place;
        }
        if let Ok(place) = usize::try_from(place) {
            self.weight -= self.slots.swap_remove(place).weight();
        }
    }
}

fn hash_at(slots: &[Slot], place: u32) -> u64 {
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    slots.get(place).map_or(0, |slot| slot.hash)
}

#[cfg(test)]
mod tests {
    use crate::hash::RandomState;

    use super::{super::key::Place, *};
    use crate::domain::ids::ChatId;

    struct Case {
        bounded: Bounded,
        place: Place,
    }

    impl Case {
        fn new(capacity: usize) -> Self {
            let place = Place::of_chats(&RandomState::default(), &"acme".parse().unwrap());
            Self { bounded: Bounded::new(capacity), place }
        }

        fn put(&mut self, number: u8) {
            let id = ChatId::from_bytes([number; 16]);
            self.put_found(number, Found::One(Some(id)));
        }

        fn put_found(&mut self, number: u8, found: Found) {
            // Few hashes, so that keys are told apart by themselves.
            let (hash, id) = (u64::from(number % 3), ChatId::from_bytes([number; 16]));
            self.bounded.put(hash, self.place.chat(&id), found, Traces::default(), Mark::default());
        }

        fn has(&self, number: u8) -> bool {
            let id = ChatId::from_bytes([number; 16]);
            let found = self.bounded.get(u64::from(number % 3), self.place.chat(&id));
            assert!(found.is_none_or(|(found, ..)| *found == Found::One(Some(id))));
            found.is_some()
        }

        fn count(&self) -> usize {
            assert_eq!(self.bounded.places.len(), self.bounded.slots.len());
            assert_eq!(self.bounded.weight, self.bounded.slots.len() * one_weighs());
            assert!(self.bounded.weight <= self.bounded.capacity);
            self.bounded.slots.len()
        }
    }

    fn one_weighs() -> usize {
        let mut case = Case::new(usize::MAX);
        case.put(0);
        case.bounded.weight
    }

    #[test]
    fn what_is_asked_for_stays_and_what_is_not_makes_room() {
        let mut case = Case::new(20 * one_weighs());
        for number in 0..200 {
            case.put(number);
            assert!((0..5).all(|wanted| case.has(wanted) || number < wanted), "{number}");
            assert_eq!(case.count(), 20.min(usize::from(number) + 1));
        }
    }

    #[test]
    fn everything_makes_room_when_everything_is_wanted() {
        let mut case = Case::new(20 * one_weighs());
        for number in 0..100 {
            case.put(number);
            (0..=number).for_each(|number| {
                case.has(number);
            });
        }
        assert_eq!(case.count(), 20);
    }

    #[test]
    fn a_key_has_one_place() {
        let mut case = Case::new(usize::MAX);
        (0..3).for_each(|_| case.put(7));
        assert_eq!(case.count(), 1);
    }

    #[test]
    fn what_is_too_large_stays_out_and_puts_nothing_out() {
        let mut case = Case::new(20 * one_weighs());
        case.put(1);
        case.put_found(2, Found::All(vec![ChatId::from_bytes([0; 16]); 1000].into()));
        assert!(case.has(1) && !case.has(2));
        let mut nothing = Case::new(0);
        nothing.put(1);
        assert!(!nothing.has(1));
    }
}
