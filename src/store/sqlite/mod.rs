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

use rusqlite::ErrorCode;

use super::StoreError;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let unavailable = matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DiskFull
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::OutOfMemory
            )
        );
        if unavailable { Self::Unavailable(error.to_string()) } else { Self::Broken(error.to_string()) }
    }
}
