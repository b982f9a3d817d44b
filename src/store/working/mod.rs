//! The seam between rules and databases.
//!
//! [`needs`] is what commands must see, [`Working`] what was loaded for them and how they change it; of that [`slot`]
//! is one chat, `deliveries` are what creates are about, [`parking`] are reports that cannot be placed yet, and
//! [`numbers`] the relays' own numbers of handles.

mod deliveries;
mod moment;
pub mod needs;
pub mod numbers;
pub mod parking;
pub mod slot;

use std::collections::BTreeSet;

use deliveries::Tracked;
pub use moment::{Horizons, Moment};
pub use needs::{ConversationRef, EverywhereRef, IdempotencyRef, LineRef, Needs};
use numbers::Numbers;
use parking::Parking;
pub use slot::{Absorbed, ChangeRecord, Slot, Touched};

use super::codec;
use crate::{
    domain::{
        change::Change,
        chat::{self, Chat, Keys, Merged},
        conversation_key::Conversation,
        delivery::{Delivery, DeliveryId, Health},
        event::Says,
        ids::{ChatId, Slug},
        receipt::{Receipt, ReceiptKey},
        register::Took,
        stamp::Stamp,
        time::Time,
    },
    hash::{QuickMap, QuickSet},
};

/// What was loaded for a batch, as its commands change it.
#[derive(Debug, Default)]
pub struct Working {
    slots: Vec<Slot>,
    // Of each of these, `None` is what was looked for and not found.
    by_conversation: QuickMap<ConversationRef, Option<SlotId>>,
    receipts: QuickMap<ReceiptKey, Option<Receipt>>,
    deliveries: QuickMap<DeliveryId, Option<Tracked<Delivery>>>,
    by_idempotency: QuickMap<IdempotencyRef, Option<DeliveryId>>,
    /// The lines that know a conversation, as far as they were looked for. `None` until a conversation is looked for on
    /// more than one: nearly no batch has to know.
    known: Option<QuickMap<Conversation, BTreeSet<LineRef>>>,
    everywhere: QuickSet<(Slug, u64, Conversation)>,
    by_id: QuickMap<ChatId, SlotId>,
    latest_update: Option<Time>,
    /// Our own time stamp for what is written, where the store gives it.
    tick: Option<Time>,
    new_receipts: Vec<(Slug, ReceiptKey, Receipt)>,
    health: QuickMap<LineRef, Tracked<Health>>,
    /// The words that moved stamps and nothing else, encoded one after the other. `None` for a store that writes every
    /// row at once.
    words: Option<Vec<u8>>,
    /// How many there are.
    words_said: usize,
    /// Reports that cannot be placed yet.
    pub parking: Parking,
    /// Relays' own numbers of handles.
    pub numbers: Numbers,
}

/// A chat's place in a working set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotId(usize);

/// Loading.
impl Working {
    /// A working set for a store that puts off writing rows: it has [`Self::words`].
    #[must_use]
    pub fn with_words() -> Self {
        Self { words: Some(Vec::new()), ..Self::default() }
    }

    /// Makes room for what is needed.
    pub fn make_room_for(&mut self, needs: &Needs) {
        self.slots.reserve(needs.conversations.len());
        self.by_id.reserve(needs.conversations.len());
        self.by_conversation.reserve(needs.conversations.len());
        self.receipts.reserve(needs.receipts.len());
        self.new_receipts.reserve(needs.receipts.len());
    }

    /// Adds a chat that the store has.
    pub fn add_chat(&mut self, chat: Box<Chat>) -> SlotId {
        if let Some(slot) = self.by_id.get(&chat.id) {
            return *slot;
        }
        self.latest_update = self.latest_update.max(Some(chat.updated_at));
        self.push(chat, false)
    }

    /// Notes the time stamp that the store gives to what is written.
    pub const fn set_tick(&mut self, tick: Time) {
        self.tick = Some(tick);
    }

    /// The moment at which to decide: this one, by the store's time stamp where it gives one, and later than what was
    /// loaded of chats last changed visibly, by the clock of whoever wrote it.
    #[must_use]
    pub fn moment(&self, moment: &Moment) -> Moment {
        let tick = self.tick.unwrap_or(moment.tick);
        let later = self.latest_update.map(|update| Time::from_nanos(update.nanos() + 1));
        Moment { tick: later.map_or(tick, |later| tick.max(later)), ..*moment }
    }

