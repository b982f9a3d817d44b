//! What something is remembered under: always beginning with the tenant, so that no tenant finds what another one
//! looked up.

use std::hash::{Hash, Hasher};

use crate::domain::{
    conversation_key::Meaning,
    ids::{ChatId, Slug},
    phone::PhoneNumber,
};

/// The parts of a key are set apart by a byte that neither tenants nor lines have in their names; what comes last
/// may be anything.
const SEPARATOR: &[u8] = &[0];

/// What something is remembered under.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    bytes: Vec<u8>,
    /// The length of what stays when another conversation is put in.
    place: usize,
}

impl Key {
    /// A chat of a tenant.
    pub(super) fn of_chat(tenant: &Slug, id: ChatId) -> Self {
        Self::new(&[b"id", tenant.as_str().as_bytes(), id.as_bytes()])
    }

    /// A conversation on a line, yet without the conversation.
    pub(super) fn on_line(tenant: &Slug, line: &PhoneNumber) -> Self {
        Self::new(&[b"line", tenant.as_str().as_bytes(), line.as_str().as_bytes(), b""])
    }

    /// A conversation on whichever line, yet without the conversation.
    pub(super) fn on_any_line(tenant: &Slug) -> Self {
        Self::new(&[b"any", tenant.as_str().as_bytes(), b""])
    }

    fn new(parts: &[&[u8]]) -> Self {
        let bytes = parts.join(SEPARATOR);
        Self { place: bytes.len(), bytes }
    }

    /// The same place with this conversation.
    pub(super) fn with(&mut self, conversation: Meaning<'_>) -> &Self {
        self.bytes.truncate(self.place);
        for piece in conversation.pieces() {
            self.bytes.extend_from_slice(piece.as_bytes());
        }
        self
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn into_bytes(self) -> Box<[u8]> {
        self.bytes.into()
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}
