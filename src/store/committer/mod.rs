//! Group commit: all writers wait for one transaction, and each gets its answer after the commit.
//!
//! Commands wait in a bounded queue. A thread of its own takes the first and all that wait behind it, up to
//! [`MAX_BATCH`], and makes them one transaction. It never waits for more to come: while one batch is being
//! made durable the next one gathers, so batches are as large as the load makes them.
//!
//! `queue` is the end that takes commands, `writer` the threads, and `letters` what these answer with; what they have in
//! common is here.
//!
//! A store that takes several transactions at once has as many lanes, each with a queue, a thread and an engine of its
//! own. Commands that touch the same take the same lane, in their order; what crosses lanes all the same is for the
//! store to keep apart, as it keeps several servers apart.

mod letters;
mod queue;
mod writer;

use std::{
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use tokio::sync::{Semaphore, watch};

use super::{
    StoreError,
    lanes::Touches,
    memory::changes::Changes,
    working::{Horizons, Moment, Needs, Working},
};
use crate::{clock::Clock, domain::time::Time};
pub use queue::Committer;
use queue::Message;
use writer::WriterLoop;

/// The most commands in one transaction, counted inside requests too.
pub const MAX_BATCH: usize = 512;

/// Something to be decided and made durable.
pub trait Command: Send + 'static {
    /// What the caller is told after the commit. A refusal is a reply, too.
    type Reply: Send + 'static;

    /// What it touches: of those that touch the same, each is decided in its turn.
    fn touches(&self) -> Touches;

    /// Adds what must be loaded before [`Command::decide`] and is not `loaded` yet. It is asked again after each
    /// load, until it needs no more: what was loaded may show that more is needed.
    fn needs(&self, loaded: &Working, needs: &mut Needs);

    /// Decides on what was loaded, and changes it. No I/O happens here, and a refusal changes nothing. What follows
    /// from it is added to `then`: it is decided next, in the same transaction, and nobody waits for its reply. It
    /// may be decided again, on a working set of its own, when a transaction has to be repeated; what is random was
    /// drawn before.
    fn decide(&self, working: &mut Working, moment: &Moment, then: &mut Vec<Self>) -> Self::Reply
    where
        Self: Sized;
}

/// What a transaction is about: many commands, to the database one.
pub trait Work {
    /// Decides on everything, and has `load` add what it needs to `working` before. Called once for each attempt at
    /// the transaction, with an empty working set; the last one counts.
    ///
    /// # Errors
    ///
    /// When something cannot be loaded.
    fn run(&mut self, working: &mut Working, load: &mut Load<'_>) -> Result<(), StoreError>;
}

/// Adds what is needed to a working set. What is in there already stays as it is. Asked at least once in a transaction,
/// before anything is decided: then a store that gives the time stamps of what is written has given it.
pub type Load<'l> = dyn FnMut(Needs, &mut Working) -> Result<(), StoreError> + 'l;

/// A database that can run a transaction: load, decide, save, commit.
pub trait Engine: Send + 'static {
    /// Loads what `work` needs, lets it decide, saves the difference and commits.
    ///
    /// # Errors
    ///
    /// When anything fails; then nothing of it has happened.
    fn transact(&mut self, work: &mut dyn Work) -> Result<(), StoreError>;

    /// The latest of our own time stamps in the store.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn latest_tick(&mut self) -> Result<Option<Time>, StoreError>;

    /// Does a bounded piece of housekeeping; whether there is more to do. `at_rest` there is no other work to do.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    fn keep_house(&mut self, since: Horizons, at_rest: bool) -> Result<bool, StoreError>;

    /// Writes as much as a batch may need, and takes it back.
    ///
    /// # Errors
    ///
    /// When the store still does not take writes.
    fn probe(&mut self) -> Result<(), StoreError>;

    /// Leaves the store as tidy as it can, before a stop. Nothing depends on it.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    fn tidy_up(&mut self) -> Result<(), StoreError>;
}

/// How the store is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It takes writes.
    Good,
    /// The last transaction failed; the next may succeed.
    Unavailable,
    /// It takes no more writes, for this reason.
    Broken(String),
}

/// Why commands were not committed. Nothing of them has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The queue has no room for them.
    #[error("the queue is full")]
    Full,
    /// The store does not take them.
    #[error("the store does not take writes")]
    Unavailable,
}

/// The sizes of a committer.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many commands may wait.
    pub queue: usize,
    /// How long receipts are kept.
    pub keep_receipts: jiff::SignedDuration,
}

/// The threads that write.
pub struct Writer<C: Command> {
    threads: Vec<JoinHandle<()>>,
    committer: Committer<C>,
}

impl<C: Command> Writer<C> {
    /// Takes no more commands, and waits until the last accepted one is answered.
    pub fn stop(self) {
        self.committer.room.close();
        for lane in &*self.committer.lanes {
            // A writer that has stopped by itself needs no telling.
            let _ = lane.send(Message::Stop);
        }
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a writer stopped in a panic");
            }
        }
    }
}

/// Starts a writer with a lane for each of the `engines`, which tell `changes` what their commits change.
///
/// # Errors
///
/// When the store cannot be read, or the system has no thread to spare.
pub fn start<C: Command, E: Engine>(
    engines: Vec<E>,
    clock: &Clock,
    limits: Limits,
    changes: &Arc<Changes>,
) -> Result<(Committer<C>, Writer<C>), StoreError> {
    let (report, health) = watch::channel(Health::Good);
    let report = Arc::new(report);
    let (mut lanes, mut threads) = (Vec::new(), Vec::new());
    for mut engine in engines {
        let last_tick = engine.latest_tick()?.unwrap_or(Time::from_nanos(0));
        let (lane, jobs) = mpsc::channel();
        let writer = WriterLoop {
            engine,
            clock: clock.clone(),
            limits,
            changes: Arc::clone(changes),
            last_tick,
            jobs,
            held_over: None,
            report: Arc::clone(&report),
            closing: false,
        };
        let thread = thread::Builder::new().name("committer".to_owned()).spawn(move || writer.run());
        threads
            .push(thread.map_err(|why| StoreError::Unavailable(format!("no thread for a writer: {why}")))?);
        lanes.push(lane);
    }
    let committer = Committer { lanes: lanes.into(), room: Arc::new(Semaphore::new(limits.queue)), health };
    Ok((committer.clone(), Writer { threads, committer }))
}
