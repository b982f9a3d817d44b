//! The newest word on every field, and what follows from it.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
};

use litemap::LiteMap;

use super::further::Apart;
use crate::domain::{
    conversation_key::{Conversation, ConversationKey, Kind},
    event::Word,
    handle::Handle,
    phone::PhoneNumber,
    register::{Field, Register},
    service::Service,
    stamp::{Stamp, Strength},
    text::{DisplayName, IconUrl},
    time::Time,
};

/// How many strangers are taken in one by one at most.
const FEW: usize = 8;

/// The winning assertion on every field of a conversation.
///
/// Two states are equal exactly when no later event could tell them apart, so the laws of the merge are laws
/// about this type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatState {
    /// Its conversation keys, each with its newest spelling. This is a list and no tree because nearly every chat has one,
    /// as `people` is because nearly every chat has few: a tree has places for eleven.
    pub keys: LiteMap<Conversation, Field<ConversationKey>>,
    /// Its name, or that it has none.
    pub name: Field<Option<DisplayName>>,
    /// Its icon, or that it has none.
    pub icon: Field<Option<IconUrl>>,
    /// Its service.
    pub service: Field<Service>,
    /// Whether any event called it a group.
    pub called_group: bool,
    /// Whether a create of the API made it a direct chat.
    pub created_direct: bool,
    /// The stamp of the newest complete roster.
    ///
    /// The stamp is enough. Everybody whom that roster listed has a word with this stamp or a newer one, so
    /// a handle whose newest word is older was not listed: silence has put it out.
    pub roster: Option<Stamp>,
    /// The line's own addresses, its number included. They only ever grow in number.
    pub ours: BTreeSet<Handle>,
    /// Everybody whom any event spoke of, the line's own addresses included.
    pub people: LiteMap<Handle, Person>,
}

/// What was said about one handle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The newest word but for listings as out.
    pub word: Field<Word>,
    /// The newest service.
    pub service: Field<Service>,
    /// What is known of few.
    pub further: Apart,
}

/// How a handle stands in a conversation, as the newest word has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// In, or how it went out.
    pub word: Word,
    /// When that was said.
    pub since: Time,
}

impl ChatState {
    /// A conversation of `line` that nothing is known about yet.
    #[must_use]
    pub fn new(line: &PhoneNumber) -> Self {
        Self { ours: BTreeSet::from([Handle::from(line)]), ..Self::default() }
    }

    /// The name, where there is one.
    #[must_use]
    pub fn name(&self) -> Option<&DisplayName> {
        self.name.as_ref()?.value.as_ref()
    }

    /// The icon, where there is one.
    #[must_use]
    pub fn icon(&self) -> Option<&IconUrl> {
        self.icon.as_ref()?.value.as_ref()
    }

    /// The service, where one was ever said.
    #[must_use]
    pub fn service(&self) -> Option<Service> {
        self.service.as_ref().map(|register| register.value)
    }

    /// Whether it is a group; `None` while nothing says so either way.
    #[must_use]
    pub fn is_group(&self) -> Option<bool> {
        let grammar = self.keys.keys().find_map(Conversation::kind);
        match grammar {
            Some(kind) => Some(kind == Kind::Group),
            None if self.called_group => Some(true),
            None => self.created_direct.then_some(false),
        }
    }

    /// The key to deliver to: of all spellings the one with the newest stamp.
    #[must_use]
    pub fn key(&self) -> Option<&ConversationKey> {
        let newest = self.keys.values().flatten().max();
        newest.map(|register| &register.value)
    }

    /// Whether its conversation key is not known yet.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether the line is in the conversation: the newest word about any of its own addresses. Silence says
    /// nothing about it, and until anything does, it is in.
    #[must_use]
    pub fn line_is_in(&self) -> bool {
        self.ours
            .iter()
            .filter_map(|own| self.people.get(own)?.word.as_ref())
            .max_by_key(|word| (&word.stamp, word.strength, word.value))
            .is_none_or(|newest| newest.value == Word::Active)
    }

    /// How `handle` stands: `None` for the line's own addresses and for strangers.
    #[must_use]
    pub fn standing(&self, handle: &Handle) -> Option<Standing> {
        if self.ours.contains(handle) {
            return None;
        }
        self.people.get(handle).and_then(|person| self.weigh(person))
    }

    /// All participants with how they stand, ordered by address.
    pub fn participants(&self) -> impl Iterator<Item = (&Handle, &Person, Standing)> {
        self.people.iter().filter_map(|(handle, person)| {
            let standing = (!self.ours.contains(handle)).then(|| self.weigh(person))??;
            Some((handle, person, standing))
        })
    }

    /// Tells each of these people something.
    pub(super) fn tell<H: Borrow<Handle>, T>(
        &mut self,
        told: impl IntoIterator<Item = (H, T)>,
        mut tell: impl FnMut(&mut Person, T),
    ) {
        let mut strangers = BTreeMap::<Handle, Person>::new();
        for (handle, what) in told {
            let handle = handle.borrow();
            match self.people.get_mut(handle) {
                Some(person) => tell(person, what),
                None => tell(strangers.entry(handle.clone()).or_default(), what),
            }
        }
        self.take_in(strangers);
    }

    fn take_in(&mut self, strangers: BTreeMap<Handle, Person>) {
        // One by one each moves all whose handles are greater; together the whole list is gone through once.
        if strangers.len() > FEW {
            self.people.extend(strangers);
        } else {
            for (handle, person) in strangers {
                self.people.insert(handle, person);
            }
        }
    }

    fn weigh(&self, person: &Person) -> Option<Standing> {
        let newest = person.newest_word()?;
        Some(match &self.roster {
            Some(roster) if *roster > newest.stamp => Standing { word: Word::Removed, since: roster.time },
            _ => Standing { word: newest.value, since: newest.stamp.time },
        })
    }
}

impl Person {
    /// The service that reaches them, where one was ever said.
    #[must_use]
    pub fn service(&self) -> Option<Service> {
        self.service.as_ref().map(|register| register.value)
    }

    /// Their own name, where they have one.
    #[must_use]
    pub fn name(&self) -> Option<&DisplayName> {
        self.further.name.as_ref()?.value.as_ref()
    }

    fn newest_word(&self) -> Option<&Register<Word>> {
        // `None` is the least of all options, so the maximum is the newest of those there are.
        self.word.as_ref().max(self.further.listed_out.as_ref())
    }

    /// The field that keeps words of this strength.
    pub(super) fn words_of(&mut self, strength: Strength) -> &mut Field<Word> {
        match strength {
            Strength::ListedOut => &mut self.further.listed_out,
            Strength::Listed | Strength::Sender | Strength::Subject => &mut self.word,
        }
    }
}
