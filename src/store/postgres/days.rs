//! The tables of days that receipts are in: made a little ahead, dropped when all that is in them is old enough.

use std::collections::BTreeSet;

use deadpool_postgres::Client;

use super::{failure::Failure, link::Link, rows};
use crate::{domain::time::Time, store::working::Horizons};

/// A day, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Day(i64);

const NANOS: i64 = 86_400_000_000_000;

/// Which days have a table for certain: today, its neighbours, and one more that is a day's time to be made.
const AHEAD: std::ops::RangeInclusive<i64> = -1..=2;

/// How many days get tables of their own when old receipts come together.
const MOST_BACK: i64 = 100;

impl Day {
    const fn of(time: Time) -> Self {
        Self(time.nanos().div_euclid(NANOS))
    }

    const fn begins(self) -> i64 {
        self.0.saturating_mul(NANOS)
    }

    const fn ends(self) -> i64 {
        self.begins().saturating_add(NANOS)
    }

    /// The name of its table.
    fn table(self) -> String {
        let date = Time::from_nanos(self.begins()).to_rfc3339();
        format!("receipts_{}", date.split('T').next().unwrap_or_default().replace('-', "_"))
    }

    /// The day whose table has this name.
    fn of_table(name: &str) -> Option<Self> {
        let date = name.strip_prefix("receipts_")?.replace('_', "-");
        Time::parse(&format!("{date}T00:00:00Z")).ok().map(Self::of)
    }
}

/// Makes the tables that are missing, and drops those that are old.
pub(super) async fn keep(link: &Link, since: Horizons, writer: i64) -> Result<(), Failure> {
    let client = link.connection().await?;
    let kept = async {
        make(&client, since.now).await?;
        for day in days(&client).await?.into_iter().filter(|day| day.ends() <= since.receipts.nanos()) {
            drop_day(&client, day, writer).await?;
        }
        Ok(())
    };
    let kept = kept.await;
    if kept.is_err() {
        // It may be in the middle of a transaction.
        drop(Client::take(client));
    }
    kept
}

/// Makes the tables of today and of the days around it.
pub(super) async fn make(client: &Client, now: Time) -> Result<(), Failure> {
    let Day(today) = Day::of(now);
    make_all(client, today + AHEAD.start()..=today + AHEAD.end()).await
}

/// Makes the tables, where the engine has such, of the last days that receipts are kept for.
pub(super) async fn make_back(link: &Link, now: Time, kept: jiff::SignedDuration) -> Result<(), Failure> {
    let client = link.connection().await?;
    if !are_there(&client).await? {
        return Ok(());
    }
    let Day(today) = Day::of(now);
    let back = (kept.as_hours() / 24).min(MOST_BACK);
    make_all(&client, today - back..=today + AHEAD.end()).await
}

/// Whether receipts are in a table for each day.
pub(super) async fn are_there(client: &Client) -> Result<bool, Failure> {
    const KIND: &str =
        "SELECT relkind::text = 'p' AS has_days FROM pg_class WHERE oid = to_regclass('receipts')";
    rows::get(&client.query_one(KIND, &[]).await?, "has_days")
}

async fn make_all(client: &Client, days_wanted: std::ops::RangeInclusive<i64>) -> Result<(), Failure> {
    let there = days(client).await?;
    for day in days_wanted.map(Day).filter(|day| !there.contains(day)) {
        match make_day(client, day).await {
            // Another server has made it meanwhile.
            Err(Failure::Conflict(_)) => client.batch_execute("ROLLBACK").await?,
            made => made?,
        }
    }
    Ok(())
}

async fn days(client: &Client) -> Result<BTreeSet<Day>, Failure> {
    let found = client
        .query(
            "SELECT pg_class.relname::text AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = pg_inherits.inhrelid
             WHERE pg_inherits.inhparent = to_regclass('receipts')",
            &[],
        )
        .await?;
    found.iter().map(|row| Ok(Day::of_table(rows::get(row, "name")?))).filter_map(Result::transpose).collect()
}

/// Makes a day's table. What was taken of that day already moves into it.
async fn make_day(client: &Client, day: Day) -> Result<(), Failure> {
    let (table, from, to) = (day.table(), day.begins(), day.ends());
    let statements = format!(
        "BEGIN; SET LOCAL lock_timeout = '2s';
         CREATE TABLE {table} (LIKE receipts INCLUDING ALL);
         LOCK TABLE receipts_of_other_days IN ACCESS EXCLUSIVE MODE;
         WITH moved AS (DELETE FROM receipts_of_other_days WHERE claimed >= {from} AND claimed < {to} RETURNING *)
             INSERT INTO {table} SELECT * FROM moved;
         ALTER TABLE receipts ATTACH PARTITION {table} FOR VALUES FROM ({from}) TO ({to});
         COMMIT"
    );
    Ok(client.batch_execute(&statements).await?)
}

/// Drops a day's table. Nothing comes into it any more, so it is counted before anybody has to wait. Of two servers
/// that do it, one finds nothing to drop, and fails.
async fn drop_day(client: &Client, day: Day, writer: i64) -> Result<(), Failure> {
    let table = day.table();
    let row = client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await?;
    let receipts: i64 = rows::get(&row, "count")?;
    let statements = format!(
        "BEGIN; SET LOCAL lock_timeout = '2s';
         DROP TABLE {table};
         INSERT INTO counters (name, writer, value) VALUES ('receipts', {writer}, -{receipts})
             ON CONFLICT (name, writer) DO UPDATE SET value = counters.value + excluded.value;
         COMMIT"
    );
    client.batch_execute(&statements).await?;
    tracing::info!(table, receipts, "dropped the receipts of a day that is over for long");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_known_by_its_table() {
        let day = Day::of(Time::parse("2026-05-01T23:59:59.999999999Z").unwrap());
        assert_eq!(day.table(), "receipts_2026_05_01");
        assert_eq!(Day::of_table("receipts_2026_05_01"), Some(day));
        assert_eq!(day.ends() - day.begins(), NANOS);
        assert_eq!(Day::of(Time::from_nanos(day.ends())), Day(day.0 + 1));
        assert_eq!(Day::of_table("receipts_of_other_days"), None);
    }
}
