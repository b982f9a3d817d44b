//! The people whom an event names: as what it lists them, and which of them are the line itself.

use crate::domain::{
    event::{Mention, Says, Word},
    report::Opinion,
    stamp::Strength,
};

/// What a listing says of somebody: in.
pub(super) const LISTED: Opinion = Opinion { word: Word::Active, strength: Strength::Listed };

/// What a listing with this status says of somebody: in, unless the status says otherwise.
pub(super) fn listed_as(status: Option<&str>) -> Opinion {
    match status {
        Some("left") => Opinion { word: Word::Left, strength: Strength::ListedOut },
        Some("removed") => Opinion { word: Word::Removed, strength: Strength::ListedOut },
        _ => LISTED,
    }
}

/// What the event that somebody came or went says of them.
pub(super) const fn subject(word: Word) -> Opinion {
    Opinion { word, strength: Strength::Subject }
}

impl Says {
    /// Says something of one handle, which may be the line's own.
    pub(super) fn mention(&mut self, mention: Mention, is_me: bool) {
        if is_me {
            self.ours.push(mention.handle.clone());
        }
        self.people.push(mention);
    }
}
