//! Everything that is ever written, as one list.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{
    create::{
        finish::{Finish, Finished},
        open::{Open, Opened},
    },
    ingest::{Ingest, Ingested, Refusal},
    parking::Unpark,
    seek::Seek,
    settle::SettleFailure,
};
use crate::{
    domain::{conversation_key::ConversationKey, ids::Slug},
    store::{
        committer,
        lanes::Touches,
        working::{Moment, Needs, Working},
    },
};

/// What may be committed.
pub enum Command {
    /// An event of a relay on a line that is known.
    Ingest(Box<Ingest>),
    /// A report of a relay that must find its lines.
    Seek(Box<Seek>),
    /// A relay's news that a queued message failed.
    SettleFailure(SettleFailure),
    /// Something is known now that reports have waited for.
    Unpark(Box<Unpark>),
    /// The beginning of a create.
    Open(Box<Open>),
    /// The end of a create.
    Finish(Box<Finish>),
}

/// What a command comes to.
pub enum Reply {
    /// Of [`Command::Ingest`] and [`Command::Seek`].
    Ingested(Result<Ingested, Refusal>),
    /// Of [`Command::Unpark`].
    Unparked {
        /// Whether there is more to be taken out.
        more: bool,
    },
    /// Of [`Command::SettleFailure`].
    Settled,
    /// Of [`Command::Open`].
    Opened(Box<Opened>),
    /// Of [`Command::Finish`].
    Finished(Finished),
}

/// What something about a conversation of a relay touches: whichever line it is on, since a report may name none.
pub(super) fn touched_by(relay: &Slug, key: &ConversationKey, previous: Option<&ConversationKey>) -> Touches {
    let hash = |key: &ConversationKey| touched(&(relay, Some(key.conversation()))).one;
    Touches { one: hash(key), same: previous.map(hash) }
}

fn touched(what: &impl Hash) -> Touches {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    Touches { one: hasher.finish(), same: None }
}

impl committer::Command for Command {
    type Reply = Reply;

    fn touches(&self) -> Touches {
        match self {
            Self::Ingest(event) => event.touches(),
            Self::Seek(report) => report.touches(),
            Self::SettleFailure(failure) => touched(&failure.delivery()),
            Self::Unpark(unpark) => touched(&unpark.about()),
            Self::Open(open) => touched(&open.about()),
            Self::Finish(finish) => touched(&finish.about()),
        }
    }

    fn needs(&self, loaded: &Working, needs: &mut Needs) {
        match self {
            Self::Ingest(event) => event.needs(loaded, needs),
            Self::Seek(report) => report.needs(loaded, needs),
            Self::SettleFailure(failure) => failure.needs(loaded, needs),
            Self::Unpark(unpark) => unpark.needs(loaded, needs),
            Self::Open(open) => open.needs(loaded, needs),
            Self::Finish(finish) => finish.needs(loaded, needs),
        }
    }

    fn decide(&self, working: &mut Working, moment: &Moment, then: &mut Vec<Self>) -> Reply {
        match self {
            Self::Ingest(event) => Reply::Ingested(event.decide(working, moment, then)),
            Self::Seek(report) => Reply::Ingested(report.decide(working, moment, then)),
            Self::Unpark(unpark) => Reply::Unparked { more: unpark.decide(working, moment, then) },
            Self::SettleFailure(failure) => {
                failure.decide(working);
                Reply::Settled
            }
            Self::Open(open) => Reply::Opened(Box::new(open.decide(working, moment))),
            Self::Finish(finish) => Reply::Finished(finish.decide(working, moment, then)),
        }
    }
}
