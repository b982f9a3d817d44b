//! Moving a whole registry from one store to another, of whichever kind each is.
//!
//! - `tables` lists what there is to move, once for both kinds; `statements` reads it.
//! - A `Side` is a store that is moved from or to. `mark` is how far a target has come: it is written with each slice of
//!   rows, so whatever ends a copy, the same command goes on where it was.
//! - `checksum` is what a table comes to. When all rows are there, both sides are read once more and compared; only then
//!   is the target a registry that may be served.

pub(crate) mod checksum;
pub(crate) mod mark;
pub(crate) mod statements;
pub(crate) mod tables;

use super::{StoreError, sql::Value};
use checksum::Checksum;
use mark::Mark;
use tables::{Dialect, TABLES, Table};

/// A row: a value for each column of its table.
pub(crate) type Row = Vec<Value<'static>>;

/// The single values that a registry keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Figures {
    /// The directory's revision.
    pub(crate) directory_revision: i64,
    /// How many chats it counts.
    pub(crate) chats: i64,
    /// How many receipts it counts.
    pub(crate) receipts: i64,
}

/// A store that a registry is moved from or to, and that nobody serves meanwhile.
pub(crate) trait Side {
    /// Its kind.
    fn dialect(&self) -> Dialect;

    /// Whether servers have come to it in spite of everything.
    fn is_served(&mut self) -> Result<bool, StoreError>;

    /// The rows of a table that come after a key in the order of keys: as many as a slice has.
    fn slice(&mut self, table: &Table, after: Option<&[Value<'static>]>) -> Result<Vec<Row>, StoreError>;

    /// How many rows a table has.
    fn count(&mut self, table: &Table) -> Result<u64, StoreError>;

    /// Its single values.
    fn figures(&mut self) -> Result<Figures, StoreError>;

    /// If it holds the beginning of a copy: of what, and the position of its mark.
    fn mark(&mut self) -> Result<Option<(String, String)>, StoreError>;

    /// Has it hold the beginning of a copy.
    fn begin(&mut self, mark: &Mark) -> Result<(), StoreError>;

    /// Takes rows, and moves the mark along in the same transaction.
    fn put(&mut self, table: &Table, rows: &[Row], from: &Mark, to: &Mark) -> Result<(), StoreError>;

    /// What is wrong with what it has taken, as far as the store itself can tell.
    fn problem(&mut self) -> Result<Option<String>, StoreError>;

    /// Makes a registry of what it has taken: with these values, and without a mark.
    fn finish(&mut self, figures: Figures) -> Result<(), StoreError>;
}

/// Why a registry was not moved, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is something else.
    #[error(
        "{target} is not empty (there are rows in '{table}'), and was not touched: name a file or a database that has no \
         registry yet"
    )]
    NotEmpty {
        /// Where the registry was to go.
        target: String,
        /// The first table that has a row.
        table: &'static str,
    },
    /// There is the beginning of another copy.
    #[error(
        "{target} holds the beginning of a copy of {begun}, not of {source_url}: go on with that one, or name a target \
         that is empty"
    )]
    Another {
        /// Where the registry was to go.
        target: String,
        /// Where it was to come from.
        source_url: String,
        /// What has been begun.
        begun: String,
    },
    /// Somebody serves one of the two.
    #[error(
        "{0} is being served, or was until some seconds ago: stop every server of it, and run the same command again"
    )]
    Served(String),
    /// The two are not the same in the end.
    #[error(
        "'{table}' has {expected} in the source and {found} in the copy: has the source been changed meanwhile? The copy \
         cannot be served; remove it, and begin anew while nobody uses the source"
    )]
    Different {
        /// The table.
        table: &'static str,
        /// What it comes to in the source.
        expected: String,
        /// What it comes to in the target.
        found: String,
    },
    /// The target does not hold together.
    #[error("the copy does not hold together, because its source does not ({0}): see `chert-groups check`")]
    Unsound(String),
    /// One of the two fails.
    #[error("{why}; run the same command again to go on")]
    Store {
        /// Why.
        #[from]
        why: StoreError,
    },
}

