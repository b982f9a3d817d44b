//! Opening a file, and refusing the wrong ones.

use std::{
    fs::{self, File, OpenOptions},
    io::Read,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

use super::{copy, deliveries, journal};
use crate::store::StoreError;
pub use crate::store::upkeep::Upkeep;

/// The oldest SQLite that may write: older ones can damage a WAL database that two connections use.
pub const OLDEST_SQLITE: i32 = 3_051_003;

/// `Chrt`: tells our files from other programs' (`application_id` in the file's header).
const APPLICATION_ID: i32 = 0x4368_7274;

/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What a new registry is made of.
const SCHEMA: &str = include_str!("../../../schema.sql");

/// What leads from each version to the next; the first, from nothing to version 1, is only there to be counted.
static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| {
    Migrations::new(vec![
        M::up(include_str!("migrations/1.sql")),
        M::up(include_str!("migrations/2.sql")).foreign_key_check(),
        // The words in the journal have another form, which releases that know version 2 cannot read.
        M::up("SELECT 'nothing to change'"),
    ])
});

/// The schema version that this program writes.
pub const SCHEMA_VERSION: i32 = 3;

/// Why a file is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none, and none was to be made.
    #[error("there is no registry at {}", .0.display())]
    Missing(PathBuf),
    /// There is one that cannot be trusted.
    #[error("{} is damaged: {why}; it was not touched, and nothing new was made in its place", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It belongs to another program.
    #[error("{} is an SQLite database, but not one of this program", .0.display())]
    Foreign(PathBuf),
    /// A newer release has written it.
    #[error(
        "{} has schema version {found}, and this release knows versions up to {SCHEMA_VERSION}: use a newer release",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
    },
    /// An older release has written it, and it was not to be migrated.
    #[error("{} has schema version {found}, and this release needs {SCHEMA_VERSION}: run `chert-groups migrate`", path.display())]
    Older {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
    },
    /// It holds the beginning of a copy.
    #[error("{} holds only the beginning of a copy: run the same `chert-groups copy` again, which goes on", .0.display())]
    HalfCopied(PathBuf),
    /// The SQLite library is too old.
    #[error("SQLite {0} is too old: versions below 3.51.3 can damage a database that two connections use")]
    OldSqlite(String),
    /// The system refuses.
    #[error("cannot open {}: {why}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
}

/// Opens the registry at `path` for reading and writing.
///
/// # Errors
///
/// As [`OpenError`] says. A file that is refused is not changed.
pub fn open(path: &Path, upkeep: Upkeep) -> Result<Connection, OpenError> {
    let connection = open_to_fill(path, upkeep)?;
    refuse_half_copied(&connection, path)?;
    Ok(connection)
}

/// The same, also when it holds but the beginning of a copy.
pub(crate) fn open_to_fill(path: &Path, upkeep: Upkeep) -> Result<Connection, OpenError> {
    check_sqlite(rusqlite::version_number())?;
    if !check_header(path)? {
        match upkeep {
            Upkeep::CreateAndMigrate | Upkeep::Create => create(path)?,
            Upkeep::LeaveAsItIs => return Err(OpenError::Missing(path.to_owned())),
        }
    }
    check_wal(path)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    check_schema(&mut connection, path, upkeep)?;
    Ok(connection)
}

/// Opens the registry at `path` read-only, as it is.
///
/// # Errors
///
/// As [`OpenError`] says.
pub fn open_read_only(path: &Path) -> Result<Connection, OpenError> {
    check_sqlite(rusqlite::version_number())?;
    if !check_header(path)? {
        return Err(OpenError::Missing(path.to_owned()));
    }
    check_wal(path)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    check_schema(&mut connection, path, Upkeep::LeaveAsItIs)?;
    refuse_half_copied(&connection, path)?;
    Ok(connection)
}

