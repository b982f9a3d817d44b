//! Hash maps of what is looked up for every event.
//!
//! Their hashes are made with a seed that each map draws, and in a third of the time that the standard library's take:
//! an event's chat is hashed some ten times on its way.

use std::collections::{HashMap, HashSet};

pub(crate) use foldhash::quality::RandomState;

/// A map with quick hashes.
pub(crate) type QuickMap<K, V> = HashMap<K, V, RandomState>;

/// A set with quick hashes.
pub(crate) type QuickSet<T> = HashSet<T, RandomState>;
