//! Group commit: all writers wait for one transaction, and each gets its answer after the commit.
//!
//! Commands wait in a bounded queue. A thread of its own takes the first and all that wait behind it, up to
//! [`MAX_BATCH`], and makes them one transaction. It never waits for more to come: while one batch is being
//! made durable the next one gathers, so batches are as large as the load makes them.
//!
//! A store that takes several transactions at once has as many lanes, each with a queue, a thread and an engine of its
//! own. Commands that touch the same take the same lane, in their order; what crosses lanes all the same is for the
//! store to keep apart, as it keeps several servers apart.

use std::{
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot, watch};

use super::{
    StoreError,
    batch::Batch,
    lanes::{Touches, lanes_of},
    memory::changes::Changes,
    working::{Horizons, Moment, Needs, Working},
};
use crate::{
    clock::Clock,
    domain::{parking, time::Time},
};

/// The most commands in one transaction, counted inside requests too.
pub const MAX_BATCH: usize = 512;

/// How often a writer that has nothing else to do looks after its house.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

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

/// Adds what is needed to a working set. What is in there already stays as it is.
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

/// The end of the queue that takes commands.
pub struct Committer<C: Command> {
    lanes: Arc<[mpsc::Sender<Message<C>>]>,
    room: Arc<Semaphore>,
    health: watch::Receiver<Health>,
}

impl<C: Command> Clone for Committer<C> {
    fn clone(&self) -> Self {
        Self { lanes: Arc::clone(&self.lanes), room: Arc::clone(&self.room), health: self.health.clone() }
    }
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

enum Message<C: Command> {
    Work(Job<C>),
    Stop,
}

struct Job<C: Command> {
    commands: Vec<C>,
    reply: oneshot::Sender<Result<Vec<C::Reply>, CommitError>>,
    room: OwnedSemaphorePermit,
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

impl<C: Command> Committer<C> {
    /// Commits `commands` and returns their replies in order. Those that touch the same stay in order, but they may be
    /// spread over several transactions: when there are several lanes, or more than [`MAX_BATCH`] of them.
    ///
    /// # Errors
    ///
    /// [`CommitError::Full`] at once, when the queue has no room for all of them; then none is taken.
    pub async fn commit(&self, commands: Vec<C>) -> Result<Vec<Result<C::Reply, CommitError>>, CommitError> {
        // All of a request is admitted or nothing of it, so that a refused request may simply be sent again.
        let count = u32::try_from(commands.len()).map_err(|_| CommitError::Full)?;
        let mut room = Arc::clone(&self.room).try_acquire_many_owned(count).map_err(|why| match why {
            TryAcquireError::NoPermits => CommitError::Full,
            TryAcquireError::Closed => CommitError::Unavailable,
        })?;
        if let [lane] = &*self.lanes {
            return Ok(replies_to(enqueue(lane, commands, &mut room)?).await);
        }
        let (lane_of, parts) = self.by_lane(commands);
        let mut answers = Vec::with_capacity(parts.len());
        for (lane, commands) in self.lanes.iter().zip(parts) {
            answers.push(enqueue(lane, commands, &mut room)?);
        }
        let mut replies = Vec::with_capacity(answers.len());
        for answers in answers {
            replies.push(replies_to(answers).await.into_iter());
        }
        let next = |lane: usize| replies.get_mut(lane).and_then(Iterator::next);
        Ok(lane_of.into_iter().filter_map(next).collect())
    }

    /// Which lane each command takes, and the commands of each lane.
    fn by_lane(&self, commands: Vec<C>) -> (Vec<usize>, Vec<Vec<C>>) {
        let touched: Vec<Touches> = commands.iter().map(Command::touches).collect();
        let lane_of = lanes_of(&touched, self.lanes.len());
        let mut parts: Vec<Vec<C>> = self.lanes.iter().map(|_| Vec::new()).collect();
        for (command, lane) in commands.into_iter().zip(&lane_of) {
            if let Some(part) = parts.get_mut(*lane) {
                part.push(command);
            }
        }
        (lane_of, parts)
    }

