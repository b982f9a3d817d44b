//! All that can be seen of a chat, taken from what it shows to everybody.

use std::collections::BTreeMap;

use crate::domain::{
    change::Change,
    chat::ChatState,
    conversation_key::{Conversation, Kind},
    event::Word,
    service::Service,
};

/// Everything whose change makes a new version, as plain text, so that a failed law can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    pub(super) name: Option<String>,
    pub(super) icon: Option<String>,
    pub(super) service: Option<Service>,
    pub(super) is_group: Option<bool>,
    pub(super) line_is_in: bool,
    pub(super) participants: BTreeMap<String, Seen>,
}

/// What is seen of one participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) word: Word,
    pub(super) name: Option<String>,
    pub(super) service: Option<Service>,
}

impl View {
    /// What is seen of a conversation that was never heard of: no more than its key tells.
    pub(super) fn of_nothing(conversation: &Conversation) -> Self {
        let is_group = (conversation.kind() == Some(Kind::Direct)).then_some(false);
        Self { line_is_in: true, is_group, ..Self::default() }
    }

    /// The whole of what is seen of a chat, computed anew.
    pub(super) fn of(state: &ChatState) -> Self {
        let participants = state.participants().map(|(handle, person, standing)| {
            let name = person.name().map(|name| name.as_str().to_owned());
            (handle.to_string(), Seen { word: standing.word, name, service: person.service() })
        });
        Self {
            name: state.name().map(|name| name.as_str().to_owned()),
            icon: state.icon().map(|icon| icon.as_str().to_owned()),
            service: state.service(),
            is_group: state.is_group(),
            line_is_in: state.line_is_in(),
            participants: participants.collect(),
        }
    }

    /// What somebody sees who saw this and then reads a change.
    pub(super) fn replay(mut self, change: &Change) -> Self {
        match change {
            Change::Created | Change::Bound | Change::Absorbed(_) | Change::Merged(_) => {}
            Change::Renamed(name) => self.name = name.as_ref().map(|name| name.as_str().to_owned()),
            Change::Icon(icon) => self.icon = icon.as_ref().map(|icon| icon.as_str().to_owned()),
            Change::Kind { is_group } => self.is_group = Some(*is_group),
            Change::Service(service) => self.service = Some(*service),
            Change::LineLeft => self.line_is_in = false,
            Change::LineBack => self.line_is_in = true,
            Change::ParticipantIsUs(handle) => {
                self.participants.remove(handle.as_str());
            }
            Change::ParticipantIn(handle) => self.participant(handle.as_str()).word = Word::Active,
            Change::ParticipantOut(handle, word) => self.participant(handle.as_str()).word = *word,
            Change::ParticipantRenamed(handle, name) => {
                self.participant(handle.as_str()).name = name.as_ref().map(|name| name.as_str().to_owned());
            }
            Change::ParticipantService(handle, service) => {
                self.participant(handle.as_str()).service = Some(*service);
            }
        }
        self
    }

    fn participant(&mut self, handle: &str) -> &mut Seen {
        let unknown = Seen { word: Word::Active, name: None, service: None };
        self.participants.entry(handle.to_owned()).or_insert(unknown)
    }
}
