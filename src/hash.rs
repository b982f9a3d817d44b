//! Hash maps of what is looked up for every event.
//!
//! Their hashes are made with a seed that each map draws, as the standard library's are, and cost less: an event's chat
//! and conversation are hashed several times on their way. `docs/performance.md` says what that gained.

use std::collections::{HashMap, HashSet};

pub(crate) use foldhash::quality::RandomState;

/// A map with quick hashes.
pub(crate) type QuickMap<K, V> = HashMap<K, V, RandomState>;

/// A set with quick hashes.
pub(crate) type QuickSet<T> = HashSet<T, RandomState>;
