//! A chat: our durable record of one conversation of one line.

mod glimpse;
#[cfg(test)]
mod laws;
mod merge;
#[cfg(test)]
mod sharp_cases;
mod state;

pub use merge::{Merged, merge};
pub use state::{ChatState, Person, Standing};

use super::{
    ids::{ChatId, Slug},
    phone::PhoneNumber,
    time::Time,
};

/// The most handles that a chat may know, departed ones included.
pub const MAX_HANDLES: usize = 10_000;

/// A chat with everything that is stored of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    /// Its id, for ever.
    pub id: ChatId,
    /// Whose it is.
    pub tenant: Slug,
    /// The line that is in the conversation.
    pub line: PhoneNumber,
    /// When we minted it.
    pub created_at: Time,
    /// When something visible last changed.
    pub updated_at: Time,
    /// How many events have changed something visible, the one that created the chat included.
    pub version: u64,
    /// The newest word on every field.
    pub state: ChatState,
}
