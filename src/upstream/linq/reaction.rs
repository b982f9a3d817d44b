//! Somebody reacted to a message, or took a reaction back.

use super::{
    Told,
    wire::{WireReaction, WireTime, data, inner, service},
};
use crate::{
    domain::{event::Says, report::Opinion},
    error::BadInput,
    upstream::field::{self, given},
};

pub(super) fn told(body: &[u8]) -> Result<Option<Told>, BadInput> {
    let reaction: WireReaction<'_> = data(body)?;
    if given(reaction.chat_id.as_ref()).is_none() {
        return Ok(None);
    }
    let from_me = reaction.is_from_me == Some(true);
    let mut says = Says { service: service(reaction.service.as_ref()), ..Says::default() };
    says.note_writer(inner(reaction.from_handle.as_ref()), from_me, "data.from_handle")?;
    Ok(Some(Told {
        at: reaction.reacted_at.as_ref().and_then(WireTime::read),
        line: None,
        key: field::key(reaction.chat_id.as_ref(), "data.chat_id")?,
        says,
        about_line: Some(Opinion::WRITES),
    }))
}
