//! A memory of how handles and lines are read.
//!
//! Reading a phone number costs microseconds, and a relay spells the same people the same way every time. So
//! each thread remembers the spellings that it met last.

use std::{cell::RefCell, mem, thread::LocalKey};

use compact_str::CompactString;

use crate::{
    domain::{
        handle::{Handle, HandleError},
        phone::{PhoneNumber, PhoneNumberError},
    },
    hash::QuickMap,
};

/// How many spellings of each kind a generation has.
const REMEMBERED: usize = 24_576;

/// The longest spelling that is remembered, in bytes: any phone number, and nearly all of the rest. It bounds a
/// thread's memory to some fifteen megabytes, whatever relays send.
const LONGEST: usize = 64;

thread_local! {
    static HANDLES: RefCell<Memory<Handle>> = RefCell::default();
    static LINES: RefCell<Memory<PhoneNumber>> = RefCell::default();
}

/// Reads a handle, or remembers how it was read before.
pub(super) fn handle(spelling: &str) -> Result<Handle, HandleError> {
    remembered(&HANDLES, spelling, Handle::new)
}

/// Reads a line's number, or remembers how it was read before.
pub(super) fn line(spelling: &str) -> Result<PhoneNumber, PhoneNumberError> {
    remembered(&LINES, spelling, PhoneNumber::from_formatted)
}

fn remembered<T: Clone, E>(
    memory: &'static LocalKey<RefCell<Memory<T>>>,
    spelling: &str,
    read: fn(&str) -> Result<T, E>,
) -> Result<T, E> {
    if spelling.len() > LONGEST {
        return read(spelling);
    }
    memory.with_borrow_mut(|memory| match memory.recall(spelling) {
        Some(known) => Ok(known),
        None => read(spelling).inspect(|value| memory.note(spelling.into(), value.clone())),
    })
}

/// What was met last, in two generations: what is met again moves into the younger one, and when that is full it
/// becomes the older one, of which the rest is forgotten. To recall what is in the younger one is one look into a
/// table and no write, where a list in the order of use has a handful of places in memory to wait for.
struct Memory<T> {
    young: QuickMap<CompactString, T>,
    old: QuickMap<CompactString, T>,
}

impl<T: Clone> Memory<T> {
    fn recall(&mut self, spelling: &str) -> Option<T> {
        if let Some(known) = self.young.get(spelling) {
            return Some(known.clone());
        }
        let (spelling, known) = self.old.remove_entry(spelling)?;
        self.note(spelling, known.clone());
        Some(known)
    }

    fn note(&mut self, spelling: CompactString, value: T) {
        if self.young.len() == REMEMBERED {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(spelling, value);
    }
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self { young: QuickMap::default(), old: QuickMap::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_was_read() {
        let long = format!("{}@example.org", "x".repeat(LONGEST));
        for spelling in ["+1 (415) 555-0111", "Robin@Example.ORG", "24273", &long, ""] {
            for _ in 0..2 {
                assert_eq!(handle(spelling), Handle::new(spelling), "{spelling}");
                assert_eq!(line(spelling), PhoneNumber::from_formatted(spelling), "{spelling}");
            }
        }
    }

    #[test]
    fn what_is_met_again_is_remembered_and_the_rest_is_bounded() {
        let mut memory = Memory::default();
        let spelling = |number: usize| CompactString::from(number.to_string());
        for number in 0..REMEMBERED * 5 / 2 {
            assert_eq!(memory.recall(&spelling(number)), None);
            memory.note(spelling(number), number);
            // Met every time, so never forgotten.
            assert_eq!(memory.recall("0"), Some(0), "after {number}");
            assert!(memory.young.len() + memory.old.len() <= 2 * REMEMBERED);
        }
        assert_eq!(memory.recall("1"), None);
    }
}
