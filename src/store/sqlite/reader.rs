//! Look-ups, over a pool of read-only connections.

use std::path::{Path, PathBuf};

use r2d2::{ManageConnection, Pool, PooledConnection};
use rusqlite::{Connection, params, params_from_iter};

use super::{
    data_file::DataFile,
    directory, known,
    open::{OpenError, open_again_read_only, open_read_only},
    parked,
    rows::{self, SEEN_COLUMNS},
};
use crate::{
    domain::{
        conversation_key::Conversation,
        ids::{ChatId, Slug},
        parking::Usage,
        phone::PhoneNumber,
        report::RowNumber,
    },
    store::{
        StoreError,
        directory::{Directory, Place, Places},
        listing::{WITH_HEALTH, listing},
        query::{ChatFilter, Counts, Reader, SeenChat},
    },
};

/// Looks things up in a file.
pub struct SqliteReader {
    pool: Pool<ReadOnly>,
    /// Where somebody else in this process has it open, too; dropped after the pool.
    _file: Option<DataFile>,
}

struct ReadOnly(PathBuf);

impl ManageConnection for ReadOnly {
    type Connection = Connection;
    type Error = OpenError;

    fn connect(&self) -> Result<Connection, OpenError> {
        open_again_read_only(&self.0)
    }

    fn is_valid(&self, _: &mut Connection) -> Result<(), OpenError> {
        // A connection to a file does not go stale.
        Ok(())
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

fn pool(path: &Path, connections: u32) -> Pool<ReadOnly> {
    Pool::builder().max_size(connections).min_idle(Some(1)).build_unchecked(ReadOnly(path.to_owned()))
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
        Ok(Self { pool: pool(path, connections), _file: None })
    }

    /// The same for a process that has the registry in `file` open already.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub fn beside(file: DataFile, connections: u32) -> Result<Self, OpenError> {
        open_again_read_only(file.path())?;
        Ok(Self { pool: pool(file.path(), connections), _file: Some(file) })
    }

    fn connection(&self) -> Result<PooledConnection<ReadOnly>, StoreError> {
        self.pool.get().map_err(|why| StoreError::Unavailable(why.to_string()))
    }
}

impl Reader for SqliteReader {
    fn chat(&self, tenant: Option<&Slug>, id: ChatId) -> Result<Option<SeenChat>, StoreError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {SEEN_COLUMNS} FROM chats {WITH_HEALTH}
             WHERE chats.id = (SELECT coalesce(merged_into, id) FROM chats WHERE id = ?1)
               AND (?2 IS NULL OR chats.tenant = ?2)"
        ))?;
        let mut found = statement.query(params![id.as_bytes(), tenant.map(Slug::as_str)])?;
        found.next()?.map(rows::seen).transpose()
    }

    fn list(&self, filter: &ChatFilter) -> Result<Vec<SeenChat>, StoreError> {
        let connection = self.connection()?;
        let (statement, values) = listing(filter, SEEN_COLUMNS);
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

    fn owners_known_meanwhile(&self, relay: &Slug) -> Result<Vec<RowNumber>, StoreError> {
        parked::owners_known_meanwhile(&*self.connection()?, relay)
    }

    fn directory_revision(&self) -> Result<u64, StoreError> {
        directory::revision(&*self.connection()?)
    }

    fn directory(&self) -> Result<Directory, StoreError> {
        directory::load(&mut *self.connection()?)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::{domain::handle::Handle, store::query::Order};

    fn plan(filter: &ChatFilter) -> String {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../../../schema.sql")).unwrap();
        let (statement, values) = listing(filter, SEEN_COLUMNS);
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