    /// How the store is doing, now and from now on.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// How many commands may still be taken before the queue is full.
    #[must_use]
    pub fn room(&self) -> usize {
        self.room.available_permits()
    }
}

/// The replies to a part of a request, and how many commands it stands for.
type Answer<R> = (usize, oneshot::Receiver<Result<Vec<R>, CommitError>>);

/// Puts commands into a lane, in parts that fit into one transaction each. There is `room` for them.
fn enqueue<C: Command>(
    lane: &mpsc::Sender<Message<C>>,
    mut commands: Vec<C>,
    room: &mut OwnedSemaphorePermit,
) -> Result<Vec<Answer<C::Reply>>, CommitError> {
    let mut answers = Vec::with_capacity(commands.len().div_ceil(MAX_BATCH));
    while !commands.is_empty() {
        let rest = commands.split_off(commands.len().min(MAX_BATCH));
        let part = std::mem::replace(&mut commands, rest);
        let (reply, answer) = oneshot::channel();
        answers.push((part.len(), answer));
        let part_room = room.split(part.len()).ok_or(CommitError::Full)?;
        let job = Job { commands: part, reply, room: part_room };
        lane.send(Message::Work(job)).map_err(|_| CommitError::Unavailable)?;
    }
    Ok(answers)
}

/// Waits for the replies to all parts.
async fn replies_to<R>(answers: Vec<Answer<R>>) -> Vec<Result<R, CommitError>> {
    let mut replies = Vec::new();
    for (count, answer) in answers {
        match answer.await.unwrap_or(Err(CommitError::Unavailable)) {
            Ok(committed) => replies.extend(committed.into_iter().map(Ok)),
            Err(failed) => replies.extend((0..count).map(|_| Err(failed))),
        }
    }
    replies
}

struct WriterLoop<C: Command, E: Engine> {
    engine: E,
    clock: Clock,
    limits: Limits,
    changes: Arc<Changes>,
    last_tick: Time,
    jobs: mpsc::Receiver<Message<C>>,
    /// A job that did not fit into the last batch.
    held_over: Option<Job<C>>,
    report: Arc<watch::Sender<Health>>,
    closing: bool,
}

impl<C: Command, E: Engine> WriterLoop<C, E> {
    fn run(mut self) {
        let (mut house_kept, mut patience) = (Instant::now(), HOUSEKEEPING);
        while !self.closing {
            let batch = self.gather(patience);
            let at_rest = batch.is_empty();
            if !at_rest && !self.commit(batch) {
                return self.refuse_the_rest();
            }
            if at_rest || house_kept.elapsed() >= HOUSEKEEPING {
                (house_kept, patience) = match self.keep_house(at_rest) {
                    // With more to do, the next batch is followed by more of it, and so is a pause.
                    Ok(true) => (house_kept, Duration::ZERO),
                    Ok(false) => (Instant::now(), HOUSEKEEPING),
                    Err(why) if self.may_go_on(&why) => (Instant::now(), HOUSEKEEPING),
                    Err(_) => return self.refuse_the_rest(),
                };
            }
        }
        if let Err(why) = self.engine.tidy_up() {
            tracing::warn!(%why, "the store is left as it is");
        }
    }

    /// Waits for a job as long as `patience` lasts, then takes all that wait with it and fit into one transaction.
    fn gather(&mut self, patience: Duration) -> Vec<Job<C>> {
        let first = match self.held_over.take() {
            Some(job) => job,
            None => match self.jobs.recv_timeout(patience) {
                Ok(Message::Work(job)) => job,
                Err(mpsc::RecvTimeoutError::Timeout) => return Vec::new(),
                Ok(Message::Stop) | Err(mpsc::RecvTimeoutError::Disconnected) => {
                    self.closing = true;
                    return Vec::new();
                }
            },
        };
        // Whoever is about to send a job may do so first, if they are ready to run and the processors are not enough
        // for all. Where nobody is, this takes no time: nobody is waited for.
        thread::yield_now();
        let mut weight = first.commands.len();
        let mut batch = vec![first];
        while let Ok(message) = self.jobs.try_recv() {
            let Message::Work(job) = message else {
                self.closing = true;
                break;
            };
            weight += job.commands.len();
            if weight > MAX_BATCH {
                self.held_over = Some(job);
                break;
            }
            batch.push(job);
        }
        batch
    }

