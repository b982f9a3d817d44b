//! The native event, as `docs/relay-protocol.md` describes it: `wire` is its form, and here is what it means.

mod wire;

use serde::Deserialize;

use super::{Failed, Parsed, Rejected, spelling};
use crate::{
    domain::{
        conversation_key::ConversationKey,
        delivery::DeliveryId,
        event::{Mention, Says, Word},
        ids::EventId,
        phone::PhoneNumber,
        report::{Opinion, Report},
        service::Service,
        stamp::Strength,
        text::{DisplayName, IconUrl},
        time::Time,
    },
    error::BadInput,
    json::{self, Object, Text},
};
use wire::{NO_CHAT, Subject, WireChat, WireData, WireEvent, WireHandle};

/// The most handles that one event may list.
pub const MAX_HANDLES: usize = 1024;

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
        json::read(body).map_err(|why| Rejected { event_id: event_id_in(body), why })?;
    Ok(Read { envelope: wire.events.is_some(), wire })
}

/// The id of an event whose other fields have wrong types, so that its sender can tell which one it was.
fn event_id_in(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct OnlyId<'a> {
        #[serde(borrow)]
        event_id: Option<Text<'a>>,
    }
    let Object(OnlyId { event_id }) = serde_json::from_slice(body).ok()?;
    event_id.filter(|id| EventId::new(id).is_ok()).map(|id| id.to_string())
}

impl Read<'_> {
    /// Judges the values: an event that cannot be wrong, or why there is none.
    pub(super) fn parse(self) -> Result<Parsed, Rejected> {
        let event_id = self.wire.event_id.as_ref().map(|id| id.chars().take(EventId::MAX_CHARS).collect());
        self.wire.parse().map_err(|why| Rejected { event_id, why })
    }
}

impl WireEvent<'_> {
    fn parse(self) -> Result<Parsed, BadInput> {
        let kind = kind_of(required(self.event.as_ref(), "event")?);
        let id = EventId::new(required(self.event_id.as_ref(), "event_id")?)
            .map_err(|why| BadInput::unusable("event_id", why))?;
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
        let says = says(kind, &data, chat, &key)?;
        Ok(Parsed::Speaks(Box::new(Report {
            id,
            claimed,
            line: Some(line),
            key,
            previous: None,
            client_ref: chat.delivery(),
            says,
            // The line would not have heard of it otherwise.
            about_line: (kind == Kind::Activity).then_some(Opinion::WRITES),
            about_number: None,
            teaches: Vec::new(),
        })))
    }
}

fn required<'a>(field: Option<&'a Text<'_>>, name: &str) -> Result<&'a str, BadInput> {
    field
        .map(|text| &**text)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| BadInput::Missing(name.to_owned()))
}

impl WireChat<'_> {
    fn key(&self) -> Result<ConversationKey, BadInput> {
        const FIELD: &str = "data.chat.conversation_key";
        let text = required(self.conversation_key.as_ref(), FIELD)?;
        ConversationKey::new(text).map_err(|why| BadInput::unusable(FIELD, why))
    }

    fn line(&self) -> Result<PhoneNumber, BadInput> {
        const FIELD: &str = "data.chat.owner_handle.handle";
        let owner = self.owner_handle.as_ref().and_then(|owner| owner.0.handle.as_ref());
        spelling::line(required(owner, FIELD)?).map_err(|_| BadInput::NotAPhoneNumber(FIELD.to_owned()))
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
    let handles = chat.handles.as_deref().unwrap_or_default();
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

/// A text that may be absent, null or blank, read by `parse`.
#[expect(clippy::option_option, reason = "absent, null and a value are three things on the wire")]
fn optional<T, E: std::fmt::Display>(
    text: Option<&Option<Text<'_>>>,
    field: impl Fn() -> String,
    parse: impl Fn(&str) -> Result<Option<T>, E>,
) -> Result<Option<Option<T>>, BadInput> {
    match text {
        None => Ok(None),
        Some(None) => Ok(Some(None)),
        Some(Some(text)) => parse(text).map(Some).map_err(|why| BadInput::unusable(field(), why)),
    }
}

/// What of an event's parts becomes assertions. The type is the domain's, the reading of the wire is ours.
impl Says {
    fn list(&mut self, handles: &[Object<WireHandle<'_>>]) -> Result<(), BadInput> {
        if handles.len() > MAX_HANDLES {
            let why = format!("has {} entries; {MAX_HANDLES} are allowed", handles.len());
            return Err(BadInput::unusable("data.chat.handles", why));
        }
        for (index, Object(wire)) in handles.iter().enumerate() {
            let (word, strength) = wire.listed_as();
            self.mention(wire, word, strength, || format!("data.chat.handles[{index}]"))?;
        }
        Ok(())
    }

    /// Whoever writes or reacts is there.
    fn activity(&mut self, data: &WireData<'_>) -> Result<(), BadInput> {
        let sender = data.message.as_ref().and_then(|message| message.0.sender_handle.as_ref());
        if let Some(Object(sender)) = sender {
            self.mention(sender, Word::Active, Strength::Sender, || "data.message.sender_handle".to_owned())?;
        }
        let reacting = data.reaction.as_ref().and_then(|reaction| reaction.0.from_handle.as_ref());
        if let Some(Object(from)) = reacting {
            self.mention(from, Word::Active, Strength::Sender, || "data.reaction.from_handle".to_owned())?;
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
        self.mention(nested, word, Strength::Subject, || "data.participant".to_owned())
    }

    fn mention(
        &mut self,
        wire: &WireHandle<'_>,
        word: Word,
        strength: Strength,
        path: impl Fn() -> String,
    ) -> Result<(), BadInput> {
        let text = wire.handle.as_ref().filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| BadInput::Missing(format!("{}.handle", path())))?;
        let handle =
            spelling::handle(text).map_err(|why| BadInput::unusable(format!("{}.handle", path()), why))?;
        let name =
            optional(wire.display_name.as_ref(), || format!("{}.display_name", path()), DisplayName::new)?;
        if wire.is_me == Some(true) {
            self.ours.push(handle.clone());
        }
        self.people.push(Mention { handle, word, strength, service: wire.service(), name });
        Ok(())
    }
}

impl WireHandle<'_> {
    fn service(&self) -> Option<Service> {
        self.service.as_deref().and_then(Service::from_name)
    }

    /// What a listing says: in, unless its status says otherwise.
    fn listed_as(&self) -> (Word, Strength) {
        match self.status.as_deref() {
            Some("left") => (Word::Left, Strength::ListedOut),
            Some("removed") => (Word::Removed, Strength::ListedOut),
            _ => (Word::Active, Strength::Listed),
        }
    }
}
