//! The last commit of a create: chat, people, name and the caller's answer, all or nothing.

use std::sync::Arc;

use super::request::CreateRequest;
use crate::{
    clock,
    domain::{
        chat::{Chat, Keys, Origin},
        conversation_key::{Conversation, ConversationKey},
        delivery::{AttemptToken, Delivery, DeliveryId, MessageId, Progress},
        event::{Mention, Says, Word},
        handle::Handle,
        ids::Slug,
        message::Part,
        phone::PhoneNumber,
        relay_kind::RelayKind,
        service::Service,
        stamp::Strength,
        time::Time,
    },
    registry::{
        command::Command,
        parking::{Seed, Unpark},
        place::{Believe, Blank, Claim, place},
    },
    store::{
        directory::Place,
        parked::ParkedQuery,
        working::{ConversationRef, LineRef, Moment, Needs, Working},
    },
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
    /// The relay has made the conversation.
    Made {
        /// Its key.
        key: ConversationKey,
        /// Whether the relay has given it the name that was asked for.
        named: bool,
    },
    /// The relay will make it, and tell by an event.
    Queued,
    /// An event has shown the conversation, whatever the relay says.
    Shown,
    /// The relay did not do it, and said so.
    Refused,
    /// The relay said nothing.
    Silence,
    /// The relay was not even asked.
    NotTried,
}

/// An attempt that is over.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What proves it to hold the lease.
    pub(super) token: AttemptToken,
    /// What the relay is, when it is still there.
    pub(super) relay: Option<RelayKind>,
    /// The line, when the relay serves it still: where what has waited for the conversation is applied.
    pub(super) place: Option<Place>,
    /// What it came to.
    pub(super) came: Came,
}

/// The end of an attempt.
pub struct Finish {
    request: Arc<CreateRequest>,
    delivery: DeliveryId,
    relay: Slug,
    attempt: Attempt,
    conversation: Option<ConversationRef>,
    id_bits: [u8; 10],
    seed: Seed,
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

impl Came {
    fn key(&self) -> Option<&ConversationKey> {
        match self {
            Self::Made { key, .. } => Some(key),
            Self::Queued | Self::Shown | Self::Refused | Self::Silence | Self::NotTried => None,
        }
    }

    /// Whether the relay has given the conversation its name, or will.
    const fn is_named(&self) -> bool {
        matches!(self, Self::Made { named: true, .. } | Self::Queued)
    }
}

impl Finish {
    pub(super) fn new(
        request: Arc<CreateRequest>,
        delivery: &Delivery,
        attempt: Attempt,
        render: Render,
    ) -> Self {
        let conversation = attempt.came.key().map(|key| ConversationRef {
            tenant: delivery.tenant.clone(),
            line: delivery.line.clone(),
            conversation: key.conversation(),
        });
        Self {
            request,
            delivery: delivery.id,
            relay: delivery.relay.clone(),
            attempt,
            conversation,
            id_bits: clock::random(),
            seed: clock::random(),
            render,
        }
    }

    /// The conversation, as events of its relay touch it.
    pub(in crate::registry) fn about(&self) -> (&Slug, Option<&Conversation>) {
        (&self.relay, self.conversation.as_ref().map(|known| &known.conversation))
    }

    pub(in crate::registry) fn needs(&self, loaded: &Working, needs: &mut Needs) {
        needs.delivery(loaded, self.delivery);
        self.conversation.iter().for_each(|conversation| needs.conversation(loaded, conversation));
    }

    /// Whether the line knows the conversation that the relay has made.
    fn is_known(&self, working: &Working) -> bool {
        self.conversation.as_ref().is_some_and(|conversation| working.find(conversation).is_some())
    }

    /// Who has waited for that.
    fn unlocks(&self) -> Option<ParkedQuery> {
        let known = self.conversation.as_ref()?;
        let takes_parked = self.attempt.place.as_ref()?.takes_parked;
        takes_parked.then(|| ParkedQuery::Conversation(self.relay.clone(), known.conversation.clone()))
    }

    pub(in crate::registry) fn decide(
        &self,
        working: &mut Working,
        moment: &Moment,
        then: &mut Vec<Command>,
    ) -> Finished {
        let Some(delivery) = working.delivery(self.delivery).cloned() else { return Finished::TakenOver };
        if !delivery.is_held_by(self.attempt.token) {
            return lost_to(delivery);
        }
        let line: LineRef = (delivery.tenant.clone(), delivery.line.clone());
        let came = &self.attempt.came;
        let succeeds = match came {
            Came::Made { .. } | Came::Queued | Came::Shown => true,
            Came::Silence | Came::NotTried => self.is_shown(&delivery),
            Came::Refused => false,
        };
        if succeeds || *came != Came::NotTried {
            let has_failed = !succeeds || (*came == Came::Queued && delivery.failure_told);
            working.change_health(line.clone(), |health| health.note(!has_failed));
        }
        if succeeds {
            let was_known = self.is_known(working);
            let finished = self.succeed(&delivery, working, moment, &line);
            // An answer that contradicts what the delivery became makes nothing known.
            if !was_known && self.is_known(working) {
                let unlocked = self.unlocks().into_iter().collect();
                then.extend(Unpark::all(unlocked, self.attempt.place.as_ref(), self.seed));
            }
            finished
        } else {
            working.put_delivery(Delivery { progress: Progress::Failed, ..delivery });
            Finished::Failed
        }
    }

    /// Whether an event has shown meanwhile that the conversation is made, of a relay that cannot be asked again.
    fn is_shown(&self, delivery: &Delivery) -> bool {
        self.attempt.relay.is_some_and(|kind| delivery.is_done_at(kind))
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
        let chat = &working.slot(placed.slot).chat;
        // A key that contradicts what the delivery became is not this chat's.
        let key = self.attempt.came.key().filter(|key| {
            chat.version == 0 || chat.state.is_pending() || chat.state.keys.contains_key(&key.conversation())
        });
        let keys = Keys { current: key, previous: None };
        working.merge(placed.slot, keys, &stamp, &self.says(), moment.tick);
        let slot = working.slot(placed.slot);
        let queued = self.attempt.came == Came::Queued;
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

    /// What a create asserts: that those it was sent to are in, and the name where the relay applies it. Never a
    /// complete roster: who else is there, it cannot know.
    fn says(&self) -> Says {
        let service = self.attempt.came.key().and_then(ConversationKey::service).unwrap_or(Service::IMessage);
        let is_named = self.request.is_group() && self.attempt.came.is_named();
        let mention = |number: &PhoneNumber| Mention {
            handle: Handle::from(number),
            word: Word::Active,
            strength: Strength::Listed,
            service: Some(service),
            name: None,
        };
        Says {
            // No subject is no word on the name: the relay may have found a group that has one.
            name: self.request.subject.clone().filter(|_| is_named).map(Some),
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
