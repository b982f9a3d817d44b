//! A chat's state as bytes.
//!
//! One byte of version, then postcard. Version 1 lacked the last field. Stamps are written once and referred to by
//! number: a group's handles were usually all listed by the same event, so this is most of the saving.

use std::{borrow::Cow, collections::HashMap};

use serde::{Deserialize, Serialize};

use super::{SERVICES, STRENGTHS, WORDS, meaning_of, number_of};
use crate::domain::{
    chat::{Apart, ChatState, Further, Person},
    conversation_key::{Conversation, ConversationKey},
    handle::Handle,
    ids::EventId,
    register::{Field, Register},
    stamp::Stamp,
    text::{DisplayName, IconUrl},
    time::Time,
};
use crate::store::StoreError;

const VERSION: u8 = 2;

#[derive(Serialize, Deserialize)]
struct PackedState<'a> {
    #[serde(borrow)]
    stamps: Vec<(i64, &'a str)>,
    keys: Vec<(&'a str, Packed<&'a str>)>,
    name: Option<Packed<Option<&'a str>>>,
    icon: Option<Packed<Option<&'a str>>>,
    service: Option<Packed<u8>>,
    called_group: bool,
    created_direct: bool,
    roster: Option<u32>,
    ours: Vec<&'a str>,
    people: Vec<PackedPerson<'a>>,
    /// Conversations without a word on their spelling.
    unspelled: Vec<&'a str>,
}

#[derive(Serialize, Deserialize)]
struct PackedPerson<'a> {
    handle: &'a str,
    word: Option<Packed<u8>>,
    listed_out: Option<Packed<u8>>,
    added_at: Option<i64>,
    service: Option<Packed<u8>>,
    #[serde(borrow)]
    name: Option<Packed<Option<&'a str>>>,
}

/// A register: the number of its stamp, its strength, its value.
#[derive(Serialize, Deserialize)]
struct Packed<V>(u32, u8, V);

/// The bytes of a state.
///
/// # Errors
///
/// Never with states that are small enough to exist; the format has no other limit than memory.
pub fn encode(state: &ChatState) -> Result<Vec<u8>, StoreError> {
    let mut stamps = Stamps::default();
    let packed = stamps.pack(state);
    postcard::to_extend(&packed, vec![VERSION]).map_err(|why| StoreError::damaged("chats", "state", why))
}

#[derive(Default)]
struct Stamps<'a> {
    list: Vec<(i64, &'a str)>,
    numbers: HashMap<&'a Stamp, u32>,
}

impl<'a> Stamps<'a> {
    fn pack(&mut self, state: &'a ChatState) -> PackedState<'a> {
        let keys = state.keys.iter().filter_map(|(conversation, key)| {
            Some((conversation.as_str(), self.field(key.as_ref(), ConversationKey::as_str)?))
        });
        let keys = keys.collect();
        PackedState {
            keys,
            name: self.field(state.name.as_ref(), |name| name.as_ref().map(DisplayName::as_str)),
            icon: self.field(state.icon.as_ref(), |icon| icon.as_ref().map(IconUrl::as_str)),
            service: self.field(state.service.as_ref(), |service| number_of(&SERVICES, *service)),
            called_group: state.called_group,
            created_direct: state.created_direct,
            roster: state.roster.as_ref().map(|stamp| self.number(stamp)),
            ours: state.ours.iter().map(Handle::as_str).collect(),
            people: state.people.iter().map(|(handle, person)| self.person(handle, person)).collect(),
            unspelled: unspelled(state),
            // Last, when all of them have been met.
            stamps: std::mem::take(&mut self.list),
        }
    }

    fn person(&mut self, handle: &'a Handle, person: &'a Person) -> PackedPerson<'a> {
        PackedPerson {
            handle: handle.as_str(),
            word: self.field(person.word.as_ref(), |word| number_of(&WORDS, *word)),
            listed_out: self.field(person.further.listed_out.as_ref(), |word| number_of(&WORDS, *word)),
            added_at: person.further.added_at.map(Time::nanos),
            service: self.field(person.service.as_ref(), |service| number_of(&SERVICES, *service)),
            name: self.field(person.further.name.as_ref(), |name| name.as_ref().map(DisplayName::as_str)),
        }
    }

