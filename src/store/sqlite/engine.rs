//! The transactions of the committer.

use rusqlite::{Connection, TransactionBehavior, params};

use super::{
    checkpoint::{self, Checkpoints},
    data_file::DataFile,
    deliveries,
    journal::{self, Journal},
    load::{self, Chats},
    open::OpenError,
    parked, save,
};
use crate::{
    domain::time::Time,
    store::{
        StoreError,
        cache::ChatCache,
        committer::{Engine, Work},
        working::{Horizons, Touched, Working},
    },
};

/// How many receipts one piece of housekeeping deletes: a few milliseconds.
const PRUNE_SLICE: u32 = 2000;

/// Deletes receipts that are older than a time, so many of them. The sub-query within the sub-query is for SQLite's
/// planner: it seeks for a simple one only, and would scan all receipts for a compound one.
const PRUNE: &str = "DELETE FROM receipts WHERE (claimed, digest) IN
                     (SELECT claimed, digest FROM
                         (SELECT claimed, digest FROM receipts WHERE claimed < ?1
                          UNION ALL
                          SELECT claimed, digest FROM receipts WHERE effective < ?1
                          LIMIT ?2))";

/// What a batch writes at most, roughly.
const PROBE_BYTES: usize = 1 << 20;

/// How many rows that are behind a transaction writes besides its own work, when there is no other work.
const CATCH_UP_AT_REST: usize = 512;

/// How many events there are for each such row otherwise, when just as much waits as should. For every eighth more there
/// is one row more, so that where each event is about another chat no more than twice as much waits, and no transaction is
/// much larger than its neighbours.
const EVENTS_FOR_EACH_ROW: usize = 8;

/// The one connection that writes, and what it remembers.
pub struct SqliteEngine {
    connection: Connection,
    cache: ChatCache,
    /// How many handles the cached chats may have together.
    cached_handles: usize,
    /// `None` after a failure, when nobody knows what is in the store.
    known: Option<Known>,
    /// `None` where SQLite's own are good enough. It has the file, so it is dropped after the connection.
    checkpoints: Option<Checkpoints>,
}

/// What the one connection that writes knows of the store without asking.
struct Known {
    journal: Journal,
    /// The latest time that an event with a receipt claims. Nearly every event is newer, and so is no repeat.
    newest_receipt: Time,
    /// Events for which no row that is behind was written yet, fewer than [`EVENTS_FOR_EACH_ROW`].
    uncounted: usize,
}

impl SqliteEngine {
    /// An engine on a connection that [`super::open::open_for_server`] made, with a cache of chats that together have
    /// up to `cached_handles` handles. Without a cache nothing is put off: every change is written to its row at once.
    ///
    /// # Errors
    ///
    /// When what a former server left in the journal cannot be read.
    pub fn new(connection: Connection, cached_handles: usize) -> Result<Self, StoreError> {
        let cache = ChatCache::new(cached_handles);
        let mut engine = Self { connection, cache, cached_handles, known: None, checkpoints: None };
        let known = engine.know()?;
        engine.known = Some(known);
        Ok(engine)
    }

    /// The same with checkpoints on a thread of their own. Its connection is to `file`.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened once more, or the system has no thread to spare.
    pub fn with_checkpoints_of(mut self, file: DataFile) -> Result<Self, OpenError> {
        self.checkpoints = Some(Checkpoints::beside(&self.connection, file)?);
        Ok(self)
    }

    /// Finds out what there is to know, after a start or a failure.
    fn know(&mut self) -> Result<Known, StoreError> {
        if let Some(known) = self.known.take() {
            return Ok(known);
        }
        // What the cache has may be of a transaction that failed.
        self.cache = ChatCache::new(self.cached_handles);
        let journal = self.recall()?;
        let newest: Option<i64> =
            self.connection.query_row("SELECT max(claimed) FROM receipts", [], |row| row.get(0))?;
        Ok(Known { journal, newest_receipt: Time::from_nanos(newest.unwrap_or(i64::MIN)), uncounted: 0 })
    }

