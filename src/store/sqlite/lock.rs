//! One server owns a file.
//!
//! The lock is the operating system's, on a file beside the database, so it is gone with its holder however
//! that ends. What the file says is only for people.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::domain::time::Time;

/// The right to serve a file, until it is dropped.
#[derive(Debug)]
pub struct ServerLock {
    file: File,
    since: Time,
}

/// Why a file cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another server has it.
    #[error("{} is being served already, by {holder}", path.display())]
    Held {
        /// The database.
        path: PathBuf,
        /// What the other server says of itself.
        holder: String,
    },
    /// The lock file cannot be used.
    #[error("cannot lock {}: {why}", path.display())]
    Unusable {
        /// The lock file.
        path: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
}

impl ServerLock {
    /// Takes the lock of the database at `path`.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] when another process has it.
    pub fn acquire(path: &Path, now: Time) -> Result<Self, LockError> {
        let beside = beside(path);
        let unusable = |why| LockError::Unusable { path: beside.clone(), why };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&beside)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(unusable)?;
                return Err(LockError::Held { path: path.to_owned(), holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(why)) => return Err(unusable(why)),
        }
        let mut lock = Self { file, since: now };
        lock.write("not listening yet").map_err(unusable)?;
        Ok(lock)
    }

    /// Notes where the server can be reached, for whoever is refused.
    pub fn note_address(&mut self, address: &str) {
        if let Err(why) = self.write(&format!("listening on {address}")) {
            tracing::warn!(%why, "the lock file does not take our address");
        }
    }

    fn write(&mut self, state: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        writeln!(self.file, "process {} since {}, {state}", std::process::id(), self.since.to_rfc3339())
    }
}

impl Drop for ServerLock {
    /// Closing the file is not enough: a child process that another thread is just starting has it open, too, until it
    /// becomes the other program.
    fn drop(&mut self) {
        // Nothing is lost when that fails; the system does it at the end of the process.
        let _ = self.file.unlock();
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}
