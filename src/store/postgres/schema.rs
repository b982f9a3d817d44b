//! The tables: made, brought up to date, and checked before anything is read.

use std::time::Duration;

use deadpool_postgres::Client;
use tokio::time::sleep;

use super::{
    days,
    failure::{Failure, Pace},
    link::{Link, LinkError},
    presence::{Presence, Role},
    rows,
    ticks::{self, Ticks},
    url::PostgresUrl,
};
use crate::{
    clock::Clock,
    domain::time::Time,
    store::{StoreError, upkeep::Upkeep},
};

/// The schema version that this program writes.
pub const SCHEMA_VERSION: i64 = 1;

/// What a new registry is made of.
const SCHEMA: &str = include_str!("../../../schema.postgres.sql");
const RECEIPTS_BY_DAY: &str = include_str!("receipts_by_day.sql");
const RECEIPTS_IN_ONE: &str = include_str!("receipts_in_one.sql");

/// How long making all tables may take, others that do the same included.
const MIGRATION: Duration = Duration::from_mins(10);

/// Why a database is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There can be no connections.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The server is not there, or does not want us.
    #[error("cannot open {url}: {why}")]
    Unavailable {
        /// Where it is.
        url: String,
        /// Why not.
        why: StoreError,
    },
    /// There is no registry in it, and none was to be made.
    #[error("there is no registry in {0}: run `chert-groups migrate`")]
    Missing(String),
    /// It holds the beginning of a copy.
    #[error("{0} holds only the beginning of a copy: run the same `chert-groups copy` again, which goes on")]
    HalfCopied(String),
    /// Somebody moves it elsewhere, or fills it.
    #[error("{0} is being copied, or was until some seconds ago: serve it when the copy is done")]
    BeingCopied(String),
    /// A newer release has made it.
    #[error(
        "{url} has schema version {found}, and this release knows versions up to {SCHEMA_VERSION}: use a newer release"
    )]
    Newer {
        /// Where it is.
        url: String,
        /// Its version.
        found: i64,
    },
    /// An older release has made it, and it was not to be migrated.
    #[error(
        "{url} has schema version {found}, and this release needs {SCHEMA_VERSION}: run `chert-groups migrate`"
    )]
    Older {
        /// Where it is.
        url: String,
        /// Its version.
        found: i64,
    },
}

/// A database with a registry of our version in it, for a server.
pub struct Opened {
    /// Connections to it.
    pub link: Link,
    pub(super) latest_tick: Option<Time>,
    /// Where the time stamps of changes come from.
    pub ticks: Ticks,
    /// Whether receipts are in a table for each day.
    pub(super) has_days: bool,
    /// What says that the server is there.
    pub presence: Presence,
}

/// Opens the registry at `url` with up to `connections` connections.
///
/// # Errors
///
/// As [`OpenError`] says.
pub fn open(url: &PostgresUrl, connections: usize, upkeep: Upkeep) -> Result<Link, OpenError> {
    let link = open_to_fill(url, connections, upkeep)?;
    refuse_half_copied(&link, url)?;
    Ok(link)
}

/// The same, also when it holds but the beginning of a copy.
pub(super) fn open_to_fill(url: &PostgresUrl, connections: usize, upkeep: Upkeep) -> Result<Link, OpenError> {
    let link = Link::new(url, connections)?;
    let unavailable = |why| OpenError::Unavailable { url: url.to_string(), why };
    let asked = link.clone();
    let found = link.wait(async move { version(&asked.connection().await?).await }).map_err(unavailable)?;
    match (found, upkeep) {
        (Some(SCHEMA_VERSION), _) => Ok(link),
        (Some(found), _) if found > SCHEMA_VERSION => Err(OpenError::Newer { url: url.to_string(), found }),
        (Some(_), Upkeep::CreateAndMigrate) | (None, Upkeep::CreateAndMigrate | Upkeep::Create) => {
            let asked = link.clone();
            link.wait_for(MIGRATION, async move { migrate(&asked).await }).map_err(unavailable)?;
            tracing::info!(from = found, to = SCHEMA_VERSION, "brought the schema up to date");
            Ok(link)
        }
        (Some(found), _) => Err(OpenError::Older { url: url.to_string(), found }),
        (None, Upkeep::LeaveAsItIs) => Err(OpenError::Missing(url.to_string())),
    }
}

fn refuse_half_copied(link: &Link, url: &PostgresUrl) -> Result<(), OpenError> {
    let asked = link.clone();
    match link.wait(async move { is_half_copied(&asked.connection().await?).await }) {
        Ok(false) => Ok(()),
        Ok(true) => Err(OpenError::HalfCopied(url.to_string())),
        Err(why) => Err(OpenError::Unavailable { url: url.to_string(), why }),
    }
}

/// Whether it holds but the beginning of a copy.
pub(super) async fn is_half_copied(client: &Client) -> Result<bool, Failure> {
    let row = client.query_one("SELECT to_regclass('copying') IS NOT NULL AS there", &[]).await?;
    rows::get(&row, "there")
}