/// One more connection to a registry that this process has open: what there is to be looked at was looked at then. It must
/// not be again, since to close a file takes from the process all locks that it has on it, SQLite's among them.
pub(super) fn open_again(path: &Path) -> Result<Connection, OpenError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// The same, read-only.
pub(super) fn open_again_read_only(path: &Path) -> Result<Connection, OpenError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn refuse_half_copied(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    match copy::is_half_copied(connection) {
        Ok(false) => Ok(()),
        Ok(true) => Err(OpenError::HalfCopied(path.to_owned())),
        Err(why) => Err(OpenError::Damaged { path: path.to_owned(), why: why.to_string() }),
    }
}

/// Opens the registry at `path` for its one server, which has the lock: what only a server may do is done,
/// too.
///
/// # Errors
///
/// As [`OpenError`] says.
pub fn open_for_server(path: &Path, upkeep: Upkeep) -> Result<Connection, OpenError> {
    let connection = open(path, upkeep)?;
    let damaged = |why| refused(path, why);
    // With the log emptied into the file, the file must be as long as its header says.
    let busy: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(damaged)?;
    let pages: u64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).map_err(damaged)?;
    let size: u64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(damaged)?;
    let found = fs::metadata(path).map_err(|why| io(path, &why))?.len();
    // Unless somebody who reads has kept a part of the log.
    if !busy && found < pages * size {
        let why = format!("it is cut off at {found} of {} bytes", pages * size);
        return Err(OpenError::Damaged { path: path.to_owned(), why });
    }
    let voided = deliveries::void_leases(&connection).map_err(damaged)?;
    if voided > 0 {
        tracing::info!(deliveries = voided, "a former server left deliveries behind; they may be taken over");
    }
    Ok(connection)
}

fn check_sqlite(version: i32) -> Result<(), OpenError> {
    if version < OLDEST_SQLITE { Err(OpenError::OldSqlite(rusqlite::version().to_owned())) } else { Ok(()) }
}

/// Whether there is a file, which then has the header of a registry. Asking SQLite instead would already
/// change a database that is another program's. This process must not have it open yet: see [`open_again`].
fn check_header(path: &Path) -> Result<bool, OpenError> {
    let damaged = |why: &str| OpenError::Damaged { path: path.to_owned(), why: why.to_owned() };
    let mut header = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(100).read_to_end(&mut header).map_err(|why| io(path, &why))?,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
            return if length(&wal_of(path))? == 0 {
                Ok(false)
            } else {
                Err(damaged("only its write-ahead log is there"))
            };
        }
        Err(why) => return Err(io(path, &why)),
    };
    if header.is_empty() {
        return Err(damaged("it is empty"));
    }
    if header.len() < 100 || !header.starts_with(b"SQLite format 3\0") {
        return Err(damaged("it does not begin as an SQLite database does"));
    }
    if header.get(68..72) != Some(&APPLICATION_ID.to_be_bytes()) {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    Ok(true)
}

/// Refuses a write-ahead log that SQLite would silently take for an empty one, with all that was committed
/// to it: one that does not begin with the magic number. (All zeros are what a power failure leaves of a log
/// that was never written.)
fn check_wal(path: &Path) -> Result<(), OpenError> {
    let mut header = Vec::new();
    match File::open(wal_of(path)) {
        Ok(wal) => wal.take(32).read_to_end(&mut header).map_err(|why| io(path, &why))?,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(why) => return Err(io(path, &why)),
    };
    let begins_as_one = matches!(header[..], [0x37, 0x7f, 0x06, 0x82 | 0x83, ..]) && header.len() == 32;
    if header.is_empty() || begins_as_one || header == [0; 32] {
        Ok(())
    } else {
        let why = "its write-ahead log does not begin as one does".to_owned();
        Err(OpenError::Damaged { path: path.to_owned(), why })
    }
}

fn wal_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn length(path: &Path) -> Result<u64, OpenError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(why) => Err(io(path, &why)),
    }
}

/// Makes a registry under another name and then gives it its own, so that a half-made one is never opened,
/// and of two processes that make one at once, one wins.
fn create(path: &Path) -> Result<(), OpenError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|why| io(folder, &why))?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let draft = PathBuf::from(name);
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .map_err(|why| io(&draft, &why))?;
    let made = draft_schema(&draft);
    let linked = made.and_then(|()| match fs::hard_link(&draft, path) {
        Err(why) if why.kind() != std::io::ErrorKind::AlreadyExists => Err(io(path, &why)),
        _ => Ok(()),
    });
    fs::remove_file(&draft).map_err(|why| io(&draft, &why))?;
    linked?;
    tracing::info!(path = %path.display(), "made a new registry");
    Ok(())
}

