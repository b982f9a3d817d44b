//! The last commit of a create: chat, people, name and the caller's answer, all or nothing.

use std::sync::Arc;

use super::request::CreateRequest;
use crate::{
    clock,
    domain::{
        chat::{self, Chat, Keys, Origin},
        conversation_key::ConversationKey,
        delivery::{AttemptToken, Delivery, DeliveryId, MessageId, Progress},
        event::{Mention, Says, Word},
        handle::Handle,
        message::Part,
        phone::PhoneNumber,
        service::Service,
        stamp::Strength,
        time::Time,
    },
    registry::place::{Believe, Blank, Claim, place},
    store::working::{ConversationRef, LineRef, Moment, Needs, Working},
};

/// Turns what was created into the body of an answer. It belongs to the edge, and is pure.
pub type Render = fn(&Created<'_>) -> Vec<u8>;

/// What was created, for the caller.
#[derive(Debug)]
pub struct Created<'c> {
    /// The chat.
    pub chat: &'c Chat,
    /// To whom, in the caller's order.
    pub to: &'c [PhoneNumber],
    /// The first message.
    pub parts: &'c [Part],
    /// Its id.
    pub message: MessageId,
    /// When it was asked for.
    pub asked_at: Time,
    /// Whether the relay has only queued it.
    pub queued: bool,
    /// How the line's recent deliveries went.
    pub health: Option<u8>,
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// The relay has made the conversation, and this is its key.
    Made(ConversationKey),
    /// The relay will make it, and tell by an event.
    Queued,
    /// Neither.
    Failed,
    /// The relay was not even asked.
    NotTried,
}

/// The end of an attempt.
pub struct Finish {
    request: Arc<CreateRequest>,
    delivery: DeliveryId,
    token: AttemptToken,
    came: Came,
    conversation: Option<ConversationRef>,
    id_bits: [u8; 10],
    render: Render,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// The caller's answer.
    Answered {
        /// Its body.
        body: Vec<u8>,
        /// Whether another attempt has given it before.
        replayed: bool,
    },
    /// Another attempt has the lease now, and will answer.
    TakenOver,
    /// The failure is noted.
    Failed,
}

impl Finish {
    pub(super) fn new(
        request: Arc<CreateRequest>,
        delivery: &Delivery,
        token: AttemptToken,
        came: Came,
        render: Render,
    ) -> Self {
        let conversation = match &came {
            Came::Made(key) => Some(ConversationRef {
                tenant: delivery.tenant.clone(),
                line: delivery.line.clone(),
                conversation: key.conversation(),
            }),
            Came::Queued | Came::Failed | Came::NotTried => None,
        };
        Self { request, delivery: delivery.id, token, came, conversation, id_bits: clock::random(), render }
    }

    pub(in crate::registry) fn needs(&self, loaded: &Working, needs: &mut Needs) {
        needs.delivery(loaded, self.delivery);
        self.conversation.iter().for_each(|conversation| needs.conversation(loaded, conversation));
    }

    pub(in crate::registry) fn decide(self, working: &mut Working, moment: &Moment) -> Finished {
        let Some(delivery) = working.delivery(self.delivery).cloned() else { return Finished::TakenOver };
        if !delivery.is_held_by(self.token) {
            return lost_to(delivery);
        }
        if self.came == Came::NotTried {
            working.put_delivery(Delivery { progress: Progress::Failed, ..delivery });
            return Finished::Failed;
        }
        let line: LineRef = (delivery.tenant.clone(), delivery.line.clone());
        let has_failed = self.came == Came::Failed || (self.came == Came::Queued && delivery.failure_told);
        working.change_health(line.clone(), |health| health.note(!has_failed));
        if self.came == Came::Failed {
            working.put_delivery(Delivery { progress: Progress::Failed, ..delivery });
            return Finished::Failed;
        }
        self.succeed(&delivery, working, moment, &line)
    }

    fn succeed(
        &self,
        delivery: &Delivery,
        working: &mut Working,
        moment: &Moment,
        line: &LineRef,
    ) -> Finished {
        let Some(stamp) = delivery.stamp() else { return Finished::TakenOver };
        let claim = Claim {
            conversation: self.conversation.as_ref(),
            previous: None,
            delivery: Some(delivery.id),
            believe: Believe::Delivery,
        };
        let blank = Blank {
            tenant: &delivery.tenant,
            line: &delivery.line,
            origin: Origin::Api,
            id_bits: self.id_bits,
        };
        let placed = place(working, &claim, &blank, &stamp, moment);
        let health = working.health(line).score();
        let slot = working.slot(placed.slot);
        // A key that contradicts what the delivery became is not this chat's.
        let key = self.key().filter(|key| {
            slot.chat.version == 0
                || slot.chat.state.is_pending()
                || slot.chat.state.keys.contains_key(&key.conversation())
        });
        let merged = chat::merge(
            &mut slot.chat,
            Keys { current: key, previous: None },
            &stamp,
            &self.says(),
            moment.tick,
        );
        slot.note(&stamp, merged, moment.tick);
        let queued = self.came == Came::Queued;
        let answer = (self.render)(&Created {
            chat: &slot.chat,
            to: &self.request.to,
            parts: &self.request.parts,
            message: delivery.message,
            asked_at: delivery.opened_at,
            queued,
            health,
        });
        let chat = Some(slot.chat.id);
        let progress =
            Progress::Answered { answer: answer.clone(), queued: queued && !delivery.failure_told };
        working.put_delivery(Delivery { chat, progress, ..delivery.clone() });
        Finished::Answered { body: answer, replayed: false }
    }

    fn key(&self) -> Option<&ConversationKey> {
        match &self.came {
            Came::Made(key) => Some(key),
            Came::Queued | Came::Failed | Came::NotTried => None,
        }
    }

    /// What a create asserts: that those it was sent to are in, and the name. Never a complete roster: who
    /// else is there, it cannot know.
    fn says(&self) -> Says {
        let service = self.key().and_then(ConversationKey::service).unwrap_or(Service::IMessage);
        let mention = |number: &PhoneNumber| Mention {
            handle: Handle::from(number),
            word: Word::Active,
            strength: Strength::Listed,
            service: Some(service),
            name: None,
        };
        Says {
            // No subject is no word on the name: the relay may have found a group that has one.
            name: self.request.subject.clone().filter(|_| self.request.is_group()).map(Some),
            service: Some(service),
            is_group: self.request.is_group(),
            is_direct: !self.request.is_group(),
            people: self.request.to.iter().map(mention).collect(),
            ..Says::default()
        }
    }
}

/// What an attempt that has lost its lease says: what its successor has stored.
fn lost_to(successor: Delivery) -> Finished {
    match successor.progress {
        Progress::Answered { answer, .. } => Finished::Answered { body: answer, replayed: true },
        Progress::Failed => Finished::Failed,
        Progress::Open { .. } => Finished::TakenOver,
    }
}
