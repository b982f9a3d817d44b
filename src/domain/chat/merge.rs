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
    register::{Took, offer},
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// What the fields took: whether the state is another one, and if so, in more than stamps.
    pub took: Took,
    /// What is visibly different; each such event raises the version by one.
    pub changes: Vec<Change>,
}

/// Takes an event into a chat: every field keeps the newest word on it.
///
/// `at` is our own time, for [`Chat::updated_at`]. The same event again, or an older one that says nothing
/// new, changes nothing. A chat of version 0 has just been minted: its first event creates it.
pub fn merge(chat: &mut Chat, keys: Keys<'_>, stamp: &Stamp, says: &Says, at: Time) -> Merged {
    let minted = chat.version == 0;
    if !minted && chat.state.is_repeated_by(keys, says) {
        return Merged { took: chat.state.apply(keys, stamp, says), changes: Vec::new() };
    }
    let scope = Scope::of(&chat.state, says);
    let before = if minted { Glimpse::of_nothing() } else { Glimpse::of(&chat.state, scope) };
    let mut took = chat.state.apply(keys, stamp, says);
    took |= Took::value_if(minted);
    if took == Took::Nothing {
        return Merged::default();
    }
    let mut changes = before.changes_to(Glimpse::of(&chat.state, scope));
    if minted {
        changes.insert(0, Change::Created);
    }
    if !changes.is_empty() {
        chat.version += 1;
        chat.updated_at = at;
    }
    Merged { took, changes }
}

impl ChatState {
    /// Offers everything that an event says to the fields it speaks of; what they took.
    pub fn apply(&mut self, keys: Keys<'_>, stamp: &Stamp, says: &Says) -> Took {
        let mut took = self.apply_keys(keys, stamp);
        if let Some(name) = &says.name {
            took |= offer(&mut self.name, stamp, Strength::Listed, name.clone());
        }
        if let Some(icon) = &says.icon {
            took |= offer(&mut self.icon, stamp, Strength::Listed, icon.clone());
        }
        if let Some(service) = says.service {
            took |= offer(&mut self.service, stamp, Strength::Listed, service);
        }
        took |= self.apply_kind(says);
        // Who is out by the roster's silence is out since then, which can be seen.
        if says.roster_complete && self.roster.as_ref().is_none_or(|held| held < stamp) {
            self.roster = Some(stamp.clone());
            took |= Took::Value;
        }
        for own in &says.ours {
            took |= Took::value_if(!self.ours.contains(own) && self.ours.insert(own.clone()));
        }
        let mentions = says.people.iter().map(|mention| (&mention.handle, mention));
        self.tell(mentions, |person, mention| took |= person.apply(stamp, mention));
        took
    }

    fn apply_keys(&mut self, keys: Keys<'_>, stamp: &Stamp) -> Took {
        let mut took = Took::Nothing;
        if let Some(key) = keys.current {
            let spelling = self.keys.entry(key.conversation()).or_default();
            took |= offer(spelling, stamp, Strength::Listed, key.clone());
        }
        if self.keys.len() > 1 {
            // The newest of several is the one to deliver to.
            took = took.as_date();
        }
        took |= Took::value_if(keys.previous.is_some_and(|key| self.know_under(key)));
        took
    }

    /// Notes a conversation without a word on its spelling.
    fn know_under(&mut self, key: &ConversationKey) -> bool {
        let conversation = key.conversation();
        !self.keys.contains_key(&conversation) && self.keys.insert(conversation, None).is_none()
    }

    fn apply_kind(&mut self, says: &Says) -> Took {
        let before = (self.called_group, self.created_direct);
        self.called_group |= says.is_group;
        self.created_direct |= says.is_direct;
        Took::value_if(before != (self.called_group, self.created_direct))
    }
}

impl Person {
    fn apply(&mut self, stamp: &Stamp, mention: &Mention) -> Took {
        let mut took = offer(self.words_of(mention.strength), stamp, mention.strength, mention.word);
        if mention.word != Word::Active {
            // When somebody went out can be seen.
            took = took.as_date();
        }
        if mention.strength == Strength::Subject
            && mention.word == Word::Active
            && self.further.added_at < Some(stamp.time)
        {
            self.further.added_at = Some(stamp.time);
            took |= Took::Value;
        }
        if let Some(service) = mention.service {
            took |= offer(&mut self.service, stamp, mention.strength, service);
        }
        if let Some(name) = &mention.name {
            took |= offer(&mut self.further.name, stamp, mention.strength, name.clone());
        }
        took
    }
}
