//! A chat in the working set, with what a batch has done to it.

use crate::domain::{
    change::Change,
    chat::{Chat, Merged},
    conversation_key::Conversation,
    handle::Handle,
    ids::ChatId,
    register::Took,
    stamp::Stamp,
    time::Time,
};

/// A chat in the working set.
#[derive(Debug)]
pub struct Slot {
    /// The chat as it is now.
    pub chat: Box<Chat>,
    /// Whether the store has no row of it yet.
    pub is_new: bool,
    /// How it differs from what the store has.
    pub touched: Touched,
    /// The conversations that it was not known under before.
    pub new_conversations: Vec<Conversation>,
    /// What became visible, one record an event.
    pub records: Vec<ChangeRecord>,
    /// What became visible by an event that was not noted yet.
    pub(super) untold: Vec<Change>,
    /// What is left to do about a chat that another one has absorbed.
    pub absorbed: Option<Absorbed>,
}

/// How a chat differs from what the store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    /// Not at all.
    No,
    /// In stamps, which no look-up shows. A store may put off writing the row, if it keeps the words that moved them:
    /// they are in [`super::Working::words`].
    Stamps,
    /// In what look-ups show.
    Row,
}

/// A chat that is part of another one now.
#[derive(Debug)]
pub struct Absorbed {
    /// The one that answers for it.
    pub by: ChatId,
    /// The conversations that it was known under.
    pub conversations: Vec<Conversation>,
    /// The handles that it was listed under.
    pub people: Vec<Handle>,
}

/// What one event, or one create, visibly changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRecord {
    /// The chat's version from here on.
    pub version: u64,
    /// Our own time.
    pub at: Time,
    /// The event, by id and effective time.
    pub stamp: Stamp,
    /// The changes, in order.
    pub changes: Vec<Change>,
}

impl Slot {
    /// Who is to be found with this chat from now on, and who no more; in order, the later word counts.
    pub fn listings(&self) -> impl Iterator<Item = (&Handle, bool)> {
        self.records.iter().flat_map(|record| &record.changes).filter_map(|change| match change {
            Change::ParticipantIn(handle) => Some((handle, true)),
            Change::ParticipantOut(handle, _) | Change::ParticipantIsUs(handle) => Some((handle, false)),
            _ => None,
        })
    }

    /// Notes what a merge did to the chat, and before it whatever the same event did to make one chat of several; says
    /// what that is to the store.
    pub(super) fn note(&mut self, stamp: &Stamp, merged: &Merged, at: Time) -> Touched {
        let mut changes = std::mem::take(&mut self.untold);
        let touched = match merged.took {
            Took::Nothing if changes.is_empty() => Touched::No,
            // An event that changes whether somebody is in may do so by a stamp.
            Took::Stamp if changes.is_empty() && merged.changes.is_empty() => Touched::Stamps,
            _ => Touched::Row,
        };
        self.touched = self.touched.max(touched);
        if !changes.is_empty() && merged.changes.is_empty() {
            self.chat.version += 1;
            self.chat.updated_at = at;
        }
        changes.extend(merged.changes.iter().cloned());
        if !changes.is_empty() {
            let (version, stamp) = (self.chat.version, stamp.clone());
            self.records.push(ChangeRecord { version, at, stamp, changes });
        }
        touched
    }
}
