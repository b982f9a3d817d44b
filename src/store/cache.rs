//! The chats that a writer touched last.
//!
//! A known chat reads nothing from disk, or next to nothing from a database that others write, too: then each has a
//! mark with it that tells whether it is still what the database has. Chats are taken out for a transaction and put
//! back after it was committed, to the place that is kept for them; when it fails they are simply gone, and the next
//! transaction reads what is true. Bounded by the number of handles, since a chat may have ten or ten thousand.

use lru::LruCache;

use crate::{
    domain::{chat::Chat, ids::ChatId},
    hash::QuickMap,
    store::working::ConversationRef,
};

/// What a chat weighs besides its handles.
const CHAT_WEIGHT: usize = 8;

/// How many chats that must stay are passed over in search of one that may go. The next put goes on searching.
const MOST_PASSED_OVER: usize = 16;

pub(super) struct ChatCache<M = ()> {
    chats: LruCache<ChatId, Entry<M>>,
    ids: QuickMap<ConversationRef, ChatId>,
    weight: usize,
    capacity: usize,
}

struct Entry<M> {
    /// `None` while it is taken out. A chat stays where it is in memory, whoever has it.
    chat: Option<Box<Chat>>,
    mark: M,
    found_under: Vec<ConversationRef>,
    weight: usize,
}

impl<M: Copy> ChatCache<M> {
    /// A cache for `capacity` handles.
    pub(super) fn new(capacity: usize) -> Self {
        Self { chats: LruCache::unbounded(), ids: QuickMap::default(), weight: 0, capacity }
    }

    /// Takes a chat out.
    pub(super) fn take(&mut self, conversation: &ConversationRef) -> Option<Box<Chat>> {
        self.take_id(*self.ids.get(conversation)?)
    }

    /// Which chat it has of a conversation, and its mark.
    pub(super) fn mark(&self, conversation: &ConversationRef) -> Option<(ChatId, M)> {
        let id = *self.ids.get(conversation)?;
        Some((id, self.mark_of(id)?))
    }

    /// The mark of a chat.
    pub(super) fn mark_of(&self, id: ChatId) -> Option<M> {
        self.chats.peek(&id).filter(|entry| entry.chat.is_some()).map(|entry| entry.mark)
    }

    /// Takes a chat out by its id.
    pub(super) fn take_id(&mut self, id: ChatId) -> Option<Box<Chat>> {
        self.chats.get_mut(&id)?.chat.take()
    }

    /// A chat that stays in.
    pub(super) fn peek(&self, id: ChatId) -> Option<&Chat> {
        self.chats.peek(&id)?.chat.as_deref()
    }

    /// Puts a chat in, as the newest. Those that go for it are not among the `kept`: what the store lacks must stay.
    pub(super) fn put(
        &mut self,
        found_under: Vec<ConversationRef>,
        chat: Box<Chat>,
        mark: M,
        kept: impl Fn(ChatId) -> bool,
    ) {
        let (id, weight) = (chat.id, CHAT_WEIGHT + chat.state.people.len());
        let empty = || Entry { chat: None, mark, found_under: Vec::new(), weight: 0 };
        let entry = self.chats.get_or_insert_mut(id, empty);
        self.weight = self.weight.saturating_sub(entry.weight) + weight;
        (entry.chat, entry.mark, entry.weight) = (Some(chat), mark, weight);
        for conversation in found_under {
            if self.ids.get(&conversation) != Some(&id) {
                entry.found_under.push(conversation.clone());
                self.ids.insert(conversation, id);
            }
        }
        self.shrink(kept);
    }

    fn shrink(&mut self, kept: impl Fn(ChatId) -> bool) {
        let mut passed_over = 0;
        while self.weight > self.capacity && passed_over < MOST_PASSED_OVER {
            let Some((id, oldest)) = self.chats.pop_lru() else { return };
            if kept(id) {
                self.chats.put(id, oldest);
                passed_over += 1;
            } else {
                self.forget(id, &oldest);
            }
        }
    }

    fn forget(&mut self, id: ChatId, entry: &Entry<M>) {
        self.weight = self.weight.saturating_sub(entry.weight);
        for conversation in &entry.found_under {
            // Another chat may answer for it by now.
            if self.ids.get(conversation) == Some(&id) {
                self.ids.remove(conversation);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::conversation_key::Conversation;

    fn chat(number: u8) -> (ConversationRef, Box<Chat>) {
        let chat = Chat::example(number);
        let conversation = Conversation::from_canonical(&format!("any;+;chat{number}"));
        let (tenant, line) = (chat.tenant.clone(), chat.line.clone());
        (ConversationRef { tenant, line, conversation }, Box::new(chat))
    }

    #[test]
    fn what_is_taken_out_is_gone_until_it_is_put_back() {
        let mut cache = ChatCache::new(100);
        let (key, one) = chat(1);
        cache.put(vec![key.clone()], one.clone(), (), |_| false);
        assert_eq!(cache.take(&key), Some(one.clone()));
        assert_eq!(cache.take(&key), None);
        cache.put(vec![key.clone()], one.clone(), (), |_| false);
        assert_eq!(cache.take(&key), Some(one));
        // Its place is kept for it, once.
        assert_eq!((cache.weight, cache.ids.len()), (CHAT_WEIGHT, 1));
    }

    #[test]
    fn the_oldest_goes_when_there_is_no_room() {
        let mut cache = ChatCache::new(2 * CHAT_WEIGHT);
        for number in 1..=3 {
            let (key, chat) = chat(number);
            cache.put(vec![key], chat, (), |_| false);
        }
        assert_eq!(cache.take(&chat(1).0), None);
        assert!(cache.take(&chat(2).0).is_some());
        assert!(cache.take(&chat(3).0).is_some());
        assert_eq!(cache.ids.len(), 2);
    }

    #[test]
    fn what_must_stay_stays() {
        let mut cache = ChatCache::new(2 * CHAT_WEIGHT);
        for number in 1..=4 {
            let (key, chat) = chat(number);
            cache.put(vec![key], chat, (), |id| id == ChatId::from_bytes([1; 16]));
        }
        assert!(cache.peek(ChatId::from_bytes([1; 16])).is_some());
        assert!(cache.take(&chat(2).0).is_none());
        assert!(cache.take(&chat(4).0).is_some());
    }

    #[test]
    fn a_conversation_that_goes_over_to_another_chat_stays_with_it() {
        let mut cache = ChatCache::new(2 * CHAT_WEIGHT);
        let ((gone, loser), (key, survivor)) = (chat(1), chat(2));
        cache.put(vec![gone.clone()], loser, (), |_| false);
        cache.put(vec![gone.clone(), key], survivor.clone(), (), |_| false);
        // The loser is forgotten, and not what it was found under.
        let (other, another) = chat(3);
        cache.put(vec![other], another, (), |_| false);
        assert_eq!(cache.take(&gone), Some(survivor));
    }
}
