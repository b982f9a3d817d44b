//! Events that say what is held already.
//!
//! Nearly every event is one: somebody who is in writes, and the roster is as it was. Such an event moves stamps, and
//! nothing that anybody can see. To know that beforehand spares the merge from looking at the chat before and after,
//! which was a thirtieth of the processor time of an event by itself, and a tenth of one in a batch.

use super::{
    merge::Keys,
    state::{ChatState, Person},
};
use crate::domain::{
    conversation_key::ConversationKey,
    event::{Mention, Says, Word},
    register::Register,
    stamp::Strength,
};

impl ChatState {
    /// Whether an event says nothing but what is held, so that whatever its stamp it changes nothing that can be seen.
    /// `false` may also mean that this is not obvious.
    pub(super) fn is_repeated_by(&self, keys: Keys<'_>, says: &Says) -> bool {
        self.knows_only(keys)
            && says.name.as_ref().is_none_or(|name| is_held(self.name.as_ref(), name))
            && says.icon.as_ref().is_none_or(|icon| is_held(self.icon.as_ref(), icon))
            && says.service.is_none_or(|service| is_held(self.service.as_ref(), &service))
            && (self.called_group || !says.is_group)
            && (self.created_direct || !says.is_direct)
            // A complete roster says of everybody else that they are out; with several handles of our own it depends
            // on stamps which of them says whether the line is in.
            && !says.roster_complete
            && self.ours.len() <= 1
            && says.ours.iter().all(|own| self.ours.contains(own))
            && says.people.iter().all(|mention| self.has_in(mention))
    }

    /// Whether the chat has one key, spelled as the event spells it.
    fn knows_only(&self, Keys { current, previous }: Keys<'_>) -> bool {
        let mut held = self.keys.values();
        let (one, another) = (held.next(), held.next());
        let is_spelled = |key: &ConversationKey| one.is_some_and(|field| is_held(field.as_ref(), key));
        another.is_none() && previous.is_none() && current.is_none_or(is_spelled)
    }

    /// Whether somebody who is said to be in is in, with the same name and service.
    fn has_in(&self, mention: &Mention) -> bool {
        // Who was added is added anew, which is a date that can be seen.
        let is_said_in = mention.word == Word::Active && mention.strength != Strength::Subject;
        is_said_in
            && self
                .people
                .get(&mention.handle)
                .is_some_and(|person| self.is_in(person) && person.is_as(mention))
    }

    /// Whether somebody is in by a word that has nothing newer against it, nor anything that a newer stamp would beat.
    fn is_in(&self, person: &Person) -> bool {
        let is_unmasked =
            |word: &Register<Word>| self.roster.as_ref().is_none_or(|roster| *roster <= word.stamp);
        person.further.listed_out.is_none()
            && person.word.as_ref().is_some_and(|word| word.value == Word::Active && is_unmasked(word))
    }
}

impl Person {
    fn is_as(&self, mention: &Mention) -> bool {
        mention.service.is_none_or(|service| is_held(self.service.as_ref(), &service))
            && mention.name.as_ref().is_none_or(|name| is_held(self.further.name.as_ref(), name))
    }
}

fn is_held<V: PartialEq>(held: Option<&Register<V>>, value: &V) -> bool {
    held.is_some_and(|held| held.value == *value)
}
