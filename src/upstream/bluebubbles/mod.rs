//! The events of a BlueBubbles server, which bridges a Mac's messages: `wire` is their form, `happening` what they
//! tell of, `people` whom they name, `id` what they are known by, and here is what they mean.
//!
//! A group's change comes as an event of its own type and once more as a `new-message`, its companion. Both mean the
//! same.

mod happening;
mod id;
mod people;
mod wire;

#[cfg(test)]
mod tests;

use super::{
    Parsed, Rejected,
    field::{self, optional, required},
    people::{LISTED, subject},
};
use crate::{
    domain::{
        conversation_key::ConversationKey,
        delivery::DeliveryId,
        event::{Mention, Says, Word},
        phone::PhoneNumber,
        report::{Opinion, Report, RowNumber},
        text::DisplayName,
        time::Time,
    },
    error::BadInput,
    json::{self, Object},
};
use happening::Happening;
use people::{People, row_number};
use wire::{WireChat, WireData, WireEvent, WireType};

/// The `style` of a chat that is a group.
const GROUP_STYLE: i64 = 43;

/// Judges an event that came with `line` in its URL, if with any.
///
/// # Errors
///
/// When it is not the JSON that a server sends, or a field that is read has a value that cannot be used.
pub fn parse(body: &[u8], line: Option<&PhoneNumber>) -> Result<Parsed, Rejected> {
    judge(body, line).map_err(|why| Rejected { event_id: id::as_far_as_readable(body), why })
}

fn judge(body: &[u8], line: Option<&PhoneNumber>) -> Result<Parsed, BadInput> {
    let Object(WireType { name }) = json::read(body)?;
    let event_type = required(name.as_ref(), "type")?;
    if happening::speaks(event_type) {
        let Object(WireEvent { data }) = json::read(body)?;
        let data = data.as_ref().map(|data| &data.0);
        if let Some((data, chat)) = data.and_then(|data| Some((data, data.chat()?))) {
            return Telling::read(event_type, data, chat)?.report(line).map(Box::new).map(Parsed::Speaks);
        }
    }
    id::of_ignored(event_type, body).map(Parsed::Ignored)
}

impl<'a> WireData<'a> {
    /// The conversation. The key is nowhere else, so that an event without it says nothing.
    fn chat(&self) -> Option<&WireChat<'a>> {
        self.chats.as_ref()?.0.as_ref().map(|chat| &chat.0)
    }
}

/// An event that tells of something, and what is known of it so far.
struct Telling<'e, 'a> {
    event_type: &'e str,
    data: &'e WireData<'a>,
    chat: &'e WireChat<'a>,
    key: ConversationKey,
    happening: Happening,
    people: People,
    from_me: bool,
}

impl<'e, 'a> Telling<'e, 'a> {
    fn read(event_type: &'e str, data: &'e WireData<'a>, chat: &'e WireChat<'a>) -> Result<Self, BadInput> {
        Ok(Self {
            event_type,
            data,
            chat,
            key: field::key(chat.guid.as_ref(), "data.chats[0].guid")?,
            happening: Happening::of(event_type, data),
            people: People::read(data, chat)?,
            from_me: data.is_from_me == Some(true),
        })
    }

    fn report(&self, line: Option<&PhoneNumber>) -> Result<Report, BadInput> {
        let claimed = self.data.date_created.map(Time::from_millis);
        Ok(Report {
            id: id::of(self.event_type, required(self.data.guid.as_ref(), "data.guid")?)?,
            claimed: claimed.ok_or_else(|| BadInput::Missing("data.dateCreated".to_owned()))?,
            line: line.cloned(),
            key: self.key.clone(),
            previous: None,
            client_ref: self.client_ref(),
            says: self.says()?,
            about_line: self.about_line(),
            about_number: self.about_number(),
            teaches: self.people.numbers(),
        })
    }

    /// The delivery of ours that a message is, if it is one: we passed its id as the message's temporary guid.
    fn client_ref(&self) -> Option<DeliveryId> {
        let is_ours = self.happening == Happening::Message && self.from_me;
        self.data.temp_guid.as_ref().filter(|_| is_ours)?.parse().ok()
    }

    fn says(&self) -> Result<Says, BadInput> {
        let listed = self.people.participants.iter().map(|named| named.mentioned(LISTED));
        Ok(Says {
            name: self.name()?,
            icon: (self.happening == Happening::IconRemoved).then_some(None),
            service: self.key.service().or_else(|| self.people.service()),
            is_group: self.chat.style == Some(GROUP_STYLE),
            roster_complete: !self.people.participants.is_empty(),
            people: listed.chain(self.singled_out()).collect(),
            ..Says::default()
        })
    }

    /// The name. What a rename carries beside its title may be the name of another moment.
    #[expect(clippy::option_option, reason = "absent, null and a value are three things on the wire")]
    fn name(&self) -> Result<Option<Option<DisplayName>>, BadInput> {
        let (text, field) = match self.happening {
            Happening::Renamed => (&self.data.group_title, "data.groupTitle"),
            _ => (&self.chat.display_name, "data.chats[0].displayName"),
        };
        optional(text.as_ref(), || field.to_owned(), DisplayName::of_group)
    }

    /// The one whom the event is about, or who wrote. Who changes something about others need not be there.
    fn singled_out(&self) -> Option<Mention> {
        let actor = self.people.actor.as_ref();
        match self.happening {
            // With a message of our own, the handle is of somebody else.
            Happening::Message => Some(actor.filter(|_| !self.from_me)?.mentioned(Opinion::WRITES)),
            Happening::Left => Some(actor?.mentioned(subject(Word::Left))),
            Happening::Membership(word) => {
                let other = self.people.numbered(row_number(self.data.other_handle)?)?;
                Some(other.mentioned(subject(word)))
            }
            Happening::Renamed | Happening::IconRemoved | Happening::Plain => None,
        }
    }

    fn about_line(&self) -> Option<Opinion> {
        match self.happening {
            Happening::Message => Some(Opinion::WRITES),
            Happening::Left if self.from_me && self.people.actor.is_none() => Some(subject(Word::Left)),
            _ => None,
        }
    }

    fn about_number(&self) -> Option<(RowNumber, Opinion)> {
        let Happening::Membership(word) = self.happening else { return None };
        let row = row_number(self.data.other_handle)?;
        self.people.numbered(row).is_none().then(|| (row, subject(word)))
    }
}
