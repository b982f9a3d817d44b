//! A registry in a file.

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use chert_groups::clock::Clock;
use rusqlite::{Connection, OpenFlags, types::Value};
use tempfile::TempDir;

use super::{Row, admin};
use crate::support::directory;

/// Longer than the program ever holds the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// A registry in a file, in a folder of its own.
pub(crate) struct SqliteStore {
    file: PathBuf,
    _folder: TempDir,
}

impl SqliteStore {
    /// No file yet, but a place for it.
    pub(super) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { file: folder.path().join("registry.db"), _folder: folder }
    }

    /// A copy of a file that was made once, which costs less.
    pub(super) fn peopled() -> Self {
        static PEOPLED: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let first = SqliteStore::empty();
            directory::set_up(&mut admin(&first.url(), Clock::system().now()));
            std::fs::read(&first.file).expect("a store")
        });
        let store = Self::empty();
        std::fs::write(&store.file, &*PEOPLED).expect("a copy");
        store
    }

    pub(super) fn url(&self) -> String {
        format!("sqlite:{}", self.file.display())
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn query(&self, query: &str) -> Vec<Row> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY);
        let mut statement = connection.prepare(query).unwrap();
        let columns = statement.column_count();
        let rows =
            statement.query_map([], |row| (0..columns).map(|column| row.get(column).map(text)).collect());
        rows.unwrap().map(Result::unwrap).collect()
    }

    pub(super) fn execute(&self, statement: &str) {
        self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE).execute_batch(statement).unwrap();
    }

    /// The file and what the schema cannot say of it.
    pub(super) fn assert_sound(&self) {
        let one = |query: &str| self.query(query)[0][0].clone();
        assert_eq!(one("PRAGMA integrity_check").as_deref(), Some("ok"));
        assert_eq!(one("SELECT count(*) FROM pragma_foreign_key_check").as_deref(), Some("0"));
    }

    /// With the program's own library, so that it is safe while the program runs.
    fn connect(&self, access: OpenFlags) -> Connection {
        let connection = Connection::open_with_flags(&self.file, access).unwrap();
        connection.busy_timeout(PATIENCE).unwrap();
        connection
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        Value::Text(text) => Some(text),
        Value::Blob(bytes) => Some(base16ct::lower::encode_string(&bytes)),
    }
}
