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
    },
    hash::QuickMap,
    store::{
        StoreError,
        codec::words::{self, Kept, Word},
    },
};

/// The words for each chat, in their order, as [`words`] has those of a transaction.
#[derive(Default)]
pub(super) struct Unheard(QuickMap<ChatId, Vec<u8>>);

impl Unheard {
    /// Whether a chat has not heard all.
    pub(super) fn is_for(&self, id: ChatId) -> bool {
        self.0.contains_key(&id)
    }

    /// Keeps one more.
    pub(super) fn keep(&mut self, kept: &Kept<'_>) {
        kept.append_to(self.0.entry(kept.chat).or_default());
    }

    /// Says to a chat that is as its row is what that lacks; whether there was anything.
    pub(super) fn tell(&mut self, chat: &mut Chat) -> Result<bool, StoreError> {
        let Some(bytes) = self.0.remove(&chat.id) else { return Ok(false) };
        for kept in words::read(&bytes) {
            if let Some(Word { stamp, key, says }) = kept?.to(chat)? {
                chat.state.apply(Keys { current: key.as_ref(), previous: None }, &stamp, &says);
            }
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