    /// Notes which chat of the set was found under `conversation`, if any was.
    pub fn add_conversation(&mut self, conversation: ConversationRef, slot: Option<SlotId>) {
        if slot.is_some() {
            self.note_known(&conversation);
        }
        self.by_conversation.insert(conversation, slot);
    }

    /// Notes that a conversation was looked for on all lines of a relay.
    pub fn add_everywhere(&mut self, everywhere: &EverywhereRef) {
        if self.known.is_none() {
            let found = self.by_conversation.iter().filter(|(_, slot)| slot.is_some());
            let found: Vec<_> = found.map(|(conversation, _)| conversation.clone()).collect();
            self.known = Some(QuickMap::default());
            for conversation in &found {
                self.note_known(conversation);
            }
        }
        self.everywhere.insert(everywhere.id());
    }

    /// Whether it was.
    #[must_use]
    pub fn has_looked_everywhere(&self, everywhere: &EverywhereRef) -> bool {
        self.everywhere.contains(&everywhere.id())
    }

    /// Whether a conversation was looked for.
    #[must_use]
    pub fn has_looked_for(&self, conversation: &ConversationRef) -> bool {
        self.by_conversation.contains_key(conversation)
    }

    /// Notes that a chat of the set answers for another id, too.
    pub fn add_alias(&mut self, id: ChatId, slot: SlotId) {
        self.by_id.insert(id, slot);
    }

    /// Notes the receipt of an event, if the store has one.
    pub fn add_receipt(&mut self, key: ReceiptKey, receipt: Option<Receipt>) {
        self.receipts.insert(key, receipt);
    }

    fn note_known(&mut self, conversation: &ConversationRef) {
        let Some(known) = &mut self.known else { return };
        let ConversationRef { tenant, line, conversation } = conversation.clone();
        known.entry(conversation).or_default().insert((tenant, line));
    }

    fn push(&mut self, chat: Box<Chat>, is_new: bool) -> SlotId {
        let slot = SlotId(self.slots.len());
        self.by_id.insert(chat.id, slot);
        self.slots.push(Slot {
            chat,
            is_new,
            touched: if is_new { Touched::Row } else { Touched::No },
            new_conversations: Vec::new(),
            records: Vec::new(),
            untold: Vec::new(),
            absorbed: None,
        });
        slot
    }
}

/// Chats.
impl Working {
    /// The chat of a conversation, if there is one.
    #[must_use]
    pub fn find(&self, conversation: &ConversationRef) -> Option<SlotId> {
        self.by_conversation.get(conversation).copied()?
    }

    /// The lines that know a conversation, as far as they were looked for.
    pub fn known_on(&self, conversation: &Conversation) -> impl Iterator<Item = &LineRef> {
        self.known.iter().filter_map(|known| known.get(conversation)).flatten()
    }

    /// The chat that answers for an id, if it was loaded.
    #[must_use]
    pub fn find_id(&self, id: ChatId) -> Option<SlotId> {
        self.by_id.get(&id).copied()
    }

    /// Adds a chat that was just minted. It has version 0 until its first event is merged.
    pub fn mint(&mut self, chat: Chat) -> SlotId {
        self.push(Box::new(chat), true)
    }

    /// Makes a conversation that had no chat a chat's own.
    pub fn bind(&mut self, conversation: &ConversationRef, slot: SlotId) {
        self.slot(slot).new_conversations.push(conversation.conversation.clone());
        self.note_known(conversation);
        self.by_conversation.insert(conversation.clone(), Some(slot));
    }

    /// The chat in a slot.
    #[expect(clippy::indexing_slicing, reason = "slots are only ever added, so their numbers stay good")]
    pub fn slot(&mut self, slot: SlotId) -> &mut Slot {
        &mut self.slots[slot.0]
    }

    /// The chat in a slot, to be looked at.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "slots are only ever added, so their numbers stay good")]
    pub fn chat(&self, slot: SlotId) -> &Chat {
        &self.slots[slot.0].chat
    }

    /// Takes an event into a chat.
    pub fn merge(&mut self, slot: SlotId, keys: Keys<'_>, stamp: &Stamp, says: &Says, at: Time) -> Merged {
        let Some(place) = self.slots.get_mut(slot.0) else { return Merged::default() };
        let merged = chat::merge(&mut place.chat, keys, stamp, says, at);
        let touched = place.note(stamp, &merged, at);
        if let (Touched::Stamps, Some(words)) = (touched, &mut self.words) {
            codec::words::append(words, &place.chat, keys, stamp, says);
            self.words_said += 1;
        }
        merged
    }

