//! The end that takes commands: admits them, spreads them over the lanes, and waits for their replies.

use std::{
    sync::{Arc, mpsc},
    thread::{self, ThreadId},
};

use futures_util::future::join_all;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot, watch};

use super::{
    Command, CommitError, Health, MAX_BATCH,
    letters::{self, Letter},
};
use crate::store::lanes::{Touches, lanes_of};

/// The end of the queue that takes commands.
pub struct Committer<C: Command> {
    pub(super) lanes: Arc<[mpsc::Sender<Message<C>>]>,
    pub(super) room: Arc<Semaphore>,
    pub(super) health: watch::Receiver<Health>,
}

impl<C: Command> Clone for Committer<C> {
    fn clone(&self) -> Self {
        Self { lanes: Arc::clone(&self.lanes), room: Arc::clone(&self.room), health: self.health.clone() }
    }
}

/// What a lane is sent.
pub(super) enum Message<C: Command> {
    Work(Job<C>),
    Stop,
}

/// Commands of one request, and who waits for their replies.
pub(super) struct Job<C: Command> {
    pub(super) commands: Vec<C>,
    pub(super) reply: oneshot::Sender<Letter<C::Reply>>,
    /// The thread that waits for it.
    pub(super) from: ThreadId,
    pub(super) room: OwnedSemaphorePermit,
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
        // From all lanes at once: a letter that lies unread keeps those to others that are enclosed in it.
        let replies = join_all(answers.into_iter().map(replies_to)).await;
        let mut replies: Vec<_> = replies.into_iter().map(Vec::into_iter).collect();
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
type Answer<R> = (usize, oneshot::Receiver<Letter<R>>);

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
        let job = Job { commands: part, reply, from: thread::current().id(), room: part_room };
        lane.send(Message::Work(job)).map_err(|_| CommitError::Unavailable)?;
    }
    Ok(answers)
}

/// Waits for the replies to all parts.
async fn replies_to<R>(answers: Vec<Answer<R>>) -> Vec<Result<R, CommitError>> {
    let mut replies = Vec::new();
    for (count, answer) in answers {
        match letters::received(answer).await {
            Ok(committed) => replies.extend(committed.into_iter().map(Ok)),
            Err(failed) => replies.extend((0..count).map(|_| Err(failed))),
        }
    }
    replies
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::working::{Moment, Needs, Working};

    /// Touches one thing, which is its lane, too.
    struct Touch(u64);

    impl Command for Touch {
        type Reply = u64;

        fn touches(&self) -> Touches {
            Touches { one: self.0, same: None }
        }

        fn needs(&self, _: &Working, _: &mut Needs) {}

        fn decide(&self, _: &mut Working, _: &Moment, _: &mut Vec<Self>) -> u64 {
            self.0
        }
    }

    /// Answers all that waits in a lane.
    fn answer(lane: &mpsc::Receiver<Message<Touch>>) {
        let (mut waiting, mut answers) = (Vec::new(), Vec::new());
        while let Ok(Message::Work(job)) = lane.try_recv() {
            waiting.push((job.from, job.reply));
            answers.push(Ok(job.commands.iter().map(|touch| touch.0).collect()));
        }
        letters::send(waiting, answers);
    }

    /// Lets all tasks go as far as they come.
    async fn let_run() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    #[tokio::test]
    async fn nobody_waits_for_a_lane_that_only_others_wait_for() {
        let (lanes, jobs): (Vec<_>, Vec<_>) = (0..2).map(|_| mpsc::channel()).unzip();
        let (_report, health) = watch::channel(Health::Good);
        let committer = Committer { lanes: lanes.into(), room: Arc::new(Semaphore::new(9)), health };
        let send = |touched: Vec<u64>| {
            let committer = committer.clone();
            tokio::spawn(async move { committer.commit(touched.into_iter().map(Touch).collect()).await })
        };
        // Whoever is last in a lane is sent the letters to the others.
        let one = send(vec![1]);
        let_run().await;
        let both = send(vec![0, 1]);
        let_run().await;
        answer(&jobs[1]);
        let_run().await;
        assert!(one.is_finished() && !both.is_finished());
        assert_eq!(one.await.unwrap(), Ok(vec![Ok(1)]));
        answer(&jobs[0]);
        assert_eq!(both.await.unwrap(), Ok(vec![Ok(0), Ok(1)]));
    }
}
