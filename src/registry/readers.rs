//! The threads that look things up in the store.
//!
//! They are few and stay: the runtime's own threads for blocking work would become as many as there are requests
//! that wait, each with memory that it keeps.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use tokio::sync::oneshot;

use crate::store::{StoreError, query::Reader};

type Task = Box<dyn FnOnce(&dyn Reader) + Send>;

/// The way to the threads. They end when it is gone.
pub(super) struct Readers(mpsc::Sender<Task>);

impl Readers {
    /// Starts `count` threads that read through `reader`.
    pub(super) fn start(reader: &Arc<dyn Reader>, count: u32) -> Result<Self, StoreError> {
        let (queue, tasks) = mpsc::channel();
        let tasks = Arc::new(Mutex::new(tasks));
        for _ in 0..count {
            let (reader, tasks) = (Arc::clone(reader), Arc::clone(&tasks));
            thread::Builder::new()
                .name("reader".to_owned())
                .spawn(move || serve(reader.as_ref(), &tasks))
                .map_err(|why| StoreError::Unavailable(format!("no thread for look-ups: {why}")))?;
        }
        Ok(Self(queue))
    }

    /// Looks something up.
    pub(super) async fn look_up<T: Send + 'static>(
        &self,
        look_up: impl FnOnce(&dyn Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = oneshot::channel();
        let task = move |reader: &dyn Reader| {
            // Who went away needs no answer, neither before nor after the look-up.
            if !tell.is_closed() {
                drop(tell.send(look_up(reader)));
            }
        };
        // The threads end after this; and should one of them not have answered, that is what is told.
        let sent = self.0.send(Box::new(task));
        match (sent, told.await) {
            (Ok(()), Ok(found)) => found,
            _ => Err(StoreError::Unavailable("the look-up did not end".to_owned())),
        }
    }
}

fn serve(reader: &dyn Reader, tasks: &Mutex<mpsc::Receiver<Task>>) {
    loop {
        // One of the threads waits for a task, the others for that one.
        let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(task) = task else { return };
        // The panic is logged where all of them are, and the caller is told that there is no answer.
        let _ = catch_unwind(AssertUnwindSafe(|| task(reader)));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use futures_util::future::join_all;
    use tempfile::TempDir;

    use super::*;
    use crate::store::{
        sqlite::{open::open, reader::SqliteReader},
        upkeep::Upkeep,
    };

    fn readers(count: u32) -> (Readers, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        drop(open(&path, Upkeep::CreateAndMigrate).unwrap());
        let reader: Arc<dyn Reader> = Arc::new(SqliteReader::open(&path, 1).unwrap());
        (Readers::start(&reader, count).unwrap(), folder)
    }

    #[tokio::test]
    async fn a_burst_of_look_ups_makes_no_threads() {
        let (readers, _folder) = readers(2);
        let look_ups = (0..50).map(|_| readers.look_up(|_| Ok(thread::current().id())));
        let threads: HashSet<_> = join_all(look_ups).await.into_iter().map(Result::unwrap).collect();
        assert!((1..=2).contains(&threads.len()), "{} threads", threads.len());
    }

    #[tokio::test]
    async fn who_looks_something_up_and_panics_leaves_the_thread_to_the_others() {
        let (readers, _folder) = readers(1);
        let lost = readers.look_up::<()>(|_| panic!("as the test wants it")).await;
        assert!(matches!(lost, Err(StoreError::Unavailable(_))));
        assert_eq!(readers.look_up(|_| Ok(7)).await.unwrap(), 7);
    }
}