    /// What the journal has. Without a cache it must have nothing.
    fn recall(&mut self) -> Result<Journal, StoreError> {
        if self.puts_off() {
            let transaction = self.connection.transaction()?;
            let journal = journal::recall(&transaction)?;
            if journal.chats_behind() > 0 {
                tracing::info!(chats = journal.chats_behind(), "rows lack what the journal has");
            }
            return Ok(journal);
        }
        journal::settle(&mut self.connection)?;
        Ok(Journal::default())
    }

    /// A transaction in which what is `known` is true, and becomes true of what it has committed.
    fn try_transact(&mut self, work: &mut dyn Work, known: &mut Known) -> Result<(), StoreError> {
        let Known { journal, newest_receipt, uncounted } = known;
        let put_off = self.puts_off();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let newest = if put_off { *newest_receipt } else { Time::from_nanos(i64::MAX) };
        let mut working = if put_off { Working::with_words() } else { Working::default() };
        let mut chats = Chats { connection: &transaction, cache: &mut self.cache, journal };
        work.run(&mut working, &mut |needs, working| load::load(&mut chats, newest, needs, working))?;
        save::save(&transaction, &working, put_off)?;
        let words = working.words();
        let number = journal.append(&transaction, words)?;
        // An event that claims to be very old has words and no receipt, and what is visible has a receipt and no words.
        let events = *uncounted + working.new_receipts().len().max(working.words_said());
        let limit = events / EVENTS_FOR_EACH_ROW * journal.excess(self.cached_handles / 2);
        // Of a chat that this transaction is about, too: it may be in each, and nothing could be trimmed any more.
        let cached = |id| self.cache.peek(id).or_else(|| Some(working.chat(working.find_id(id)?)));
        let caught_up = journal.catch_up(&transaction, cached, limit)?;
        let trimmed = journal.trim(&transaction)?;
        transaction.commit()?;
        journal.trimmed(trimmed);
        journal.appended(number, words.len());
        *uncounted = events % EVENTS_FOR_EACH_ROW;
        caught_up.into_iter().chain(working.rows_written()).for_each(|chat| journal.caught_up(chat));
        let newest = working.new_receipts().iter().map(|(_, key, _)| key.claimed).max();
        *newest_receipt = newest.map_or(*newest_receipt, |newest| newest.max(*newest_receipt));
        for (found_under, chat, touched) in working.into_chats() {
            if let (Some(number), Touched::Stamps) = (number, touched) {
                journal.fell_behind(chat.id, chat.state.people.len(), number);
            }
            self.cache.put(found_under, chat, (), |id| journal.is_behind(id));
        }
        Ok(())
    }

    /// Writes rows that are behind while there is nothing else to do; whether any were.
    fn catch_up_at_rest(&mut self) -> Result<bool, StoreError> {
        let any = self.knowing(|engine, known| engine.try_catch_up(&mut known.journal))?;
        if any {
            self.after_commit();
        }
        Ok(any)
    }

    fn try_catch_up(&mut self, journal: &mut Journal) -> Result<bool, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let caught_up = journal.catch_up(&transaction, |id| self.cache.peek(id), CATCH_UP_AT_REST)?;
        let trimmed = journal.trim(&transaction)?;
        transaction.commit()?;
        journal.trimmed(trimmed);
        let any = !caught_up.is_empty();
        for chat in caught_up {
            journal.caught_up(chat);
        }
        Ok(any)
    }

    /// Does what checkpoints leave to the writer, before a transaction. Whoever commits says so with
    /// [`Self::after_commit`], or the log grows.
    fn before_work(&self) -> Result<(), StoreError> {
        self.checkpoints.iter().try_for_each(|checkpoints| checkpoints.before_work(&self.connection))
    }

    fn after_commit(&self) {
        self.checkpoints.iter().for_each(Checkpoints::after_commit);
    }

    /// Does something with what is known, which is known no more when that fails: the chats that were taken out are
    /// gone, those with rows that are behind among them.
    fn knowing<T>(
        &mut self,
        act: impl FnOnce(&mut Self, &mut Known) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.known.is_none() {
            // A store that takes no writes yet would have the journal read for each attempt.
            self.probe()?;
        }
        let mut known = self.know()?;
        let done = act(self, &mut known)?;
        self.known = Some(known);
        Ok(done)
    }

    /// Without a cache there is nothing that could know what the rows lack.
    const fn puts_off(&self) -> bool {
        self.cached_handles > 0
    }
}