fn draft_schema(draft: &Path) -> Result<(), OpenError> {
    let unusable = |why: String| OpenError::Io { path: draft.to_owned(), why };
    let connection = connect(draft, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let pragmas =
        format!("PRAGMA user_version = {SCHEMA_VERSION}; PRAGMA application_id = {APPLICATION_ID};");
    connection
        .execute_batch(&format!("BEGIN; {SCHEMA} {pragmas} COMMIT;"))
        .map_err(|why| unusable(why.to_string()))?;
    // Closing the last connection empties the log into the file and removes it.
    connection.close().map_err(|(_, why)| unusable(why.to_string()))
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, OpenError> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|why| io(path, &why))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(|why| refused(path, why))?;
    configure(&connection, access).map_err(|why| refused(path, why))?;
    Ok(connection)
}

/// What SQLite's refusal means: a full disk, or somebody who writes, is no damage.
fn refused(path: &Path, why: rusqlite::Error) -> OpenError {
    match StoreError::from(why) {
        StoreError::Unavailable(why) => OpenError::Io { path: path.to_owned(), why },
        StoreError::Broken(why) => OpenError::Damaged { path: path.to_owned(), why },
    }
}

/// Settings of every connection. `journal_size_limit` gives space back after a burst.
fn configure(connection: &Connection, access: OpenFlags) -> rusqlite::Result<()> {
    if access.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA wal_autocheckpoint = 4000;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -8192;",
        )?;
    } else {
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -2048;")?;
    }
    connection
        .execute_batch("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn check_schema(connection: &mut Connection, path: &Path, upkeep: Upkeep) -> Result<(), OpenError> {
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0));
    match version.map_err(|why| refused(path, why))? {
        SCHEMA_VERSION => Ok(()),
        found if found > SCHEMA_VERSION => Err(OpenError::Newer { path: path.to_owned(), found }),
        found if upkeep != Upkeep::CreateAndMigrate => Err(OpenError::Older { path: path.to_owned(), found }),
        found => {
            migrate(connection).map_err(|why| match why {
                rusqlite_migration::Error::RusqliteError { err, .. } => refused(path, err),
                other => OpenError::Damaged { path: path.to_owned(), why: other.to_string() },
            })?;
            tracing::info!(from = found, to = SCHEMA_VERSION, "brought the schema up to date");
            Ok(())
        }
    }
}

/// Brings an older schema up to date. Tables are made anew under the names that others refer to, so references
/// are checked afterwards and not on the way.
fn migrate(connection: &mut Connection) -> rusqlite_migration::Result<()> {
    connection.pragma_update(None, "foreign_keys", false)?;
    let migrated = MIGRATIONS.to_latest(connection);
    connection.pragma_update(None, "foreign_keys", true)?;
    migrated
}

/// Reads every page and every row of the registry at `path`.
///
/// # Errors
///
/// When the file cannot be read at all. What is found wrong with it is the result.
pub fn check_all(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    let mut statement = connection.prepare("PRAGMA integrity_check(100)")?;
    for line in statement.query_map([], |row| row.get::<_, String>(0))? {
        problems.push(line?);
    }
    problems.retain(|line| line != "ok");
    problems.extend(journal::check(connection));
    let mut statement = connection.prepare("SELECT * FROM pragma_foreign_key_check")?;
    let orphans = statement.query_map([], |row| row.get::<_, String>(0))?;
    for table in orphans {
        problems.push(format!("a row of {} refers to nothing", table?));
    }
    Ok(problems)
}

fn io(path: &Path, why: &dyn std::fmt::Display) -> OpenError {
    OpenError::Io { path: path.to_owned(), why: why.to_string() }
}

#[cfg(test)]
mod tests;
