//! The registry on a file, told what to commit in which transactions.

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

use rusqlite::Connection;
use tempfile::TempDir;

use super::generate::{LINES, RELAYS, Story, time};
use crate::{
    domain::time::Time,
    registry::{
        attendant,
        command::{Command, Reply},
    },
    store::{
        batch::transact_all,
        directory::{Directory, Place},
        parked::ParkedQuery,
        sqlite::{
            engine::SqliteEngine,
            open::{Upkeep, check_all, open, open_for_server},
            reader::SqliteReader,
        },
        working::Moment,
    },
};

/// A registry on a file of its own.
pub(super) struct World {
    path: PathBuf,
    engine: Option<SqliteEngine>,
    reader: SqliteReader,
    cached: usize,
    tick: i64,
    _folder: TempDir,
}

/// A store that knows tenants and relays, as a file. Lines are the directory's business.
static NEW_STORE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = folder();
    let path = folder.path().join("registry.db");
    let store = open(&path, Upkeep::CreateAndMigrate).unwrap();
    for line in LINES {
        let statement = "INSERT OR IGNORE INTO tenants (slug, multi_tenant, created_at) VALUES (?1, 0, 0)";
        store.execute(statement, [line.tenant]).unwrap();
    }
    for relay in RELAYS {
        let statement = "INSERT INTO relays (slug, kind, created_at) VALUES (?1, 'native', 0)";
        store.execute(statement, [relay]).unwrap();
    }
    store.close().unwrap();
    std::fs::read(path).unwrap()
});

/// What must not be, and how often it is.
const COUNTS_OF_PROBLEMS: [(&str, &str); 8] = [
    (
        "versions with gaps",
        "SELECT count(*) FROM chats WHERE version <> (SELECT count(*) FROM changes WHERE chat_id = id)
             OR version <> (SELECT max(version) FROM changes WHERE chat_id = id)",
    ),
    (
        "changes that are not the last",
        "SELECT count(*) FROM chats JOIN changes ON chat_id = id AND changes.version = chats.version
         WHERE updated_at <> at",
    ),
    ("wrong counts of chats", "SELECT value - (SELECT count(*) FROM chats WHERE merged_into IS NULL) FROM meta WHERE name = 'chats'"),
    ("wrong counts of receipts", "SELECT value - (SELECT count(*) FROM receipts) FROM meta WHERE name = 'receipts'"),
    ("aliases of aliases", "SELECT count(*) FROM chats AS one JOIN chats AS other ON other.id = one.merged_into WHERE other.merged_into IS NOT NULL"),
    ("keys of aliases", "SELECT count(*) FROM conversation_keys JOIN chats ON id = chat_id WHERE merged_into IS NOT NULL"),
    ("people of aliases", "SELECT count(*) FROM participants JOIN chats ON id = chat_id WHERE merged_into IS NOT NULL"),
    (
        "wrong usages",
        "SELECT count(*) FROM parking
         WHERE reports <> (SELECT count(*) FROM parked WHERE parked.relay = parking.relay)
             OR bytes <> (SELECT coalesce(sum(length(report)), 0) FROM parked WHERE parked.relay = parking.relay)",
    ),
];

/// In memory where there is such a place: nothing here is about what a disk keeps.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The directory after so many steps of a story.
pub(super) fn directory(story: &Story, step: usize) -> Directory {
    let lines = LINES.iter().zip(story.registered).filter(|(_, at)| at.is_some_and(|at| at <= step));
    let lines: Vec<_> = lines.map(|(line, _)| line.registered(story.once_anothers)).collect();
    Directory::new(lines.len() as u64, Vec::new(), Vec::new(), lines)
}

impl World {
    pub(super) fn new(cached: usize) -> Self {
        let folder = folder();
        let path = folder.path().join("registry.db");
        std::fs::write(&path, &*NEW_STORE).unwrap();
        let engine = Some(engine(&path, cached));
        let reader = SqliteReader::open(&path, 1).unwrap();
        Self { engine, reader, cached, tick: 0, path, _folder: folder }
    }

    /// Forgets everything that is not in the file.
    pub(super) fn restart(&mut self) {
        self.engine = None;
        self.engine = Some(engine(&self.path, self.cached));
    }

    pub(super) fn commit(&mut self, commands: Vec<Command>, now: Time) -> Vec<Reply> {
        self.tick += 1;
        let tick = time(self.tick);
        let moment = Moment { now, tick, receipts_since: time(-1) };
        transact_all(self.engine.as_mut().unwrap(), moment, commands).expect("the transaction is committed")
    }

    /// What the attendant would do now.
    pub(super) fn ready(&self, directory: &Directory) -> Vec<(ParkedQuery, Vec<Place>)> {
        attendant::ready(&self.reader, directory).unwrap()
    }

    /// The file, for those who look into it.
    pub(super) fn store(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    /// What is wrong with the file: pages, references, and tables that repeat what others say.
    pub(super) fn problems(&self) -> Vec<String> {
        let store = self.store();
        let mut problems = check_all(&store).unwrap();
        for (problem, count) in COUNTS_OF_PROBLEMS {
            let found: i64 = store.query_row(count, [], |row| row.get(0)).unwrap();
            problems.extend((found != 0).then(|| format!("{problem}: {found}")));
        }
        problems
    }
}

fn engine(path: &Path, cached: usize) -> SqliteEngine {
    SqliteEngine::new(open_for_server(path, Upkeep::LeaveAsItIs).unwrap(), cached).unwrap()
}
