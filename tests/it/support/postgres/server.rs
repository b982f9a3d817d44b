//! A server.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::Write,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::Row;
use super::{
    ending::Ending,
    programs::{hand_over, program},
    session::Session,
};

/// Who owns the server, and its first database.
const OWNER: &str = "postgres";

/// Who the program is: nobody special.
pub(crate) const ROLE: &str = "registry";

/// It is asked for by no server here, and must be in no log.
pub(crate) const PASSWORD: &str = "pg-password-1";

/// Longer than a start takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many databases may be there that nobody needs.
const RETIRED: usize = 8;

/// Ports that the system gives to nobody who does not ask for them, so that a server that restarts finds its own free.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// What every server is told. Nothing from outside this machine reaches it.
const ALWAYS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=400",
    "shared_buffers=64MB",
    "log_destination=stderr",
    "logging_collector=off",
    "jit=off",
    "timezone=UTC",
];

/// Loses what it was told when the machine stops, and is faster for that.
pub(crate) const FORGETFUL: [&str; 6] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
];

/// A server with a folder of its own, ended and removed when it goes out of scope.
pub(crate) struct Server {
    running: Mutex<Option<Child>>,
    port: u16,
    settings: Vec<String>,
    owner: Session,
    /// For what nobody waits for.
    sweeper: Session,
    retired: Mutex<VecDeque<String>>,
    // In this order: the folder is removed by the one before it.
    _ending: Ending,
    folder: PathBuf,
}

impl Server {
    /// A new server with these settings that is ready.
    pub(crate) fn start(settings: &[&str]) -> Self {
        let folder = new_folder();
        let mut initdb = program("initdb");
        initdb.args([
            "--username",
            OWNER,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ]);
        finish(initdb.arg(folder.join("data")));
        let server = Self::in_folder(folder, settings);
        server.query(&format!("CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{PASSWORD}'"));
        server
    }

    fn in_folder(folder: PathBuf, settings: &[&str]) -> Self {
        let ending = Ending::of(&folder);
        let settings = ALWAYS.iter().chain(settings).map(ToString::to_string).collect();
        let port = free_port();
        let session = || Session::new(url(OWNER, port, OWNER));
        let (owner, sweeper) = (session(), session());
        let server = Self {
            running: Mutex::new(None),
            port,
            settings,
            owner,
            sweeper,
            retired: Mutex::default(),
            _ending: ending,
            folder,
        };
        server.resume();
        server
    }

    /// A replica of it that is up to date, and without which nothing is committed from now on.
    pub(crate) fn new_replica(&self) -> Self {
        let folder = new_folder();
        let mut copy = program("pg_basebackup");
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--wal-method=stream"]);
        copy.args(["--dbname", &self.owners_url(OWNER), "-D"]);
        finish(copy.arg(folder.join("data")));
        let replica = Self::in_folder(folder, &[]);
        self.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.query("SELECT pg_reload_conf()");
        let started = Instant::now();
        while self.query("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'").is_empty() {
            assert!(started.elapsed() < PATIENCE, "the replica does not follow: {}", replica.log());
            thread::sleep(Duration::from_millis(10));
        }
        replica
    }

    /// Makes a replica a server of its own.
    pub(crate) fn promote(&self) {
        self.query("SELECT pg_promote()");
    }

