//! Look-ups of chats by what names them: an id, or a conversation.
//!
//! What is remembered is answered at once, on the caller's own thread. The rest is read from the store, on a thread
//! that may wait, and remembered from then on. A mark is taken before each reading, so that nothing is remembered
//! that was changed meanwhile.

use std::sync::Arc;

use super::Registry;
use crate::{
    domain::{
        conversation_key::{Conversation, Meaning},
        ids::{ChatId, Slug},
        phone::PhoneNumber,
    },
    store::{
        StoreError,
        memory::{MOST_CHATS, Memory, Shown},
        query::{Reader, SeenChat},
    },
};

/// Makes of a chat what callers see.
pub type Show = fn(&SeenChat) -> Shown;

impl Registry {
    /// One chat of a tenant, as `show` makes it. It must always make the same of the same chat.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn show(
        &self,
        tenant: &Slug,
        id: ChatId,
        show: Show,
    ) -> Result<Option<Arc<Shown>>, StoreError> {
        if let Some(shown) = self.memory.chat(tenant, id) {
            return Ok(Some(shown));
        }
        let (memory, tenant) = (Arc::clone(&self.memory), tenant.clone());
        self.read(move |reader| Remembering { reader, memory: &memory, tenant: &tenant }.show(id, show)).await
    }

    /// The chats of a conversation, on one line or on all of a tenant, newest first and as `show` makes them; `None`
    /// when they are too many to be found in this way.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn find(
        &self,
        tenant: &Slug,
        line: Option<&PhoneNumber>,
        conversation: &Conversation,
        show: Show,
    ) -> Result<Option<Vec<Arc<Shown>>>, StoreError> {
        if let Some(found) = found_at_once(&self.memory, tenant, line, conversation) {
            return Ok(Some(found));
        }
        let (memory, tenant) = (Arc::clone(&self.memory), tenant.clone());
        let (line, conversation) = (line.cloned(), conversation.clone());
        self.read(move |reader| {
            let remembering = Remembering { reader, memory: &memory, tenant: &tenant };
            remembering.find(line.as_ref(), &conversation, show)
        })
        .await
    }

    /// The chats of conversations of one line, in the same order. Never mints.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn resolve(
        &self,
        tenant: &Slug,
        line: &PhoneNumber,
        conversations: &[Meaning<'_>],
    ) -> Result<Vec<Option<ChatId>>, StoreError> {
        let mut known = self.memory.resolve(tenant, line, conversations);
        let unknown = known.iter().zip(conversations).filter(|(id, _)| id.is_none());
        let unknown: Vec<Conversation> = unknown.map(|(_, meaning)| meaning.conversation()).collect();
        if !unknown.is_empty() {
            let (memory, tenant, line) = (Arc::clone(&self.memory), tenant.clone(), line.clone());
            let look_up = move |reader: &dyn Reader| {
                Remembering { reader, memory: &memory, tenant: &tenant }.resolve(&line, &unknown)
            };
            let gaps = known.iter_mut().filter(|id| id.is_none());
            gaps.zip(self.read(look_up).await?).for_each(|(gap, id)| *gap = Some(id));
        }
        Ok(known.into_iter().map(Option::flatten).collect())
    }
}

/// What [`Registry::find`] finds, when all of it is remembered.
fn found_at_once(
    memory: &Memory,
    tenant: &Slug,
    line: Option<&PhoneNumber>,
    conversation: &Conversation,
) -> Option<Vec<Arc<Shown>>> {
    let conversation = conversation.into();
    let shown = |id: &ChatId| memory.chat(tenant, *id);
    match line {
        Some(line) => {
            let id = memory.resolve(tenant, line, &[conversation]).pop()??;
            id.iter().map(shown).collect()
        }
        None => memory.everywhere(tenant, conversation)?.iter().map(shown).collect(),
    }
}

/// Reads a store for a tenant, and remembers what it finds.
struct Remembering<'r> {
    reader: &'r dyn Reader,
    memory: &'r Memory,
    tenant: &'r Slug,
}

impl Remembering<'_> {
    fn show(&self, id: ChatId, show: Show) -> Result<Option<Arc<Shown>>, StoreError> {
        let mark = self.memory.mark();
        let Some(seen) = self.reader.chat(Some(self.tenant), id)? else { return Ok(None) };
        let shown = Arc::new(show(&seen));
        // An id that was merged away is not remembered: it would change with every chat that may answer for it.
        if seen.chat.id == id {
            self.memory.keep_chat(mark, self.tenant, &seen.chat.line, id, &shown);
        }
        Ok(Some(shown))
    }

    fn find(
        &self,
        line: Option<&PhoneNumber>,
        conversation: &Conversation,
        show: Show,
    ) -> Result<Option<Vec<Arc<Shown>>>, StoreError> {
        let ids = match line {
            Some(line) => {
                self.resolve(line, std::slice::from_ref(conversation))?.into_iter().flatten().collect()
            }
            None => self.everywhere(conversation)?,
        };
        if ids.len() > MOST_CHATS {
            return Ok(None);
        }
        let remembered = |id: ChatId| match self.memory.chat(self.tenant, id) {
            Some(shown) => Ok(Some(shown)),
            None => self.show(id, show),
        };
        let found = ids.into_iter().filter_map(|id| remembered(id).transpose());
        found.collect::<Result<_, _>>().map(Some)
    }

    fn everywhere(&self, conversation: &Conversation) -> Result<Vec<ChatId>, StoreError> {
        let mark = self.memory.mark();
        let ids = self.reader.everywhere(self.tenant, conversation, MOST_CHATS + 1)?;
        self.memory.keep_everywhere(mark, self.tenant, conversation.into(), &ids);
        Ok(ids)
    }

    fn resolve(
        &self,
        line: &PhoneNumber,
        conversations: &[Conversation],
    ) -> Result<Vec<Option<ChatId>>, StoreError> {
        let mark = self.memory.mark();
        let ids = self.reader.resolve(self.tenant, line, conversations)?;
        for (conversation, id) in conversations.iter().zip(&ids) {
            self.memory.keep_resolved(mark, self.tenant, line, conversation.into(), *id);
        }
        Ok(ids)
    }
}