    /// Commits a batch and answers it; `false` when the store must not be written any more.
    fn commit(&mut self, batch: Vec<Job<C>>) -> bool {
        let started = Instant::now();
        let mut replies = Vec::with_capacity(batch.len());
        let mut commands = Vec::with_capacity(batch.len());
        let mut count = 0_usize;
        for job in batch {
            count += job.commands.len();
            commands.push(job.commands);
            replies.push((job.reply, job.room));
        }
        let mut batch = Batch::new(self.moment(), commands, Arc::clone(&self.changes));
        let result = self.engine.transact(&mut batch);
        // Look-ups must know of it before anybody is answered. A failure may have changed something all the same.
        batch.settle();
        metrics::histogram!("chert_groups_commit_seconds").record(started.elapsed().as_secs_f64());
        metrics::histogram!("chert_groups_batch_commands")
            .record(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
        match result {
            Ok(()) => {
                self.set_health(Health::Good);
                answer(replies, batch.replies().map(Ok));
                true
            }
            Err(why) => {
                answer(replies, std::iter::repeat_with(|| Err(CommitError::Unavailable)));
                self.may_go_on(&why)
            }
        }
    }

    fn moment(&mut self) -> Moment {
        let now = self.clock.now();
        let tick = now.max(Time::from_nanos(self.last_tick.nanos() + 1));
        self.last_tick = tick;
        Moment { now, tick, receipts_since: now.plus(-self.limits.keep_receipts) }
    }

    fn keep_house(&mut self, at_rest: bool) -> Result<bool, StoreError> {
        let is_good = *self.report.borrow() == Health::Good;
        if !is_good {
            // Nobody sends events to a service that is not ready, so it must find out by itself.
            self.engine.probe()?;
            self.set_health(Health::Good);
            tracing::info!("the store takes writes again");
        }
        let now = self.clock.now();
        let horizons = Horizons {
            now,
            receipts: now.plus(-self.limits.keep_receipts),
            parked: now.plus(-parking::KEPT),
        };
        self.engine.keep_house(horizons, at_rest)
    }

    fn may_go_on(&self, why: &StoreError) -> bool {
        match why {
            StoreError::Unavailable(why) => {
                tracing::error!(%why, "the store did not take a transaction");
                self.set_health(Health::Unavailable);
                true
            }
            StoreError::Broken(why) => {
                tracing::error!(%why, "the store is broken; it takes no more writes");
                self.set_health(Health::Broken(why.clone()));
                false
            }
        }
    }

    fn set_health(&self, health: Health) {
        self.report.send_if_modified(|held| {
            // What one lane has found broken stays so, whatever another one may still be able to do.
            let differs = *held != health && !matches!(held, Health::Broken(_));
            if differs {
                *held = health;
            }
            differs
        });
    }

    /// Answers everyone who still comes, until it is told to stop.
    fn refuse_the_rest(mut self) {
        loop {
            let job = match self.held_over.take() {
                Some(job) => job,
                None => match self.jobs.recv() {
                    Ok(Message::Work(job)) => job,
                    Ok(Message::Stop) | Err(mpsc::RecvError) => return,
                },
            };
            // A caller that went away needs no answer.
            let _ = job.reply.send(Err(CommitError::Unavailable));
        }
    }
}

type Reply<R> = (oneshot::Sender<Result<Vec<R>, CommitError>>, OwnedSemaphorePermit);

fn answer<R>(replies: Vec<Reply<R>>, answers: impl Iterator<Item = Result<Vec<R>, CommitError>>) {
    for ((reply, _room), answer) in replies.into_iter().zip(answers) {
        // A caller that went away needs no answer; what it asked for is durable all the same.
        let _ = reply.send(answer);
    }
}
