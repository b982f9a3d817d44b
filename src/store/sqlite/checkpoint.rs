//! Checkpoints beside the writer.
//!
//! What is committed is in the write-ahead log, and a checkpoint brings it into the file, which takes several times as
//! long as a commit. Done by the writer, as SQLite does by default, it lets everybody wait who has an event in the
//! queue: that was the slowest hundredth of all answers. So a thread with a connection of its own does it, while the
//! writer goes on. The log begins anew only when all of it is in the file, and while the writer goes on there is always
//! a rest. So when the log has become long the writer is asked to do that rest, which is a small one then.
//!
//! SQLite makes the file durable only when a checkpoint has come to the end of the log. That would be the writer's as
//! well, with all pages since the last one, so the thread does it after each of its own: a commit waits less behind many
//! small pieces than behind a large one.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::{
    data_file::DataFile,
    open::{OpenError, open_again},
};
use crate::store::StoreError;

/// How often the log is looked at while there is work.
const PAUSE: Duration = Duration::from_millis(10);

/// How long another checkpoint is waited for before the log is emptied.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many pages of the log may not be in the file yet before they are brought there: 2 MiB. A commit waits while the
/// disk takes in a checkpoint, and for sixteen MiB that was a tenth of a second.
const BEHIND: i64 = 500;

/// How many pages the log may have before it has to begin anew: 6 MiB. To append to a file takes longer than to write over
/// what it has, and a new log is appended to until it has been as long as this.
const LONG: i64 = 1_500;

/// The thread, which ends when this is dropped.
pub(super) struct Checkpoints {
    /// Told of commits. It has room for one message: to be told once is enough.
    told: Option<mpsc::SyncSender<()>>,
    log_is_long: Arc<AtomicBool>,
    broken: Broken,
    thread: Option<JoinHandle<()>>,
}

/// Why no more checkpoints are made: what the disk did not take is told only once, and what was to be made durable may be
/// in the log no more.
type Broken = Arc<OnceLock<String>>;

impl Checkpoints {
    /// Takes checkpoints of the registry in `file` over from `writer`.
    pub(super) fn beside(writer: &Connection, file: DataFile) -> Result<Self, OpenError> {
        let connection = open_again(file.path())?;
        let path = file.path().to_owned();
        let refused = |why: String| OpenError::Io { path: path.clone(), why };
        writer.execute_batch("PRAGMA wal_autocheckpoint = 0").map_err(|why| refused(why.to_string()))?;
        let (told, commits) = mpsc::sync_channel(1);
        let (log_is_long, broken) = (Arc::new(AtomicBool::new(false)), Broken::default());
        let worker = Worker {
            connection,
            file,
            commits,
            log_is_long: Arc::clone(&log_is_long),
            broken: Arc::clone(&broken),
        };
        let thread = thread::Builder::new()
            .name("checkpoints".to_owned())
            .spawn(move || worker.run())
            .map_err(|why| refused(why.to_string()))?;
        Ok(Self { told: Some(told), log_is_long, broken, thread: Some(thread) })
    }

    /// Does what is left for the writer, who is about to begin a transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError::Broken`] when a checkpoint has met what no writer should go on after.
    pub(super) fn before_work(&self, writer: &Connection) -> Result<(), StoreError> {
        if let Some(why) = self.broken.get() {
            return Err(StoreError::Broken(why.clone()));
        }
        if self.log_is_long.load(Ordering::Acquire) {
            let log = checkpoint(writer, "PASSIVE");
            self.log_is_long.store(false, Ordering::Release);
            match log {
                // There may be room in the log all the same; where there is none, the transaction says so.
                Ok(_) | Err(StoreError::Unavailable(_)) => {}
                Err(broken) => return Err(broken),
            }
        }
        Ok(())
    }

    /// Takes note of a commit.
    pub(super) fn after_commit(&self) {
        // When there is no room, or nobody listens any more, there is nothing to be told.
        let _ = self.told.as_ref().map(|told| told.try_send(()));
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        drop(self.told.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of checkpoints stopped in a panic");
        }
    }
}

struct Worker {
    connection: Connection,
    file: DataFile,
    commits: mpsc::Receiver<()>,
    log_is_long: Arc<AtomicBool>,
    broken: Broken,
}

impl Worker {
    fn run(self) {
        while self.commits.recv().is_ok() {
            match self.look_after_the_log() {
                Ok(()) => {}
                Err(StoreError::Unavailable(why)) => {
                    // The writer meets it, too, and says what it means.
                    tracing::warn!(%why, "a checkpoint failed");
                    self.log_is_long.store(true, Ordering::Release);
                }
                Err(StoreError::Broken(why)) => {
                    // The writer says so.
                    let _ = self.broken.set(why);
                    return;
                }
            }
            thread::sleep(PAUSE);
        }
    }

    fn look_after_the_log(&self) -> Result<(), StoreError> {
        if self.log_is_long.load(Ordering::Acquire) {
            return Ok(());
        }
        let log = checkpoint(&self.connection, "NOOP")?;
        let is_long = log.pages >= LONG;
        // The writer's rest is what is written meanwhile.
        if is_long || log.pages - log.in_the_file >= BEHIND {
            let now = checkpoint(&self.connection, "PASSIVE")?;
            // Somebody who reads may keep it from getting on. The writer would not get on either then.
            if now.in_the_file > log.in_the_file {
                self.file.sync()?;
                self.log_is_long.store(is_long, Ordering::Release);
            }
        }
        Ok(())
    }
}

