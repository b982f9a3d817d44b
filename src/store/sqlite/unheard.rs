//! Words of the journal that were read back, until their chats hear them.
//!
//! To read all their chats at a start would take as long as reading as many rows from wherever they are in the file. So
//! a chat hears what its row lacks when it is read for the first time, and the rest when rows are brought up to date.

use rusqlite::Connection;

use super::load;
use crate::{
    domain::{
        chat::{Chat, Keys},
        ids::ChatId,
        stamp::Stamp,
    },
    hash::QuickMap,
    store::{
        StoreError,
        codec::words::{Kept, Word},
    },
};

/// How many of a chat's contents are looked at to find one that is said again.
const COMPARED: usize = 16;

/// The words for each chat.
#[derive(Default)]
pub(super) struct Unheard(QuickMap<ChatId, Vec<Said>>);

/// Something that was said to a chat, with the newest of the stamps that it was said with: no older one could win anything.
struct Said {
    content: Box<[u8]>,
    stamp: Stamp,
}

impl Unheard {
    /// Whether a chat has not heard all.
    pub(super) fn is_for(&self, id: ChatId) -> bool {
        self.0.contains_key(&id)
    }

    /// Keeps one more.
    pub(super) fn keep(&mut self, kept: Kept<'_>) -> Result<(), StoreError> {
        let all = self.0.entry(kept.chat).or_default();
        let (stamp, content) = kept.taken_apart()?;
        // In most chats a few people say what is known, over and over.
        match all.iter_mut().rev().take(COMPARED).find(|said| *said.content == *content) {
            Some(said) if said.stamp < stamp => said.stamp = stamp,
            Some(_) => {}
            None => all.push(Said { content: content.into(), stamp }),
        }
        Ok(())
    }

    /// Says to a chat that is as its row is what that lacks; whether there was anything.
    pub(super) fn tell(&mut self, chat: &mut Chat) -> Result<bool, StoreError> {
        let Some(all) = self.0.remove(&chat.id) else { return Ok(false) };
        // All of them speak of the chat as its row is, which it is no more once it has heard the first.
        let understood = |Said { content, stamp }: &Said| Kept::put_together(stamp, content)?.to(chat);
        let words = all.iter().map(understood).collect::<Result<Vec<_>, _>>()?;
        for Word { stamp, key, says } in words.into_iter().flatten() {
            chat.state.apply(Keys { current: key.as_ref(), previous: None }, &stamp, &says);
        }
        Ok(true)
    }

    /// Reads a chat and says to it what its row lacks. `None` when another chat has absorbed it: its row was written
    /// then, with all that had been said to it, and so was that of the other one.
    pub(super) fn read(&mut self, connection: &Connection, id: ChatId) -> Result<Option<Chat>, StoreError> {
        let missing = || StoreError::damaged("journal", "words", "a chat that is not there");
        let mut chat = load::answering_chat(connection, id)?.ok_or_else(missing)?;
        if chat.id == id {
            self.tell(&mut chat)?;
            Ok(Some(chat))
        } else {
            self.0.remove(&id);
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            conversation_key::ConversationKey, event::Says, handle::Handle, ids::EventId, report::Opinion,
            time::Time,
        },
        store::codec::words,
    };

    #[test]
    fn what_is_said_over_and_over_is_heard_once_with_its_newest_stamp() {
        let (mut told, mut unheard) = (Chat::example(1), Unheard::default());
        for (at, who) in [(1, "robin"), (5, "robin"), (2, "sam"), (3, "robin"), (4, "sam")] {
            let handle = Handle::new(&format!("{who}@example.org")).unwrap();
            let says = Says { people: vec![Opinion::WRITES.of(handle)], ..Says::default() };
            let stamp =
                Stamp { time: Time::from_seconds(at), event: EventId::new(&format!("e{at}")).unwrap() };
            let mut row = Vec::new();
            words::append(&mut row, &Chat::example(1), Keys::default(), &stamp, &says);
            words::read(&row).for_each(|kept| unheard.keep(kept.unwrap()).unwrap());
            told.state.apply(Keys::default(), &stamp, &says);
        }
        assert_eq!(unheard.0[&told.id].len(), 2);
        let mut hears = Chat::example(1);
        assert!(unheard.tell(&mut hears).unwrap());
        assert_eq!(hears, told);
        assert!(!unheard.tell(&mut hears).unwrap(), "it has heard all");
    }

    #[test]
    fn the_spelling_that_was_said_last_is_heard_whatever_came_late() {
        let spelled = |service: &str| ConversationKey::new(&format!("{service};+;chat42")).unwrap();
        let (new, old) = (spelled("any"), spelled("iMessage"));
        let says = |who: &str| Says {
            people: vec![Opinion::WRITES.of(Handle::new(&format!("{who}@example.org")).unwrap())],
            ..Says::default()
        };
        let stamp =
            |at: i64| Stamp { time: Time::from_seconds(at), event: EventId::new(&format!("e{at}")).unwrap() };
        // All that may be said of the chat is known, so that everything later moves stamps only.
        let mut told = Chat::example(1);
        for (at, who) in [(1, "robin"), (2, "sam"), (3, "kim")] {
            told.state.apply(Keys { current: Some(&new), previous: None }, &stamp(at), &says(who));
        }
        let (mut hears, mut unheard) = (told.clone(), Unheard::default());
        for (at, who, key) in [(10, "robin", &new), (7, "kim", &old), (20, "sam", &new), (15, "kim", &old)] {
            let keys = Keys { current: Some(key), previous: None };
            told.state.apply(keys, &stamp(at), &says(who));
            let mut row = Vec::new();
            words::append(&mut row, &told, keys, &stamp(at), &says(who));
            words::read(&row).for_each(|kept| unheard.keep(kept.unwrap()).unwrap());
        }
        assert!(unheard.tell(&mut hears).unwrap());
        assert_eq!(hears.state.key(), Some(&new));
        assert_eq!(hears, told);
    }
}
