//! Everything that is ever written, as one list.

use super::{
    create::{
        finish::{Finish, Finished},
        open::{Open, Opened},
    },
    ingest::{Ingest, Ingested, News, Refusal, SettleFailure},
};
use crate::store::{
    committer,
    working::{Moment, Needs, Working},
};

/// What may be committed.
pub enum Command {
    /// An event of a relay.
    Ingest(Box<Ingest>),
    /// A relay's news that a queued message failed.
    SettleFailure(SettleFailure),
    /// The beginning of a create.
    Open(Box<Open>),
    /// The end of a create.
    Finish(Box<Finish>),
}

impl From<News> for Command {
    fn from(news: News) -> Self {
        match news {
            News::Event(event) => Self::Ingest(event),
            News::Failure(failure) => Self::SettleFailure(failure),
        }
    }
}

/// What a command comes to.
pub enum Reply {
    /// Of [`Command::Ingest`].
    Ingested(Result<Ingested, Refusal>),
    /// Of [`Command::SettleFailure`].
    Settled,
    /// Of [`Command::Open`].
    Opened(Box<Opened>),
    /// Of [`Command::Finish`].
    Finished(Finished),
}

impl committer::Command for Command {
    type Reply = Reply;

    fn needs(&self, needs: &mut Needs) {
        match self {
            Self::Ingest(event) => event.needs(needs),
            Self::SettleFailure(failure) => failure.needs(needs),
            Self::Open(open) => open.needs(needs),
            Self::Finish(finish) => finish.needs(needs),
        }
    }

    fn decide(self, working: &mut Working, moment: &Moment) -> Reply {
        match self {
            Self::Ingest(event) => Reply::Ingested(event.decide(working, moment)),
            Self::SettleFailure(failure) => {
                failure.decide(working);
                Reply::Settled
            }
            Self::Open(open) => Reply::Opened(Box::new(open.decide(working, moment))),
            Self::Finish(finish) => Reply::Finished(finish.decide(working, moment)),
        }
    }
}