/// Brings all of the log into the file and empties it, when no other checkpoint is being made.
///
/// # Errors
///
/// [`StoreError::Unavailable`] when somebody who reads keeps a part of it for longer than a few seconds.
pub(super) fn empty_the_log(writer: &Connection) -> Result<(), StoreError> {
    let began = Instant::now();
    while writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))? {
        if began.elapsed() > PATIENCE {
            return Err(StoreError::Unavailable("others keep a part of the write-ahead log".to_owned()));
        }
        // SQLite has waited for those who read, and not for another checkpoint.
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// The write-ahead log.
struct Log {
    pages: i64,
    in_the_file: i64,
}

fn checkpoint(connection: &Connection, mode: &str) -> Result<Log, StoreError> {
    let log = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        Ok(Log { pages: row.get(1)?, in_the_file: row.get(2)? })
    })?;
    Ok(log)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::open::{Upkeep, open};

    /// Writes `pages` pages, a transaction for each hundred of them.
    fn write(writer: &Connection, checkpoints: &Checkpoints, pages: usize) {
        for _ in 0..pages / 100 {
            checkpoints.before_work(writer).unwrap();
            let transaction = writer.unchecked_transaction().unwrap();
            for _ in 0..100 {
                transaction.execute("INSERT INTO journal (words) VALUES (zeroblob(4000))", []).unwrap();
            }
            transaction.commit().unwrap();
            checkpoints.after_commit();
        }
    }

    /// A registry with its writer.
    fn registry() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let writer = open(&folder.path().join("registry.db"), Upkeep::Create).unwrap();
        (folder, writer)
    }

    /// The same with checkpoints beside it.
    fn started() -> (tempfile::TempDir, Connection, Checkpoints) {
        let (folder, writer) = registry();
        let file = DataFile::open(&folder.path().join("registry.db")).unwrap();
        let checkpoints = Checkpoints::beside(&writer, file).unwrap();
        (folder, writer, checkpoints)
    }

    #[test]
    fn the_writer_is_left_alone_while_somebody_reads_what_was() {
        let (folder, writer, checkpoints) = started();
        let reader = open_again(&folder.path().join("registry.db")).unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM journal").unwrap();
        // Whatever got on before, this cannot.
        write(&writer, &checkpoints, 3_000);
        thread::sleep(10 * PAUSE);
        checkpoints.before_work(&writer).unwrap();
        let before = checkpoint(&writer, "NOOP").unwrap().in_the_file;
        write(&writer, &checkpoints, 1_000);
        thread::sleep(10 * PAUSE);
        assert!(!checkpoints.log_is_long.load(Ordering::Acquire));
        assert_eq!(checkpoint(&writer, "NOOP").unwrap().in_the_file, before);
        reader.execute_batch("COMMIT").unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while checkpoint(&writer, "NOOP").unwrap().pages >= 4_000 {
            assert!(Instant::now() < deadline, "the log begins anew when nobody reads any more");
            write(&writer, &checkpoints, 100);
            thread::sleep(PAUSE);
        }
    }

    #[test]
    fn a_log_is_emptied_though_others_make_checkpoints() {
        let (folder, writer) = registry();
        let path = folder.path().join("registry.db");
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let other = open_again(&path).unwrap();
                while !done.load(Ordering::Acquire) {
                    let _ = checkpoint(&other, "PASSIVE");
                }
            });
            let emptied = (0..100).map(|_| {
                writer.execute("INSERT INTO journal (words) VALUES (zeroblob(1000000))", []).unwrap();
                empty_the_log(&writer).map(|()| checkpoint(&writer, "NOOP").unwrap().pages)
            });
            let emptied: Vec<_> = emptied.collect();
            done.store(true, Ordering::Release);
            for pages in emptied {
                assert_eq!(pages.unwrap(), 0);
            }
        });
    }

    #[test]
    fn what_the_disk_does_not_take_ends_the_writers_work() {
        let (folder, writer) = registry();
        let file = DataFile::that_no_disk_takes(&folder.path().join("registry.db"));
        let checkpoints = Checkpoints::beside(&writer, file).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        let refused = loop {
            match checkpoints.before_work(&writer) {
                Err(why) => break why,
                Ok(()) => assert!(Instant::now() < deadline, "it goes on"),
            }
            writer.execute("INSERT INTO journal (words) VALUES (zeroblob(4000000))", []).unwrap();
            checkpoints.after_commit();
            thread::sleep(PAUSE);
        };
        assert!(matches!(refused, StoreError::Broken(_)), "{refused}");
        // And so it stays.
        assert!(checkpoints.before_work(&writer).is_err());
    }

    #[test]
    fn the_log_begins_anew_while_the_writer_goes_on() {
        let (_folder, writer, checkpoints) = started();
        let log_pages = || checkpoint(&writer, "NOOP").unwrap().pages;
        let mut written = 0;
        let began_anew = loop {
            let before = log_pages();
            write(&writer, &checkpoints, 1_000);
            written += 1_000;
            if log_pages() < before || written > 200_000 {
                break log_pages() < before;
            }
        };
        assert!(began_anew, "after {written} pages the log has {}", log_pages());
        // All that was written is there.
        let rows: usize = writer.query_row("SELECT count(*) FROM journal", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, written);
        // Whoever drops it waits for its end, so that nobody has the file open.
        drop(checkpoints);
    }
}