/// What a copy is doing.
pub(crate) enum Step {
    /// So many rows are to be moved.
    Expected(u64),
    /// So many rows were there already.
    Found(u64),
    /// So many rows of this table were taken.
    Copied(&'static str, u64),
    /// So many rows of this table were read again, in one of the two.
    Verified(&'static str, u64),
}

/// A copy that is made.
pub(crate) struct Copy<'c> {
    /// What is moved, and where it is.
    pub(crate) source: (&'c mut dyn Side, String),
    /// Where it goes.
    pub(crate) target: (&'c mut dyn Side, String),
    /// Whom each step is told.
    pub(crate) tell: &'c mut dyn FnMut(Step),
}

impl Copy<'_> {
    /// Moves everything that is not moved yet, and compares; what each table comes to.
    pub(crate) fn run(&mut self) -> Result<Vec<(&'static str, Checksum)>, CopyError> {
        self.must_not_be_served()?;
        let mut mark = self.begin()?;
        (self.tell)(Step::Expected(rows(self.source.0)?));
        if mark != Mark::beginning(mark.source.clone()) {
            (self.tell)(Step::Found(rows(self.target.0)?));
        }
        while let Some(table) = mark.table() {
            mark = self.copy_slice(table, &mark)?;
        }
        let figures = self.source.0.figures()?;
        let sums = TABLES.iter().map(|table| self.verify(table)).collect::<Result<_, _>>()?;
        if let Some(problem) = self.target.0.problem()? {
            return Err(CopyError::Unsound(problem));
        }
        self.must_not_be_served()?;
        self.target.0.finish(figures)?;
        Ok(sums)
    }

    fn must_not_be_served(&mut self) -> Result<(), CopyError> {
        for (side, url) in [&mut self.source, &mut self.target] {
            if side.is_served()? {
                return Err(CopyError::Served(url.clone()));
            }
        }
        Ok(())
    }

    /// Where to go on, which is the beginning where nothing is.
    fn begin(&mut self) -> Result<Mark, CopyError> {
        let ((from, source), (target, url)) = (&self.source, &mut self.target);
        let Some((begun, position)) = target.mark()? else {
            for table in &TABLES {
                if !target.slice(table, None)?.is_empty() {
                    return Err(CopyError::NotEmpty { target: url.clone(), table: table.name });
                }
            }
            let mark = Mark::beginning(source.clone());
            target.begin(&mark)?;
            return Ok(mark);
        };
        if begun != *source {
            let (target, source_url) = (url.clone(), source.clone());
            return Err(CopyError::Another { target, source_url, begun });
        }
        Ok(Mark::read(begun, &position, from.dialect())?)
    }

    /// Moves the next rows of a table; how far that is.
    fn copy_slice(&mut self, table: &'static Table, mark: &Mark) -> Result<Mark, CopyError> {
        let rows = self.source.0.slice(table, mark.after.as_deref())?;
        let next = if let Some(last) = rows.last() {
            mark.after_row(table.key_of(last, self.source.0.dialect()))
        } else {
            self.must_not_be_served()?;
            mark.after_table()
        };
        self.target.0.put(table, &rows, mark, &next)?;
        (self.tell)(Step::Copied(table.name, rows.len() as u64));
        Ok(next)
    }

    fn verify(&mut self, table: &'static Table) -> Result<(&'static str, Checksum), CopyError> {
        // What one of the two does not have cannot be compared.
        let dialects = [self.source.0.dialect(), self.target.0.dialect()];
        let common = if dialects.contains(&Dialect::Sqlite) { Dialect::Sqlite } else { Dialect::Postgres };
        let tell = &mut *self.tell;
        let expected = checksum(self.source.0, table, common, tell)?;
        let found = checksum(self.target.0, table, common, tell)?;
        if expected == found {
            Ok((table.name, found))
        } else {
            let (expected, found) = (expected.to_string(), found.to_string());
            Err(CopyError::Different { table: table.name, expected, found })
        }
    }
}

/// How many rows there are in all tables.
fn rows(side: &mut dyn Side) -> Result<u64, StoreError> {
    TABLES.iter().map(|table| side.count(table)).sum()
}

/// What a table comes to, as far as a store of the kind `common` could hold it.
fn checksum(
    side: &mut dyn Side,
    table: &'static Table,
    common: Dialect,
    tell: &mut dyn FnMut(Step),
) -> Result<Checksum, StoreError> {
    let mut sum = Checksum::default();
    let mut after: Option<Row> = None;
    loop {
        let rows = side.slice(table, after.as_deref())?;
        let Some(last) = rows.last() else { return Ok(sum) };
        after = Some(table.key_of(last, side.dialect()));
        for row in &rows {
            sum.add(table.values(row, common));
        }
        tell(Step::Verified(table.name, rows.len() as u64));
    }
}
