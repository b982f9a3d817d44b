//! The threads that write: each gathers a batch, commits it, answers it, and looks after the house.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    Command, CommitError, Engine, Health, Limits, MAX_BATCH, letters,
    queue::{Job, Message},
};
use crate::{
    clock::Clock,
    domain::{parking, time::Time},
    store::{
        StoreError,
        batch::Batch,
        memory::changes::Changes,
        working::{Horizons, Moment},
    },
};

/// How often a writer that has nothing else to do looks after its house.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// One lane: its queue, its engine, and what it keeps between transactions.
pub(super) struct WriterLoop<C: Command, E: Engine> {
    pub(super) engine: E,
    pub(super) clock: Clock,
    pub(super) limits: Limits,
    pub(super) changes: Arc<Changes>,
    pub(super) last_tick: Time,
    pub(super) jobs: mpsc::Receiver<Message<C>>,
    /// A job that did not fit into the last batch.
    pub(super) held_over: Option<Job<C>>,
    pub(super) report: Arc<watch::Sender<Health>>,
    pub(super) closing: bool,
}

/// Says so when a lane ends in a panic: the others would go on, and the service seem to be well.
struct Alarm(Arc<watch::Sender<Health>>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.send_replace(Health::Broken("a writer stopped in a panic".to_owned()));
        }
    }
}

impl<C: Command, E: Engine> WriterLoop<C, E> {
    /// Commits what comes, until it is told to stop.
    pub(super) fn run(mut self) {
        let _alarm = Alarm(Arc::clone(&self.report));
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
        let (mut waiting, mut rooms) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
        let mut commands = Vec::with_capacity(batch.len());
        let mut count = 0_usize;
        for job in batch {
            count += job.commands.len();
            commands.push(job.commands);
            waiting.push((job.from, job.reply));
            // Kept until all is answered: until then it takes room.
            rooms.push(job.room);
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
                letters::send(waiting, batch.replies().map(Ok));
                true
            }
            Err(why) => {
                letters::send(waiting, std::iter::repeat_with(|| Err(CommitError::Unavailable)));
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
                // Once: what fails until it takes writes again fails for this reason, and callers are told.
                if self.set_health(Health::Unavailable) {
                    tracing::warn!(%why, "the store takes no writes for now");
                } else {
                    tracing::debug!(%why, "the store still takes no writes");
                }
                true
            }
            StoreError::Broken(why) => {
                tracing::error!(%why, "the store is broken; it takes no more writes");
                self.set_health(Health::Broken(why.clone()));
                false
            }
        }
    }

    /// Says how the store is doing; whether that is news.
    fn set_health(&self, health: Health) -> bool {
        let is_good = health == Health::Good;
        let is_news = self.report.send_if_modified(|held| {
            // What one lane has found broken stays so, whatever another one may still be able to do.
            let differs = *held != health && !matches!(held, Health::Broken(_));
            if differs {
                *held = health;
            }
            differs
        });
        if is_news && is_good {
            tracing::info!("the store takes writes again");
        }
        is_news
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
            letters::send(vec![(job.from, job.reply)], [Err(CommitError::Unavailable)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        committer::{Work, start},
        lanes::Touches,
        working::{Needs, Working},
    };

    /// A command of a lane.
    struct Touch(u64);

    impl Command for Touch {
        type Reply = ();

        fn touches(&self) -> Touches {
            Touches { one: self.0, same: None }
        }

        fn needs(&self, _: &Working, _: &mut Needs) {}

        fn decide(&self, _: &mut Working, _: &Moment, _: &mut Vec<Self>) {}
    }

    /// An engine that is lost with its first transaction.
    struct Lost;

    impl Engine for Lost {
        fn transact(&mut self, _: &mut dyn Work) -> Result<(), StoreError> {
            panic!("as it should, in this test")
        }

        fn latest_tick(&mut self) -> Result<Option<Time>, StoreError> {
            Ok(None)
        }

        fn keep_house(&mut self, _: Horizons, _: bool) -> Result<bool, StoreError> {
            Ok(false)
        }

        fn probe(&mut self) -> Result<(), StoreError> {
            Ok(())
        }

        fn tidy_up(&mut self) -> Result<(), StoreError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_lane_that_is_lost_is_noticed_whatever_the_others_do() {
        let limits = Limits { queue: 9, keep_receipts: jiff::SignedDuration::from_hours(1) };
        let (committer, writer) = start(vec![Lost, Lost], &Clock::system(), limits, &Arc::default()).unwrap();
        assert_eq!(*committer.health().borrow(), Health::Good);
        let replies = committer.commit(vec![Touch(0)]).await.unwrap();
        assert_eq!(replies, [Err(CommitError::Unavailable)]);
        let mut health = committer.health();
        let broken = health.wait_for(|health| matches!(health, Health::Broken(_)));
        tokio::time::timeout(Duration::from_secs(10), broken).await.unwrap().unwrap();
        tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
    }
}
