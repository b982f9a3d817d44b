//! What can be looked up. Look-ups see what is committed and never wait for the writer.

use super::{
    StoreError,
    directory::{Place, Places},
};
use crate::domain::{
    chat::Chat,
    conversation_key::Conversation,
    delivery::Health,
    handle::Handle,
    ids::{ChatId, Slug},
    parking::Usage,
    phone::PhoneNumber,
    report::RowNumber,
    time::Time,
};

/// Which chats to list. Conditions that are `None` are none.
#[derive(Clone, Debug)]
pub struct ChatFilter {
    /// Of this tenant. Only operators leave it open.
    pub tenant: Option<Slug>,
    /// Of this line.
    pub line: Option<PhoneNumber>,
    /// Of this conversation, on any line.
    pub conversation: Option<Conversation>,
    /// In which this handle is active.
    pub handle: Option<Handle>,
    /// Groups, or chats known to be direct.
    pub is_group: Option<bool>,
    /// In which order, and from where.
    pub order: Order,
    /// How many at most.
    pub limit: u32,
}

/// The order of a listing and the place to go on from: the keys of the last chat of the page before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By id, newest first. Chats that are minted meanwhile are before the first page, so pages neither skip
    /// nor repeat.
    NewestFirst {
        /// Only older ones than this.
        before: Option<ChatId>,
    },
    /// By last change and id, ascending. A chat that changes meanwhile comes again later, and none is
    /// skipped.
    ByUpdate {
        /// Only those changed at this time or later.
        since: Time,
        /// Only those after this one.
        after: Option<(Time, ChatId)>,
    },
}

/// A chat as it is looked up, with how its line's recent deliveries went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenChat {
    /// The chat. For an id that was merged away, the one that answers for it.
    pub chat: Chat,
    /// The health of its line.
    pub health: Health,
}

/// A store, as look-ups see it.
pub trait Reader: Send + Sync + 'static {
    /// One chat of a tenant; of any tenant when `None`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn chat(&self, tenant: Option<&Slug>, id: ChatId) -> Result<Option<SeenChat>, StoreError>;

    /// A page of chats.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn list(&self, filter: &ChatFilter) -> Result<Vec<SeenChat>, StoreError>;

    /// The chats of a conversation on all lines of a tenant, newest first, up to `limit` of them.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn everywhere(
        &self,
        tenant: &Slug,
        conversation: &Conversation,
        limit: usize,
    ) -> Result<Vec<ChatId>, StoreError>;

    /// The chats of conversations of one line, in the same order; `None` where there is none.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn resolve(
        &self,
        tenant: &Slug,
        line: &PhoneNumber,
        conversations: &[Conversation],
    ) -> Result<Vec<Option<ChatId>>, StoreError>;

    /// How many chats and receipts there are.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn counts(&self) -> Result<Counts, StoreError>;

    /// How much is parked of each relay of which anything is.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn parking(&self) -> Result<Vec<(Slug, Usage)>, StoreError>;

    /// The lines that a relay's parked reports wait for; `None` is that of those which name none.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn awaited_lines(&self, relay: &Slug) -> Result<Vec<Option<PhoneNumber>>, StoreError>;

    /// The conversations for which a relay's parked reports wait although lines among `places` know them, with
    /// those lines.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn known_meanwhile(
        &self,
        relay: &Slug,
        places: &Places,
    ) -> Result<Vec<(Conversation, Vec<Place>)>, StoreError>;

    /// The numbers whose owners a relay's parked reports wait for although they are known.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn owners_known_meanwhile(&self, relay: &Slug) -> Result<Vec<RowNumber>, StoreError>;

    /// The revision of the directory.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn directory_revision(&self) -> Result<u64, StoreError>;

    /// The directory.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn directory(&self) -> Result<super::directory::Directory, StoreError>;
}

/// How much the store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Chats.
    pub chats: u64,
    /// Receipts.
    pub receipts: u64,
}
