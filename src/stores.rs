//! A store, opened for what is wanted of it. Here alone it matters which one it is.

use std::{path::Path, sync::Arc};

use crate::{
    clock::Clock,
    config::{StoreSettings, StoreUrl},
    domain::time::Time,
    registry::{Registry, command::Command},
    store::{
        StoreError,
        admin::Admin,
        committer::{self, Engine, Limits, Writer},
        copy::Side,
        memory::Memory,
        postgres::{
            self, copy::PostgresSide, engine::PostgresEngine, presence::Presence, reader::PostgresReader,
            ticks::Ticks,
        },
        query::Reader,
        sqlite::{
            self,
            copy::SqliteSide,
            data_file::DataFile,
            engine::SqliteEngine,
            lock::{LockError, ServerLock},
            reader::SqliteReader,
        },
        upkeep::Upkeep,
    },
};

/// Why a store is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The file cannot be opened.
    #[error(transparent)]
    Sqlite(#[from] sqlite::open::OpenError),
    /// The database cannot be opened.
    #[error(transparent)]
    Postgres(#[from] postgres::schema::OpenError),
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There can be no folder for it.
    #[error(transparent)]
    Folder(#[from] std::io::Error),
}

/// A store that is served.
pub struct Served {
    /// The registry in it.
    pub registry: Registry,
    /// What reads it.
    pub reader: Arc<dyn Reader>,
    /// What writes it.
    pub writer: Writer<Command>,
    /// What keeps others away.
    pub claim: Claim,
}

/// What keeps others away from a store that is served, until it is dropped.
pub enum Claim {
    /// Other servers and copies, of a file.
    Lock(ServerLock),
    /// Copies, of a database.
    Presence(Presence),
}

/// Opens the store of a server.
///
/// # Errors
///
/// As [`OpenError`] says.
pub fn serve(settings: &StoreSettings, clock: &Clock) -> Result<Served, OpenError> {
    let upkeep = if settings.migrate { Upkeep::CreateAndMigrate } else { Upkeep::LeaveAsItIs };
    match &settings.url {
        StoreUrl::Sqlite(path) => {
            let lock = lock(path, clock.now())?;
            let connection = sqlite::open::open_for_server(path, upkeep)?;
            let file = DataFile::open(path)?;
            let engine = SqliteEngine::new(connection, settings.cached_handles)?;
            let engine = engine.with_checkpoints_of(file.clone())?;
            let reader = Arc::new(SqliteReader::beside(file, settings.readers)?);
            begin(
                settings,
                clock,
                vec![engine],
                reader,
                Memory::new(settings.lookup_cache),
                Claim::Lock(lock),
            )
        }
        StoreUrl::Postgres(url) => {
            // One more, so that housekeeping waits for nobody.
            let connections = settings.readers as usize + settings.writers + 1;
            let opened = postgres::schema::open_for_server(url, connections, upkeep, clock)?;
            let engines =
                PostgresEngine::lanes(&opened, settings.writers, settings.isolation, settings.cached_handles);
            let reader = Arc::new(PostgresReader::new(opened.link.clone(), opened.ticks.clone()));
            // What is remembered of look-ups would not be told of what other servers change.
            begin(settings, clock, engines, reader, Memory::new(0), Claim::Presence(opened.presence))
        }
    }
}

fn begin(
    settings: &StoreSettings,
    clock: &Clock,
    engines: Vec<impl Engine>,
    reader: Arc<dyn Reader>,
    memory: Memory,
    claim: Claim,
) -> Result<Served, OpenError> {
    let limits = Limits { queue: settings.queue, keep_receipts: settings.keep_receipts };
    let (committer, writer) = committer::start(engines, clock, limits, memory.changes())?;
    let registry = Registry::new(committer, &reader, settings.readers, memory)?;
    Ok(Served { registry, reader, writer, claim })
}

fn lock(path: &Path, now: Time) -> Result<ServerLock, OpenError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(ServerLock::acquire(path, now)?)
}

/// Where a store is, in the same words however its URL says it.
pub(crate) fn place(url: &StoreUrl) -> String {
    match url {
        StoreUrl::Sqlite(path) => {
            let absolute = path.canonicalize().or_else(|_| std::path::absolute(path));
            StoreUrl::Sqlite(absolute.unwrap_or_else(|_| path.clone())).to_string()
        }
        StoreUrl::Postgres(url) => url.to_string(),
    }
}

/// Opens the store that a registry is to be moved from.
///
/// # Errors
///
/// As [`OpenError`] says.
pub(crate) fn copied_from(url: &StoreUrl, now: Time) -> Result<Box<dyn Side>, OpenError> {
    Ok(match url {
        StoreUrl::Sqlite(path) => {
            // Only a file that is there is worth a lock beside it.
            sqlite::open::open_read_only(path)?;
            Box::new(SqliteSide::source(path, lock(path, now)?)?)
        }
        StoreUrl::Postgres(url) => Box::new(PostgresSide::source(url)?),
    })
}

/// Opens the store that a registry is to be moved to. `kept` is how long its receipts will be kept.
///
/// # Errors
///
/// As [`OpenError`] says.
pub(crate) fn copied_to(
    url: &StoreUrl,
    now: Time,
    kept: jiff::SignedDuration,
) -> Result<Box<dyn Side>, OpenError> {
    Ok(match url {
        StoreUrl::Sqlite(path) => Box::new(SqliteSide::target(path, lock(path, now)?)?),
        StoreUrl::Postgres(url) => Box::new(PostgresSide::target(url, now, kept)?),
    })
}

/// Opens a store for administration, beside servers that may be running.
///
/// # Errors
///
/// As [`OpenError`] says.
pub fn admin(url: &StoreUrl, upkeep: Upkeep, now: Time) -> Result<Admin, OpenError> {
    Ok(match url {
        StoreUrl::Sqlite(path) => Admin::of(sqlite::open::open(path, upkeep)?, now),
        StoreUrl::Postgres(url) => Admin::of(postgres::schema::open(url, 1, upkeep)?, now),
    })
}

/// Opens a store for looking things up.
///
/// # Errors
///
/// As [`OpenError`] says.
pub fn reader(url: &StoreUrl) -> Result<Box<dyn Reader>, OpenError> {
    Ok(match url {
        StoreUrl::Sqlite(path) => Box::new(SqliteReader::open(path, 1)?),
        StoreUrl::Postgres(url) => {
            let link = postgres::schema::open(url, 1, Upkeep::LeaveAsItIs)?;
            // Nobody follows the registry with it.
            Box::new(PostgresReader::new(link, Ticks::Instances))
        }
    })
}

/// Brings a store's schema up to date; which version it has then.
///
/// # Errors
///
/// As [`OpenError`] says.
pub fn migrate(url: &StoreUrl, now: Time) -> Result<i64, OpenError> {
    match url {
        StoreUrl::Sqlite(path) => {
            // A schema must not change under a server.
            let _lock = lock(path, now)?;
            sqlite::open::open(path, Upkeep::CreateAndMigrate)?;
            Ok(sqlite::open::SCHEMA_VERSION.into())
        }
        StoreUrl::Postgres(url) => {
            postgres::schema::open(url, 1, Upkeep::CreateAndMigrate)?;
            Ok(postgres::schema::SCHEMA_VERSION)
        }
    }
}

/// Reads all of a store; what is wrong with it.
///
/// # Errors
///
/// As [`OpenError`] says.
pub fn check(url: &StoreUrl) -> Result<Vec<String>, OpenError> {
    Ok(match url {
        StoreUrl::Sqlite(path) => sqlite::open::check_all(&sqlite::open::open_read_only(path)?)?,
        StoreUrl::Postgres(url) => {
            postgres::schema::check_all(&postgres::schema::open(url, 1, Upkeep::LeaveAsItIs)?)?
        }
    })
}
