//! A transaction, from its first statement to the answer of its commit.

use std::time::Duration;

use deadpool_postgres::Client;
use tokio::time::timeout;
use tokio_postgres::Row;

use super::{failure::Failure, link::Link, request::Request};

/// How a transaction is kept apart from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// By the rows that it has locked: enough, since whoever changes something has locked it.
    ReadCommitted,
    /// As if there were no others, at the price of repetitions.
    Serializable,
}

/// Whether a transaction comes whenever it likes, or in its turn among those that were in each other's way. Where many
/// meet, each would fail again and again; in turns, one after the other is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Free,
    InTurn,
}

/// How a transaction begins. The lock of a table is waited for before anything is seen, and so what is seen then is what
/// those before it have left; that of a row would be waited for afterwards. Nobody else wants this lock of this table.
macro_rules! in_turn {
    ($begin:literal) => {
        concat!($begin, "; LOCK TABLE meta IN SHARE UPDATE EXCLUSIVE MODE")
    };
}

const fn begin(isolation: Isolation, entry: Entry) -> &'static str {
    match (isolation, entry) {
        (Isolation::ReadCommitted, Entry::Free) => "BEGIN ISOLATION LEVEL READ COMMITTED",
        (Isolation::Serializable, Entry::Free) => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        (Isolation::ReadCommitted, Entry::InTurn) => in_turn!("BEGIN ISOLATION LEVEL READ COMMITTED"),
        (Isolation::Serializable, Entry::InTurn) => in_turn!("BEGIN ISOLATION LEVEL SERIALIZABLE"),
    }
}

impl std::str::FromStr for Isolation {
    type Err = IsolationError;

    fn from_str(text: &str) -> Result<Self, IsolationError> {
        match text {
            "read committed" => Ok(Self::ReadCommitted),
            "serializable" => Ok(Self::Serializable),
            _ => Err(IsolationError),
        }
    }
}

/// The text is no isolation level of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 'read committed' or 'serializable'")]
pub struct IsolationError;

/// How long the end of a transaction that failed is waited for.
const ROLLBACK: Duration = Duration::from_secs(1);

/// A transaction. It begins with its first request.
pub(super) struct Transaction {
    client: Client,
    begin: &'static str,
    has_begun: bool,
}

impl Transaction {
    pub(super) async fn on(link: &Link, isolation: Isolation, entry: Entry) -> Result<Self, Failure> {
        Ok(Self { client: link.connection().await?, begin: begin(isolation, entry), has_begun: false })
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// The rows that each statement of `request` has found.
    pub(super) async fn ask(&mut self, request: Request<'_>) -> Result<Vec<Vec<Row>>, Failure> {
        let begin = (!self.has_begun).then_some(self.begin);
        self.has_begun = true;
        request.send(&self.client, begin, None).await
    }

    /// Executes `request` and commits, in one round trip: after a statement that failed, a commit changes nothing.
    pub(super) async fn commit(&mut self, request: Request<'_>) -> Result<Vec<Vec<Row>>, Failure> {
        let begin = (!self.has_begun).then_some(self.begin);
        self.has_begun = true;
        let rows = request.send(&self.client, begin, Some("COMMIT")).await?;
        self.has_begun = false;
        Ok(rows)
    }

    /// Gives the connection back if it is good for others, and closes it if not.
    pub(super) async fn end(self, failure: Option<&Failure>) {
        let is_good = match failure {
            Some(Failure::Lost(_)) => false,
            _ if !self.has_begun => true,
            // After the commit of a transaction that failed there is none, and this only says so.
            _ => matches!(timeout(ROLLBACK, self.client.batch_execute("ROLLBACK")).await, Ok(Ok(()))),
        };
        if !is_good {
            drop(Client::take(self.client));
        }
    }
}
