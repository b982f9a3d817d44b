//! The seam between rules and databases.

use std::collections::HashMap;

use crate::domain::{
    change::Change,
    chat::Chat,
    conversation_key::Conversation,
    ids::Slug,
    phone::PhoneNumber,
    receipt::{Receipt, ReceiptKey},
    stamp::Stamp,
    time::Time,
};

/// A conversation of a line of a tenant: what finds a chat.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConversationRef {
    /// Whose line.
    pub tenant: Slug,
    /// Which line.
    pub line: PhoneNumber,
    /// Which of its conversations.
    pub conversation: Conversation,
}

/// What a batch of commands must see before it decides.
#[derive(Debug, Default)]
pub struct Needs {
    /// Chats by conversation.
    pub conversations: Vec<ConversationRef>,
    /// Receipts of events.
    pub receipts: Vec<ReceiptKey>,
}

/// What was loaded for a batch, as its commands change it.
#[derive(Debug, Default)]
pub struct Working {
    slots: Vec<Slot>,
    by_conversation: HashMap<ConversationRef, usize>,
    receipts: HashMap<ReceiptKey, Receipt>,
    new_receipts: Vec<(ReceiptKey, Receipt)>,
}

/// A chat in the working set.
#[derive(Debug)]
pub struct Slot {
    /// The chat as it is now.
    pub chat: Chat,
    /// Whether the store has no row of it yet.
    pub is_new: bool,
    /// Whether it differs from what the store has.
    pub is_changed: bool,
    /// The conversations that it was not known under before.
    pub new_conversations: Vec<Conversation>,
    /// What became visible, one record an event.
    pub records: Vec<ChangeRecord>,
}

/// What one event visibly changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRecord {
    /// The chat's version from here on.
    pub version: u64,
    /// Our own time.
    pub at: Time,
    /// The event, by id and effective time.
    pub stamp: Stamp,
    /// The changes, in order.
    pub changes: Vec<Change>,
}

impl Working {
    /// Adds a chat that the store has, found under `conversation`.
    pub fn add_loaded(&mut self, conversation: ConversationRef, chat: Chat) {
        let index = self.push(chat, false);
        self.by_conversation.insert(conversation, index);
    }

    /// Adds a receipt that the store has.
    pub fn add_receipt(&mut self, key: ReceiptKey, receipt: Receipt) {
        self.receipts.insert(key, receipt);
    }

    /// The chat of a conversation: the one that there is, else the one that `mint` makes. A minted chat has
    /// version 0 until its first event is merged.
    #[expect(clippy::indexing_slicing, reason = "slots are only ever added, so their numbers stay good")]
    pub fn find_or_mint(&mut self, conversation: &ConversationRef, mint: impl FnOnce() -> Chat) -> &mut Slot {
        if let Some(index) = self.by_conversation.get(conversation) {
            return &mut self.slots[*index];
        }
        let index = self.push(mint(), true);
        self.by_conversation.insert(conversation.clone(), index);
        let slot = &mut self.slots[index];
        slot.new_conversations.push(conversation.conversation.clone());
        slot
    }

    /// The receipt of an event that was taken before, in this batch or earlier.
    #[must_use]
    pub fn receipt(&self, key: &ReceiptKey) -> Option<Receipt> {
        self.receipts.get(key).copied()
    }

    /// Writes a receipt.
    pub fn take_receipt(&mut self, key: ReceiptKey, receipt: Receipt) {
        self.receipts.insert(key, receipt);
        self.new_receipts.push((key, receipt));
    }

    /// The receipts to be saved.
    #[must_use]
    pub fn new_receipts(&self) -> &[(ReceiptKey, Receipt)] {
        &self.new_receipts
    }

    /// The chats to be saved, new ones included.
    pub fn changed(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| slot.is_changed)
    }

    /// Takes the set apart after it was saved: every chat with the conversations that it was found under.
    pub fn into_chats(self) -> impl Iterator<Item = (Vec<ConversationRef>, Chat)> {
        let mut found_under: Vec<Vec<ConversationRef>> = vec![Vec::new(); self.slots.len()];
        for (conversation, index) in self.by_conversation {
            if let Some(list) = found_under.get_mut(index) {
                list.push(conversation);
            }
        }
        found_under.into_iter().zip(self.slots.into_iter().map(|slot| slot.chat))
    }

    fn push(&mut self, chat: Chat, is_new: bool) -> usize {
        self.slots.push(Slot {
            chat,
            is_new,
            is_changed: is_new,
            new_conversations: Vec::new(),
            records: Vec::new(),
        });
        self.slots.len() - 1
    }
}

impl Slot {
    /// Notes what a merge did to the chat.
    pub fn note(&mut self, stamp: &Stamp, merged: crate::domain::chat::Merged, at: Time) {
        self.is_changed |= merged.changed;
        if !merged.changes.is_empty() {
            self.records.push(ChangeRecord {
                version: self.chat.version,
                at,
                stamp: stamp.clone(),
                changes: merged.changes,
            });
        }
    }
}

/// When a batch is decided, and what makes its ids.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The time.
    pub now: Time,
    /// Our own time stamp for what this batch writes: the time, but later than that of any batch before it,
    /// whatever the clock does.
    pub tick: Time,
    /// Events that claim an earlier time are merged without a receipt.
    pub receipts_since: Time,
}
