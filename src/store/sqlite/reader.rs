//! Look-ups, over a pool of read-only connections.

use std::path::{Path, PathBuf};

use r2d2::{ManageConnection, Pool, PooledConnection};
use rusqlite::{Connection, ToSql, params, params_from_iter};

use super::{
    directory, known,
    open::{OpenError, open_read_only},
    parked,
    rows::{self, CHAT_COLUMNS, HEALTH_COLUMNS, WITH_HEALTH},
};
use crate::{
    domain::{
        conversation_key::Conversation,
        ids::{ChatId, Slug},
        parking::Usage,
        phone::PhoneNumber,
    },
    store::{
        StoreError,
        directory::{Directory, Place, Places},
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

    fn everywhere(
        &self,
        tenant: &Slug,
        conversation: &Conversation,
        limit: usize,
    ) -> Result<Vec<ChatId>, StoreError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(
            "SELECT chat_id FROM conversation_keys WHERE tenant = ?1 AND conversation = ?2
             ORDER BY chat_id DESC LIMIT ?3",
        )?;
        let found =
            statement.query_map(params![tenant.as_str(), conversation.as_str(), limit], |row| row.get(0))?;
        found.map(|id| Ok(ChatId::from_bytes(id?))).collect()
    }

    fn resolve(
        &self,
        tenant: &Slug,
        line: &PhoneNumber,
        conversations: &[Conversation],
    ) -> Result<Vec<Option<ChatId>>, StoreError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(
            "SELECT chat_id FROM conversation_keys WHERE conversation = ?1 AND tenant = ?2 AND line = ?3",
        )?;
        let mut ids = Vec::with_capacity(conversations.len());
        for conversation in conversations {
            let mut found =
                statement.query(params![conversation.as_str(), tenant.as_str(), line.as_str()])?;
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

    fn parking(&self) -> Result<Vec<(Slug, Usage)>, StoreError> {
        parked::usages(&*self.connection()?)
    }

    fn awaited_lines(&self, relay: &Slug) -> Result<Vec<Option<PhoneNumber>>, StoreError> {
        parked::awaited_lines(&*self.connection()?, relay)
    }

    fn known_meanwhile(
        &self,
        relay: &Slug,
        places: &Places,
    ) -> Result<Vec<(Conversation, Vec<Place>)>, StoreError> {
        let connection = self.connection()?;
        let mut known = Vec::new();
        for conversation in parked::awaited_conversations(&connection, relay)? {
            let lines = known::lines(&connection, &conversation, places)?;
            if !lines.is_empty() {
                known.push((conversation, lines));
            }
        }
        Ok(known)
    }

    fn directory_revision(&self) -> Result<u64, StoreError> {
        directory::revision(&*self.connection()?)
    }

    fn directory(&self) -> Result<Directory, StoreError> {
        directory::load(&mut *self.connection()?)
    }
}

/// The statement of a listing and its values. Each condition appears only where it is asked for; the few shapes
/// that come of it are each prepared once. The most selective table comes first, and `CROSS JOIN` keeps it there:
/// SQLite would rather walk all chats of a tenant in order than sort a few.
fn listing(filter: &ChatFilter) -> (String, Vec<Box<dyn ToSql>>) {
    let mut query = Query { conditions: vec!["chats.merged_into IS NULL"], ..Query::default() };
    if let Some(handle) = &filter.handle {
        query.from.push_str("participants AS people CROSS JOIN ");
        query.conditions.push("people.chat_id = chats.id AND people.tenant = chats.tenant");
        query.condition("people.address = ?", handle.as_str().to_owned());
    }
    if let Some(conversation) = &filter.conversation {
        query.from.push_str("conversation_keys AS keys CROSS JOIN ");
        query.conditions.push("keys.chat_id = chats.id AND keys.tenant = chats.tenant");
        query.condition("keys.conversation = ?", conversation.as_str().to_owned());
    }
    if let Some(tenant) = &filter.tenant {
        query.condition("chats.tenant = ?", tenant.as_str().to_owned());
        if filter.handle.is_some() {
            query.condition("people.tenant = ?", tenant.as_str().to_owned());
        }
        if filter.conversation.is_some() {
            query.condition("keys.tenant = ?", tenant.as_str().to_owned());
        }
    }
    if let Some(line) = &filter.line {
        query.condition("chats.line = ?", line.as_str().to_owned());
    }
    if let Some(is_group) = filter.is_group {
        query.condition("chats.is_group = ?", is_group);
    }
    let order = query.order(&filter.order);
    query.values.push(Box::new(filter.limit));
    let Query { from, conditions, values } = query;
    let conditions = conditions.join(" AND ");
    let statement = format!(
        "SELECT {CHAT_COLUMNS}, {HEALTH_COLUMNS} FROM {from}chats {WITH_HEALTH}
         WHERE {conditions} ORDER BY {order} LIMIT ?"
    );
    (statement, values)
}

#[derive(Default)]
struct Query {
    /// The tables before `chats`.
    from: String,
    conditions: Vec<&'static str>,
    values: Vec<Box<dyn ToSql>>,
}

impl Query {
    fn condition(&mut self, condition: &'static str, value: impl ToSql + 'static) {
        self.conditions.push(condition);
        self.values.push(Box::new(value));
    }

    fn order(&mut self, order: &Order) -> &'static str {
        match order {
            Order::NewestFirst { before } => {
                if let Some(before) = before {
                    self.condition("chats.id < ?", *before.as_bytes());
                }
                "chats.id DESC"
            }
            Order::ByUpdate { since, after } => {
                // The place to go on from bounds the index, too, or each page would begin at the first.
                let from = after.map_or(*since, |(at, _)| at.max(*since));
                self.condition("chats.updated_at >= ?", from.nanos());
                if let Some((at, id)) = after {
                    self.condition("(chats.updated_at, chats.id) > (?, ?)", at.nanos());
                    self.values.push(Box::new(*id.as_bytes()));
                }
                "chats.updated_at, chats.id"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::domain::handle::Handle;

    fn plan(filter: &ChatFilter) -> String {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../../../schema.sql")).unwrap();
        let (statement, values) = listing(filter);
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let steps = statement.query_map(params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    }

    fn all() -> ChatFilter {
        ChatFilter {
            tenant: Some("acme".parse().unwrap()),
            line: None,
            conversation: None,
            handle: None,
            is_group: None,
            order: Order::NewestFirst { before: None },
            limit: 10,
        }
    }

    #[test]
    fn a_listing_begins_where_it_finds_least() {
        let by_handle = ChatFilter { handle: Some(Handle::from_canonical("+14155550111")), ..all() };
        let by_key = ChatFilter { conversation: Some(Conversation::from_canonical("any;+;chat1")), ..all() };
        let by_line = ChatFilter { line: Some("+15555550100".parse().unwrap()), ..all() };
        for (filter, first) in [
            (all(), "SEARCH chats USING INDEX chats_of_tenant"),
            (by_line, "SEARCH chats USING INDEX chats_of_line"),
            (by_handle, "SEARCH people USING PRIMARY KEY (tenant=? AND address=?)"),
            (by_key, "SEARCH keys USING PRIMARY KEY (conversation=? AND tenant=?)"),
        ] {
            let plan = plan(&filter);
            assert!(plan.starts_with(first), "{plan}");
            assert!(!plan.contains("SCAN"), "{plan}");
        }
    }
}
