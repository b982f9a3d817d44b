//! A PostgreSQL of the benchmark's own, thrown away when its process ends, however it ends.
//!
//! It makes durable what it answers, as PostgreSQL does by default. Its programs are found, run and ended as the tests
//! do it.

#[path = "../../../tests/it/support/postgres/ending.rs"]
#[expect(clippy::expect_used, reason = "as in the tests")]
mod ending;
#[path = "../../../tests/it/support/postgres/programs.rs"]
#[expect(clippy::expect_used, clippy::indexing_slicing, reason = "as in the tests")]
mod programs;

use std::{
    cell::Cell,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::ensure;
use chert_groups::store::{
    StoreError,
    postgres::{
        engine::{Isolation, PostgresEngine},
        schema::Opened,
    },
};
use tempfile::TempDir;

use ending::Ending;
use programs::{hand_over, program};

/// Where its folder is: a place that outlives the machine's end, so that making something durable takes its time, and
/// that whoever runs PostgreSQL can go into.
const PLACE: &str = "/var/tmp";

/// What is not as PostgreSQL has it by default: what every installation sets. Nothing here makes it less durable.
const SETTINGS: &str = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 \
     -c shared_buffers=256MB -c max_wal_size=4GB";

/// Who owns everything in it.
const OWNER: &str = "postgres";

/// The database that turns have copies of.
const GROUND: &str = "ground";

/// A running server.
pub(crate) struct Cluster {
    port: u16,
    /// How many copies were made.
    turns: Cell<u32>,
    _ending: Ending,
}

impl Cluster {
    /// A new one with an empty database for the ground.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("chert-groups-bench-").tempdir_in(PLACE)?;
        let folder = TempDir::keep(folder);
        let ending = Ending::of(&folder);
        hand_over(&folder);
        let port = free_port()?;
        start_in(&folder, port)?;
        let cluster = Self { port, turns: Cell::new(0), _ending: ending };
        cluster.say(&[&format!("CREATE DATABASE {GROUND}")])?;
        Ok(cluster)
    }

    /// Where the ground is.
    pub(crate) fn ground(&self) -> String {
        self.url(GROUND)
    }

    /// Lets the ground be filled without waiting for the disk.
    pub(crate) fn hurry(&self) -> anyhow::Result<()> {
        self.say(&[&format!("ALTER DATABASE {GROUND} SET synchronous_commit = off")])
    }

    /// Makes the ground durable, and known to the planner. Nobody may be connected to it any more when it is copied.
    pub(crate) fn settle(&self) -> anyhow::Result<()> {
        self.say_to(GROUND, &["VACUUM (ANALYZE)", "CHECKPOINT"])
    }

    /// Where a fresh copy of the ground is, which takes the place of the last one.
    pub(crate) fn copy(&self) -> anyhow::Result<String> {
        let turn = self.turns.replace(self.turns.get() + 1);
        let (last, next) = (format!("turn_{turn}"), format!("turn_{}", turn + 1));
        self.say(&[
            &format!("DROP DATABASE IF EXISTS {last} WITH (FORCE)"),
            &format!("CREATE DATABASE {next} TEMPLATE {GROUND}"),
            "CHECKPOINT",
        ])?;
        Ok(self.url(&next))
    }

    fn say(&self, statements: &[&str]) -> anyhow::Result<()> {
        self.say_to(OWNER, statements)
    }

    /// Has statements executed, each in a transaction of its own.
    fn say_to(&self, database: &str, statements: &[&str]) -> anyhow::Result<()> {
        let mut psql = program("psql");
        psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", &self.url(database)]);
        finish(psql.args(statements.iter().flat_map(|statement| ["--command", statement])))
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://{OWNER}@127.0.0.1:{}/{database}", self.port)
    }
}

/// What runs transactions on a database, one after the other, and remembers nothing.
pub(crate) fn writer(opened: &Opened) -> Result<PostgresEngine, StoreError> {
    let mut lanes = PostgresEngine::lanes(opened, 1, Isolation::ReadCommitted, 0);
    lanes.pop().ok_or_else(|| StoreError::Unavailable("one lane was asked for".to_owned()))
}

fn start_in(folder: &Path, port: u16) -> anyhow::Result<()> {
    let (data, log) = (folder.join("data"), folder.join("log"));
    let mut initdb = program("initdb");
    initdb.args(["--username", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--pgdata"]);
    finish(initdb.arg(&data))?;
    let mut start = program("pg_ctl");
    start.args(["start", "--wait", "--options", &format!("-p {port} {SETTINGS}"), "--pgdata"]);
    finish(start.arg(&data).arg("--log").arg(&log))
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Runs a program to its end, which must be a good one.
fn finish(command: &mut Command) -> anyhow::Result<()> {
    let ran = command.stdin(Stdio::null()).output()?;
    ensure!(ran.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&ran.stderr));
    Ok(())
}
