//! A database, as what a registry is moved from or to.

use std::{future::Future, time::Duration};

use deadpool_postgres::Client;
use tokio_postgres::{Row as SqlRow, types::ToSql};
use uuid::Uuid;

use super::{
    days,
    failure::{self, Failure},
    link::Link,
    presence::{Presence, Role},
    request::Parameter,
    rows,
    schema::{self, OpenError},
    text,
    url::PostgresUrl,
};
use crate::{
    domain::time::Time,
    store::{
        StoreError,
        copy::{
            Figures, Row, Side,
            mark::Mark,
            statements::{self, DROP_MARK, MAKE_MARK, MARK, MOVE_MARK, SET_MARK},
            tables::{Column, Dialect, Kind, Table},
        },
        sql::Value,
        upkeep::Upkeep,
    },
};

/// One works, and one says that it does.
const CONNECTIONS: usize = 2;

/// How long counting the rows of a table may take.
const COUNTING: Duration = Duration::from_mins(10);

/// A database that no server comes to meanwhile.
pub(crate) struct PostgresSide {
    link: Link,
    presence: Presence,
}

impl PostgresSide {
    /// The database at `url`, which has a whole registry in it.
    pub(crate) fn source(url: &PostgresUrl) -> Result<Self, OpenError> {
        Self::present(url, schema::open(url, CONNECTIONS, Upkeep::LeaveAsItIs)?)
    }

    /// The database at `url`, in which the tables are made if they are not there: also those of the days, up to now,
    /// that receipts are kept for.
    pub(crate) fn target(
        url: &PostgresUrl,
        now: Time,
        kept: jiff::SignedDuration,
    ) -> Result<Self, OpenError> {
        let side = Self::present(url, schema::open_to_fill(url, CONNECTIONS, Upkeep::Create)?)?;
        let unavailable = |why| OpenError::Unavailable { url: url.to_string(), why };
        side.step(|link| async move { days::make_back(&link, now, kept).await }).map_err(unavailable)?;
        Ok(side)
    }

    fn present(url: &PostgresUrl, link: Link) -> Result<Self, OpenError> {
        let unavailable = |why| OpenError::Unavailable { url: url.to_string(), why };
        let presence = Presence::begin(&link, Role::Copy).map_err(unavailable)?;
        Ok(Self { link, presence })
    }

    /// Does something that may be repeated, until it is done.
    fn step<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        step: impl Fn(Link) -> F,
    ) -> Result<T, StoreError> {
        failure::repeat(|_| self.link.step(step(self.link.clone())))
    }

    /// Does something in a transaction, which may be repeated.
    fn transact<T>(&self, act: &impl AsyncFn(&Client) -> Result<T, Failure>) -> Result<T, StoreError> {
        self.step(async |link: Link| {
            let client = link.connection().await?;
            let done = async {
                client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
                let done = act(&client).await?;
                client.batch_execute("COMMIT").await?;
                Ok(done)
            };
            let done = done.await;
            if done.is_err() {
                // It may be in the middle of it.
                drop(Client::take(client));
            }
            done
        })
    }
}

/// The tables that hold the single values.
const FIGURES: &str =
    "SELECT (SELECT value FROM meta WHERE name = 'directory_revision') AS directory_revision,
     (SELECT CAST(coalesce(sum(value), 0) AS int8) FROM counters WHERE name = 'chats') AS chats,
     (SELECT CAST(coalesce(sum(value), 0) AS int8) FROM counters WHERE name = 'receipts') AS receipts";

const SET_REVISION: &str = "UPDATE meta SET value = $1 WHERE name = 'directory_revision'";
const SET_COUNTERS: &str =
    "INSERT INTO counters (name, writer, value) VALUES ('chats', 0, $1), ('receipts', 0, $2)";

impl Side for PostgresSide {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn is_served(&mut self) -> Result<bool, StoreError> {
        self.presence.meets(Role::Server)
    }

