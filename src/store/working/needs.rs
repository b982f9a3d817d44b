//! What commands must see before they decide.

use super::Working;
use crate::{
    domain::{
        conversation_key::Conversation, delivery::DeliveryId, ids::Slug, phone::PhoneNumber,
        receipt::ReceiptKey,
    },
    store::{
        directory::Places,
        parked::{NumberRef, ParkedId, ParkedQuery},
    },
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

/// A line of a tenant: what has a health.
pub type LineRef = (Slug, PhoneNumber);

/// A tenant and one of its idempotency keys: what finds a delivery.
pub type IdempotencyRef = (Slug, String);

/// A conversation on whichever line of a relay: what finds the chats of all its lines that know it.
#[derive(Clone, Debug)]
pub struct EverywhereRef {
    /// Whose lines.
    pub relay: Slug,
    /// Its lines.
    pub places: Places,
    /// Which conversation.
    pub conversation: Conversation,
}

impl EverywhereRef {
    /// What tells it from others: the same revision of the directory has the same lines.
    pub(super) fn id(&self) -> (Slug, u64, Conversation) {
        (self.relay.clone(), self.places.revision, self.conversation.clone())
    }
}

/// What a batch of commands must see.
///
/// Commands are asked until none of them needs more: what was loaded may show that more is needed. Each of the
/// methods notes something that was not looked for yet.
#[derive(Debug, Default)]
pub struct Needs {
    /// Chats by conversation.
    pub conversations: Vec<ConversationRef>,
    /// Chats by conversation, on whichever line of a relay.
    pub everywhere: Vec<EverywhereRef>,
    /// Receipts of events, each with the tenant whose it is.
    pub receipts: Vec<(Slug, ReceiptKey)>,
    /// Deliveries by id, each with its chat and the health of its line.
    pub deliveries: Vec<DeliveryId>,
    /// Deliveries by idempotency key.
    pub idempotency: Vec<IdempotencyRef>,
    /// Whose numbers these are.
    pub numbers: Vec<NumberRef>,
    /// Parked reports.
    pub parked: Vec<ParkedQuery>,
    /// Whether these reports are parked.
    pub parked_ids: Vec<ParkedId>,
    /// How much of these relays is parked.
    pub usage: Vec<Slug>,
}

impl Needs {
    /// Whether nothing is needed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            conversations,
            everywhere,
            receipts,
            deliveries,
            idempotency,
            numbers,
            parked,
            parked_ids,
            usage,
        } = self;
        conversations.is_empty()
            && receipts.is_empty()
            && deliveries.is_empty()
            && idempotency.is_empty()
            && everywhere.is_empty()
            && numbers.is_empty()
            && parked.is_empty()
            && parked_ids.is_empty()
            && usage.is_empty()
    }

    /// The chat of a conversation.
    pub fn conversation(&mut self, loaded: &Working, wanted: &ConversationRef) {
        if !loaded.by_conversation.contains_key(wanted) {
            self.conversations.push(wanted.clone());
        }
    }

    /// The chats of a conversation on all lines of a relay.
    pub fn everywhere(&mut self, loaded: &Working, wanted: EverywhereRef) {
        if !loaded.has_looked_everywhere(&wanted) {
            self.everywhere.push(wanted);
        }
    }

    /// The receipt of an event of this tenant.
    pub fn receipt(&mut self, loaded: &Working, tenant: &Slug, wanted: ReceiptKey) {
        if !loaded.receipts.contains_key(&wanted) {
            self.receipts.push((tenant.clone(), wanted));
        }
    }

    /// A delivery.
    pub fn delivery(&mut self, loaded: &Working, wanted: DeliveryId) {
        if !loaded.deliveries.contains_key(&wanted) {
            self.deliveries.push(wanted);
        }
    }

    /// The delivery of an idempotency key.
    pub fn idempotency(&mut self, loaded: &Working, wanted: &IdempotencyRef) {
        if !loaded.by_idempotency.contains_key(wanted) {
            self.idempotency.push(wanted.clone());
        }
    }

    /// Whose number this is.
    pub fn number(&mut self, loaded: &Working, wanted: NumberRef) {
        if !loaded.numbers.is_loaded(&wanted) {
            self.numbers.push(wanted);
        }
    }

    /// Parked reports.
    pub fn parked(&mut self, loaded: &Working, wanted: &ParkedQuery) {
        if !loaded.parking.is_loaded(wanted) {
            self.parked.push(wanted.clone());
        }
    }

    /// Whether there is room to park a report of `relay`, and whether it is parked already.
    pub fn room_to_park(&mut self, loaded: &Working, relay: &Slug, id: ParkedId) {
        if loaded.parking.usage(relay).is_none() {
            self.usage.push(relay.clone());
        }
        if !loaded.parking.has_looked_for(id) {
            self.parked_ids.push(id);
        }
    }
}
