//! An event enters its chat, which is found or minted; a receipt remembers it.

use super::{
    ingest::{Ingested, Outcome, Refusal},
    place::{Believe, Blank, Claim, Placed, place},
};
use crate::{
    domain::{
        chat::{self, Origin},
        conversation_key::ConversationKey,
        delivery::DeliveryId,
        event::{Event, Mention},
        ids::Slug,
        receipt::{Receipt, ReceiptKey, effective_time},
        register::Took,
        stamp::Stamp,
        time::Time,
    },
    store::{
        directory::Place,
        parked::ParkedQuery,
        working::{ConversationRef, Moment, Needs, Working},
    },
};

/// An event on its way into a chat.
#[derive(Clone)]
pub(super) struct Arrival {
    event: Event,
    place: Place,
    /// When it first reached us.
    arrived: Time,
    relay: Slug,
    conversation: ConversationRef,
    previous: Option<ConversationRef>,
    receipt: ReceiptKey,
    id_bits: [u8; 10],
}

impl Arrival {
    /// An event that `relay` sent about the line of `place`. Of `id_bits` the id is made, should it mint a chat.
    pub(super) fn new(event: Event, place: Place, relay: Slug, arrived: Time, id_bits: [u8; 10]) -> Self {
        let conversation = |key: &ConversationKey| ConversationRef {
            tenant: place.tenant.clone(),
            line: place.line.clone(),
            conversation: key.conversation(),
        };
        Self {
            receipt: ReceiptKey::new(&place.tenant, &place.line, event.claimed, &event.id),
            conversation: conversation(&event.key),
            previous: event.previous.as_ref().map(conversation),
            event,
            place,
            arrived,
            relay,
            id_bits,
        }
    }

    pub(super) fn relay(&self) -> &Slug {
        &self.relay
    }

    pub(super) fn event(&self) -> &Event {
        &self.event
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn arrived(&self) -> Time {
        self.arrived
    }

    /// Has the event say this as well.
    pub(super) fn add(&mut self, mention: Mention) {
        self.event.says.people.push(mention);
    }

    pub(super) fn needs(&self, loaded: &Working, needs: &mut Needs) {
        self.conversations().for_each(|conversation| needs.conversation(loaded, conversation));
        needs.receipt(loaded, &self.place.tenant, self.receipt);
        self.event.client_ref.into_iter().for_each(|delivery| needs.delivery(loaded, delivery));
    }

    /// Who waits for what the event will make known: conversations that it speaks of, and that have no chat yet.
    pub(super) fn unlocks(&self, working: &Working) -> Vec<ParkedQuery> {
        if !self.place.takes_parked {
            return Vec::new();
        }
        let unknown = self.conversations().filter(|conversation| working.find(conversation).is_none());
        let awaited = |known: &ConversationRef| {
            ParkedQuery::Conversation(self.relay.clone(), known.conversation.clone())
        };
        unknown.map(awaited).collect()
    }

    fn conversations(&self) -> impl Iterator<Item = &ConversationRef> {
        std::iter::once(&self.conversation).chain(self.previous.as_ref())
    }

    /// Whether the event may be taken. Only known chats can be full: one event alone stays far below the limit.
    pub(super) fn check(&self, working: &Working) -> Result<(), Refusal> {
        let state = |conversation: &ConversationRef| {
            let slot = working.find(conversation)?;
            Some((slot, &working.chat(slot).state))
        };
        let says = &self.event.says;
        let is_full = match (state(&self.conversation), self.previous.as_ref().and_then(state)) {
            (Some((one, state)), Some((other, before))) if one != other => {
                chat::would_be_too_many(&[state, before], says)
            }
            (Some((_, state)), _) | (None, Some((_, state))) => chat::would_be_too_many(&[state], says),
            (None, None) => chat::would_be_too_many(&[], says),
        };
        if is_full { Err(Refusal::TooManyHandles) } else { Ok(()) }
    }

    /// Takes the event into its chat.
    pub(super) fn take(&self, working: &mut Working, moment: &Moment) -> Ingested {
        let held = working.receipt(&self.receipt);
        let effective =
            held.map_or_else(|| effective_time(self.event.claimed, self.arrived), |held| held.effective);
        let stamp = Stamp { time: effective, event: self.event.id.clone() };
        let ingested = self.merge(working, moment, &stamp, held.is_some());
        if held.is_none() && self.event.claimed >= moment.receipts_since {
            working.take_receipt(self.place.tenant.clone(), self.receipt, Receipt { effective });
        }
        ingested
    }

    fn merge(&self, working: &mut Working, moment: &Moment, stamp: &Stamp, taken_before: bool) -> Ingested {
        let claim = Claim {
            conversation: Some(&self.conversation),
            previous: self.previous.as_ref(),
            delivery: self.delivery(working),
            believe: Believe::Key,
        };
        let blank = Blank {
            tenant: &self.conversation.tenant,
            line: &self.conversation.line,
            origin: Origin::Event,
            id_bits: self.id_bits,
        };
        let Placed { slot, joined } = place(working, &claim, &blank, stamp, moment);
        let chat = &working.slot(slot).chat;
        let (id, is_new) = (chat.id, chat.version == 0);
        let merged = working.merge(slot, self.event.keys(), stamp, &self.event.says, moment.tick);
        let outcome = match (is_new, joined || !merged.changes.is_empty()) {
            (true, _) => Outcome::Created,
            (false, true) => Outcome::Updated,
            (false, false) if taken_before && merged.took == Took::Nothing => Outcome::Duplicate,
            (false, false) => Outcome::Unchanged,
        };
        Ingested { chat: Some(id), outcome }
    }

    /// The delivery that the event names, when it may: the same relay, for the same line.
    fn delivery(&self, working: &Working) -> Option<DeliveryId> {
        let delivery = working.delivery(self.event.client_ref?)?;
        let is_theirs = delivery.relay == self.relay
            && delivery.line == self.conversation.line
            && delivery.tenant == self.conversation.tenant;
        is_theirs.then_some(delivery.id)
    }
}
