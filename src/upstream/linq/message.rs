//! Somebody wrote a message, or edited one. The form has two versions, which tell themselves apart.

use super::{
    Told, handles,
    wire::{WireChat, WireHandle, WireMessage, WireTime, data, inner, service},
};
use crate::{
    domain::{event::Says, report::Opinion},
    error::BadInput,
    json::Object,
    upstream::field,
};

pub(super) fn written(body: &[u8]) -> Result<Option<Told>, BadInput> {
    let message: WireMessage<'_> = data(body)?;
    message.told(message.sent_at.as_ref()).map(Some)
}

pub(super) fn edited(body: &[u8]) -> Result<Option<Told>, BadInput> {
    let message: WireMessage<'_> = data(body)?;
    message.told(message.edited_at.as_ref()).map(Some)
}

impl WireMessage<'_> {
    /// What it tells, whose time in the newer version is `at`.
    fn told(&self, at: Option<&WireTime<'_>>) -> Result<Told, BadInput> {
        match &self.chat {
            Some(Object(chat)) => self.told_in(chat, at),
            None => self.told_by_id(),
        }
    }

    fn told_in(&self, chat: &WireChat<'_>, at: Option<&WireTime<'_>>) -> Result<Told, BadInput> {
        const OWNER: &str = "data.chat.owner_handle";
        let owner = inner(chat.owner_handle.as_ref());
        let from_me = self.direction.as_deref() == Some("outbound");
        let mut says = self.says(chat.is_group, owner);
        says.note_own(owner, OWNER)?;
        says.note_writer(inner(self.sender_handle.as_ref()), from_me, "data.sender_handle")?;
        Ok(Told {
            at: at.and_then(WireTime::read),
            line: handles::line(owner, OWNER)?,
            key: field::key(chat.id.as_ref(), "data.chat.id")?,
            says,
            about_line: Some(Opinion::WRITES),
        })
    }

    fn told_by_id(&self) -> Result<Told, BadInput> {
        const FROM: &str = "data.from_handle";
        const TO: &str = "data.recipient_handle";
        let (from, to) = (inner(self.from_handle.as_ref()), inner(self.recipient_handle.as_ref()));
        let from_me = self.is_from_me == Some(true) || from.is_some_and(WireHandle::is_me);
        let (owner, path) = if from_me { (from, FROM) } else { (to, TO) };
        let mut says = self.says(self.is_group, owner);
        says.note_writer(from, from_me, FROM)?;
        says.note_own(to, TO)?;
        Ok(Told {
            at: self.received_at.as_ref().and_then(WireTime::read),
            line: handles::line(owner, path)?,
            key: field::key(self.chat_id.as_ref(), "data.chat_id")?,
            says,
            about_line: Some(Opinion::WRITES),
        })
    }

    /// What it says of the conversation. A message goes over the conversation's service, as the line does.
    fn says(&self, is_group: Option<bool>, owner: Option<&WireHandle<'_>>) -> Says {
        Says {
            service: service(self.service.as_ref()).or_else(|| owner?.service()),
            is_group: is_group == Some(true),
            ..Says::default()
        }
    }
}
