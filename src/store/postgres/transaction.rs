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

impl Isolation {
    const fn begin(self) -> &'static str {
        match self {
            Self::ReadCommitted => "BEGIN ISOLATION LEVEL READ COMMITTED",
            Self::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        }
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
    isolation: Isolation,
    has_begun: bool,
}

impl Transaction {
    pub(super) async fn on(link: &Link, isolation: Isolation) -> Result<Self, Failure> {
        Ok(Self { client: link.connection().await?, isolation, has_begun: false })
    }

    /// The rows that each statement of `request` has found.
    pub(super) async fn ask(&mut self, request: Request<'_>) -> Result<Vec<Vec<Row>>, Failure> {
        let begin = (!self.has_begun).then(|| self.isolation.begin());
        self.has_begun = true;
        request.send(&self.client, begin, None).await
    }

    /// Executes `request` and commits, in one round trip: after a statement that failed, a commit changes nothing.
    pub(super) async fn commit(&mut self, request: Request<'_>) -> Result<Vec<Vec<Row>>, Failure> {
        let begin = (!self.has_begun).then(|| self.isolation.begin());
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
