//! What was kept is what was said, or nothing.

use super::*;
use crate::domain::{chat::merge, event::Mention, report::Opinion, service::Service, text::DisplayName};

fn handle(number: usize) -> Handle {
    Handle::new(&format!("person{number:03}@example.org")).unwrap()
}

fn key() -> ConversationKey {
    ConversationKey::new("iMessage;+;chat1").unwrap()
}

fn stamp(seconds: i64) -> Stamp {
    Stamp { time: Time::from_seconds(seconds), event: EventId::new("e1").unwrap() }
}

/// Of so many people each writes, by a service and under a name.
fn says(people: std::ops::Range<usize>) -> Says {
    let writes = |number| Mention {
        service: Some(Service::Sms),
        name: Some(DisplayName::new("Sam").unwrap()),
        ..Opinion::WRITES.of(handle(number))
    };
    Says {
        name: Some(DisplayName::new("Team lunch").unwrap()),
        is_group: true,
        // Not in the order of their places.
        people: people.rev().map(writes).collect(),
        ..Says::default()
    }
}

/// A chat that knows so many people, and that its key is `key()`.
fn chat(people: usize) -> Chat {
    let mut chat = Chat { version: 0, ..Chat::example(1) };
    tell(&mut chat, &says(0..people));
    chat
}

fn tell(chat: &mut Chat, says: &Says) {
    let key = key();
    merge(chat, Keys { current: Some(&key), previous: None }, &stamp(1), says, Time::from_seconds(1));
}

fn kept(chat: &Chat, all: &[Word]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Word { stamp, key, says } in all {
        append(&mut bytes, chat, Keys { current: key.as_ref(), previous: None }, stamp, says);
    }
    bytes
}

fn read_to(chat: &Chat, bytes: &[u8]) -> Vec<Option<Word>> {
    read(bytes).map(|kept| kept.unwrap().to(chat).unwrap()).collect()
}

#[test]
fn what_was_appended_is_read_in_its_order() {
    let other = ConversationKey::new("SMS;+;chat1").unwrap();
    for (count, people) in [(3, 1..3), (3, 2..4), (MOST_PLACES + 1, 5..7), (0, 0..0)] {
        let chat = chat(count);
        let word = |seconds, key| Word { stamp: stamp(seconds), key, says: says(people.clone()) };
        let all = [word(2, Some(key())), word(3, None), word(4, Some(other.clone()))];
        let bytes = kept(&chat, &all);
        assert_eq!(read_to(&chat, &bytes), all.map(Some), "{people:?} of {count}");
        assert!(read(&bytes).all(|kept| kept.unwrap().chat == chat.id));
    }
    assert_eq!(read(&[]).count(), 0);
}

#[test]
fn known_people_take_little_room() {
    let word = [Word { stamp: stamp(2), key: Some(key()), says: says(0..7) }];
    let (few, many) = (kept(&chat(7), &word).len(), kept(&chat(MOST_PLACES + 1), &word).len());
    assert!(2 * few < many, "{few} and {many} bytes");
}

#[test]
fn a_chat_that_knows_others_by_now_is_told_nothing() {
    let mut chat = chat(3);
    let bytes = kept(&chat, &[Word { stamp: stamp(2), key: None, says: says(0..3) }]);
    tell(&mut chat, &says(3..4));
    assert_eq!(read_to(&chat, &bytes), [None]);
}

#[test]
fn a_chat_that_answers_for_another_one_is_told_nothing() {
    let mut chat = chat(3);
    let bytes = kept(&chat, &[Word { stamp: stamp(2), key: None, says: says(0..3) }]);
    chat.id = ChatId::from_bytes([2; 16]);
    assert_eq!(read_to(&chat, &bytes), [None]);
}

#[test]
fn the_first_version_is_still_read() {
    let (chat, key, stamp, says) = (chat(3), key(), stamp(2), says(0..5));
    let packed = pack(chat.id, &stamp, Some(key.as_str()), &says, pack_by_handle(&says));
    let bytes = [postcard::to_allocvec(&packed).unwrap(), postcard::to_allocvec(&packed).unwrap()].concat();
    let word = Some(Word { stamp: stamp.clone(), key: Some(key.clone()), says: says.clone() });
    assert_eq!(read_to(&chat, &bytes), [word.clone(), word]);
}

#[test]
fn what_is_damaged_is_told_last() {
    let word = Word { stamp: stamp(2), key: Some(key()), says: says(0..3) };
    let bytes = kept(&chat(3), &[word.clone(), word]);
    let read: Vec<_> = read(&bytes[..bytes.len() - 1]).map(|kept| kept.map(|kept| kept.chat)).collect();
    assert!(matches!(read[..], [Ok(_), Err(StoreError::Broken(_))]), "{read:?}");
}
