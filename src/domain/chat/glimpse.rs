//! What somebody who looks at a chat sees, as far as one event can change it.

use std::collections::BTreeMap;

use super::state::{ChatState, Person};
use crate::domain::{
    change::Change,
    event::{Mention, Says, Word},
    handle::Handle,
    service::Service,
    text::{DisplayName, IconUrl},
};

/// Whose standing an event may change.
///
/// A message touches a few handles of a group of hundreds, so only those are looked at.
#[derive(Clone, Copy)]
pub(super) enum Scope<'e> {
    /// Only those whom it mentions.
    Mentioned(&'e [Mention]),
    /// Anybody: it has a complete roster, or makes an own address of one that was taken for a participant.
    Everybody,
}

impl<'e> Scope<'e> {
    /// The scope of an event that `state` has not taken yet.
    pub(super) fn of(state: &ChatState, says: &'e Says) -> Self {
        let unmasks = |own: &Handle| !state.ours.contains(own) && state.people.contains_key(own);
        if says.roster_complete || says.ours.iter().any(unmasks) {
            Self::Everybody
        } else {
            Self::Mentioned(&says.people)
        }
    }
}

/// The visible values that an event may touch, taken before and after it is merged.
#[derive(Default)]
pub(super) struct Glimpse {
    name: Option<DisplayName>,
    icon: Option<IconUrl>,
    service: Option<Service>,
    is_group: Option<bool>,
    line_is_in: bool,
    is_pending: bool,
    people: BTreeMap<Handle, Seen>,
}

#[derive(Clone, PartialEq, Eq)]
struct Seen {
    word: Word,
    name: Option<DisplayName>,
    service: Option<Service>,
}

impl Glimpse {
    /// What is seen of a chat before there is one. The line is in, since nothing says otherwise.
    pub(super) fn of_nothing() -> Self {
        Self { line_is_in: true, ..Self::default() }
    }

    pub(super) fn of(state: &ChatState, scope: Scope<'_>) -> Self {
        Self {
            name: state.name().cloned(),
            icon: state.icon().cloned(),
            service: state.service(),
            is_group: state.is_group(),
            line_is_in: state.line_is_in(),
            is_pending: state.is_pending(),
            people: people(state, scope),
        }
    }

    /// The changes that lead from this to `after`.
    pub(super) fn changes_to(self, after: Self) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.name != after.name {
            changes.push(Change::Renamed(after.name));
        }
        if self.icon != after.icon {
            changes.push(Change::Icon(after.icon));
        }
        if let (true, Some(service)) = (self.service != after.service, after.service) {
            changes.push(Change::Service(service));
        }
        if let (true, Some(is_group)) = (self.is_group != after.is_group, after.is_group) {
            changes.push(Change::Kind { is_group });
        }
        if self.is_pending && !after.is_pending {
            changes.push(Change::Bound);
        }
        match (self.line_is_in, after.line_is_in) {
            (true, false) => changes.push(Change::LineLeft),
            (false, true) => changes.push(Change::LineBack),
            _ => {}
        }
        changes_of_people(self.people, after.people, &mut changes);
        changes
    }
}

fn people(state: &ChatState, scope: Scope<'_>) -> BTreeMap<Handle, Seen> {
    match scope {
        Scope::Everybody => state
            .participants()
            .map(|(handle, person, standing)| (handle.clone(), seen(person, standing.word)))
            .collect(),
        Scope::Mentioned(mentions) => mentions
            .iter()
            .filter_map(|mention| {
                let standing = state.standing(&mention.handle)?;
                let person = state.people.get(&mention.handle)?;
                Some((mention.handle.clone(), seen(person, standing.word)))
            })
            .collect(),
    }
}

fn seen(person: &Person, word: Word) -> Seen {
    Seen { word, name: person.name().cloned(), service: person.service() }
}

fn changes_of_people(
    mut before: BTreeMap<Handle, Seen>,
    after: BTreeMap<Handle, Seen>,
    changes: &mut Vec<Change>,
) {
    for (handle, now) in after {
        changes_of_one(before.remove(&handle), now, &handle, changes);
    }
    changes.extend(before.into_keys().map(Change::ParticipantIsUs));
}

fn changes_of_one(before: Option<Seen>, now: Seen, handle: &Handle, changes: &mut Vec<Change>) {
    if before.as_ref().map(|seen| seen.word) != Some(now.word) {
        changes.push(match now.word {
            Word::Active => Change::ParticipantIn(handle.clone()),
            gone => Change::ParticipantOut(handle.clone(), gone),
        });
    }
    let (name, service) = before.map_or((None, None), |seen| (seen.name, seen.service));
    if name != now.name {
        changes.push(Change::ParticipantRenamed(handle.clone(), now.name));
    }
    if let (true, Some(service)) = (service != now.service, now.service) {
        changes.push(Change::ParticipantService(handle.clone(), service));
    }
}
