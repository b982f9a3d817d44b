//! Words that moved stamps and nothing else: what a store keeps until it writes their chats.
//!
//! Such a word speaks of nobody whom its chat did not know, so it names people by their places there, which is a third
//! of the bytes of their handles. That is understood as long as the chat knows the same people. They are never
//! forgotten, so as many are the same; and when there are others now, the chat's row was written since, with all that
//! was said before.
//!
//! The words of a transaction are one row: a byte of version, and each word in postcard. Rows of the first version, which
//! had no such byte, are still read: they begin with a chat's id, and so with a time.

use litemap::LiteMap;
use serde::{Deserialize, Serialize};

use super::report::{PackedSays, pack_by_handle, pack_mention, pack_says, unpack_says};
use crate::{
    domain::{
        chat::{Chat, Keys},
        conversation_key::ConversationKey,
        event::{Mention, Says},
        handle::Handle,
        ids::{ChatId, EventId},
        stamp::Stamp,
        time::Time,
    },
    store::StoreError,
};

/// No id of a chat begins with it.
const VERSION: u8 = 0xff;

/// Of a chat with more people somebody's place is not counted for each word.
const MOST_PLACES: usize = 64;

/// What an event said to a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The event.
    pub stamp: Stamp,
    /// The key that it named the conversation by.
    pub key: Option<ConversationKey>,
    /// What it said.
    pub says: Says,
}

/// A word as it was kept.
pub struct Kept<'a> {
    /// The chat that it was said to.
    pub chat: ChatId,
    form: Form<'a>,
}

#[derive(Serialize, Deserialize)]
enum Form<'a> {
    ByHandle(#[serde(borrow)] Packed<'a, Option<&'a str>, &'a str>),
    ByPlace(Places, #[serde(borrow)] Packed<'a, PackedKey<'a>, u8>),
}

/// How many people and keys a chat knew.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Places {
    people: u8,
    keys: u8,
}

/// A word with a key `K` and people who are named by `H`.
#[derive(Serialize, Deserialize)]
struct Packed<'a, K, H> {
    chat: [u8; 16],
    time: i64,
    event: &'a str,
    #[serde(bound(deserialize = "K: Deserialize<'de>"))]
    key: K,
    is_direct: bool,
    #[serde(borrow, bound(deserialize = "H: Deserialize<'de>"))]
    says: PackedSays<'a, H>,
}

#[derive(Serialize, Deserialize)]
enum PackedKey<'a> {
    None,
    /// The one that the chat has at this place, spelled as it is there.
    Held(u8),
    Spelled(&'a str),
}

/// Appends a word that was said to `chat` to `words`, which are empty or were appended to. A key that the conversation
/// had before is known to the chat already, or the word would have changed more than stamps.
pub fn append(words: &mut Vec<u8>, chat: &Chat, keys: Keys<'_>, stamp: &Stamp, says: &Says) {
    let form = by_place(chat, keys, stamp, says).unwrap_or_else(|| {
        let key = keys.current.map(ConversationKey::as_str);
        Form::ByHandle(pack(chat.id, stamp, key, says, pack_by_handle(says)))
    });
    if words.is_empty() {
        words.push(VERSION);
    }
    // Plain strings and numbers always serialize.
    if let Ok(longer) = postcard::to_extend(&form, std::mem::take(words)) {
        *words = longer;
    }
}

fn by_place<'a>(chat: &Chat, keys: Keys<'a>, stamp: &'a Stamp, says: &'a Says) -> Option<Form<'a>> {
    let places = Places::of(chat)?;
    let by_place =
        |mention: &'a Mention| Some(pack_mention(mention, place_of(&chat.state.people, &mention.handle)?));
    let people = says.people.iter().map(by_place).collect::<Option<_>>()?;
    let key = keys.current.map_or(PackedKey::None, |key| held(chat, key));
    Some(Form::ByPlace(places, pack(chat.id, stamp, key, says, pack_says(says, people))))
}

/// Where something is, if it is there; there are not more than a byte can count.
fn place_of<K: Ord, V>(all: &LiteMap<K, V>, one: &K) -> Option<u8> {
    all.find_index(one).ok().and_then(|place| u8::try_from(place).ok())
}

fn held<'a>(chat: &Chat, key: &'a ConversationKey) -> PackedKey<'a> {
    let place = place_of(&chat.state.keys, &key.conversation());
    let is_held = |place: &u8| key_at(chat, *place) == Some(key);
    place.filter(is_held).map_or(PackedKey::Spelled(key.as_str()), PackedKey::Held)
}

/// How the conversation at a place is spelled.
fn key_at(chat: &Chat, place: u8) -> Option<&ConversationKey> {
    let (_, spelling) = chat.state.keys.get_indexed(usize::from(place))?;
    Some(&spelling.as_ref()?.value)
}

fn pack<'a, K, H>(
    chat: ChatId,
    stamp: &'a Stamp,
    key: K,
    says: &Says,
    packed: PackedSays<'a, H>,
) -> Packed<'a, K, H> {
    Packed {
        chat: *chat.as_bytes(),
        time: stamp.time.nanos(),
        event: stamp.event.as_str(),
        key,
        is_direct: says.is_direct,
        says: packed,
    }
}

