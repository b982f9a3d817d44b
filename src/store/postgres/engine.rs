//! The transactions of the committer.

pub use super::transaction::{Isolation, IsolationError};
use super::{
    days,
    failure::{self, Failure},
    link::Link,
    load::{Loaded, Loader},
    request::{Request, values},
    rows, save,
    schema::Opened,
    ticks::Ticker,
    transaction::{Entry, Transaction},
};
use crate::{
    clock,
    domain::time::Time,
    store::{
        StoreError,
        cache::ChatCache,
        committer::{Engine, Work},
        stored,
        working::{Horizons, Touched, Working},
    },
};

/// How many rows one piece of housekeeping deletes of a table: some milliseconds.
const PRUNE_SLICE: i64 = 2000;

/// For so many transactions a crowd is expected to last.
const CROWDED: u32 = 16;

/// One lane: a connection's worth of transactions, one after the other.
pub struct PostgresEngine {
    link: Link,
    isolation: Isolation,
    cache: ChatCache<i64>,
    /// Whose counters it adds to. Should two have the same, they only wait for each other.
    writer: i64,
    latest_tick: Option<Time>,
    ticker: Ticker,
    /// Whether it is the one lane of its server that keeps house.
    keeps_house: bool,
    has_days: bool,
    /// How many more transactions come in their turn, since others were in the way of the last ones.
    crowded: u32,
}

impl PostgresEngine {
    /// As many engines as there are `lanes`, on a database that was opened, which together remember chats of up to
    /// `cached_handles` handles.
    #[must_use]
    pub fn lanes(opened: &Opened, lanes: usize, isolation: Isolation, cached_handles: usize) -> Vec<Self> {
        let lane = |number| Self {
            link: opened.link.clone(),
            isolation,
            cache: ChatCache::new(cached_handles / lanes.max(1)),
            writer: i64::from(u16::from_be_bytes(clock::random())),
            latest_tick: opened.latest_tick,
            ticker: Ticker::new(opened.ticks.clone()),
            keeps_house: number == 0,
            has_days: opened.has_days,
            crowded: 0,
        };
        (0..lanes).map(lane).collect()
    }

    /// One attempt at a transaction.
    fn attempt(&mut self, work: &mut dyn Work, entry: Entry) -> Result<(), Failure> {
        let link = self.link.clone();
        let mut transaction = link.step(Transaction::on(&link, self.isolation, entry))?;
        let result = self.run(work, &link, &mut transaction);
        let failure = result.as_ref().err();
        // What cannot be ended in time is closed.
        let _ = link.step(async {
            transaction.end(failure).await;
            Ok(())
        });
        result
    }

    fn run(
        &mut self,
        work: &mut dyn Work,
        link: &Link,
        transaction: &mut Transaction,
    ) -> Result<(), Failure> {
        link.step(self.ticker.meet(transaction.client()))?;
        let (mut working, mut known) = (Working::default(), Loaded::default());
        let mut failure = None;
        let (cache, ticker, seen) = (&mut self.cache, &mut self.ticker, &mut known);
        let ran = work.run(&mut working, &mut |needs, working| {
            let mut loader = Loader {
                transaction: &mut *transaction,
                cache: &mut *cache,
                ticker: &mut *ticker,
                loaded: &mut *seen,
            };
            link.step(loader.load(needs, working)).map_err(|why| {
                let told = StoreError::Unavailable(why.told());
                failure = Some(why);
                told
            })
        });
        if let Err(why) = ran {
            return Err(failure.unwrap_or(Failure::Refused(why)));
        }
        let mut request = Request::default();
        save::save(&working, &known, self.writer, &mut request)?;
        link.step(transaction.commit(request))?;
        self.remember(working, &known);
        Ok(())
    }

    /// Remembers what is committed.
    fn remember(&mut self, working: Working, loaded: &Loaded) {
        for (found_under, chat, touched) in working.into_chats() {
            let revision = match loaded.revisions.get(&chat.id) {
                Some(revision) => revision + i64::from(touched != Touched::No),
                // It is new.
                None => 1,
            };
            self.cache.put(found_under, chat, revision, |_| false);
        }
    }

    /// Repeats a transaction until it is done or makes no more sense.
    fn repeat<T>(
        &mut self,
        mut attempt: impl FnMut(&mut Self, Entry) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        failure::repeat(|is_contended| {
            // Engines that have no days have no such locks either.
            let is_crowded = self.crowded > 0 || is_contended;
            let entry = if is_crowded && self.has_days { Entry::InTurn } else { Entry::Free };
            let done = attempt(self, entry)?;
            self.crowded = if is_contended { CROWDED } else { self.crowded.saturating_sub(1) };
            Ok(done)
        })
    }

    /// A transaction of one request.
    fn execute(&self, request: Request<'_>) -> Result<Vec<Vec<tokio_postgres::Row>>, Failure> {
        self.link.step(async {
            let mut transaction = Transaction::on(&self.link, Isolation::ReadCommitted, Entry::Free).await?;
            let result = transaction.commit(request).await;
            transaction.end(result.as_ref().err()).await;
            result
        })
    }

