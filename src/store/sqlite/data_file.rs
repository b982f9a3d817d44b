//! The registry's file itself, for making durable what is in it.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::open::OpenError;
use crate::store::StoreError;

/// The file of a registry, beside the connections to it.
///
/// When a file is closed, its process loses all locks that it has on it, and SQLite's are such locks: without them another
/// program's SQLite believes to be alone, and removes the log. So whoever has connections keeps a clone of this, and drops
/// it after them.
#[derive(Clone)]
pub struct DataFile {
    path: PathBuf,
    file: Arc<File>,
}

impl DataFile {
    /// The file at `path`, which must be there.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let file =
            File::open(path).map_err(|why| OpenError::Io { path: path.to_owned(), why: why.to_string() })?;
        Ok(Self { path: path.to_owned(), file: Arc::new(file) })
    }

    /// One that cannot be made durable.
    #[cfg(test)]
    pub(super) fn that_no_disk_takes(path: &Path) -> Self {
        let file = File::open("/dev/null").unwrap();
        Self { path: path.to_owned(), file: Arc::new(file) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes durable what was written to it by any connection.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(|why| StoreError::Broken(format!("{}: {why}", self.path.display())))
    }
}