    fn field<V, P>(
        &mut self,
        field: Option<&'a Register<V>>,
        pack: impl FnOnce(&'a V) -> P,
    ) -> Option<Packed<P>> {
        let register = field?;
        let strength = number_of(&STRENGTHS, register.strength);
        Some(Packed(self.number(&register.stamp), strength, pack(&register.value)))
    }

    fn number(&mut self, stamp: &'a Stamp) -> u32 {
        *self.numbers.entry(stamp).or_insert_with(|| {
            self.list.push((stamp.time.nanos(), stamp.event.as_str()));
            u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

fn unspelled(state: &ChatState) -> Vec<&str> {
    let unspelled = state.keys.iter().filter(|(_, key)| key.is_none());
    unspelled.map(|(conversation, _)| conversation.as_str()).collect()
}

/// The state that was encoded.
///
/// # Errors
///
/// [`StoreError::Broken`] when the bytes are not what [`encode`] wrote.
pub fn decode(bytes: &[u8]) -> Result<ChatState, StoreError> {
    let damaged = |why: &str| StoreError::damaged("chats", "state", why);
    // An empty list is a zero, so version 1 with a zero behind it is version 2.
    let rest = match bytes.split_first() {
        Some((&VERSION, rest)) => Cow::Borrowed(rest),
        Some((1, rest)) => Cow::Owned([rest, &[0]].concat()),
        _ => return Err(damaged("an unknown version")),
    };
    let packed: PackedState<'_> = postcard::from_bytes(&rest).map_err(|why| damaged(&why.to_string()))?;
    Unpacker::new(&packed.stamps)
        .and_then(|stamps| stamps.state(&packed))
        .ok_or_else(|| damaged("a number without a meaning"))
}

struct Unpacker {
    stamps: Vec<Stamp>,
}

impl Unpacker {
    fn new(stamps: &[(i64, &str)]) -> Option<Self> {
        let stamp = |(nanos, event): &(i64, &str)| {
            Some(Stamp { time: Time::from_nanos(*nanos), event: EventId::new(event).ok()? })
        };
        Some(Self { stamps: stamps.iter().map(stamp).collect::<Option<_>>()? })
    }

    fn state(&self, packed: &PackedState<'_>) -> Option<ChatState> {
        let mut state = ChatState {
            name: self.field(packed.name.as_ref(), |name| Some(name.map(DisplayName::from_canonical)))?,
            icon: self.field(packed.icon.as_ref(), |icon| Some(icon.map(IconUrl::from_canonical)))?,
            service: self.field(packed.service.as_ref(), |number| meaning_of(&SERVICES, *number))?,
            called_group: packed.called_group,
            created_direct: packed.created_direct,
            roster: match packed.roster {
                Some(number) => Some(self.stamp(number)?),
                None => None,
            },
            ours: packed.ours.iter().copied().map(Handle::from_canonical).collect(),
            ..ChatState::default()
        };
        state.keys.reserve(packed.keys.len() + packed.unspelled.len());
        for (conversation, key) in &packed.keys {
            let spelling = self.field(Some(key), |key| Some(ConversationKey::from_canonical(key)))?;
            state.keys.insert(Conversation::from_canonical(conversation), spelling);
        }
        for conversation in &packed.unspelled {
            state.keys.insert(Conversation::from_canonical(conversation), None);
        }
        state.people.reserve(packed.people.len());
        for person in &packed.people {
            state.people.insert(Handle::from_canonical(person.handle), self.person(person)?);
        }
        Some(state)
    }

    fn person(&self, packed: &PackedPerson<'_>) -> Option<Person> {
        let word = |number: &u8| meaning_of(&WORDS, *number);
        Some(Person {
            word: self.field(packed.word.as_ref(), word)?,
            service: self.field(packed.service.as_ref(), |number| meaning_of(&SERVICES, *number))?,
            further: Apart::from(Further {
                listed_out: self.field(packed.listed_out.as_ref(), word)?,
                added_at: packed.added_at.map(Time::from_nanos),
                name: self.field(packed.name.as_ref(), |name| Some(name.map(DisplayName::from_canonical)))?,
            }),
        })
    }

    /// The outer option is whether the bytes have a meaning, the inner one whether the field has a value.
    fn field<P, V>(&self, packed: Option<&Packed<P>>, unpack: impl Fn(&P) -> Option<V>) -> Option<Field<V>> {
        let Some(Packed(stamp, strength, value)) = packed else { return Some(None) };
        let strength = meaning_of(&STRENGTHS, *strength)?;
        Some(Some(Register { stamp: self.stamp(*stamp)?, strength, value: unpack(value)? }))
    }

    fn stamp(&self, number: u32) -> Option<Stamp> {
        self.stamps.get(usize::try_from(number).ok()?).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stamp::Strength;

    fn a_state() -> ChatState {
        let stamp = Stamp { time: Time::from_seconds(7), event: EventId::new("e1").unwrap() };
        let key = ConversationKey::new("iMessage;+;chat1").unwrap();
        let spelled = Register { stamp: stamp.clone(), strength: Strength::Listed, value: key.clone() };
        ChatState {
            keys: [(key.conversation(), Some(spelled))].into_iter().collect(),
            roster: Some(stamp),
            ..ChatState::new(&"+15555550100".parse().unwrap())
        }
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        let mut state = a_state();
        state.keys.insert(Conversation::from_canonical("b183b0d3"), None);
        assert_eq!(decode(&encode(&state).unwrap()).unwrap(), state);
    }

    #[test]
    fn the_first_version_is_still_read() {
        let state = a_state();
        let mut bytes = encode(&state).unwrap();
        bytes[0] = 1;
        assert_eq!(bytes.pop(), Some(0));
        assert_eq!(decode(&bytes).unwrap(), state);
    }

    #[test]
    fn other_bytes_are_damage() {
        for bytes in [&[][..], &[9], &[VERSION], &[VERSION, 255, 255]] {
            assert!(matches!(decode(bytes), Err(StoreError::Broken(_))), "{bytes:?}");
        }
    }
}
