//! The groups that a simulated relay has made.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

/// A create, as it comes in.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Create {
    pub(super) client_ref: String,
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) is_group: bool,
    pub(super) display_name: Option<String>,
}

/// A group that was made.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Group {
    pub(super) client_ref: String,
    pub(super) conversation_key: String,
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) display_name: Option<String>,
    /// How many creates asked for it.
    pub(super) asked: u32,
}

/// All groups by idempotency key, and the keys that are being worked on.
#[derive(Default)]
pub(super) struct Groups(Mutex<Known>);

#[derive(Default)]
struct Known {
    groups: HashMap<String, Group>,
    running: HashSet<String>,
    made: u64,
}

/// What a key stands for.
pub(super) enum Seat {
    /// Nothing yet; the caller has it until it says that it is done.
    Free,
    /// Another request is at it.
    Running,
    /// This group.
    Made(Group),
}

impl Groups {
    pub(super) fn sit(&self, key: &str) -> Seat {
        let mut known = self.known();
        if let Some(group) = known.groups.get_mut(key) {
            group.asked += 1;
            return Seat::Made(group.clone());
        }
        if known.running.insert(key.to_owned()) { Seat::Free } else { Seat::Running }
    }

    /// Makes the group. A direct chat has the conversation key that these two always have.
    pub(super) fn make(&self, key: &str, create: Create, seed: u64) -> Group {
        let mut known = self.known();
        known.made += 1;
        let conversation_key = match create.to.as_slice() {
            [number] if !create.is_group => format!("iMessage;-;{number}"),
            _ => format!("iMessage;+;chat{seed}{:09}", known.made),
        };
        let Create { client_ref, from, to, display_name, .. } = create;
        let group = Group { client_ref, conversation_key, from, to, display_name, asked: 1 };
        known.groups.insert(key.to_owned(), group.clone());
        group
    }

    pub(super) fn rise(&self, key: &str) {
        self.known().running.remove(key);
    }

    pub(super) fn all(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = self.known().groups.values().cloned().collect();
        groups.sort_by(|a, b| a.conversation_key.cmp(&b.conversation_key));
        groups
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
