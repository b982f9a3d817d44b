//! Somebody was added to a group, or is no longer in it.

use super::{
    Told,
    wire::{WireHandle, WireMembership, WireTime, data, inner},
};
use crate::{
    domain::event::{Mention, Says, Word},
    error::BadInput,
    upstream::{
        field::{self, given},
        people::subject,
    },
};

pub(super) fn added(body: &[u8]) -> Result<Option<Told>, BadInput> {
    let membership: WireMembership<'_> = data(body)?;
    membership.told(Word::Active, membership.added_at.as_ref())
}

pub(super) fn removed(body: &[u8]) -> Result<Option<Told>, BadInput> {
    let membership: WireMembership<'_> = data(body)?;
    let status = inner(membership.participant.as_ref()).and_then(|wire| wire.status.as_deref());
    let word = if status == Some("left") { Word::Left } else { Word::Removed };
    membership.told(word, membership.removed_at.as_ref())
}

impl WireMembership<'_> {
    fn told(&self, word: Word, at: Option<&WireTime<'_>>) -> Result<Option<Told>, BadInput> {
        if given(self.chat_id.as_ref()).is_none() {
            return Ok(None);
        }
        Ok(Some(Told {
            at: at.and_then(WireTime::read),
            line: None,
            key: field::key(self.chat_id.as_ref(), "data.chat_id")?,
            says: self.says(word)?,
            about_line: None,
        }))
    }

    /// Who it was is certain only in `handle`; `participant` tells more about the same one.
    fn says(&self, word: Word) -> Result<Says, BadInput> {
        let handle = field::handle(self.handle.as_ref(), || "data.handle".to_owned())?;
        let more = inner(self.participant.as_ref());
        let service = more.and_then(WireHandle::service);
        let mut says = Says::default();
        says.mention(Mention { service, ..subject(word).of(handle) }, more.is_some_and(WireHandle::is_me));
        Ok(says)
    }
}
