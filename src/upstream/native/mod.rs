//! The native event, as `docs/relay-protocol.md` describes it: `wire` is its form, and here is what it means.

mod wire;

use super::{
    Failed, Parsed, Rejected, event_id,
    field::{self, optional, required},
    people::{listed_as, subject},
    roster::Roster,
};
use crate::{
    domain::{
        conversation_key::ConversationKey,
        delivery::DeliveryId,
        event::{Mention, Says, Word},
        phone::PhoneNumber,
        report::{Opinion, Report},
        service::Service,
        text::{DisplayName, IconUrl},
        time::Time,
    },
    error::BadInput,
    json::{self, Object, Text},
};
use wire::{NO_CHAT, Subject, WireChat, WireData, WireEvent, WireHandle};

/// What the name of an event tells us to expect in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Somebody wrote or reacted: sender and line are in.
    Activity,
    /// Somebody came or went.
    Membership(Word),
    /// A conversation began; a roster that it lists is complete unless it says otherwise.
    Created,
    /// It says what `data.chat` carries.
    Plain,
    /// A message that was queued will not be sent.
    Failed,
    /// It says nothing about any conversation.
    Silent,
    /// We do not know it; it says what `data.chat` carries, if it has a key at all.
    Unknown,
}

fn kind_of(event: &str) -> Kind {
    match event {
        "message.received" | "message.sent" | "message.edited" | "reaction.added" | "reaction.removed" => {
            Kind::Activity
        }
        "participant.added" => Kind::Membership(Word::Active),
        "participant.removed" => Kind::Membership(Word::Removed),
        "participant.left" => Kind::Membership(Word::Left),
        "chat.created" => Kind::Created,
        "chat.renamed" | "chat.icon_changed" => Kind::Plain,
        "message.failed" => Kind::Failed,
        "chat.read" => Kind::Silent,
        other if other.starts_with("typing.") || other.ends_with(".failed") => Kind::Silent,
        _ => Kind::Unknown,
    }
}

/// A body that has the types of an event, and may turn out to be an envelope of several.
pub(super) struct Read<'a> {
    /// Whether it has the field `events`.
    pub(super) envelope: bool,
    wire: WireEvent<'a>,
}

/// Reads an event's fields, without judging their values.
pub(super) fn read(body: &[u8]) -> Result<Read<'_>, Rejected> {
    let Object(wire): Object<WireEvent<'_>> =
        json::read(body).map_err(|why| Rejected { event_id: event_id::in_unreadable(body), why })?;
    Ok(Read { envelope: wire.events.is_some(), wire })
}

impl Read<'_> {
    /// Judges the values: an event that cannot be wrong, or why there is none.
    pub(super) fn parse(self) -> Result<Parsed, Rejected> {
        let event_id = event_id::shown(self.wire.event_id.as_ref());
        self.wire.parse().map_err(|why| Rejected { event_id, why })
    }
}

impl WireEvent<'_> {
    fn parse(self) -> Result<Parsed, BadInput> {
        let kind = kind_of(required(self.event.as_ref(), "event")?);
        let id = event_id::judged(self.event_id.as_ref())?;
        let claimed = Time::parse(required(self.timestamp.as_ref(), "timestamp")?)
            .map_err(|why| BadInput::unusable("timestamp", why))?;
        let Some(Object(data)) = self.data.filter(|_| kind != Kind::Silent) else {
            return match kind {
                Kind::Silent | Kind::Failed | Kind::Unknown => Ok(Parsed::Ignored(id)),
                _ => Err(BadInput::Missing("data".to_owned())),
            };
        };
        let chat = data.chat.as_ref().map_or(&NO_CHAT, |chat| &chat.0);
        if kind == Kind::Failed {
            let failed = chat.delivery().map(|delivery| Failed { delivery, line: chat.line().ok() });
            return Ok(failed.map_or(Parsed::Ignored(id.clone()), |failed| Parsed::Failed(id, failed)));
        }
        if kind == Kind::Unknown && chat.conversation_key.is_none() {
            return Ok(Parsed::Ignored(id));
        }
        let key = chat.key()?;
        let line = chat.line()?;
        let previous = chat.previous(&key)?;
        let says = says(kind, &data, chat, &key)?;
        Ok(Parsed::Speaks(Box::new(Report {
            id,
            claimed,
            line: Some(line),
            key,
            previous,
            client_ref: chat.delivery(),
            says,
            // The line would not have heard of it otherwise.
            about_line: (kind == Kind::Activity).then_some(Opinion::WRITES),
            about_number: None,
            teaches: Vec::new(),
        })))
    }
}

impl WireChat<'_> {
    fn key(&self) -> Result<ConversationKey, BadInput> {
        field::key(self.conversation_key.as_ref(), "data.chat.conversation_key")
    }

    fn previous(&self, key: &ConversationKey) -> Result<Option<ConversationKey>, BadInput> {
        const FIELD: &str = "data.chat.previous_conversation_key";
        field::previous_key(self.previous_conversation_key.as_ref(), FIELD, key)
    }

    fn line(&self) -> Result<PhoneNumber, BadInput> {
        const FIELD: &str = "data.chat.owner_handle.handle";
        let owner = self.owner_handle.as_ref().and_then(|owner| owner.0.handle.as_ref());
        field::line(required(owner, FIELD)?, FIELD)
    }

    /// The delivery of ours that the relay refers to. What is not of our making is somebody else's.
    fn delivery(&self) -> Option<DeliveryId> {
        self.client_ref.as_ref()?.parse().ok()
    }

    /// The service: as the chat says itself, else as its key's spelling has it, else the line's.
    fn service(&self, key: &ConversationKey) -> Option<Service> {
        let own = self.service.as_deref().and_then(Service::from_name);
        let of_owner = || self.owner_handle.as_ref()?.0.service();
        own.or_else(|| key.service()).or_else(of_owner)
    }
}

