//! The merge: a chat takes an event in.

use super::{
    Chat,
    glimpse::{Glimpse, Scope},
    state::{ChatState, Person},
};
use crate::domain::{
    change::Change,
    conversation_key::ConversationKey,
    event::{Mention, Says, Word},
    register::offer,
    stamp::{Stamp, Strength},
    time::Time,
};

/// Under which keys somebody speaks of a conversation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys<'k> {
    /// The key that it has.
    pub current: Option<&'k ConversationKey>,
    /// One that it had before. It says nothing of how the conversation is spelled now.
    pub previous: Option<&'k ConversationKey>,
}

/// What a merge did to a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Whether the state is another one, visibly or not.
    pub changed: bool,
    /// What is visibly different; each such event raises the version by one.
    pub changes: Vec<Change>,
}

/// Takes an event into a chat: every field keeps the newest word on it.
///
/// `at` is our own time, for [`Chat::updated_at`]. The same event again, or an older one that says nothing
/// new, changes nothing. A chat of version 0 has just been minted: its first event creates it.
pub fn merge(chat: &mut Chat, keys: Keys<'_>, stamp: &Stamp, says: &Says, at: Time) -> Merged {
    let minted = chat.version == 0;
    let scope = Scope::of(&chat.state, says);
    let before = if minted { Glimpse::of_nothing() } else { Glimpse::of(&chat.state, scope) };
    let differs = chat.state.apply(keys, stamp, says) || minted;
    if !differs {
        return Merged { changed: false, changes: Vec::new() };
    }
    let mut changes = before.changes_to(Glimpse::of(&chat.state, scope));
    if minted {
        changes.insert(0, Change::Created);
    }
    if !changes.is_empty() {
        chat.version += 1;
        chat.updated_at = at;
    }
    Merged { changed: true, changes }
}

impl ChatState {
    /// Offers everything that an event says to the fields it speaks of; whether any of them took it.
    pub fn apply(&mut self, keys: Keys<'_>, stamp: &Stamp, says: &Says) -> bool {
        let mut changed = keys.current.is_some_and(|key| self.apply_key(key, stamp));
        changed |= keys.previous.is_some_and(|key| self.know_under(key));
        if let Some(name) = &says.name {
            changed |= offer(&mut self.name, stamp, Strength::Listed, name.clone());
        }
        if let Some(icon) = &says.icon {
            changed |= offer(&mut self.icon, stamp, Strength::Listed, icon.clone());
        }
        if let Some(service) = says.service {
            changed |= offer(&mut self.service, stamp, Strength::Listed, service);
        }
        if says.is_group && !self.called_group {
            self.called_group = true;
            changed = true;
        }
        if says.is_direct && !self.created_direct {
            self.created_direct = true;
            changed = true;
        }
        if says.roster_complete && self.roster.as_ref().is_none_or(|held| held < stamp) {
            self.roster = Some(stamp.clone());
            changed = true;
        }
        for own in &says.ours {
            changed |= !self.ours.contains(own) && self.ours.insert(own.clone());
        }
        for mention in &says.people {
            changed |= self.apply_mention(stamp, mention);
        }
        changed
    }

    fn apply_key(&mut self, key: &ConversationKey, stamp: &Stamp) -> bool {
        let spelling = self.keys.entry(key.conversation()).or_default();
        offer(spelling, stamp, Strength::Listed, key.clone())
    }

    /// Notes a conversation without a word on its spelling.
    fn know_under(&mut self, key: &ConversationKey) -> bool {
        let conversation = key.conversation();
        !self.keys.contains_key(&conversation) && self.keys.insert(conversation, None).is_none()
    }

    fn apply_mention(&mut self, stamp: &Stamp, mention: &Mention) -> bool {
        // Looked up first: nearly every mention is of somebody known, and an entry would clone the handle.
        match self.people.get_mut(&mention.handle) {
            Some(person) => person.apply(stamp, mention),
            None => self.people.entry(mention.handle.clone()).or_default().apply(stamp, mention),
        }
    }
}

impl Person {
    fn apply(&mut self, stamp: &Stamp, mention: &Mention) -> bool {
        let mut changed = offer(self.words_of(mention.strength), stamp, mention.strength, mention.word);
        if mention.strength == Strength::Subject
            && mention.word == Word::Active
            && self.added_at < Some(stamp.time)
        {
            self.added_at = Some(stamp.time);
            changed = true;
        }
        if let Some(service) = mention.service {
            changed |= offer(&mut self.service, stamp, mention.strength, service);
        }
        if let Some(name) = &mention.name {
            changed |= offer(&mut self.name, stamp, mention.strength, name.clone());
        }
        changed
    }
}
