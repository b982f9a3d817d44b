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
use crate::store::{
    committer,
    working::{Moment, Needs, Working},
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

impl committer::Command for Command {
    type Reply = Reply;

    fn touches(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        match self {
            Self::Ingest(event) => event.touches().hash(&mut hasher),
            Self::Seek(report) => report.touches().hash(&mut hasher),
            Self::SettleFailure(failure) => failure.touches().hash(&mut hasher),
            Self::Unpark(unpark) => unpark.touches().hash(&mut hasher),
            Self::Open(open) => open.touches().hash(&mut hasher),
            Self::Finish(finish) => finish.touches().hash(&mut hasher),
        }
        hasher.finish()
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