fn says(
    kind: Kind,
    data: &WireData<'_>,
    chat: &WireChat<'_>,
    key: &ConversationKey,
) -> Result<Says, BadInput> {
    let handles = Roster::checked(chat.handles.as_ref(), "data.chat.handles")?;
    let mut says = Says {
        name: optional(
            chat.display_name.as_ref(),
            || "data.chat.display_name".to_owned(),
            DisplayName::of_group,
        )?,
        icon: optional(chat.icon.as_ref(), || "data.chat.icon".to_owned(), IconUrl::new)?,
        service: chat.service(key),
        is_group: chat.is_group == Some(true),
        is_direct: false,
        roster_complete: !handles.is_empty() && chat.handles_complete.unwrap_or(kind == Kind::Created),
        ours: Vec::new(),
        people: Vec::with_capacity(handles.len() + 2),
    };
    says.list(handles)?;
    match kind {
        Kind::Activity => says.activity(data)?,
        Kind::Membership(word) => says.membership(data, word)?,
        Kind::Created | Kind::Plain | Kind::Failed | Kind::Silent | Kind::Unknown => {}
    }
    Ok(says)
}

/// What of an event's parts becomes assertions. The type is the domain's, the reading of the wire is ours.
impl Says {
    fn list(&mut self, handles: &[Object<WireHandle<'_>>]) -> Result<(), BadInput> {
        for (index, Object(wire)) in handles.iter().enumerate() {
            let opinion = listed_as(wire.status.as_deref());
            self.hear(wire, opinion, || format!("data.chat.handles[{index}]"))?;
        }
        Ok(())
    }

    /// Whoever writes or reacts is there.
    fn activity(&mut self, data: &WireData<'_>) -> Result<(), BadInput> {
        let sender = data.message.as_ref().and_then(|message| message.0.sender_handle.as_ref());
        if let Some(Object(sender)) = sender {
            self.hear(sender, Opinion::WRITES, || "data.message.sender_handle".to_owned())?;
        }
        let reacting = data.reaction.as_ref().and_then(|reaction| reaction.0.from_handle.as_ref());
        if let Some(Object(from)) = reacting {
            self.hear(from, Opinion::WRITES, || "data.reaction.from_handle".to_owned())?;
        }
        Ok(())
    }

    fn membership(&mut self, data: &WireData<'_>, word: Word) -> Result<(), BadInput> {
        let Some(Object(participant)) = &data.participant else { return Ok(()) };
        let nested = match &participant.handle {
            Some(Subject::Handle(handle)) => handle,
            Some(Subject::Address(address)) => &WireHandle {
                handle: Some(address.borrowed()),
                service: participant.service.as_ref().map(Text::borrowed),
                is_me: participant.is_me,
                display_name: participant.display_name.as_ref().map(|name| name.as_ref().map(Text::borrowed)),
                status: None,
            },
            None => return Err(BadInput::Missing("data.participant.handle".to_owned())),
        };
        self.hear(nested, subject(word), || "data.participant".to_owned())
    }

    fn hear(
        &mut self,
        wire: &WireHandle<'_>,
        opinion: Opinion,
        path: impl Fn() -> String,
    ) -> Result<(), BadInput> {
        let handle = field::handle(wire.handle.as_ref(), || format!("{}.handle", path()))?;
        let name =
            optional(wire.display_name.as_ref(), || format!("{}.display_name", path()), DisplayName::new)?;
        let mention = Mention { service: wire.service(), name, ..opinion.of(handle) };
        self.mention(mention, wire.is_me == Some(true));
        Ok(())
    }
}

impl WireHandle<'_> {
    fn service(&self) -> Option<Service> {
        self.service.as_deref().and_then(Service::from_name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(previous: &Value) -> Result<Parsed, Rejected> {
        let chat = json!({
            "conversation_key": "iMessage;+;chat42",
            "owner_handle": {"handle": "+15555550100"},
            "previous_conversation_key": previous,
        });
        let event = json!({
            "event": "chat.renamed",
            "event_id": "e1",
            "timestamp": "2026-05-24T01:35:34Z",
            "data": {"chat": chat},
        });
        read(event.to_string().as_bytes()).and_then(Read::parse)
    }

    #[test]
    fn a_chat_may_name_the_key_that_it_had_before() {
        for (field, previous) in [
            (json!("SMS;+;chat41"), Some("SMS;+;chat41")),
            (json!("SMS;+;chat42"), None),
            (Value::Null, None),
        ] {
            let Ok(Parsed::Speaks(report)) = parse(&field) else { panic!("{field} says something") };
            assert_eq!(report.previous.as_ref().map(ConversationKey::as_str), previous);
        }
    }

    #[test]
    fn a_previous_key_that_cannot_be_is_named() {
        for (field, why) in [
            (json!("SMS;-;24273"), "names a conversation of another kind: group or direct"),
            (json!(""), "has 0 bytes; 1 to 512 are allowed"),
            (json!(42), "has the wrong type: expected a string"),
        ] {
            let why = BadInput::unusable("data.chat.previous_conversation_key", why);
            assert_eq!(parse(&field), Err(Rejected { event_id: Some("e1".to_owned()), why }));
        }
    }
}
