//! The use cases, without HTTP and without SQL.
//!
//! [`placement`] says where a report of a relay belongs. [`ingest`] is the decision about one whose line is known,
//! [`seek`] about one that must find its lines, [`parking`] about those that cannot be placed yet; [`attendant`]
//! looks after the latter. [`create`] has the two decisions about a create, [`settle`] the one about a message
//! that failed. [`command`] is the list of what may be committed, and [`Registry`] what the edges call: it sends
//! commands to the committer and look-ups to the reader; [`lookups`] are those that may be answered from memory,
//! and the rest goes to `readers`.
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
mod readers;

use std::sync::Arc;

use tokio::sync::watch;

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
use readers::Readers;

/// The registry, as the edges see it. Clones share it.
#[derive(Clone)]
pub struct Registry {
    committer: Committer<Command>,
    readers: Arc<Readers>,
    memory: Arc<Memory>,
    /// Set when a look-up has met damage.
    damage: Arc<watch::Sender<Health>>,
}

impl Registry {
    /// A registry that writes through `committer` and reads through `reader`, up to `at_once` look-ups at once, with a
    /// `memory` that the committer tells of changes.
    ///
    /// # Errors
    ///
    /// When the system has no threads to spare.
    pub fn new(
        committer: Committer<Command>,
        reader: &Arc<dyn Reader>,
        at_once: u32,
        memory: Memory,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            committer,
            readers: Arc::new(Readers::start(reader, at_once)?),
            memory: Arc::new(memory),
            damage: Arc::new(watch::Sender::new(Health::Good)),
        })
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
        let found = self.readers.look_up(look_up).await;
        if let Err(StoreError::Broken(why)) = &found {
            self.damage.send_replace(Health::Broken(why.clone()));
        }
        found
    }
}