impl Places {
    /// Where a chat has so few that they are counted.
    fn of(chat: &Chat) -> Option<Self> {
        let (people, keys) = (chat.state.people.len(), chat.state.keys.len());
        let few = |count: usize| u8::try_from(count).ok().filter(|_| count <= MOST_PLACES);
        Some(Self { people: few(people)?, keys: few(keys)? })
    }
}

/// The words that were appended, in their order.
///
/// # Errors
///
/// [`StoreError::Broken`], last, when the bytes are not what [`append`] wrote.
pub fn read(bytes: &[u8]) -> impl Iterator<Item = Result<Kept<'_>, StoreError>> {
    let (is_first_version, mut rest) = match bytes {
        [VERSION, rest @ ..] => (false, rest),
        first => (true, first),
    };
    std::iter::from_fn(move || {
        let bytes = (!rest.is_empty()).then(|| std::mem::take(&mut rest))?;
        let read = if is_first_version {
            postcard::take_from_bytes(bytes).map(|(packed, rest)| (Form::ByHandle(packed), rest))
        } else {
            postcard::take_from_bytes(bytes)
        };
        Some(read.map_err(|why| damaged(&why)).map(|(form, left)| {
            rest = left;
            Kept { chat: form.chat(), form }
        }))
    })
}

impl<'a> Form<'a> {
    const fn stamp(&mut self) -> (&mut i64, &mut &'a str) {
        match self {
            Self::ByHandle(Packed { time, event, .. }) | Self::ByPlace(_, Packed { time, event, .. }) => {
                (time, event)
            }
        }
    }

    fn chat(&self) -> ChatId {
        match self {
            Self::ByHandle(Packed { chat, .. }) | Self::ByPlace(_, Packed { chat, .. }) => {
                ChatId::from_bytes(*chat)
            }
        }
    }
}

impl<'a> Kept<'a> {
    /// Its stamp, and its content in bytes, which those of other events have, too.
    ///
    /// # Errors
    ///
    /// [`StoreError::Broken`] when its event has no id.
    pub fn taken_apart(mut self) -> Result<(Stamp, Vec<u8>), StoreError> {
        let (time, event) = self.form.stamp();
        let (nanos, id) = (std::mem::take(time), std::mem::take(event));
        let event = EventId::new(id).map_err(|why| damaged(&why))?;
        let stamp = Stamp { time: Time::from_nanos(nanos), event };
        let content = postcard::to_allocvec(&self.form).map_err(|why| damaged(&why))?;
        Ok((stamp, content))
    }

    /// What was taken apart.
    ///
    /// # Errors
    ///
    /// [`StoreError::Broken`] when it was not.
    pub fn put_together(stamp: &'a Stamp, content: &'a [u8]) -> Result<Self, StoreError> {
        let mut form: Form<'a> = postcard::from_bytes(content).map_err(|why| damaged(&why))?;
        let (time, event) = form.stamp();
        (*time, *event) = (stamp.time.nanos(), stamp.event.as_str());
        Ok(Self { chat: form.chat(), form })
    }

    /// What is said to the chat as its row is. `None` when it knows it already.
    ///
    /// # Errors
    ///
    /// [`StoreError::Broken`] when it has no meaning.
    pub fn to(&self, chat: &Chat) -> Result<Option<Word>, StoreError> {
        let word = match &self.form {
            Form::ByHandle(packed) => unpack(
                packed,
                packed.key.map(ConversationKey::from_canonical),
                unpack_says(&packed.says, |handle| Some(Handle::from_canonical(handle))),
            ),
            Form::ByPlace(places, _) if chat.id != self.chat || Places::of(chat) != Some(*places) => {
                return Ok(None);
            }
            Form::ByPlace(_, packed) => {
                let people = &chat.state.people;
                let found = |place: &u8| Some(people.get_indexed(usize::from(*place))?.0.clone());
                let key = packed.key.of(chat).ok_or_else(|| damaged(&"a key without a place"))?;
                unpack(packed, key, unpack_says(&packed.says, found))
            }
        };
        word.map(Some).ok_or_else(|| damaged(&"a value without a meaning"))
    }
}

impl PackedKey<'_> {
    /// The outer option is whether it has a meaning, the inner one whether there is a key.
    #[expect(clippy::option_option, reason = "the comment says which is which")]
    fn of(&self, chat: &Chat) -> Option<Option<ConversationKey>> {
        Some(match self {
            Self::None => None,
            Self::Spelled(key) => Some(ConversationKey::from_canonical(key)),
            Self::Held(place) => Some(key_at(chat, *place)?.clone()),
        })
    }
}

fn unpack<K, H>(packed: &Packed<'_, K, H>, key: Option<ConversationKey>, says: Option<Says>) -> Option<Word> {
    Some(Word {
        stamp: Stamp { time: Time::from_nanos(packed.time), event: EventId::new(packed.event).ok()? },
        key,
        says: Says { is_direct: packed.is_direct, ..says? },
    })
}

fn damaged(why: &dyn std::fmt::Display) -> StoreError {
    StoreError::damaged("journal", "words", why)
}

#[cfg(test)]
mod tests;