    fn prune(&self, since: Horizons) -> Result<bool, Failure> {
        let mut request = Request::default();
        let deliveries = request.add(PRUNE_DELIVERIES, values![since.receipts.nanos(), PRUNE_SLICE]);
        let parked = request.add(PRUNE_PARKED, values![since.parked.nanos(), PRUNE_SLICE]);
        let statement = if self.has_days { PRUNE_OTHER_DAYS } else { PRUNE_RECEIPTS };
        let receipts = request.add(statement, values![since.receipts.nanos(), PRUNE_SLICE, self.writer]);
        let answers = self.execute(request)?;
        let answer = |at: usize| answers.get(at).map_or(&[][..], Vec::as_slice);
        tell_of_the_given_up(answer(parked))?;
        let receipts = answer(receipts).first().map_or(Ok(0), |row| rows::count(row, "deleted"))?;
        Ok(!answer(deliveries).is_empty() || !answer(parked).is_empty() || receipts > 0)
    }
}

/// Deletes what several servers may be deleting at once: each takes what the others have not.
const PRUNE_DELIVERIES: &str = "DELETE FROM deliveries WHERE (tenant, id) IN
         (SELECT tenant, id FROM deliveries WHERE opened_at < $1 ORDER BY opened_at LIMIT $2
          FOR UPDATE SKIP LOCKED)
     RETURNING 1";

const PRUNE_PARKED: &str = "WITH gone AS (DELETE FROM parked WHERE id IN
             (SELECT id FROM parked WHERE arrived_at < $1 ORDER BY arrived_at LIMIT $2 FOR UPDATE SKIP LOCKED)
         RETURNING relay, length(report) AS bytes),
         sums AS (SELECT relay, count(*) AS reports, sum(bytes) AS bytes FROM gone GROUP BY relay)
     UPDATE parking SET reports = parking.reports - sums.reports, bytes = parking.bytes - sums.bytes
     FROM sums WHERE parking.relay = sums.relay RETURNING parking.relay, sums.reports";

/// Deletes old receipts of a table, and counts them.
macro_rules! prune_receipts {
    ($table:literal, $lock:literal) => {
        concat!(
            "WITH old AS (SELECT tenant, claimed, digest FROM ",
            $table,
            " WHERE claimed < $1 OR effective < $1 LIMIT $2 ",
            $lock,
            "), gone AS (DELETE FROM ",
            $table,
            " AS r USING old WHERE r.tenant = old.tenant AND r.claimed = old.claimed AND r.digest = old.digest
                  RETURNING 1),
                 counted AS (SELECT count(*) AS deleted FROM gone)
             INSERT INTO counters (name, writer, value) SELECT 'receipts', $3, -deleted FROM counted WHERE deleted > 0
             ON CONFLICT (name, writer) DO UPDATE SET value = counters.value + excluded.value
             RETURNING 1::int8 AS deleted"
        )
    };
}

/// Without a lock, which engines that distribute give for the rows of one tenant only: of two servers that delete the
/// same one waits, and deletes nothing.
const PRUNE_RECEIPTS: &str = prune_receipts!("receipts", "");
const PRUNE_OTHER_DAYS: &str = prune_receipts!("receipts_of_other_days", "FOR UPDATE SKIP LOCKED");

fn tell_of_the_given_up(found: &[tokio_postgres::Row]) -> Result<(), Failure> {
    for row in found {
        let relay = stored::slug("parked", "relay", rows::get(row, "relay")?)?;
        let reports = rows::count(row, "reports")?;
        tracing::warn!(%relay, reports, "parked reports could not be placed in time and are given up");
        metrics::counter!("chert_groups_parked_expired_total").increment(reports);
    }
    Ok(())
}

impl Engine for PostgresEngine {
    fn transact(&mut self, work: &mut dyn Work) -> Result<(), StoreError> {
        self.repeat(|engine, entry| engine.attempt(work, entry))
    }

    fn latest_tick(&mut self) -> Result<Option<Time>, StoreError> {
        Ok(self.latest_tick)
    }

    fn keep_house(&mut self, since: Horizons, _at_rest: bool) -> Result<bool, StoreError> {
        if !self.keeps_house {
            return Ok(false);
        }
        if self.has_days {
            let link = self.link.clone();
            // Another server may be doing the same: what fails is tried again the next time.
            if let Err(why) = link.step(days::keep(&link, since, self.writer)) {
                tracing::debug!(why = why.told(), "the tables of days stay as they are for now");
            }
        }
        self.repeat(|engine, _| engine.prune(since))
    }

    /// Counts nothing, durably: a server that only reads would refuse.
    fn probe(&mut self) -> Result<(), StoreError> {
        let writer = self.writer;
        self.repeat(|engine, _| {
            let mut request = Request::default();
            request.add(PROBE, values![writer]);
            engine.execute(request).map(drop)
        })
    }

    fn tidy_up(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

const PROBE: &str = "INSERT INTO counters (name, writer, value) VALUES ('chats', $1, 0)
     ON CONFLICT (name, writer) DO UPDATE SET value = counters.value";
