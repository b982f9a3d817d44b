//! Words that moved stamps and nothing else, one after the other: what a store keeps until it writes their chats.
//!
//! Each is postcard. There is no version in front: a change of the form is a migration of the table that they are in.

use serde::{Deserialize, Serialize};

use super::report::{PackedSays, pack_says, unpack_says};
use crate::{
    domain::{
        chat::Keys,
        conversation_key::ConversationKey,
        event::Says,
        ids::{ChatId, EventId},
        stamp::Stamp,
        time::Time,
    },
    store::StoreError,
};

/// What an event said to a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The chat.
    pub chat: ChatId,
    /// The event.
    pub stamp: Stamp,
    /// The key that it named the conversation by.
    pub key: Option<ConversationKey>,
    /// What it said.
    pub says: Says,
}

#[derive(Serialize, Deserialize)]
struct PackedWord<'a> {
    chat: [u8; 16],
    time: i64,
    event: &'a str,
    key: Option<&'a str>,
    is_direct: bool,
    #[serde(borrow)]
    says: PackedSays<'a>,
}

/// Appends a word to `words`. A key that the conversation had before is known to the chat already, or the word would
/// have changed more than stamps.
pub fn append(words: &mut Vec<u8>, chat: ChatId, keys: Keys<'_>, stamp: &Stamp, says: &Says) {
    let packed = PackedWord {
        chat: *chat.as_bytes(),
        time: stamp.time.nanos(),
        event: stamp.event.as_str(),
        key: keys.current.map(ConversationKey::as_str),
        is_direct: says.is_direct,
        says: pack_says(says),
    };
    // Plain strings and numbers always serialize.
    if let Ok(longer) = postcard::to_extend(&packed, std::mem::take(words)) {
        *words = longer;
    }
}

/// The words that were appended.
///
/// # Errors
///
/// [`StoreError::Broken`] when the bytes are not what [`append`] wrote.
pub fn read(mut bytes: &[u8]) -> Result<Vec<Word>, StoreError> {
    let mut words = Vec::new();
    while !bytes.is_empty() {
        let (packed, rest) =
            postcard::take_from_bytes::<PackedWord<'_>>(bytes).map_err(|why| damaged(&why))?;
        words.push(unpack(&packed).ok_or_else(|| damaged(&"a value without a meaning"))?);
        bytes = rest;
    }
    Ok(words)
}

fn unpack(packed: &PackedWord<'_>) -> Option<Word> {
    Some(Word {
        chat: ChatId::from_bytes(packed.chat),
        stamp: Stamp { time: Time::from_nanos(packed.time), event: EventId::new(packed.event).ok()? },
        key: packed.key.map(ConversationKey::from_canonical),
        says: Says { is_direct: packed.is_direct, ..unpack_says(&packed.says)? },
    })
}

fn damaged(why: &dyn std::fmt::Display) -> StoreError {
    StoreError::damaged("journal", "words", why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{handle::Handle, report::Opinion, text::DisplayName};

    #[test]
    fn what_was_appended_is_read_in_its_order() {
        let key = ConversationKey::new("iMessage;+;chat1").unwrap();
        let says = Says {
            name: Some(DisplayName::new("Team lunch").unwrap()),
            is_direct: true,
            people: vec![Opinion::WRITES.of(Handle::new("+14155550111").unwrap())],
            ..Says::default()
        };
        let word = |number: u8, key: Option<ConversationKey>| Word {
            chat: ChatId::from_bytes([number; 16]),
            stamp: Stamp { time: Time::from_seconds(7), event: EventId::new("e1").unwrap() },
            key,
            says: says.clone(),
        };
        let all = [word(1, Some(key)), word(2, None)];
        let mut bytes = Vec::new();
        for Word { chat, stamp, key, says } in &all {
            append(&mut bytes, *chat, Keys { current: key.as_ref(), previous: None }, stamp, says);
        }
        assert_eq!(read(&bytes).unwrap(), all);
        assert!(matches!(read(&bytes[..bytes.len() - 1]), Err(StoreError::Broken(_))));
        assert_eq!(read(&[]).unwrap(), []);
    }
}
