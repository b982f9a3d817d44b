//! Look-ups, over a pool of read-only connections.

use std::path::{Path, PathBuf};

use r2d2::{ManageConnection, Pool, PooledConnection};
use rusqlite::{Connection, ToSql, params, params_from_iter};

use super::{
    directory,
    open::{OpenError, open_read_only},
    rows::{self, CHAT_COLUMNS, HEALTH_COLUMNS, WITH_HEALTH},
};
use crate::{
    domain::{
        conversation_key::Conversation,
        ids::{ChatId, Slug},
        phone::PhoneNumber,
    },
    store::{
        StoreError,
        directory::Directory,
        query::{ChatFilter, Counts, Order, Reader, SeenChat},
    },
};

/// Looks things up in a file.
pub struct SqliteReader {
    pool: Pool<ReadOnly>,
}

struct ReadOnly(PathBuf);

impl ManageConnection for ReadOnly {
    type Connection = Connection;
    type Error = OpenError;

    fn connect(&self) -> Result<Connection, OpenError> {
        open_read_only(&self.0)
    }

    fn is_valid(&self, _: &mut Connection) -> Result<(), OpenError> {
        // A connection to a file does not go stale.
        Ok(())
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

impl SqliteReader {
    /// A pool of up to `connections` connections to the registry at `path`, which must be there.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub fn open(path: &Path, connections: u32) -> Result<Self, OpenError> {
        // Opened once here for the reason, which the pool would only log.
        open_read_only(path)?;
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
            .build_unchecked(ReadOnly(path.to_owned()));
        Ok(Self { pool })
    }

    fn connection(&self) -> Result<PooledConnection<ReadOnly>, StoreError> {
        self.pool.get().map_err(|why| StoreError::Unavailable(why.to_string()))
    }
}

impl Reader for SqliteReader {
    fn chat(&self, tenant: Option<&Slug>, id: ChatId) -> Result<Option<SeenChat>, StoreError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {CHAT_COLUMNS}, {HEALTH_COLUMNS} FROM chats {WITH_HEALTH}
             WHERE chats.id = (SELECT coalesce(merged_into, id) FROM chats WHERE id = ?1)
               AND (?2 IS NULL OR chats.tenant = ?2)"
        ))?;
        let mut found = statement.query(params![id.as_bytes(), tenant.map(Slug::as_str)])?;
        found.next()?.map(rows::seen).transpose()
    }

    fn list(&self, filter: &ChatFilter) -> Result<Vec<SeenChat>, StoreError> {
        let connection = self.connection()?;
        let (statement, values) = listing(filter);
        let mut statement = connection.prepare_cached(&statement)?;
        let mut found = statement.query(params_from_iter(values))?;
        let mut chats = Vec::new();
        while let Some(row) = found.next()? {
            chats.push(rows::seen(row)?);
        }
        Ok(chats)
    }

    fn resolve(
        &self,
        tenant: &Slug,
        line: &PhoneNumber,
        conversations: &[Conversation],
    ) -> Result<Vec<Option<ChatId>>, StoreError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(
            "SELECT chat_id FROM conversation_keys WHERE tenant = ?1 AND conversation = ?2 AND line = ?3",
        )?;
        let mut ids = Vec::with_capacity(conversations.len());
        for conversation in conversations {
            let mut found =
                statement.query(params![tenant.as_str(), conversation.as_str(), line.as_str()])?;
            let id: Option<[u8; 16]> = found.next()?.map(|row| row.get(0)).transpose()?;
            ids.push(id.map(ChatId::from_bytes));
        }
        Ok(ids)
    }

    fn counts(&self) -> Result<Counts, StoreError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
        let mut value = |name: &str| statement.query_row([name], |row| row.get(0));
        Ok(Counts { chats: value("chats")?, receipts: value("receipts")? })
    }

    fn directory_revision(&self) -> Result<u64, StoreError> {
        directory::revision(&*self.connection()?)
    }

    fn directory(&self) -> Result<Directory, StoreError> {
        directory::load(&mut *self.connection()?)
    }
}

/// The statement of a listing and its values. Each condition appears only where it is asked for, so that
/// SQLite can choose the index that fits; the few shapes that come of it are each prepared once.
fn listing(filter: &ChatFilter) -> (String, Vec<Box<dyn ToSql>>) {
    let mut query = Query { conditions: vec!["chats.merged_into IS NULL"], ..Query::default() };
    if let Some(handle) = &filter.handle {
        query.from.push_str(" JOIN participants AS people ON people.chat_id = chats.id");
        query.condition("people.tenant = chats.tenant AND people.address = ?", [handle.as_str().to_owned()]);
    }
    if let Some(conversation) = &filter.conversation {
        query.from.push_str(" JOIN conversation_keys AS keys ON keys.chat_id = chats.id");
        query.condition(
            "keys.tenant = chats.tenant AND keys.conversation = ?",
            [conversation.as_str().to_owned()],
        );
    }
    if let Some(tenant) = &filter.tenant {
        query.condition("chats.tenant = ?", [tenant.as_str().to_owned()]);
    }
    if let Some(line) = &filter.line {
        query.condition("chats.line = ?", [line.as_str().to_owned()]);
    }
    if let Some(is_group) = filter.is_group {
        query.condition("chats.is_group = ?", [is_group]);
    }
    let order = query.order(&filter.order);
    query.values.push(Box::new(filter.limit));
    let Query { from, conditions, values } = query;
    let conditions = conditions.join(" AND ");
    let statement = format!(
        "SELECT {CHAT_COLUMNS}, {HEALTH_COLUMNS} FROM chats {WITH_HEALTH}{from} WHERE {conditions} ORDER BY {order} LIMIT ?"
    );
    (statement, values)
}

#[derive(Default)]
struct Query {
    from: String,
    conditions: Vec<&'static str>,
    values: Vec<Box<dyn ToSql>>,
}

impl Query {
    fn condition<V: ToSql + 'static>(
        &mut self,
        condition: &'static str,
        values: impl IntoIterator<Item = V>,
    ) {
        self.conditions.push(condition);
        self.values.extend(values.into_iter().map(|value| Box::new(value) as Box<dyn ToSql>));
    }

    fn order(&mut self, order: &Order) -> &'static str {
        match order {
            Order::NewestFirst { before } => {
                if let Some(before) = before {
                    self.condition("chats.id < ?", [*before.as_bytes()]);
                }
                "chats.id DESC"
            }
            Order::ByUpdate { since, after } => {
                self.condition("chats.updated_at >= ?", [since.nanos()]);
                if let Some((at, id)) = after {
                    self.condition(
                        "(chats.updated_at, chats.id) > (?, ?)",
                        [Box::new(at.nanos()) as Box<dyn ToSql>, Box::new(*id.as_bytes())],
                    );
                }
                "chats.updated_at, chats.id"
            }
        }
    }
}