    /// Starts it again, and waits until it is ready.
    pub(crate) fn resume(&self) {
        let log = File::options().create(true).append(true).open(self.log_file()).expect("a log");
        let mut postgres = program("postgres");
        postgres.arg("-D").arg(self.folder.join("data")).args(["-p", &self.port.to_string()]);
        for setting in &self.settings {
            postgres.args(["-c", setting]);
        }
        postgres.stdin(Stdio::null()).stdout(log.try_clone().expect("a handle")).stderr(log);
        let mut child = postgres.spawn().expect("PostgreSQL runs");
        let started = Instant::now();
        while self.owner.try_query("SELECT").is_err() {
            let ended = child.try_wait().expect("a child of ours").is_some();
            assert!(!ended && started.elapsed() < PATIENCE, "PostgreSQL does not start: {}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
        *self.running.lock().unwrap() = Some(child);
    }

    /// Writes a file among its data, which only the server can read. It is heeded from the next start on.
    pub(crate) fn put(&self, name: &str, text: &str) {
        let file = self.folder.join("data").join(name);
        let mut new = tempfile::Builder::new().tempfile_in(&self.folder).expect("a file for its owner alone");
        new.write_all(text.as_bytes()).expect("it is written");
        hand_over(new.path());
        new.persist(file).expect("it is there");
    }

    /// Ends it by a signal, and waits for the end: `INT` ends all sessions at once, and `QUIT` leaves what was not
    /// written to be recovered.
    pub(crate) fn end(&self, signal: &str) {
        let mut child = self.running.lock().unwrap().take().expect("it runs");
        send(signal, &[child.id()]);
        child.wait().expect("it ends");
    }

    /// `kill -9` of all of it, as if the machine had gone.
    pub(crate) fn kill(&self) {
        let mut child = self.running.lock().unwrap().take().expect("it runs");
        let id = child.id();
        // Held still, it can start no others meanwhile.
        send("STOP", &[id]);
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).expect("its processes");
        let ids: Vec<u32> = children.split_whitespace().map(|id| id.parse().expect("an id")).collect();
        send("KILL", &[&ids[..], &[id]].concat());
        child.wait().expect("it ends");
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// The URL of a database for the program.
    pub(crate) fn url(&self, database: &str) -> String {
        url(&format!("{ROLE}:{PASSWORD}"), self.port, database)
    }

    /// The URL of a database for the program that means whichever of this server and another one takes writes.
    pub(crate) fn url_with(&self, other: &Self, database: &str) -> String {
        let (one, other) = (self.port, other.port);
        format!(
            "postgres://{ROLE}:{PASSWORD}@127.0.0.1:{one},127.0.0.1:{other}/{database}\
             ?target_session_attrs=read-write"
        )
    }

    /// The URL of a database for its owner, who may do everything.
    pub(super) fn owners_url(&self, database: &str) -> String {
        url(OWNER, self.port, database)
    }

    /// Runs a statement as its owner.
    pub(crate) fn query(&self, statement: &str) -> Vec<Row> {
        self.owner.query(statement)
    }

    /// Drops a database some time, when whoever was connected is gone: one who is not yet would be waited for.
    pub(super) fn retire(&self, database: &str) {
        let mut retired = self.retired.lock().unwrap();
        retired.push_back(database.to_owned());
        if retired.len() > RETIRED {
            let oldest = retired.pop_front().expect("the oldest");
            self.sweeper.tell(format!("DROP DATABASE {oldest} WITH (FORCE)"));
        }
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.lock().unwrap().take() {
            send("QUIT", &[child.id()]);
            let _ = child.wait();
        }
    }
}

/// A folder that only whom PostgreSQL runs as can read, and that is not removed by us.
fn new_folder() -> PathBuf {
    let folder =
        tempfile::Builder::new().prefix("chert-groups-pg-").tempdir().map(TempDir::keep).expect("a folder");
    hand_over(&folder);
    folder
}

fn url(user: &str, port: u16, database: &str) -> String {
    format!("postgres://{user}@127.0.0.1:{port}/{database}")
}

fn free_port() -> u16 {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| rand::random_range(PORTS)).take(100).find(free).expect("a free port")
}

/// Runs a program to its end, which must be a good one.
fn finish(command: &mut Command) {
    let ran = command.stdin(Stdio::null()).output().expect("it runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

fn send(signal: &str, ids: &[u32]) {
    let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
    let sent =
        Command::new("sh").args(["-c", &format!("kill -{signal} {} 2> /dev/null", ids.join(" "))]).status();
    // One that has ended meanwhile cannot be told so.
    sent.expect("a shell");
}
