//! A group is created: committed as a delivery, carried out by a relay, committed as a chat.
//!
//! [`request`] is what is asked, [`open`] the first commit, [`finish`] the last. Between them no transaction is
//! open. An attempt that dies in between leaves a delivery behind that the next request of the same name takes
//! over, under the same downstream name, so that a group that was in fact made is found and not made twice.
//! A relay that knows no such names is not asked again once an event has shown the group.

pub mod finish;
pub mod open;
pub mod request;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Registry,
    command::{Command, Reply},
};
use crate::{
    clock,
    domain::{
        delivery::{AttemptToken, Delivery, DeliveryId, MessageId},
        ids::Slug,
    },
    relay::{Carried, DeliveryFailure, Order, Relays},
    store::{committer::CommitError, directory::Directory},
};
use finish::{Attempt, Came, Finish, Finished, Render};
use open::{Open, Opened};
use request::CreateRequest;

/// How long the last commit is tried when the queue is full. The group exists by then.
const COMMIT_PATIENCE: Duration = Duration::from_secs(3);

/// The answer to a create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The body, byte for byte the same each time.
    pub body: Vec<u8>,
    /// Whether it was given before.
    pub replayed: bool,
}

/// Why a create has no answer yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    /// Another attempt under the same idempotency key is still running.
    #[error("a request with this idempotency key is still running")]
    InFlight,
    /// Something else was asked under the same idempotency key.
    #[error("this idempotency key was used for a different request")]
    Mismatch,
    /// The relay answered, and did not do it.
    #[error("the relay did not deliver")]
    NotDelivered,
    /// The relay did not answer.
    #[error("the relay cannot be reached now")]
    Unreachable {
        /// After how many seconds another attempt makes sense.
        retry_after: u32,
    },
    /// The store did not take it.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Registry {
    /// Creates a group or a direct chat through the relay that serves the line.
    ///
    /// # Errors
    ///
    /// As [`CreateError`] says. The same request may be sent again then; it makes no second group.
    pub async fn create(
        &self,
        relays: &Relays,
        directory: Arc<Directory>,
        request: CreateRequest,
        relay: Slug,
        render: Render,
    ) -> Result<Answer, CreateError> {
        let request = Arc::new(request);
        let token = AttemptToken::from_bytes(clock::random());
        let delivery = match self.open(&request, &directory, relay, token).await? {
            Opened::Attempt(delivery) => delivery,
            Opened::Answered(body) => return Ok(Answer { body, replayed: true }),
            Opened::InFlight => return Err(CreateError::InFlight),
            Opened::Mismatch => return Err(CreateError::Mismatch),
        };
        let relay = directory.relay(&delivery.relay);
        let (came, failure) = match relay {
            Some(relay) if delivery.is_done_at(relay.kind) => (Came::Shown, None),
            Some(relay) => told_by(relays.carry(relay, &order(&request, &delivery)).await),
            None => told_by(Err(DeliveryFailure::NotTried { retry_after: 1 })),
        };
        let place = directory.place_of(&delivery.relay, &delivery.tenant, &delivery.line);
        let attempt = Attempt { token, relay: relay.map(|relay| relay.kind), place, came };
        let finished = self.finish(&request, &delivery, &attempt, render).await?;
        match (finished, failure) {
            (Finished::Answered { body, replayed }, _) => Ok(Answer { body, replayed }),
            (Finished::TakenOver, _) => Err(CreateError::InFlight),
            (
                Finished::Failed,
                Some(
                    DeliveryFailure::Unreachable { retry_after } | DeliveryFailure::NotTried { retry_after },
                ),
            ) => Err(CreateError::Unreachable { retry_after }),
            (Finished::Failed, _) => Err(CreateError::NotDelivered),
        }
    }

    async fn open(
        &self,
        request: &Arc<CreateRequest>,
        directory: &Arc<Directory>,
        relay: Slug,
        token: AttemptToken,
    ) -> Result<Opened, CreateError> {
        let open = Open {
            request: Arc::clone(request),
            directory: Arc::clone(directory),
            relay,
            delivery: DeliveryId::from_bytes(clock::random()),
            message: MessageId::from_bytes(clock::random()),
            token,
        };
        match self.commit_one(Command::Open(Box::new(open))).await? {
            Reply::Opened(opened) => Ok(*opened),
            _ => Err(CreateError::Commit(CommitError::Unavailable)),
        }
    }

    /// The last commit. The group exists, so a full queue is waited for rather than answered.
    async fn finish(
        &self,
        request: &Arc<CreateRequest>,
        delivery: &Delivery,
        attempt: &Attempt,
        render: Render,
    ) -> Result<Finished, CreateError> {
        let started = Instant::now();
        loop {
            let finish = Finish::new(Arc::clone(request), delivery, attempt.clone(), render);
            match self.commit_one(Command::Finish(Box::new(finish))).await {
                Ok(Reply::Finished(finished)) => return Ok(finished),
                Ok(_) => return Err(CreateError::Commit(CommitError::Unavailable)),
                Err(why) if started.elapsed() > COMMIT_PATIENCE => return Err(why.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

/// What is to be committed of a relay's word, and what the caller is told where it is a failure.
fn told_by(carried: Result<Carried, DeliveryFailure>) -> (Came, Option<DeliveryFailure>) {
    match carried {
        Ok(Carried::Made { key, named }) => (Came::Made { key, named }, None),
        Ok(Carried::Queued) => (Came::Queued, None),
        Err(failure @ DeliveryFailure::Refused) => (Came::Refused, Some(failure)),
        Err(failure @ DeliveryFailure::Unreachable { .. }) => (Came::Silence, Some(failure)),
        Err(failure @ DeliveryFailure::NotTried { .. }) => (Came::NotTried, Some(failure)),
    }
}

fn order(request: &CreateRequest, delivery: &Delivery) -> Order {
    Order {
        delivery: delivery.id,
        from: delivery.line.clone(),
        to: request.to.clone(),
        display_name: request.subject.clone(),
        parts: request.parts.clone(),
    }
}
