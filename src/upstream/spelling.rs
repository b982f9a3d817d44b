//! A memory of how handles are read.
//!
//! Reading a phone number costs microseconds, and a relay spells the same people the same way every time. So
//! each thread remembers the spellings that it met last.

use std::{cell::RefCell, num::NonZeroUsize};

use lru::LruCache;

use crate::domain::handle::{Handle, HandleError};

/// How many spellings a thread remembers: a few megabytes at the longest handles there are.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(8192).unwrap();

thread_local! {
    static MEMORY: RefCell<LruCache<Box<str>, Handle>> = RefCell::new(LruCache::new(REMEMBERED));
}

/// Reads a handle, or remembers how it was read before.
pub(super) fn handle(spelling: &str) -> Result<Handle, HandleError> {
    MEMORY.with_borrow_mut(|memory| {
        if let Some(known) = memory.get(spelling) {
            return Ok(known.clone());
        }
        let handle = Handle::new(spelling)?;
        memory.put(spelling.into(), handle.clone());
        Ok(handle)
    })
}
