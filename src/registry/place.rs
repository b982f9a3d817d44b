//! Which chat something belongs to: found, minted, bound, or made of two.

use crate::{
    domain::{
        chat::{Chat, ChatState, Origin},
        delivery::DeliveryId,
        ids::{ChatId, Slug},
        phone::PhoneNumber,
        stamp::Stamp,
    },
    store::working::{ConversationRef, Moment, SlotId, Working},
};

/// What is known of the chat that something belongs to.
pub(super) struct Claim<'c> {
    /// The conversation, where there is a key.
    pub(super) conversation: Option<&'c ConversationRef>,
    /// A conversation that is the same, under a key that it had before.
    pub(super) previous: Option<&'c ConversationRef>,
    /// The delivery that it is a consequence of, already found to be a legitimate one.
    pub(super) delivery: Option<DeliveryId>,
    /// Which of the two is believed when they name different conversations.
    pub(super) believe: Believe,
}

/// Which claim counts. A delivery becomes one conversation, and only once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Believe {
    /// The key: an event speaks of its own conversation, whatever delivery it names.
    Key,
    /// The delivery: a relay's answer is about the group that its events have shown already.
    Delivery,
}

/// A chat to be, if none is found.
pub(super) struct Blank<'b> {
    pub(super) tenant: &'b Slug,
    pub(super) line: &'b PhoneNumber,
    pub(super) origin: Origin,
    pub(super) id_bits: [u8; 10],
}

/// A chat that was found.
pub(super) struct Placed {
    pub(super) slot: SlotId,
    /// Whether it took another one to make it, which is a visible change.
    pub(super) joined: bool,
}

/// Finds the chat; the delivery remembers it.
pub(super) fn place(
    working: &mut Working,
    claim: &Claim<'_>,
    blank: &Blank<'_>,
    stamp: &Stamp,
    moment: &Moment,
) -> Placed {
    let (by_key, rejoined) = by_keys(working, claim, stamp, moment);
    let became = claim.delivery.and_then(|id| working.delivery(id)?.chat);
    let by_delivery = became.and_then(|chat| working.find_id(chat));
    let is_pending = by_delivery.is_some_and(|slot| working.slot(slot).chat.state.is_pending());
    let joined = is_pending && by_key.is_some_and(|key| by_delivery != Some(key));
    let slot = match (by_key, by_delivery) {
        (Some(key), Some(delivery)) if key == delivery => key,
        (Some(key), Some(delivery)) if is_pending => working.join(key, delivery, stamp, moment.tick),
        (None, Some(delivery)) if is_pending || claim.conversation.is_none() => delivery,
        (key, Some(delivery)) => {
            metrics::counter!("chert_groups_contradicted_client_refs_total").increment(1);
            let slot = match (claim.believe, key) {
                (Believe::Delivery, _) => delivery,
                (Believe::Key, Some(key)) => key,
                (Believe::Key, None) => mint(working, blank, moment),
            };
            if claim.believe == Believe::Key {
                bind_all(working, claim, slot);
            }
            return Placed { slot, joined: rejoined };
        }
        (Some(key), None) => key,
        (None, None) => mint(working, blank, moment),
    };
    remember(working, claim.delivery, slot);
    bind_all(working, claim, slot);
    Placed { slot, joined: joined || rejoined }
}

/// The chat of either key, made of two where each has one; whether it had to be.
fn by_keys(
    working: &mut Working,
    claim: &Claim<'_>,
    stamp: &Stamp,
    moment: &Moment,
) -> (Option<SlotId>, bool) {
    let find = |conversation: Option<&ConversationRef>| working.find(conversation?);
    match (find(claim.conversation), find(claim.previous)) {
        (Some(one), Some(other)) if one != other => {
            (Some(working.join(one, other, stamp, moment.tick)), true)
        }
        (one, other) => (one.or(other), false),
    }
}

/// Makes the conversations that had no chat the chat's own.
fn bind_all(working: &mut Working, claim: &Claim<'_>, slot: SlotId) {
    for conversation in claim.conversation.into_iter().chain(claim.previous) {
        if working.find(conversation).is_none() {
            working.bind(conversation, slot);
        }
    }
}

fn mint(working: &mut Working, blank: &Blank<'_>, moment: &Moment) -> SlotId {
    working.mint(Chat {
        id: ChatId::mint(moment.tick, blank.id_bits),
        tenant: blank.tenant.clone(),
        line: blank.line.clone(),
        origin: blank.origin,
        created_at: moment.tick,
        updated_at: moment.tick,
        version: 0,
        state: ChatState::new(blank.line),
    })
}

fn remember(working: &mut Working, delivery: Option<DeliveryId>, slot: SlotId) {
    let chat = working.slot(slot).chat.id;
    let delivery =
        delivery.and_then(|id| working.delivery(id)).filter(|delivery| delivery.chat != Some(chat));
    if let Some(mut delivery) = delivery.cloned() {
        delivery.chat = Some(chat);
        working.put_delivery(delivery);
    }
}
