//! When something that look-ups show last changed.
//!
//! There is a clock that counts commits, and a table of when things last changed by it. Things that have the same
//! hash share a place in the table; then one counts as changed when the other was, which costs a look-up and no more.
//!
//! Who reads the store takes a [`Mark`] first. When a commit comes between, the thing's time is later than the mark,
//! and what was read is never shown. There is one writer, and so one [`Changing`] at a time.

use std::{
    hash::BuildHasher,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    domain::{
        conversation_key::Meaning,
        ids::{ChatId, Slug},
        phone::PhoneNumber,
    },
    hash::RandomState,
    store::working::{Slot, Working},
};

/// How many places the table has: 256 KiB. A thousand changes a second touch three in a hundred of them.
const PLACES: u16 = 1 << 15;

/// The time of what is changing now: later than any mark.
const NOW: u64 = u64::MAX;

/// A time by the clock of commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// What look-ups show.
#[derive(Clone, Copy, Hash)]
pub(super) enum Subject<'a> {
    /// A chat, under its own id.
    Chat(ChatId),
    /// Which chats a conversation of a tenant has.
    Conversation(&'a Slug, Meaning<'a>),
    /// The health of a line.
    Line(&'a Slug, &'a PhoneNumber),
}

/// Where the changes of up to two subjects are noted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traces([u16; 2]);

/// When things last changed.
pub struct Changes {
    commits: AtomicU64,
    changed_at: Box<[AtomicU64]>,
    hasher: RandomState,
}

/// A commit that changes things. Until it is dropped, they are shown by the store alone.
pub struct Changing {
    changes: Arc<Changes>,
    places: Vec<u16>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            commits: AtomicU64::new(0),
            changed_at: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::default(),
        }
    }
}

impl Changes {
    /// To be called before a batch is committed, with what was decided. What is returned must be dropped after the
    /// commit, however that ended, and before anybody is answered.
    pub fn begin(self: &Arc<Self>, working: &Working) -> Changing {
        let mut places = Vec::new();
        for_each_changed(working, |subject| places.push(self.place(subject)));
        self.set(&places, NOW);
        Changing { changes: Arc::clone(self), places }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark(self.commits.load(Ordering::Acquire))
    }

    /// Where changes of `subjects`, of one or two, are noted.
    pub(super) fn traces<const N: usize>(&self, subjects: [Subject<'_>; N]) -> Traces {
        const { assert!(N == 1 || N == 2) }
        let places = subjects.map(|subject| self.place(subject));
        match places.as_slice() {
            [one, .., other] => Traces([*one, *other]),
            [one] => Traces([*one; 2]),
            [] => Traces::default(),
        }
    }

    /// Whether nothing has changed since `mark`.
    pub(super) fn are_older_than(&self, traces: Traces, mark: Mark) -> bool {
        traces.0.into_iter().all(|place| self.at(place) <= mark.0)
    }

    fn place(&self, subject: Subject<'_>) -> u16 {
        let low = self.hasher.hash_one(subject) % u64::from(PLACES);
        u16::try_from(low).unwrap_or_default()
    }

    fn at(&self, place: u16) -> u64 {
        self.changed_at.get(usize::from(place)).map_or(NOW, |at| at.load(Ordering::Acquire))
    }

    fn set(&self, places: &[u16], at: u64) {
        for place in places.iter().filter_map(|place| self.changed_at.get(usize::from(*place))) {
            place.store(at, Ordering::Release);
        }
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        if self.places.is_empty() {
            return;
        }
        // The places first: a mark of the new time must be of a store that has the commit.
        let at = self.changes.mark().0 + 1;
        self.changes.set(&self.places, at);
        self.changes.commits.store(at, Ordering::Release);
    }
}

/// Everything that look-ups will show otherwise. A chat of which only stamps have moved looks the same.
fn for_each_changed(working: &Working, mut each: impl FnMut(Subject<'_>)) {
    for slot in working.changed().filter(|slot| looks_different(slot)) {
        each(Subject::Chat(slot.chat.id));
        let moved = slot.absorbed.iter().flat_map(|absorbed| &absorbed.conversations);
        for conversation in slot.new_conversations.iter().chain(moved) {
            each(Subject::Conversation(&slot.chat.tenant, conversation.into()));
        }
    }
    for ((tenant, line), _) in working.changed_health() {
        each(Subject::Line(tenant, line));
    }
}

fn looks_different(slot: &Slot) -> bool {
    let Slot { is_new, new_conversations, records, absorbed, .. } = slot;
    *is_new || !new_conversations.is_empty() || !records.is_empty() || absorbed.is_some()
}
