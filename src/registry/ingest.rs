//! An event comes in: find its chat, merge, and say what came of it.

use super::place::{Believe, Blank, Claim, Placed, place};
use crate::{
    clock,
    domain::{
        chat::{self, MAX_HANDLES, Origin},
        delivery::{DeliveryId, Health, Progress},
        event::Event,
        ids::{ChatId, Slug},
        phone::PhoneNumber,
        receipt::{Receipt, ReceiptKey, effective_time},
        stamp::Stamp,
    },
    store::{
        committer::CommitError,
        working::{ConversationRef, Moment, Needs, Working},
    },
};

/// An event whose line was found to be a tenant's, and to be served by the relay that sent it.
pub struct Ingest {
    event: Event,
    relay: Slug,
    conversation: ConversationRef,
    receipt: ReceiptKey,
    id_bits: [u8; 10],
}

/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ingested {
    /// Its chat.
    pub chat: ChatId,
    /// What it did.
    pub outcome: Outcome,
}

/// What an event did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It minted the chat.
    Created,
    /// It changed something about a known chat.
    Updated,
    /// It said nothing new about a known chat.
    Unchanged,
    /// It was taken before, and said nothing new.
    Duplicate,
}

/// Why an event is refused although it is well-formed. It has changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The chat would know too many handles.
    #[error("data.chat.handles would make more than {MAX_HANDLES} handles in this chat")]
    TooManyHandles,
}

/// What a relay's event is to the registry.
pub enum News {
    /// It speaks of a conversation.
    Event(Box<Ingest>),
    /// A queued message will not be sent.
    Failure(SettleFailure),
}

/// Why news was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It is not durable.
    #[error(transparent)]
    NotCommitted(#[from] CommitError),
}

impl Ingest {
    /// An event that `relay` sent about a line of `tenant`.
    #[must_use]
    pub fn new(event: Event, tenant: Slug, relay: Slug) -> Self {
        let receipt = ReceiptKey::new(&tenant, &event.line, event.claimed, &event.id);
        let conversation =
            ConversationRef { tenant, line: event.line.clone(), conversation: event.key.conversation() };
        Self { event, relay, conversation, receipt, id_bits: clock::random() }
    }

    pub(super) fn needs(&self, needs: &mut Needs) {
        needs.conversations.push(self.conversation.clone());
        needs.receipts.push(self.receipt);
        needs.deliveries.extend(self.event.client_ref);
    }

    pub(super) fn decide(self, working: &mut Working, moment: &Moment) -> Result<Ingested, Refusal> {
        if self.has_too_many_handles(working) {
            return Err(Refusal::TooManyHandles);
        }
        let held = working.receipt(&self.receipt);
        let effective =
            held.map_or_else(|| effective_time(self.event.claimed, moment.now), |held| held.effective);
        let stamp = Stamp { time: effective, event: self.event.id.clone() };
        let ingested = self.merge(working, moment, &stamp, held.is_some());
        if held.is_none() && self.event.claimed >= moment.receipts_since {
            working.take_receipt(self.receipt, Receipt { effective });
        }
        Ok(ingested)
    }

    /// Only a known chat can be full: one event alone stays far below the limit.
    fn has_too_many_handles(&self, working: &mut Working) -> bool {
        let Some(slot) = working.find(&self.conversation) else { return false };
        let state = &working.slot(slot).chat.state;
        // Who is known already may be spoken of, however full the chat is.
        let strangers = state.strangers_in(&self.event.says);
        strangers > 0 && state.people.len() + strangers > MAX_HANDLES
    }

    fn merge(&self, working: &mut Working, moment: &Moment, stamp: &Stamp, taken_before: bool) -> Ingested {
        let claim = Claim {
            conversation: Some(&self.conversation),
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
        let slot = working.slot(slot);
        let is_new = slot.chat.version == 0;
        let merged = chat::merge(&mut slot.chat, Some(&self.event.key), stamp, &self.event.says, moment.tick);
        let outcome = match (is_new, joined || !merged.changes.is_empty()) {
            (true, _) => Outcome::Created,
            (false, true) => Outcome::Updated,
            (false, false) if taken_before && !merged.changed => Outcome::Duplicate,
            (false, false) => Outcome::Unchanged,
        };
        slot.note(stamp, merged, moment.tick);
        Ingested { chat: slot.chat.id, outcome }
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

/// A relay says that a message it had queued will not be sent.
pub struct SettleFailure {
    delivery: DeliveryId,
    relay: Slug,
    line: Option<PhoneNumber>,
}

impl SettleFailure {
    /// The failure of a delivery, as `relay` tells it, on the line that it names if it names one.
    #[must_use]
    pub fn new(delivery: DeliveryId, relay: Slug, line: Option<PhoneNumber>) -> Self {
        Self { delivery, relay, line }
    }

    pub(super) fn needs(&self, needs: &mut Needs) {
        needs.deliveries.push(self.delivery);
    }

    /// Settles a queued delivery, once; anybody else's is left alone. When the answer that queued it is not
    /// noted yet, the end of the create counts the failure.
    pub(super) fn decide(self, working: &mut Working) {
        let Some(mut delivery) = working.delivery(self.delivery).cloned() else { return };
        let is_theirs = delivery.relay == self.relay && self.line.is_none_or(|line| line == delivery.line);
        if !is_theirs || delivery.failure_told {
            return;
        }
        delivery.failure_told = true;
        if let Progress::Answered { queued: queued @ true, .. } = &mut delivery.progress {
            *queued = false;
            working.change_health((delivery.tenant.clone(), delivery.line.clone()), Health::turn);
        }
        working.put_delivery(delivery);
    }
}

impl Outcome {
    /// The name in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Duplicate => "duplicate",
        }
    }
}
