//! Two chats that turn out to be one conversation.

use super::{
    Chat,
    glimpse::{Glimpse, Scope},
    state::{ChatState, Person},
};
use crate::domain::{change::Change, register::absorb};

/// Whether `one` survives when it and `other` are one conversation: API-created before event-minted, then the
/// older, then the one of the smaller id.
#[must_use]
pub fn survives(one: &Chat, other: &Chat) -> bool {
    (one.origin, one.created_at, one.id) < (other.origin, other.created_at, other.id)
}

/// Takes everything that `loser` knows into `survivor`, and returns what is visibly different. What is said of the
/// survivor afterwards is what would be said had there been one chat from the beginning.
///
/// The event that shows that they are one goes on to be merged, so the versions are left to whoever knows what else
/// it changes.
#[must_use]
pub fn join(survivor: &mut Chat, loser: &mut Chat) -> Vec<Change> {
    let before = Glimpse::of(&survivor.state, Scope::Everybody);
    survivor.state.absorb(std::mem::take(&mut loser.state));
    let mut changes = before.changes_to(Glimpse::of(&survivor.state, Scope::Everybody));
    changes.push(Change::Absorbed(loser.id));
    changes
}

impl ChatState {
    /// Takes another history of the same conversation in: on every field the newer word stays.
    fn absorb(&mut self, other: Self) {
        for (conversation, spelling) in other.keys {
            absorb(self.keys.entry(conversation).or_default(), spelling);
        }
        absorb(&mut self.name, other.name);
        absorb(&mut self.icon, other.icon);
        absorb(&mut self.service, other.service);
        self.called_group |= other.called_group;
        self.created_direct |= other.created_direct;
        self.roster = self.roster.take().max(other.roster);
        self.ours.extend(other.ours);
        self.tell(other.people, Person::absorb);
    }
}

impl Person {
    fn absorb(&mut self, mut other: Self) {
        absorb(&mut self.word, other.word);
        absorb(&mut self.service, other.service);
        if let Some(further) = other.further.take() {
            absorb(&mut self.further.listed_out, further.listed_out);
            absorb(&mut self.further.name, further.name);
            self.further.added_at = self.further.added_at.max(further.added_at);
        }
    }
}
