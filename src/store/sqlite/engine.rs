//! The transactions of the committer.

use rusqlite::{Connection, TransactionBehavior, params};

use super::{cache::ChatCache, deliveries, load, parked, save};
use crate::{
    domain::time::Time,
    store::{
        StoreError,
        committer::{Engine, Work},
        working::{Horizons, Working},
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

/// The one connection that writes, and what it remembers.
pub struct SqliteEngine {
    connection: Connection,
    cache: ChatCache,
}

impl SqliteEngine {
    /// An engine on a connection that [`super::open::open_for_server`] made, with a cache of chats that
    /// together have up to `cached_handles` handles.
    #[must_use]
    pub fn new(connection: Connection, cached_handles: usize) -> Self {
        Self { connection, cache: ChatCache::new(cached_handles) }
    }
}

impl Engine for SqliteEngine {
    fn transact(&mut self, work: &mut dyn Work) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut working = Working::default();
        let cache = &mut self.cache;
        work.run(&mut working, &mut |needs, working| load::load(&transaction, cache, needs, working))?;
        save::save(&transaction, &working)?;
        transaction.commit()?;
        for (found_under, chat) in working.into_chats() {
            self.cache.put(found_under, chat);
        }
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

    fn keep_house(&mut self, since: Horizons) -> Result<bool, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let forgotten = deliveries::prune(&transaction, since.receipts, PRUNE_SLICE)?;
        let given_up = parked::prune(&transaction, since.parked, PRUNE_SLICE)?;
        let deleted =
            transaction.prepare_cached(PRUNE)?.execute(params![since.receipts.nanos(), PRUNE_SLICE])?;
        if deleted + forgotten + given_up == 0 {
            return Ok(false);
        }
        save::count(&transaction, "receipts", -i64::try_from(deleted).unwrap_or(0))?;
        transaction.commit()?;
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

    /// Empties the write-ahead log, so that the file alone is the whole registry.
    fn tidy_up(&mut self) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
