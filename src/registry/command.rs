//! Everything that is ever written, as one list.

use super::ingest::{Ingest, Ingested, Refusal};
use crate::store::{
    committer,
    working::{Moment, Needs, Working},
};

/// What may be committed.
pub enum Command {
    /// An event of a relay.
    Ingest(Box<Ingest>),
}

/// What a command comes to.
pub enum Reply {
    /// Of [`Command::Ingest`].
    Ingested(Result<Ingested, Refusal>),
}

impl committer::Command for Command {
    type Reply = Reply;

    fn needs(&self, needs: &mut Needs) {
        match self {
            Self::Ingest(event) => event.needs(needs),
        }
    }

    fn decide(self, working: &mut Working, moment: &Moment) -> Reply {
        match self {
            Self::Ingest(event) => Reply::Ingested(event.decide(working, moment)),
        }
    }
}
