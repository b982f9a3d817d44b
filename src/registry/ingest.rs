//! An event comes in: find or mint its chat, merge, and say what came of it.

use crate::{
    clock,
    domain::{
        chat::{self, Chat, ChatState, MAX_HANDLES},
        event::Event,
        ids::{ChatId, Slug},
        receipt::{Receipt, ReceiptKey, effective_time},
        stamp::Stamp,
    },
    store::working::{ConversationRef, Moment, Needs, Working},
};

/// An event whose line was found to be a tenant's.
pub struct Ingest {
    event: Event,
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

impl Ingest {
    /// An event on a line of `tenant`.
    #[must_use]
    pub fn new(event: Event, tenant: Slug) -> Self {
        let receipt = ReceiptKey::new(&tenant, &event.line, event.claimed, &event.id);
        let conversation =
            ConversationRef { tenant, line: event.line.clone(), conversation: event.key.conversation() };
        Self { event, conversation, receipt, id_bits: clock::random() }
    }

    pub(super) fn needs(&self, needs: &mut Needs) {
        needs.conversations.push(self.conversation.clone());
        needs.receipts.push(self.receipt);
    }

    pub(super) fn decide(self, working: &mut Working, moment: &Moment) -> Result<Ingested, Refusal> {
        let held = working.receipt(&self.receipt);
        let effective =
            held.map_or_else(|| effective_time(self.event.claimed, moment.now), |held| held.effective);
        let stamp = Stamp { time: effective, event: self.event.id.clone() };
        let (chat, outcome) = self.merge(working, moment, &stamp, held.is_some())?;
        if held.is_none() && self.event.claimed >= moment.receipts_since {
            working.take_receipt(self.receipt, Receipt { effective });
        }
        Ok(Ingested { chat, outcome })
    }

    fn merge(
        &self,
        working: &mut Working,
        moment: &Moment,
        stamp: &Stamp,
        taken_before: bool,
    ) -> Result<(ChatId, Outcome), Refusal> {
        let slot = working.find_or_mint(&self.conversation, || self.new_chat(moment));
        let minted = slot.chat.version == 0;
        let known = slot.chat.state.people.len();
        // A new chat is far below the limit, so a refusal leaves nothing behind.
        if known + slot.chat.state.strangers_in(&self.event.says) > MAX_HANDLES {
            return Err(Refusal::TooManyHandles);
        }
        let merged = chat::merge(&mut slot.chat, &self.event.key, stamp, &self.event.says, moment.tick);
        let outcome = match (minted, merged.changes.is_empty(), taken_before && !merged.changed) {
            (true, _, _) => Outcome::Created,
            (false, false, _) => Outcome::Updated,
            (false, true, true) => Outcome::Duplicate,
            (false, true, false) => Outcome::Unchanged,
        };
        slot.note(stamp, merged, moment.tick);
        Ok((slot.chat.id, outcome))
    }

    fn new_chat(&self, moment: &Moment) -> Chat {
        Chat {
            id: ChatId::mint(moment.tick, self.id_bits),
            tenant: self.conversation.tenant.clone(),
            line: self.conversation.line.clone(),
            created_at: moment.tick,
            updated_at: moment.tick,
            version: 0,
            state: ChatState::new(&self.conversation.line),
        }
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
