//! The use cases, without HTTP and without SQL.
//!
//! [`placement`] says where a report of a relay belongs. [`ingest`] is the decision about one whose line is known,
//! [`seek`] about one that must find its lines, [`parking`] about those that cannot be placed yet; [`attendant`]
//! looks after the latter. [`create`] has the two decisions about a create, [`settle`] the one about a message
//! that failed. [`command`] is the list of what may be committed, and [`Registry`] what the edges call: it sends
//! commands to the committer and look-ups to the reader; [`lookups`] are those that may be answered from memory.
//!
//! Events enter their chats by `arrival`, with the help of `numbers` where they name people by numbers; events and
//! creates find their chat by `place`.

pub mod attendant;
pub mod command;
pub mod create;
pub mod ingest;
pub mod lookups;
pub mod parking;
pub mod placement;
pub mod seek;
pub mod settle;

mod arrival;
#[cfg(test)]
mod laws;
mod numbers;
mod place;

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use crate::{
    domain::{
        ids::{ChatId, Slug},
        parking::Usage,
    },
    store::{
        StoreError,
        committer::{CommitError, Committer, Health},
        memory::Memory,
        query::{ChatFilter, Counts, Reader, SeenChat},
    },
};
use command::{Command, Reply};
use ingest::{Ingested, NotTaken};

/// The registry, as the edges see it. Clones share it.
#[derive(Clone)]
pub struct Registry {
    committer: Committer<Command>,
    reader: Arc<dyn Reader>,
    memory: Arc<Memory>,
    /// How many look-ups may be in the store at once. The others wait here, where waiting takes no thread.
    turns: Arc<Semaphore>,
    /// Set when a look-up has met damage.
    damage: Arc<watch::Sender<Health>>,
}

impl Registry {
    /// A registry that writes through `committer` and reads through `reader`, up to `at_once` look-ups at once, with a
    /// `memory` that the committer tells of changes.
    #[must_use]
    pub fn new(committer: Committer<Command>, reader: Arc<dyn Reader>, at_once: u32, memory: Memory) -> Self {
        let at_once = usize::try_from(at_once).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            committer,
            reader,
            memory: Arc::new(memory),
            turns: Arc::new(Semaphore::new(at_once)),
            damage: Arc::new(watch::Sender::new(Health::Good)),
        }
    }

    /// Takes what relays say in, each on its own. The results come when they are durable, in their order; of
    /// what says nothing about a chat it is `None`.
    ///
    /// # Errors
    ///
    /// When the queue has no room for them; then none of them was taken.
    pub async fn take(
        &self,
        commands: Vec<Command>,
    ) -> Result<Vec<Result<Option<Ingested>, NotTaken>>, CommitError> {
        let replies = self.committer.commit(commands).await?;
        let ingested = |reply: Result<Reply, CommitError>| match reply? {
            Reply::Ingested(result) => Ok(Some(result?)),
            _ => Ok(None),
        };
        Ok(replies.into_iter().map(ingested).collect())
    }

    /// One chat of a tenant.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn chat(&self, tenant: Slug, id: ChatId) -> Result<Option<SeenChat>, StoreError> {
        self.read(move |reader| reader.chat(Some(&tenant), id)).await
    }

    /// A page of chats.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn list(&self, filter: ChatFilter) -> Result<Vec<SeenChat>, StoreError> {
        self.read(move |reader| reader.list(&filter)).await
    }

    /// How many chats and receipts there are.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        self.read(super::store::query::Reader::counts).await
    }

    /// How much is parked of each relay of which anything is.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn parking(&self) -> Result<Vec<(Slug, Usage)>, StoreError> {
        self.read(super::store::query::Reader::parking).await
    }

    /// The committer, for those who look after it.
    #[must_use]
    pub const fn committer(&self) -> &Committer<Command> {
        &self.committer
    }

    /// Whether look-ups have met damage, now and from now on.
    #[must_use]
    pub fn damage(&self) -> watch::Receiver<Health> {
        self.damage.subscribe()
    }

    async fn commit_one(&self, command: Command) -> Result<Reply, CommitError> {
        let replies = self.committer.commit(vec![command]).await?;
        replies.into_iter().next().unwrap_or(Err(CommitError::Unavailable))
    }

    async fn read<T: Send + 'static>(
        &self,
        look_up: impl FnOnce(&dyn Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let reader = Arc::clone(&self.reader);
        // It goes with the look-up, which ends what it began though nobody may wait for it any more.
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let in_turn = move || {
            let _turn = turn;
            look_up(reader.as_ref())
        };
        let found = tokio::task::spawn_blocking(in_turn)
            .await
            .unwrap_or_else(|why| Err(StoreError::Unavailable(format!("the look-up did not end: {why}"))));
        if let Err(StoreError::Broken(why)) = &found {
            self.damage.send_replace(Health::Broken(why.clone()));
        }
        found
    }
}