impl Engine for SqliteEngine {
    fn transact(&mut self, work: &mut dyn Work) -> Result<(), StoreError> {
        self.before_work()?;
        self.knowing(|engine, known| engine.try_transact(work, known))?;
        self.after_commit();
        Ok(())
    }

    fn latest_tick(&mut self) -> Result<Option<Time>, StoreError> {
        // One seek of an index for each tenant.
        let latest = self.connection.query_row(
            "SELECT max((SELECT max(updated_at) FROM chats WHERE chats.tenant = tenants.slug)) FROM tenants",
            [],
            |row| row.get::<_, Option<i64>>(0),
        )?;
        Ok(latest.map(Time::from_nanos))
    }

    fn keep_house(&mut self, since: Horizons, at_rest: bool) -> Result<bool, StoreError> {
        self.before_work()?;
        let caught_up = at_rest && self.catch_up_at_rest()?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let forgotten = deliveries::prune(&transaction, since.receipts, PRUNE_SLICE)?;
        let given_up = parked::prune(&transaction, since.parked, PRUNE_SLICE)?;
        let deleted =
            transaction.prepare_cached(PRUNE)?.execute(params![since.receipts.nanos(), PRUNE_SLICE])?;
        if deleted + forgotten + given_up == 0 {
            return Ok(caught_up);
        }
        save::count(&transaction, "receipts", -i64::try_from(deleted).unwrap_or(0))?;
        transaction.commit()?;
        self.after_commit();
        Ok(true)
    }

    /// A failed transaction leaves its room in the write-ahead log behind, where a small one succeeds whatever
    /// the disk has left. So the room is asked for beside the file first.
    fn probe(&mut self) -> Result<(), StoreError> {
        if let Some(path) = self.connection.path() {
            let beside = format!("{path}.room");
            let written = std::fs::write(&beside, vec![0; PROBE_BYTES]);
            let removed = std::fs::remove_file(&beside);
            written.and(removed).map_err(|why| StoreError::Unavailable(why.to_string()))?;
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        save::count(&transaction, "chats", 1)?;
        save::count(&transaction, "chats", -1)?;
        Ok(transaction.commit()?)
    }

    /// Brings all rows up to date and empties the write-ahead log, so that the file alone is the whole registry.
    fn tidy_up(&mut self) -> Result<(), StoreError> {
        self.before_work()?;
        while self.catch_up_at_rest()? {
            self.before_work()?;
        }
        checkpoint::empty_the_log(&self.connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::open::{Upkeep, open_for_server};

    #[test]
    fn housekeeping_does_not_make_the_log_long() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let connection = open_for_server(&path, Upkeep::Create).unwrap();
        connection
            .execute(
                "WITH RECURSIVE counted (number) AS
                     (SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < 1000000)
                 INSERT INTO receipts (claimed, digest) SELECT number, randomblob(16) FROM counted",
                [],
            )
            .unwrap();
        connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        let file = DataFile::open(&path).unwrap();
        let mut engine = SqliteEngine::new(connection, 100).unwrap().with_checkpoints_of(file).unwrap();
        let now = Time::from_seconds(1);
        let horizons = Horizons { now, receipts: now, parked: now };
        while engine.keep_house(horizons, true).unwrap() {}
        let log = std::fs::metadata(folder.path().join("registry.db-wal")).unwrap().len();
        assert!(log < 24 << 20, "{log} bytes");
    }

    #[test]
    fn pruning_scans_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../../../schema.sql")).unwrap();
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {PRUNE}")).unwrap();
        let steps = statement.query_map(params![0, 1], |row| row.get::<_, String>(3)).unwrap();
        let plan = steps.map(Result::unwrap).collect::<Vec<_>>().join("\n");
        assert!(!plan.contains("SCAN receipts"), "{plan}");
    }
}
