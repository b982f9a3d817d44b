//! The registry in an SQLite file.
//!
//! - [`open`] opens and creates files, and refuses those that it must not touch; [`lock`] lets one server own
//!   a file.
//! - [`engine`] runs the transactions of the committer, with `load`, `save` and a `cache` of chats.
//! - `journal` has what rows lack yet, and `unheard` what of it was read back at a start.
//! - `checkpoint` brings what was committed into the file beside the writer.
//! - [`reader`] looks things up, over a pool of read-only connections.
//! - `admin` lets the directory be changed; `directory` reads it. `copy` lets a file be moved from and to.
//!
//! `PRAGMA synchronous = FULL` everywhere: what was answered is on the disk.

pub mod data_file;
pub mod engine;
pub mod lock;
pub mod open;
pub mod reader;

pub(crate) mod copy;

mod admin;
mod checkpoint;
mod deliveries;
mod directory;
mod journal;
mod known;
mod load;
mod numbers;
mod parked;
mod rows;
mod save;
mod unheard;

use rusqlite::{ErrorCode, ffi};

use super::StoreError;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let unavailable = error.sqlite_error().is_some_and(|error| {
            // The last one is a full disk, too: the index of the log cannot grow.
            matches!(
                error.code,
                ErrorCode::DiskFull
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::OutOfMemory
            ) || error.extended_code == ffi::SQLITE_IOERR_SHMSIZE
        });
        if unavailable { Self::Unavailable(error.to_string()) } else { Self::Broken(error.to_string()) }
    }
}
