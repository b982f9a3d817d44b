//! Answers of a batch, with as few wake-ups as there are threads.
//!
//! To wake a thread from another one is a system call, and a batch answers many requests that few threads wait for. So
//! of those that wait on one thread only one is woken, and its letter has those to the others in it. It hands them on
//! from there, where to wake them is to put them into that thread's own queue. So who waits for several letters must
//! wait for all at once.

use std::{mem, thread::ThreadId};

use tokio::sync::oneshot;

use super::CommitError;

/// Replies to the commands of one job, or why there are none.
pub(super) type Replies<R> = Result<Vec<R>, CommitError>;

/// What somebody who waits is sent.
pub(super) struct Letter<R> {
    replies: Replies<R>,
    enclosed: Enclosed<R>,
}

/// Somebody who waits, and the thread that they wait on.
pub(super) type Waiting<R> = (ThreadId, oneshot::Sender<Letter<R>>);

/// Letters to others. They are handed on when this is dropped, so also when the one that it is enclosed for went away
/// without having read its own.
struct Enclosed<R>(Vec<(oneshot::Sender<Letter<R>>, Replies<R>)>);

/// Answers those who wait, each on its thread, with these `answers` in order.
pub(super) fn send<R>(waiting: Vec<Waiting<R>>, answers: impl IntoIterator<Item = Replies<R>>) {
    let mut bags: Vec<(ThreadId, Enclosed<R>)> = Vec::new();
    for ((thread, to), replies) in waiting.into_iter().zip(answers) {
        match bags.iter_mut().find(|(other, _)| *other == thread) {
            Some((_, bag)) => bag.0.push((to, replies)),
            None => bags.push((thread, Enclosed(vec![(to, replies)]))),
        }
    }
    for (_, bag) in bags {
        bag.send_as_one();
    }
}

/// Waits for a letter, and hands on what is enclosed.
pub(super) async fn received<R>(letter: oneshot::Receiver<Letter<R>>) -> Replies<R> {
    letter.await.map_or(Err(CommitError::Unavailable), |letter| {
        drop(letter.enclosed);
        letter.replies
    })
}

impl<R> Enclosed<R> {
    /// Sends all of it in one letter, to whoever has not gone away.
    fn send_as_one(mut self) {
        while let Some((to, replies)) = self.0.pop() {
            let letter = Letter { replies, enclosed: Self(mem::take(&mut self.0)) };
            match to.send(letter) {
                Ok(()) => return,
                // Who went away needs no answer; what they asked for is durable all the same.
                Err(mut letter) => self.0 = mem::take(&mut letter.enclosed.0),
            }
        }
    }
}

impl<R> Drop for Enclosed<R> {
    fn drop(&mut self) {
        for (to, replies) in self.0.drain(..) {
            // Who went away needs no answer.
            let _ = to.send(Letter { replies, enclosed: Self(Vec::new()) });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    type Waits = oneshot::Receiver<Letter<u8>>;

    /// Three who wait on this thread, and one who waits on another one.
    fn four() -> (Vec<Waiting<u8>>, Vec<Waits>) {
        let (here, elsewhere) = (thread::current().id(), thread::spawn(|| ()).thread().id());
        [here, here, elsewhere, here]
            .into_iter()
            .map(|thread| {
                let (to, letter) = oneshot::channel();
                ((thread, to), letter)
            })
            .unzip()
    }

    fn all_answers() -> impl Iterator<Item = Replies<u8>> {
        (1..=4).map(|number| Ok(vec![number]))
    }

    #[tokio::test]
    async fn everybody_gets_their_own_answer() {
        let (waiting, letters) = four();
        send(waiting, all_answers());
        let mut answers = Vec::new();
        // The last of a thread has the letters to the others.
        for letter in letters.into_iter().rev() {
            answers.extend(received(letter).await.unwrap());
        }
        assert_eq!(answers, [4, 3, 2, 1]);
    }

    #[tokio::test]
    async fn one_of_a_thread_is_woken() {
        let (waiting, mut letters) = four();
        send(waiting, all_answers());
        let arrived: Vec<bool> = letters.iter_mut().map(|letter| letter.try_recv().is_ok()).collect();
        // When the first was looked at nothing had been handed on yet.
        assert_eq!(arrived, [false, false, true, true]);
    }

    #[tokio::test]
    async fn whoever_goes_away_leaves_the_others_their_answers() {
        // Before they are sent, or after.
        for gone in 0..4 {
            for before in [true, false] {
                let (waiting, mut letters) = four();
                let leave = |letters: &mut Vec<Waits>| drop(letters.remove(gone));
                if before {
                    leave(&mut letters);
                }
                send(waiting, all_answers());
                if !before {
                    leave(&mut letters);
                }
                let mut answers = Vec::new();
                for letter in letters.into_iter().rev() {
                    answers.extend(received(letter).await.unwrap());
                }
                answers.push(u8::try_from(gone).unwrap() + 1);
                answers.sort_unstable();
                assert_eq!(answers, [1, 2, 3, 4], "{gone} {before}");
            }
        }
    }

    #[tokio::test]
    async fn a_writer_that_is_gone_answers_too() {
        let (to, letter) = oneshot::channel::<Letter<u8>>();
        drop(to);
        assert_eq!(received(letter).await, Err(CommitError::Unavailable));
    }
}
