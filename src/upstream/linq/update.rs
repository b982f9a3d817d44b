//! A group's name or icon was changed.

use super::{
    Told,
    wire::{WireTime, WireUpdate, data, inner},
};
use crate::{
    domain::{
        event::Says,
        text::{DisplayName, IconUrl},
    },
    error::BadInput,
    upstream::field::{self, optional},
};

pub(super) fn name(body: &[u8]) -> Result<Option<Told>, BadInput> {
    let update: WireUpdate<'_> = data(body)?;
    let value = update.new_value.as_ref();
    let name = optional(value, || "data.new_value".to_owned(), DisplayName::of_group)?;
    update.told(Says { name, ..Says::default() })
}

/// An icon that cannot be shown is no information: there is one, but which?
pub(super) fn icon(body: &[u8]) -> Result<Option<Told>, BadInput> {
    let update: WireUpdate<'_> = data(body)?;
    let icon = update.new_value.as_ref().and_then(|value| match value {
        Some(url) => IconUrl::new(url).ok(),
        None => Some(None),
    });
    update.told(Says { icon, ..Says::default() })
}

impl WireUpdate<'_> {
    fn told(&self, mut says: Says) -> Result<Option<Told>, BadInput> {
        says.note_own(inner(self.changed_by_handle.as_ref()), "data.changed_by_handle")?;
        Ok(Some(Told {
            at: self.updated_at.as_ref().and_then(WireTime::read),
            line: None,
            key: field::key(self.chat_id.as_ref(), "data.chat_id")?,
            says,
            about_line: None,
        }))
    }
}
