//! A chat was created: the one event that carries a whole chat. Its roster is as of the event, not of its data.

use super::{
    Told,
    wire::{WireCreated, WireHandle, data, service},
};
use crate::{
    domain::{
        event::{Mention, Says},
        phone::PhoneNumber,
        text::DisplayName,
    },
    error::BadInput,
    json::Object,
    upstream::{
        field::{self, given, optional},
        people::{LISTED, listed_as},
        roster::Roster,
        spelling,
    },
};

pub(super) fn told(body: &[u8]) -> Result<Option<Told>, BadInput> {
    let created: WireCreated<'_> = data(body)?;
    Ok(Some(Told {
        at: None,
        key: field::key(created.id.as_ref(), "data.id")?,
        says: created.says()?,
        line: created.line()?,
        about_line: None,
    }))
}

impl<'a> WireCreated<'a> {
    fn handles(&self) -> &[Object<WireHandle<'a>>] {
        self.handles.as_deref().unwrap_or_default()
    }

    fn says(&self) -> Result<Says, BadInput> {
        let handles = Roster::checked(self.handles.as_ref(), "data.handles")?;
        let mut says = Says {
            service: service(self.service.as_ref()),
            is_group: self.is_group == Some(true),
            roster_complete: !handles.is_empty(),
            ..Says::default()
        };
        // Who left or was removed stays listed, and who came back is listed twice.
        for (index, Object(wire)) in handles.iter().enumerate() {
            let opinion = listed_as(wire.status.as_deref());
            says.speak_of(wire, opinion, || format!("data.handles[{index}]"))?;
        }
        let field = || "data.display_name".to_owned();
        let name = optional(self.display_name.as_ref(), field, DisplayName::of_group)?;
        says.name = name.map(|name| name.filter(|name| !is_made_of(name, &says.people)));
        Ok(says)
    }

    /// The line: the first number that is marked as its own, of those that are in if there are any.
    fn line(&self) -> Result<Option<PhoneNumber>, BadInput> {
        let own = || self.handles().iter().enumerate().filter(|(_, Object(wire))| wire.is_me());
        let numbers = own().filter_map(|(_, Object(wire))| {
            let number = spelling::line(given(wire.handle.as_ref())?).ok()?;
            Some((number, listed_as(wire.status.as_deref()) != LISTED))
        });
        match (numbers.min_by_key(|(_, is_out)| *is_out), own().next()) {
            (Some((number, _)), _) => Ok(Some(number)),
            (None, Some((index, _))) => {
                Err(BadInput::NotAPhoneNumber(format!("data.handles[{index}].handle")))
            }
            (None, None) => Ok(None),
        }
    }
}

/// Whether a name is nothing but addresses of those listed: Linq makes one up for a nameless group.
fn is_made_of(name: &DisplayName, listed: &[Mention]) -> bool {
    let is_listed = |piece: &str| {
        spelling::handle(piece).is_ok_and(|handle| listed.iter().any(|mention| mention.handle == handle))
    };
    let mut pieces = name.as_str().split([',', '&']).filter(|piece| !piece.trim().is_empty()).peekable();
    pieces.peek().is_some() && pieces.all(is_listed)
}