/// Opens the registry at `url` for a server, one of several perhaps, that lives by this clock.
///
/// # Errors
///
/// As [`OpenError`] says.
pub fn open_for_server(
    url: &PostgresUrl,
    connections: usize,
    upkeep: Upkeep,
    clock: &Clock,
) -> Result<Opened, OpenError> {
    let link = open(url, connections, upkeep)?;
    let unavailable = |why| OpenError::Unavailable { url: url.to_string(), why };
    let presence = Presence::begin(&link, Role::Server).map_err(unavailable)?;
    if presence.meets(Role::Copy).map_err(unavailable)? {
        return Err(OpenError::BeingCopied(url.to_string()));
    }
    // One may have begun, and have ended early, since this was looked at.
    refuse_half_copied(&link, url)?;
    let (asked, clock) = (link.clone(), clock.clone());
    let known = link.wait(async move {
        let client = asked.connection().await?;
        let has_days = days::are_there(&client).await?;
        if has_days {
            days::make(&client, clock.now()).await?;
        }
        let latest_tick = ticks::latest(&client, Time::from_nanos(i64::MAX)).await?;
        let ticks = if stands_alone(&client).await? { Ticks::Database(clock) } else { Ticks::Instances };
        Ok((latest_tick, ticks, has_days))
    });
    let (latest_tick, ticks, has_days) = known.map_err(unavailable)?;
    Ok(Opened { link, latest_tick, ticks, has_days, presence })
}

/// The version of the schema, if there is one.
async fn version(client: &Client) -> Result<Option<i64>, Failure> {
    let there = client.query_one("SELECT to_regclass('meta') IS NOT NULL AS there", &[]).await?;
    if !rows::get::<bool>(&there, "there")? {
        return Ok(None);
    }
    let found = client.query_opt("SELECT value FROM meta WHERE name = 'schema_version'", &[]).await?;
    found.map(|row| rows::get(&row, "value")).transpose()
}

/// Brings the schema up to date. Of several servers that do so at once one does it, and the others wait for it.
async fn migrate(link: &Link) -> Result<(), Failure> {
    let mut pace = Pace::new();
    loop {
        let client = link.connection().await?;
        let Err(failure) = try_migrate(&client).await else { return Ok(()) };
        drop(Client::take(client));
        sleep(pace.pause(failure)?).await;
    }
}

/// The row of the version is locked until all is done. What makes the first table of a new database is the one thing
/// that two can begin at once: then one of them fails, and begins anew.
async fn try_migrate(client: &Client) -> Result<(), Failure> {
    const BEGIN: &str = r#"BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
         CREATE TABLE IF NOT EXISTS meta (name TEXT COLLATE "C" PRIMARY KEY, value BIGINT NOT NULL);
         INSERT INTO meta (name, value) VALUES ('schema_version', 0) ON CONFLICT (name) DO NOTHING"#;
    client.batch_execute(BEGIN).await?;
    let found =
        client.query_one("SELECT value FROM meta WHERE name = 'schema_version' FOR UPDATE", &[]).await?;
    if rows::get::<i64>(&found, "value")? == 0 {
        client.batch_execute(SCHEMA).await?;
        client
            .batch_execute(if stands_alone(client).await? { RECEIPTS_BY_DAY } else { RECEIPTS_IN_ONE })
            .await?;
    }
    client.execute("UPDATE meta SET value = $1 WHERE name = 'schema_version'", &[&SCHEMA_VERSION]).await?;
    Ok(client.batch_execute("COMMIT").await?)
}

/// Whether the engine is PostgreSQL itself and not distributed. Then it can have a table for each day, and say who is
/// about to commit.
async fn stands_alone(client: &Client) -> Result<bool, Failure> {
    let row = client
        .query_one(
            "SELECT version() AS version, EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus') AS is_citus",
            &[],
        )
        .await?;
    let version: &str = rows::get(&row, "version")?;
    let is_another = ["CockroachDB", "-YB-"].iter().any(|name| version.contains(name));
    Ok(!is_another && !rows::get::<bool>(&row, "is_citus")?)
}

/// What is wrong with the registry, as far as the engine does not see to it: what refers to nothing.
///
/// # Errors
///
/// When the database cannot be read.
pub fn check_all(link: &Link) -> Result<Vec<String>, StoreError> {
    let asked = link.clone();
    link.wait_for(MIGRATION, async move {
        let client = asked.connection().await?;
        client.batch_execute(CHECKING).await?;
        let mut problems = Vec::new();
        for (what, statement) in CHECKS {
            let row = client.query_one(statement, &[]).await?;
            let count: i64 = rows::get(&row, "count")?;
            if count > 0 {
                problems.push(format!("{count} {what}"));
            }
        }
        client.batch_execute("COMMIT").await?;
        Ok(problems)
    })
}

/// All of it as of one moment, however long that takes. Nothing of this outlives the transaction.
const CHECKING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0";

/// What there must be none of.
const CHECKS: [(&str, &str); 5] = [
    (
        "conversation keys have no chat that answers for itself",
        "SELECT count(*) FROM conversation_keys AS k WHERE NOT EXISTS (SELECT 1 FROM chats AS c
             WHERE c.tenant = k.tenant AND c.id = k.chat_id AND c.merged_into IS NULL)",
    ),
    (
        "participants have no chat that answers for itself",
        "SELECT count(*) FROM participants AS p WHERE NOT EXISTS (SELECT 1 FROM chats AS c
             WHERE c.tenant = p.tenant AND c.id = p.chat_id AND c.merged_into IS NULL)",
    ),
    (
        "chats are merged into none that answers for itself",
        "SELECT count(*) FROM chats AS m WHERE m.merged_into IS NOT NULL AND NOT EXISTS (SELECT 1 FROM chats AS c
             WHERE c.tenant = m.tenant AND c.id = m.merged_into AND c.merged_into IS NULL)",
    ),
    (
        "chats have not one change for each of their versions",
        "SELECT count(*) FROM chats AS c WHERE c.version <> (SELECT count(*) FROM changes AS h
             WHERE h.tenant = c.tenant AND h.chat_id = c.id)",
    ),
    (
        "relays have not as much parked as is counted",
        "SELECT count(*) FROM parking AS u WHERE (u.reports, u.bytes) <>
             (SELECT count(*), coalesce(sum(length(report)), 0) FROM parked AS p WHERE p.relay = u.relay)",
    ),
];
