//! What look-ups found, remembered as long as it is true.
//!
//! [`changes`] knows when something that look-ups show last changed: the committer tells it before each commit and
//! again after it, before anybody is answered. `bounded` keeps what was found within a number of bytes, and `key` is
//! what it is found under. Nothing is ever taken out because it changed: each thing that is remembered knows as of
//! when it is true and what it depends on, and is not shown once any of that has changed since.
//!
//! So a look-up is never older than a write that was answered before it, nor older than a look-up that was answered
//! before it: while a change is being committed, whoever asks for it asks the store.
//!
//! This is for a store that one server owns. What other processes change is the directory, and nothing that is
//! remembered depends on that.

pub mod changes;

mod bounded;
mod key;

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;

use crate::domain::{
    conversation_key::Meaning,
    ids::{ChatId, Slug},
    phone::PhoneNumber,
};
use crate::hash::RandomState;
use bounded::Bounded;
use changes::{Changes, Mark, Subject, Traces};
use key::{Key, Place};

/// The most chats of one conversation that are remembered: a conversation that many lines are in changes often.
pub const MOST_CHATS: usize = 16;

/// A chat as callers see it, ready to be sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    /// The body of an answer.
    pub body: Bytes,
    /// Its entity tag.
    pub tag: String,
}

/// What a look-up found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    /// A chat, under its id.
    Chat(Arc<Shown>),
    /// The chat of a conversation on one line, or that there is none.
    One(Option<ChatId>),
    /// The chats of a conversation on all lines.
    All(Box<[ChatId]>),
}

/// What look-ups found. Of as many bytes as it may have, it keeps what was asked for most recently.
pub struct Memory {
    changes: Arc<Changes>,
    /// One lock, taken once for all keys of a request: a lock a key would have the processor wait for the memory of
    /// each key before it begins with the next one.
    found: RwLock<Bounded>,
    hashes: RandomState,
}

impl Memory {
    /// A memory of up to `bytes` bytes. Without any it remembers nothing.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self {
            changes: Arc::default(),
            found: RwLock::new(Bounded::new(bytes)),
            hashes: RandomState::default(),
        }
    }

    /// Where changes are to be told.
    #[must_use]
    pub const fn changes(&self) -> &Arc<Changes> {
        &self.changes
    }

    /// To be taken before the store is read: whatever changes from now on may be missing in what is read.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.changes.mark()
    }

    /// A chat of a tenant, by its id.
    #[must_use]
    pub fn chat(&self, tenant: &Slug, id: ChatId) -> Option<Arc<Shown>> {
        let place = Place::of_chats(&self.hashes, tenant);
        match self.get(place.chat(&id))? {
            Found::Chat(shown) => Some(shown),
            _ => None,
        }
    }

    /// Remembers a chat that answers for its own id.
    pub fn keep_chat(&self, as_of: Mark, tenant: &Slug, line: &PhoneNumber, id: ChatId, shown: &Arc<Shown>) {
        let traces = self.changes.traces([Subject::Chat(id), Subject::Line(tenant, line)]);
        let place = Place::of_chats(&self.hashes, tenant);
        self.keep(place.chat(&id), Found::Chat(Arc::clone(shown)), traces, as_of);
    }

    /// The chats of conversations of one line, in the same order; `None` of those that are to be looked up.
    #[must_use]
    pub fn resolve(
        &self,
        tenant: &Slug,
        line: &PhoneNumber,
        conversations: &[Meaning<'_>],
    ) -> Vec<Option<Option<ChatId>>> {
        let place = Place::of_line(&self.hashes, tenant, line);
        let keys = conversations.iter().map(|conversation| place.conversation(*conversation));
        let hashes: Vec<u64> = keys.clone().map(Key::hash).collect();
        let found = self.found.read().unwrap_or_else(PoisonError::into_inner);
        let known = |(key, hash)| match self.true_yet(&found, hash, key)? {
            Found::One(id) => Some(*id),
            _ => None,
        };
        keys.zip(hashes).map(known).collect()
    }

    /// Remembers which chat a conversation of a line has, or that it has none.
    pub fn keep_resolved(
        &self,
        as_of: Mark,
        tenant: &Slug,
        line: &PhoneNumber,
        conversation: Meaning<'_>,
        id: Option<ChatId>,
    ) {
        let traces = self.changes.traces([Subject::Conversation(tenant, conversation)]);
        let place = Place::of_line(&self.hashes, tenant, line);
        self.keep(place.conversation(conversation), Found::One(id), traces, as_of);
    }

    /// The chats of a conversation on all lines, newest first.
    #[must_use]
    pub fn everywhere(&self, tenant: &Slug, conversation: Meaning<'_>) -> Option<Box<[ChatId]>> {
        let place = Place::of_all_lines(&self.hashes, tenant);
        match self.get(place.conversation(conversation))? {
            Found::All(ids) => Some(ids),
            _ => None,
        }
    }

    /// Remembers the chats of a conversation on all lines, unless they are many.
    pub fn keep_everywhere(&self, as_of: Mark, tenant: &Slug, conversation: Meaning<'_>, ids: &[ChatId]) {
        if ids.len() <= MOST_CHATS {
            let traces = self.changes.traces([Subject::Conversation(tenant, conversation)]);
            let place = Place::of_all_lines(&self.hashes, tenant);
            self.keep(place.conversation(conversation), Found::All(ids.into()), traces, as_of);
        }
    }

    fn get(&self, key: Key<'_>) -> Option<Found> {
        let found = self.found.read().unwrap_or_else(PoisonError::into_inner);
        self.true_yet(&found, key.hash(), key).cloned()
    }

    fn true_yet<'f>(&self, found: &'f Bounded, hash: u64, key: Key<'_>) -> Option<&'f Found> {
        let (found, traces, as_of) = found.get(hash, key)?;
        self.changes.are_older_than(traces, as_of).then_some(found)
    }

    fn keep(&self, key: Key<'_>, found: Found, traces: Traces, as_of: Mark) {
        let mut all = self.found.write().unwrap_or_else(PoisonError::into_inner);
        all.put(key.hash(), key, found, traces, as_of);
    }
}

impl Found {
    /// How many bytes it has besides those of its own slot, roughly.
    fn weight(&self) -> usize {
        match self {
            Self::Chat(shown) => size_of::<Shown>() + shown.body.len() + shown.tag.len() + 64,
            Self::One(_) => 0,
            Self::All(ids) => size_of_val(&**ids) + 32,
        }
    }
}

#[cfg(test)]
mod tests;
