//! Events and chats in a few readable words.

use crate::domain::{
    change::Change,
    chat::{Chat, ChatState, Origin, merge, strangers_to},
    conversation_key::ConversationKey,
    event::{Event, Mention, Says, Word},
    handle::Handle,
    ids::{ChatId, EventId},
    phone::PhoneNumber,
    receipt::{FUTURE_TOLERANCE, effective_time},
    service::Service,
    stamp::{Stamp, Strength},
    text::{DisplayName, IconUrl},
    time::Time,
};

pub(super) const LINE: &str = "+15555550100";
pub(super) const GROUP: &str = "iMessage;+;chat42";

/// An event in the making.
#[derive(Clone)]
pub(super) struct Said(Event);

/// An event of [`LINE`] in [`GROUP`] that says nothing yet.
pub(super) fn said(at: &str, id: &str) -> Said {
    Said(Event {
        id: EventId::new(id).unwrap(),
        claimed: time(at),
        line: LINE.parse().unwrap(),
        key: ConversationKey::new(GROUP).unwrap(),
        previous: None,
        client_ref: None,
        says: Says::default(),
    })
}

pub(super) fn time(text: &str) -> Time {
    Time::parse(text).unwrap()
}

pub(super) fn handle(text: &str) -> Handle {
    Handle::new(text).unwrap()
}

impl Said {
    pub(super) fn under(mut self, key: &str) -> Self {
        self.0.key = ConversationKey::new(key).unwrap();
        self
    }

    pub(super) fn named(mut self, name: &str) -> Self {
        self.0.says.name = Some(DisplayName::of_group(name).unwrap());
        self
    }

    pub(super) fn with_icon(mut self, url: &str) -> Self {
        self.0.says.icon = Some(IconUrl::new(url).unwrap());
        self
    }

    pub(super) fn over(mut self, service: Service) -> Self {
        self.0.says.service = Some(service);
        self
    }

    pub(super) fn calling_it_a_group(mut self) -> Self {
        self.0.says.is_group = true;
        self
    }

    /// These are in, and perhaps others.
    pub(super) fn listing<const N: usize>(self, handles: [&str; N]) -> Self {
        handles.into_iter().fold(self, |said, handle| said.mention(handle, Word::Active, Strength::Listed))
    }

    /// These are in, and nobody else.
    pub(super) fn listing_exactly<const N: usize>(mut self, handles: [&str; N]) -> Self {
        self.0.says.roster_complete = true;
        self.listing(handles)
    }

    pub(super) fn listing_as_gone(self, handle: &str, word: Word) -> Self {
        self.mention(handle, word, Strength::ListedOut)
    }

    /// One that is in, with how to reach them and what they are called.
    pub(super) fn introducing(self, handle: &str, service: Service, name: &str) -> Self {
        let mut said = self.listing([handle]);
        if let Some(mention) = said.0.says.people.last_mut() {
            mention.service = Some(service);
            mention.name = Some(DisplayName::new(name).unwrap());
        }
        said
    }

    /// A message or a reaction, which shows its sender and the line to be in.
    pub(super) fn written_by(self, handle: &str) -> Self {
        self.mention(LINE, Word::Active, Strength::Sender).mention(handle, Word::Active, Strength::Sender)
    }

    /// `participant.added`
    pub(super) fn adding(self, handle: &str) -> Self {
        self.mention(handle, Word::Active, Strength::Subject)
    }

    /// `participant.removed`
    pub(super) fn removing(self, handle: &str) -> Self {
        self.mention(handle, Word::Removed, Strength::Subject)
    }

    /// `participant.left`
    pub(super) fn leaving(self, handle: &str) -> Self {
        self.mention(handle, Word::Left, Strength::Subject)
    }

    pub(super) fn calling_ours(mut self, text: &str) -> Self {
        self.0.says.ours.push(handle(text));
        self
    }

    fn mention(mut self, text: &str, word: Word, strength: Strength) -> Self {
        let mention = Mention { handle: handle(text), word, strength, service: None, name: None };
        self.0.says.people.push(mention);
        self
    }
}

/// A chat and all that was seen to change in it.
pub(super) struct Story {
    pub(super) chat: Chat,
    pub(super) changes: Vec<Change>,
}

impl Story {
    /// A chat that took these events.
    pub(super) fn of<const N: usize>(events: [Said; N]) -> Self {
        Self::on(LINE, events)
    }

    /// A chat of another line.
    pub(super) fn on<const N: usize>(line: &str, events: [Said; N]) -> Self {
        let line: PhoneNumber = line.parse().unwrap();
        let minted = Time::from_seconds(0);
        let chat = Chat {
            id: ChatId::mint(minted, [7; 10]),
            tenant: "acme".parse().unwrap(),
            origin: Origin::Event,
            created_at: minted,
            updated_at: minted,
            version: 0,
            state: ChatState::new(&line),
            line,
        };
        let mut story = Self { chat, changes: Vec::new() };
        for event in events {
            story.hears(event);
        }
        story
    }

    /// Takes an event that arrives when it happens; says what is seen to change.
    pub(super) fn hears(&mut self, said: Said) -> Vec<Change> {
        let now = said.0.claimed;
        self.hears_at(now, said)
    }

    /// Takes an event that arrives for the first time at `now`.
    pub(super) fn hears_at(&mut self, now: Time, Said(event): Said) -> Vec<Change> {
        let stamp = Stamp { time: effective_time(event.claimed, now), event: event.id.clone() };
        assert!(stamp.time <= now.plus(FUTURE_TOLERANCE), "nothing counts for the future");
        let merged = merge(&mut self.chat, event.keys(), &stamp, &event.says, now);
        self.changes.extend_from_slice(&merged.changes);
        merged.changes
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.chat.state.name().map(DisplayName::as_str)
    }

    /// The addresses of those who are in.
    pub(super) fn members(&self) -> Vec<&str> {
        let everybody = self.chat.state.participants();
        everybody.filter(|(.., now)| now.word == Word::Active).map(|(handle, ..)| handle.as_str()).collect()
    }

    /// How somebody stands.
    pub(super) fn word_on(&self, text: &str) -> Option<Word> {
        self.chat.state.standing(&handle(text)).map(|standing| standing.word)
    }

    /// When somebody last joined, as far as that was told.
    pub(super) fn joined_at(&self, text: &str) -> Option<Time> {
        self.chat.state.people[&handle(text)].further.added_at
    }

    /// How many handles an event would make known.
    pub(super) fn strangers_in(&self, Said(event): &Said) -> usize {
        strangers_to(&[&self.chat.state], &event.says)
    }
}