    /// Makes one chat of two, and returns the one that survives. The event that brings this about is to be merged into
    /// it afterwards, which notes what was done.
    pub fn join(&mut self, one: SlotId, other: SlotId, stamp: &Stamp, at: Time) -> SlotId {
        let Ok([first, second]) = self.slots.get_disjoint_mut([one.0, other.0]) else { return one };
        let (kept, survivor, loser) = if chat::survives(&first.chat, &second.chat) {
            (one, first, second)
        } else {
            (other, second, first)
        };
        let (survivor_id, loser_id) = (survivor.chat.id, loser.chat.id);
        let absorbed = Absorbed {
            by: survivor_id,
            conversations: loser.chat.state.keys.keys().cloned().collect(),
            people: loser.chat.state.participants().map(|(handle, ..)| handle.clone()).collect(),
        };
        survivor.untold.append(&mut chat::join(&mut survivor.chat, &mut loser.chat));
        loser.untold.push(Change::Merged(survivor_id));
        loser.note(stamp, &Merged { took: Took::Value, changes: Vec::new() }, at);
        survivor.new_conversations.append(&mut loser.new_conversations);
        loser.absorbed = Some(absorbed);
        // Whom the loser has absorbed in this batch, the survivor answers for as well: one step suffices.
        let absorbed = self.slots.iter_mut().filter_map(|slot| slot.absorbed.as_mut());
        absorbed.filter(|absorbed| absorbed.by == loser_id).for_each(|absorbed| absorbed.by = survivor_id);
        let gone = if kept == one { other } else { one };
        let moved = self.by_conversation.values_mut().flatten().chain(self.by_id.values_mut());
        moved.filter(|slot| **slot == gone).for_each(|slot| *slot = kept);
        kept
    }
}

/// Receipts.
impl Working {
    /// The receipt of an event that was taken before, in this batch or earlier.
    #[must_use]
    pub fn receipt(&self, key: &ReceiptKey) -> Option<Receipt> {
        self.receipts.get(key).copied()?
    }

    /// Writes a receipt of an event of this tenant.
    pub fn take_receipt(&mut self, tenant: Slug, key: ReceiptKey, receipt: Receipt) {
        self.receipts.insert(key, Some(receipt));
        self.new_receipts.push((tenant, key, receipt));
    }
}

/// Saving.
impl Working {
    /// The chats to be saved, new ones included.
    pub fn changed(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| slot.touched != Touched::No)
    }

    /// The words of events that moved nothing but stamps, as [`codec::words`] has them.
    #[must_use]
    pub fn words(&self) -> &[u8] {
        self.words.as_deref().unwrap_or_default()
    }

    /// How many of them there are.
    #[must_use]
    pub const fn words_said(&self) -> usize {
        self.words_said
    }

    /// The chats whose rows must be written.
    pub fn rows_written(&self) -> impl Iterator<Item = ChatId> {
        self.slots.iter().filter(|slot| slot.touched == Touched::Row).map(|slot| slot.chat.id)
    }

    /// How many more chats there are, those that others answer for not counted.
    #[must_use]
    pub fn chats_added(&self) -> i64 {
        self.changed().map(|slot| i64::from(slot.is_new) - i64::from(slot.absorbed.is_some())).sum()
    }

    /// The receipts to be saved, each with the tenant whose it is.
    #[must_use]
    pub fn new_receipts(&self) -> &[(Slug, ReceiptKey, Receipt)] {
        &self.new_receipts
    }

    /// Takes the set apart after it was saved: every chat that still answers for itself, with the
    /// conversations that it was found under.
    pub fn into_chats(self) -> impl Iterator<Item = (Vec<ConversationRef>, Box<Chat>, Touched)> {
        let mut found_under: Vec<Vec<ConversationRef>> = vec![Vec::new(); self.slots.len()];
        for (conversation, slot) in self.by_conversation {
            if let Some(list) = slot.and_then(|slot| found_under.get_mut(slot.0)) {
                list.push(conversation);
            }
        }
        found_under
            .into_iter()
            .zip(self.slots)
            .filter(|(_, slot)| slot.absorbed.is_none())
            .map(|(conversations, slot)| (conversations, slot.chat, slot.touched))
    }
}