    fn slice(&mut self, table: &Table, after: Option<&[Value<'static>]>) -> Result<Vec<Row>, StoreError> {
        let statement = statements::select(table, Dialect::Postgres, after.is_none());
        let key: Vec<&(dyn ToSql + Sync)> =
            after.unwrap_or_default().iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.step(async |link: Link| {
            let client = link.connection().await?;
            let statement = client.prepare_cached(&statement).await?;
            let found = client.query(&statement, &key).await?;
            found.iter().map(|row| read(row, table)).collect()
        })
    }

    fn count(&mut self, table: &Table) -> Result<u64, StoreError> {
        let (link, statement) = (self.link.clone(), statements::count(table));
        self.link.wait_for(COUNTING, async move {
            let client = link.connection().await?;
            client.batch_execute("SET statement_timeout = 0").await?;
            let row = client.query_one(&statement, &[]).await?;
            // Nobody else is to wait as long.
            drop(Client::take(client));
            rows::count(&row, "count")
        })
    }

    fn figures(&mut self) -> Result<Figures, StoreError> {
        self.step(async |link: Link| {
            let row = link.connection().await?.query_one(FIGURES, &[]).await?;
            Ok(Figures {
                directory_revision: rows::get(&row, "directory_revision")?,
                chats: rows::get(&row, "chats")?,
                receipts: rows::get(&row, "receipts")?,
            })
        })
    }

    fn mark(&mut self) -> Result<Option<(String, String)>, StoreError> {
        self.step(async |link: Link| {
            let client = link.connection().await?;
            if !schema::is_half_copied(&client).await? {
                return Ok(None);
            }
            let row = client.query_one(MARK, &[]).await?;
            Ok(Some((rows::get(&row, "source")?, rows::get(&row, "position")?)))
        })
    }

    fn begin(&mut self, mark: &Mark) -> Result<(), StoreError> {
        let position = mark.position();
        self.transact(&async |client: &Client| {
            // The answer to the commit may have been lost.
            if !schema::is_half_copied(client).await? {
                client.batch_execute(MAKE_MARK).await?;
                client.execute(SET_MARK, &[&mark.source, &position]).await?;
            }
            Ok(())
        })
    }

    fn put(&mut self, table: &Table, rows: &[Row], from: &Mark, to: &Mark) -> Result<(), StoreError> {
        let (from, to) = (from.position(), to.position());
        let insert = insert(table);
        let columns = columns(table, rows);
        self.transact(&async |client: &Client| {
            if client.execute(MOVE_MARK, &[&to, &from]).await? == 0 {
                return must_be_there(client, &to).await;
            }
            if !rows.is_empty() {
                let insert = client.prepare_cached(&insert).await?;
                let columns: Vec<_> = columns.iter().map(|column| &**column as &(dyn ToSql + Sync)).collect();
                client.execute(&insert, &columns).await?;
            }
            Ok(())
        })
    }

    /// Nothing refers to anything but what the engine sees to.
    fn problem(&mut self) -> Result<Option<String>, StoreError> {
        let problems = schema::check_all(&self.link)?;
        Ok((!problems.is_empty()).then(|| problems.join("; ")))
    }

    fn finish(&mut self, figures: Figures) -> Result<(), StoreError> {
        let Figures { directory_revision, chats, receipts } = figures;
        self.transact(&async |client: &Client| {
            // The answer to the commit may have been lost.
            if schema::is_half_copied(client).await? {
                client.execute(SET_REVISION, &[&directory_revision]).await?;
                client.execute(SET_COUNTERS, &[&chats, &receipts]).await?;
                client.batch_execute(DROP_MARK).await?;
            }
            Ok(())
        })
    }
}

/// The mark is where it is to be moved to when the answer to an earlier attempt was lost. Where else it is, another
/// copy has moved it.
async fn must_be_there(client: &Client, position: &str) -> Result<(), Failure> {
    let found = client.query_one(MARK, &[]).await?;
    if rows::get::<&str>(&found, "position")? == position {
        return Ok(());
    }
    Err(StoreError::Unavailable("another copy fills the same database".to_owned()).into())
}

/// Inserts rows, each column of which is an array.
fn insert(table: &Table) -> String {
    let columns = statements::columns(table, Dialect::Postgres);
    let arrays = table.columns.iter().enumerate().map(|(at, column)| {
        let element = match column.kind {
            Kind::Text => "text",
            Kind::Number => "int8",
            Kind::Bool => "bool",
            Kind::Id => "uuid",
            Kind::Bytes => "bytea",
        };
        format!("${}::{element}[]", at + 1)
    });
    let arrays = arrays.collect::<Vec<_>>().join(", ");
    format!("INSERT INTO {} ({columns}) SELECT * FROM unnest({arrays})", table.name)
}

/// The rows of a table as an array for each column.
fn columns<'r>(table: &Table, rows: &'r [Row]) -> Vec<Parameter<'r>> {
    let array = |(at, column): (usize, &Column)| -> Parameter<'r> {
        let values = rows.iter().map(move |row| row.get(at).unwrap_or(&Value::Null));
        match column.kind {
            Kind::Text => Box::new(values.map(as_text).collect::<Vec<_>>()),
            Kind::Number => Box::new(values.map(as_number).collect::<Vec<_>>()),
            Kind::Bool => Box::new(values.map(as_bool).collect::<Vec<_>>()),
            Kind::Id => Box::new(values.map(as_id).collect::<Vec<_>>()),
            Kind::Bytes => Box::new(values.map(as_bytes).collect::<Vec<_>>()),
        }
    };
    table.columns.iter().enumerate().map(array).collect()
}

fn as_text<'v>(value: &'v Value<'_>) -> Option<std::borrow::Cow<'v, str>> {
    if let Value::Text(value) = value { Some(text::stored(value)) } else { None }
}

const fn as_number(value: &Value<'_>) -> Option<i64> {
    if let Value::Number(value) = value { Some(*value) } else { None }
}

const fn as_bool(value: &Value<'_>) -> Option<bool> {
    if let Value::Bool(value) = value { Some(*value) } else { None }
}

const fn as_id(value: &Value<'_>) -> Option<Uuid> {
    if let Value::Id(value) = value { Some(Uuid::from_bytes(*value)) } else { None }
}

fn as_bytes<'v>(value: &'v Value<'_>) -> Option<&'v [u8]> {
    if let Value::Bytes(value) = value { Some(value) } else { None }
}

fn read(row: &SqlRow, table: &Table) -> Result<Row, Failure> {
    table.columns.iter().map(|column| value(row, column)).collect()
}

fn value(row: &SqlRow, column: &Column) -> Result<Value<'static>, Failure> {
    let name = column.name;
    let value = match column.kind {
        Kind::Text => {
            rows::get::<Option<&str>>(row, name)?.map(|value| text::read(value).into_owned().into())
        }
        Kind::Number => rows::get::<Option<i64>>(row, name)?.map(Value::Number),
        Kind::Bool => rows::get::<Option<bool>>(row, name)?.map(Value::Bool),
        Kind::Id => rows::get::<Option<Uuid>>(row, name)?.map(|value| Value::Id(value.into_bytes())),
        Kind::Bytes => rows::get::<Option<Vec<u8>>>(row, name)?.map(|value| Value::Bytes(value.into())),
    };
    Ok(value.unwrap_or(Value::Null))
}
