//! A file.

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

use rusqlite::{Connection, types::Value};
use tempfile::TempDir;

use super::{Ground, Row};
use crate::{
    registry::{
        command::{Command, Reply},
        laws::generate::{LINES, RELAYS},
    },
    store::{
        batch::transact_all,
        committer::Engine as _,
        query::Reader,
        sqlite::{
            engine::SqliteEngine,
            open::{Upkeep, check_all, open, open_for_server},
            reader::SqliteReader,
        },
        working::Moment,
    },
};

/// A registry in a file of its own.
pub(in super::super) struct File {
    path: PathBuf,
    engine: Option<SqliteEngine>,
    reader: SqliteReader,
    cached: usize,
    _folder: TempDir,
}

/// A store that knows tenants and relays, as a file.
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

/// What is counted, and what there is.
const COUNTS: [(&str, &str); 2] = [
    ("chats", "SELECT count(*) FROM chats WHERE merged_into IS NULL"),
    ("receipts", "SELECT count(*) FROM receipts"),
];

/// In memory where there is such a place: nothing here is about what a disk keeps.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn engine(path: &Path, cached: usize) -> SqliteEngine {
    SqliteEngine::new(open_for_server(path, Upkeep::LeaveAsItIs).unwrap(), cached).unwrap()
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Text(text) => Some(text),
        other => panic!("no text: {other:?}"),
    }
}

impl File {
    /// A new one, with a cache of chats that have so many handles.
    pub(in super::super) fn new(cached: usize) -> Self {
        let folder = folder();
        let path = folder.path().join("registry.db");
        std::fs::write(&path, &*NEW_STORE).unwrap();
        let reader = SqliteReader::open(&path, 1).unwrap();
        Self { engine: Some(engine(&path, cached)), reader, cached, path, _folder: folder }
    }

    fn connect(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }
}

impl Ground for File {
    fn restart(&mut self) {
        self.engine = None;
        self.engine = Some(engine(&self.path, self.cached));
    }

    fn stop(&mut self) {
        self.engine.as_mut().unwrap().tidy_up().unwrap();
    }

    fn transact(&mut self, moment: Moment, commands: Vec<Command>) -> Vec<Reply> {
        transact_all(self.engine.as_mut().unwrap(), moment, commands).expect("the transaction is committed")
    }

    fn reader(&self) -> &dyn Reader {
        &self.reader
    }

    fn rows(&self, query: &str) -> Vec<Row> {
        let store = self.connect();
        let mut statement = store.prepare(query).unwrap();
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column).map(text)).collect();
        let rows = statement.query_map([], row).unwrap();
        rows.map(|values| Row(values.unwrap())).collect()
    }

    /// Pages, references, and counts.
    fn problems(&self) -> Vec<String> {
        let mut problems = check_all(&self.connect()).unwrap();
        for (name, count) in COUNTS {
            let wrong = format!("SELECT value - ({count}) FROM meta WHERE name = '{name}'");
            let wrong = self.rows(&wrong)[0].number(0);
            problems.extend((wrong != 0).then(|| format!("a wrong count of {name}: {wrong}")));
        }
        problems
    }
}
