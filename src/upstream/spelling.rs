//! A memory of how handles and lines are read.
//!
//! Reading a phone number costs microseconds, and a relay spells the same people the same way every time. So
//! each thread remembers the spellings that it met last.

use std::{cell::RefCell, num::NonZeroUsize, thread::LocalKey};

use lru::LruCache;

use crate::domain::{
    handle::{Handle, HandleError},
    phone::{PhoneNumber, PhoneNumberError},
};

/// How many spellings of each kind a thread remembers.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(32_768).unwrap();

/// The longest spelling that is remembered, in bytes: any phone number, and nearly all of the rest. It bounds a
/// thread's memory to some ten megabytes, whatever relays send.
const LONGEST: usize = 64;

type Memory<T> = RefCell<LruCache<Box<str>, T>>;

thread_local! {
    static HANDLES: Memory<Handle> = RefCell::new(LruCache::new(REMEMBERED));
    static LINES: Memory<PhoneNumber> = RefCell::new(LruCache::new(REMEMBERED));
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
    memory: &'static LocalKey<Memory<T>>,
    spelling: &str,
    read: fn(&str) -> Result<T, E>,
) -> Result<T, E> {
    if spelling.len() > LONGEST {
        return read(spelling);
    }
    memory.with_borrow_mut(|memory| {
        if let Some(known) = memory.get(spelling) {
            return Ok(known.clone());
        }
        let value = read(spelling)?;
        memory.put(spelling.into(), value.clone());
        Ok(value)
    })
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
}
