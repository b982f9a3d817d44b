//! The time stamps of changes (`updated_at`), by which the registry can be followed without missing anything.
//!
//! A follower asks from the latest stamp that it was shown. It misses nothing if whatever is committed after it has
//! looked is stamped later than all that it was shown. Which of several transactions is committed first is not for
//! instances to say; so stamps are of the clock that they share, which is the database's, and a listing by update ends
//! at its **horizon**, before which no stamp can come any more:
//!
//! - A transaction draws its stamp when it has a transaction id already: not before it began, and not before anybody
//!   has found it without an id.
//! - A listing reads the clock, then looks which transactions have an id and when they began; the earliest of these
//!   times is the horizon. After that it looks at the chats, and shows those that are stamped earlier.
//!
//! What it does not see then had an id when it looked for them, and is stamped after a beginning that the horizon knows
//! of; or had none yet, and is stamped after the clock was read. What it hides it shows a moment later.
//!
//! A replica does not know when transactions began on its primary, but which ids are not decided yet, and those are
//! given in order. Each instance renews its row in `instances` every few seconds, in a transaction whose id and
//! beginning are that row's `xmin` and `seen_at`. When all ids up to such an `xmin` are decided, whatever is to come has a
//! later one and is stamped after that `seen_at`, which is the horizon; the newest row that is good for it gives it. Where
//! there is no such row nobody has begun to write.
//!
//! A failover may lead to a machine whose clock is behind. So on each new connection a lane first looks for the latest
//! stamp that there is, and stays above. One that is far ahead of the clock was shown to nobody, by the same horizon, and
//! does not count: it must not have everybody wait until that time has come.

use std::time::Instant;

use deadpool_postgres::Client;
use futures_util::{StreamExt, TryStreamExt, future::ready, stream};
use jiff::SignedDuration;
use tokio_postgres::Row;

use super::{failure::Failure, request::Request, rows};
use crate::{clock::Clock, domain::time::Time, store::query::SeenChat};

/// Whose clock the stamps are from.
#[derive(Clone, Debug)]
pub enum Ticks {
    /// Each instance's own: where an engine cannot say who is about to commit, there is no horizon.
    Instances,
    /// The database's, as far as this clock does not overrule it.
    Database(Clock),
}

/// In a transaction: gives it an id, and reads the clock afterwards.
const DRAW: &str =
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8 AS micros FROM pg_current_xact_id()";

/// Before anything is listed, and not within a transaction, so that what is listed is as of later. Who may not see when a
/// transaction began (it is another role's) waits for its end. Sessions of the server itself have no `usesysid`.
const HORIZON: &str = "SELECT (extract(epoch FROM CASE
     WHEN NOT pg_is_in_recovery() THEN
         (SELECT least(statement_timestamp(), min(coalesce(xact_start, 'epoch'))) FROM pg_stat_activity
          WHERE datname = current_database() AND usesysid IS NOT NULL AND backend_xid IS NOT NULL)
     WHEN EXISTS (SELECT 1 FROM instances) THEN
         coalesce((SELECT seen_at FROM
                       (SELECT seen_at, (pg_snapshot_xmin(pg_current_snapshot())::text::int8 - xmin::text::int8)
                            & 4294967295 AS ids_ago FROM instances) AS notes
                   WHERE ids_ago BETWEEN 1 AND 2147483647 ORDER BY ids_ago LIMIT 1), 'epoch')
     END) * 1000000)::int8 AS micros";

impl Ticks {
    /// Asks for the horizon of a listing that follows in the same request; where the answer is.
    pub(super) fn ask_horizon(&self, request: &mut Request<'_>) -> Option<usize> {
        matches!(self, Self::Database(_)).then(|| request.add(HORIZON, Vec::new()))
    }

    /// The horizon in an answer to that.
    pub(super) fn horizon(&self, found: &[Row]) -> Result<Horizon, Failure> {
        Ok(Horizon(self.read(found)?))
    }

    /// The time in the first row, if there is one, and if it is not overruled.
    fn read(&self, found: &[Row]) -> Result<Option<Time>, Failure> {
        let (Self::Database(clock), Some(row)) = (self, found.first()) else { return Ok(None) };
        let micros: Option<i64> = rows::get(row, "micros")?;
        Ok(micros.map(Time::from_micros).and_then(|told| clock.believe(told)))
    }
}

/// Where a listing by update ends: whatever is not seen yet is stamped then or later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Horizon(Option<Time>);

impl Horizon {
    pub(super) fn shows(self, seen: &SeenChat) -> bool {
        self.0.is_none_or(|horizon| seen.chat.updated_at < horizon)
    }
}

/// How far clocks of machines that follow each other as the database's may be apart.
const APART: SignedDuration = SignedDuration::from_mins(1);

/// Draws the stamps of one lane.
pub(super) struct Ticker {
    ticks: Ticks,
    /// No stamp is this early.
    floor: Time,
    /// When the newest connection was made on which the floor was looked for.
    looked: Option<Instant>,
}

impl Ticker {
    pub(super) const fn new(ticks: Ticks) -> Self {
        Self { ticks, floor: Time::from_nanos(0), looked: None }
    }

    /// Looks for the floor if this connection is newer than those before it. Not within a transaction.
    pub(super) async fn meet(&mut self, client: &Client) -> Result<(), Failure> {
        let made = Client::metrics(client).created;
        if matches!(self.ticks, Ticks::Instances) || self.looked.is_some_and(|looked| made <= looked) {
            return Ok(());
        }
        if let Some(now) = self.ticks.read(&client.query(NOW, &[]).await?)? {
            self.floor = self.floor.max(latest(client, now.plus(APART)).await?.unwrap_or(self.floor));
        }
        self.looked = Some(made);
        Ok(())
    }

    /// Has the transaction of this request draw its stamp; where the answer is.
    pub(super) fn ask(&self, request: &mut Request<'_>) -> Option<usize> {
        matches!(self.ticks, Ticks::Database(_)).then(|| request.add(DRAW, Vec::new()))
    }

    /// The stamp in an answer to that, if the database is to give it.
    pub(super) fn take(&mut self, found: &[Row]) -> Result<Option<Time>, Failure> {
        let Some(drawn) = self.ticks.read(found)? else { return Ok(None) };
        self.floor = drawn.max(Time::from_nanos(self.floor.nanos() + 1));
        Ok(Some(self.floor))
    }
}

const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8 AS micros";

const LATEST: &str = "SELECT max(updated_at) AS latest FROM chats WHERE tenant = $1 AND updated_at < $2";

/// How many tenants are asked about at once.
const AT_ONCE: usize = 64;

/// The latest stamp before a time: one seek of an index for each tenant, each by name, as engines that distribute by
/// tenant want it.
pub(super) async fn latest(client: &Client, before: Time) -> Result<Option<Time>, Failure> {
    let tenants = client.query("SELECT slug FROM tenants", &[]).await?;
    let seek = client.prepare_cached(LATEST).await?;
    let seeks = tenants.into_iter().map(|tenant| {
        let seek = seek.clone();
        async move {
            let slug: &str = rows::get(&tenant, "slug")?;
            rows::get::<Option<i64>>(&client.query_one(&seek, &[&slug, &before.nanos()]).await?, "latest")
        }
    });
    let latest = stream::iter(seeks)
        .buffered(AT_ONCE)
        .try_fold(None, |one, other| ready(Ok::<_, Failure>(Option::max(one, other))));
    Ok(latest.await?.map(Time::from_nanos))
}
