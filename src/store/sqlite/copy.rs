//! A file, as what a registry is moved from or to.

use std::path::Path;

use rusqlite::{
    Connection, Row as SqlRow, Transaction, TransactionBehavior, params, params_from_iter, types::FromSql,
};

use super::{
    journal,
    lock::ServerLock,
    open::{OpenError, Upkeep, open_for_server, open_to_fill},
};
use crate::store::{
    StoreError,
    copy::{
        Figures, Row, Side,
        mark::Mark,
        statements::{self, DROP_MARK, MAKE_MARK, MARK, MOVE_MARK, SET_MARK},
        tables::{Column, Dialect, Kind, Table},
    },
    sql::Value,
};

/// A file that no server can have meanwhile.
pub(crate) struct SqliteSide {
    connection: Connection,
    _lock: ServerLock,
}

impl SqliteSide {
    /// The file at `path`, which is whole, with all rows brought up to date.
    pub(crate) fn source(path: &Path, lock: ServerLock) -> Result<Self, OpenError> {
        let mut connection = open_for_server(path, Upkeep::LeaveAsItIs)?;
        let damaged = |why: StoreError| OpenError::Damaged { path: path.to_owned(), why: why.to_string() };
        journal::settle(&mut connection).map_err(damaged)?;
        Ok(Self { connection, _lock: lock })
    }

    /// The file at `path`, which is made if it is not there. A chat may come before the one that answers for it, so
    /// references are looked at when all is there.
    pub(crate) fn target(path: &Path, lock: ServerLock) -> Result<Self, OpenError> {
        let connection = open_to_fill(path, Upkeep::Create)?;
        let unusable = |why: rusqlite::Error| OpenError::Io { path: path.to_owned(), why: why.to_string() };
        connection.pragma_update(None, "foreign_keys", false).map_err(unusable)?;
        Ok(Self { connection, _lock: lock })
    }

    fn transaction(&mut self) -> Result<Transaction<'_>, StoreError> {
        Ok(self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

/// Whether it holds but the beginning of a copy.
pub(super) fn is_half_copied(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'copying'")?.exists([])
}

impl Side for SqliteSide {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    /// Whoever would serve it needs the lock.
    fn is_served(&mut self) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn slice(&mut self, table: &Table, after: Option<&[Value<'static>]>) -> Result<Vec<Row>, StoreError> {
        let statement = statements::select(table, Dialect::Sqlite, after.is_none());
        let mut statement = self.connection.prepare_cached(&statement)?;
        let mut found = statement.query(params_from_iter(after.unwrap_or_default()))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let values = table.columns.iter().enumerate().map(|(at, column)| value(row, at, column));
            rows.push(values.collect::<Result<_, _>>()?);
        }
        Ok(rows)
    }

    fn count(&mut self, table: &Table) -> Result<u64, StoreError> {
        Ok(self.connection.query_row(&statements::count(table), [], |row| row.get(0))?)
    }

    fn figures(&mut self) -> Result<Figures, StoreError> {
        let one = |name: &str| {
            self.connection.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
        };
        Ok(Figures {
            directory_revision: one("directory_revision")?,
            chats: one("chats")?,
            receipts: one("receipts")?,
        })
    }

    fn mark(&mut self) -> Result<Option<(String, String)>, StoreError> {
        if !is_half_copied(&self.connection)? {
            return Ok(None);
        }
        Ok(Some(self.connection.query_row(MARK, [], |row| Ok((row.get(0)?, row.get(1)?)))?))
    }

    fn begin(&mut self, mark: &Mark) -> Result<(), StoreError> {
        let transaction = self.transaction()?;
        transaction.execute(MAKE_MARK, [])?;
        transaction.execute(SET_MARK, params![mark.source, mark.position()])?;
        Ok(transaction.commit()?)
    }

    fn put(&mut self, table: &Table, rows: &[Row], from: &Mark, to: &Mark) -> Result<(), StoreError> {
        let columns = statements::columns(table, Dialect::Sqlite);
        let places = statements::places(columns.split(", ").count());
        let insert = format!("INSERT INTO {} ({columns}) VALUES ({places})", table.name);
        let transaction = self.transaction()?;
        if transaction.execute(MOVE_MARK, params![to.position(), from.position()])? == 0 {
            return Err(StoreError::damaged("copying", "position", "another position than it had"));
        }
        let mut insert = transaction.prepare_cached(&insert)?;
        for row in rows {
            insert.execute(params_from_iter(table.values(row, Dialect::Sqlite)))?;
        }
        drop(insert);
        Ok(transaction.commit()?)
    }

    fn problem(&mut self) -> Result<Option<String>, StoreError> {
        let orphans: u64 =
            self.connection
                .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
        Ok((orphans > 0).then(|| format!("{orphans} rows refer to nothing")))
    }

    fn finish(&mut self, figures: Figures) -> Result<(), StoreError> {
        let Figures { directory_revision, chats, receipts } = figures;
        let transaction = self.transaction()?;
        for (name, value) in
            [("directory_revision", directory_revision), ("chats", chats), ("receipts", receipts)]
        {
            transaction.execute("UPDATE meta SET value = ?2 WHERE name = ?1", params![name, value])?;
        }
        transaction.execute(DROP_MARK, [])?;
        transaction.commit()?;
        Ok(self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?)
    }
}

fn value(row: &SqlRow<'_>, at: usize, column: &Column) -> rusqlite::Result<Value<'static>> {
    fn get<T: FromSql>(
        row: &SqlRow<'_>,
        at: usize,
        value: impl FnOnce(T) -> Value<'static>,
    ) -> rusqlite::Result<Value<'static>> {
        Ok(row.get::<_, Option<T>>(at)?.map_or(Value::Null, value))
    }
    match column.kind {
        Kind::Text => get(row, at, |text: String| text.into()),
        Kind::Number => get(row, at, Value::Number),
        Kind::Bool => get(row, at, Value::Bool),
        Kind::Id => get(row, at, Value::Id),
        Kind::Bytes => get(row, at, |bytes: Vec<u8>| Value::Bytes(bytes.into())),
    }
}
