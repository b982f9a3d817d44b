//! What events say of people.

use super::wire::WireHandle;
use crate::{
    domain::{
        event::{Mention, Says},
        phone::PhoneNumber,
        report::Opinion,
    },
    error::BadInput,
    upstream::field::{self, given},
};

/// The line, where an event names it in the handle at `path`.
pub(super) fn line(wire: Option<&WireHandle<'_>>, path: &str) -> Result<Option<PhoneNumber>, BadInput> {
    let number = wire.and_then(|wire| given(wire.handle.as_ref()));
    number.map(|number| field::line(number, &format!("{path}.handle"))).transpose()
}

impl Says {
    /// Says `opinion` of the handle at `path`.
    pub(super) fn speak_of(
        &mut self,
        wire: &WireHandle<'_>,
        opinion: Opinion,
        path: impl Fn() -> String,
    ) -> Result<(), BadInput> {
        let handle = field::handle(wire.handle.as_ref(), || format!("{}.handle", path()))?;
        self.mention(Mention { service: wire.service(), ..opinion.of(handle) }, wire.is_me());
        Ok(())
    }

    /// Says of the handle at `path` no more than that it is the line's own, if it is.
    pub(super) fn note_own(&mut self, wire: Option<&WireHandle<'_>>, path: &str) -> Result<(), BadInput> {
        if let Some(own) = wire.filter(|wire| wire.is_me()) {
            self.ours.push(field::handle(own.handle.as_ref(), || format!("{path}.handle"))?);
        }
        Ok(())
    }

    /// Says of the handle at `path`, who wrote, that it is there. The line's own side is spoken of as the line.
    pub(super) fn note_writer(
        &mut self,
        wire: Option<&WireHandle<'_>>,
        from_me: bool,
        path: &str,
    ) -> Result<(), BadInput> {
        match wire.filter(|wire| !from_me && !wire.is_me()) {
            Some(other) => self.speak_of(other, Opinion::WRITES, || path.to_owned()),
            None => self.note_own(wire, path),
        }
    }
}
