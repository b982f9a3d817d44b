//! What something is remembered under: always beginning with the tenant, so that no tenant finds what another one
//! looked up.

use std::hash::{BuildHasher, Hasher};

use crate::domain::{
    conversation_key::Meaning,
    ids::{ChatId, Slug},
    phone::PhoneNumber,
};
use crate::hash::RandomState;

/// The parts of a place are set apart by a byte that neither tenants nor lines have in their names; what comes last
/// in a key may be anything.
const SEPARATOR: &[u8] = &[0];

/// The beginning of many keys. It is hashed once for all of them.
pub(super) struct Place {
    bytes: Vec<u8>,
    hasher: <RandomState as BuildHasher>::Hasher,
}

/// A key, borrowed: a place, and two pieces that together tell what is there.
#[derive(Clone, Copy)]
pub(super) struct Key<'k> {
    place: &'k Place,
    pieces: [&'k [u8]; 2],
}

impl Place {
    /// Where the chats of a tenant are, by their ids.
    pub(super) fn of_chats(state: &RandomState, tenant: &Slug) -> Self {
        Self::new(state, &[b"id", tenant.as_str().as_bytes(), b""])
    }

    /// Where the conversations of a line are.
    pub(super) fn of_line(state: &RandomState, tenant: &Slug, line: &PhoneNumber) -> Self {
        Self::new(state, &[b"line", tenant.as_str().as_bytes(), line.as_str().as_bytes(), b""])
    }

    /// Where the conversations of all lines are.
    pub(super) fn of_all_lines(state: &RandomState, tenant: &Slug) -> Self {
        Self::new(state, &[b"all", tenant.as_str().as_bytes(), b""])
    }

    fn new(state: &RandomState, parts: &[&[u8]]) -> Self {
        let (bytes, mut hasher) = (parts.join(SEPARATOR), state.build_hasher());
        hasher.write(&bytes);
        Self { bytes, hasher }
    }

    pub(super) fn chat<'k>(&'k self, id: &'k ChatId) -> Key<'k> {
        Key { place: self, pieces: [id.as_bytes(), b""] }
    }

    pub(super) fn conversation<'k>(&'k self, conversation: Meaning<'k>) -> Key<'k> {
        Key { place: self, pieces: conversation.pieces().map(str::as_bytes) }
    }
}

impl Key<'_> {
    pub(super) fn hash(self) -> u64 {
        let mut hasher = self.place.hasher.clone();
        self.pieces.into_iter().for_each(|piece| hasher.write(piece));
        hasher.finish()
    }

    pub(super) fn is(self, bytes: &[u8]) -> bool {
        let [one, other] = self.pieces;
        let rest = bytes.strip_prefix(self.place.bytes.as_slice()).and_then(|rest| rest.strip_prefix(one));
        rest == Some(other)
    }

    pub(super) fn to_bytes(self) -> Box<[u8]> {
        let [one, other] = self.pieces;
        [&self.place.bytes, one, other].concat().into()
    }
}
