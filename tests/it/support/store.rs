//! The file behind the service, read past it.

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::app::TestApp;

impl TestApp {
    /// How many rows a table has.
    pub(crate) fn rows(&self, table: &str) -> u64 {
        let count = format!("SELECT count(*) FROM {table}");
        self.store().query_row(&count, [], |row| row.get(0)).unwrap()
    }

    /// How many events of which relays are parked, as the store counts them.
    pub(crate) fn usage(&self) -> Vec<(String, u64)> {
        let store = self.store();
        let mut statement = store
            .prepare("SELECT relay, reports FROM parking WHERE reports > 0 OR bytes > 0 ORDER BY relay")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// All that ever visibly changed in a chat, in order.
    pub(crate) fn changes_of(&self, chat: &str) -> Vec<Value> {
        let store = self.store();
        let mut statement = store
            .prepare("SELECT changes FROM changes WHERE lower(hex(chat_id)) = ?1 ORDER BY version")
            .unwrap();
        let rows = statement.query_map([chat.replace('-', "")], |row| row.get::<_, String>(0)).unwrap();
        rows.flat_map(|row| serde_json::from_str::<Vec<Value>>(&row.unwrap()).unwrap()).collect()
    }

    fn store(&self) -> Connection {
        Connection::open_with_flags(self.store_path(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }
}
