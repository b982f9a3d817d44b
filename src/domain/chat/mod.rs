//! A chat: our durable record of one conversation of one line.

#[cfg(test)]
mod example;
mod further;
mod glimpse;
mod join;
#[cfg(test)]
mod laws;
mod merge;
mod repeat;
#[cfg(test)]
mod sharp_cases;
mod state;

pub use further::{Apart, Further};
pub use join::{join, survives};
pub use merge::{Keys, Merged, merge};
pub use state::{ChatState, Person, Standing};

use std::collections::HashSet;

use super::{
    event::Says,
    handle::Handle,
    ids::{ChatId, Slug},
    phone::PhoneNumber,
    time::Time,
};

/// The most handles that a chat may know, departed ones included.
pub const MAX_HANDLES: usize = 10_000;

/// Whether one chat of these states would know more handles than a chat may, once it has taken an event. Who is
/// known already may be spoken of, however full the chat is.
#[must_use]
pub fn would_be_too_many(states: &[&ChatState], says: &Says) -> bool {
    // Nearly always there is room for all that are named, whoever they are, and nobody needs to be looked up.
    let at_most: usize = states.iter().map(|state| state.people.len()).sum();
    if at_most + says.people.len() <= MAX_HANDLES {
        return false;
    }
    let known = match states {
        [] => 0,
        [one] => one.people.len(),
        several => several.iter().flat_map(|state| state.people.keys()).collect::<HashSet<_>>().len(),
    };
    let strangers = strangers_to(states, says);
    let grows = strangers > 0 || states.len() > 1;
    grows && known + strangers > MAX_HANDLES
}

/// How many handles an event would make known for the first time to a chat of these states.
fn strangers_to(states: &[&ChatState], says: &Says) -> usize {
    let is_known = |handle: &Handle| states.iter().any(|state| state.people.contains_key(handle));
    // A set, since a stranger may be listed, the sender and the subject in one event.
    let mentioned = says.people.iter().map(|mention| &mention.handle);
    mentioned.filter(|handle| !is_known(handle)).collect::<HashSet<_>>().len()
}

/// What a chat was minted for. Of two ids of one conversation the one that an API caller asked for survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A create of the API.
    Api,
    /// An event of a relay.
    Event,
}

/// Whether a chat can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The line is in the conversation.
    Active,
    /// It was created, and its conversation key is not known yet.
    Pending,
    /// The line is out of the conversation.
    Left,
}

impl Status {
    /// The name in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Left => "left",
        }
    }
}

impl Chat {
    /// Whether it can be used.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.state.is_pending() {
            Status::Pending
        } else if self.state.line_is_in() {
            Status::Active
        } else {
            Status::Left
        }
    }
}

/// A chat with everything that is stored of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    /// Its id, for ever.
    pub id: ChatId,
    /// Whose it is.
    pub tenant: Slug,
    /// The line that is in the conversation.
    pub line: PhoneNumber,
    /// What we minted it for.
    pub origin: Origin,
    /// When we minted it.
    pub created_at: Time,
    /// When something visible last changed.
    pub updated_at: Time,
    /// How many events have changed something visible, the one that created the chat included.
    pub version: u64,
    /// The newest word on every field.
    pub state: ChatState,
}
