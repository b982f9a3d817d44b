//! What a registry consists of: its tables, in the order of their references, as both kinds of store have them.

use super::Row;
use crate::store::sql::Value;

/// The kind of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Bool,
    /// What a database may have as a UUID.
    Id,
    Bytes,
}

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// What it has for rows that come out of a file, where a file has no such column.
    pub(crate) otherwise: Option<&'static str>,
}

impl Column {
    /// Whether stores of this kind have it.
    pub(crate) fn is_in(&self, dialect: Dialect) -> bool {
        self.otherwise.is_none() || dialect == Dialect::Postgres
    }
}

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
    /// The columns that no two rows have alike, in the order of an index: of a file, and of a database.
    keys: [&'static [&'static str]; 2],
    /// How many rows are read at once: some megabytes at most.
    pub(crate) slice: usize,
}

/// Of rows that may be large, and of others.
const FEW: usize = 500;
const MANY: usize = 5000;

impl Table {
    /// The columns by which stores of this kind order it.
    pub(crate) const fn key(&self, dialect: Dialect) -> &'static [&'static str] {
        let [sqlite, postgres] = self.keys;
        match dialect {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        }
    }

    /// The column of this name.
    pub(crate) fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The key of a row.
    pub(crate) fn key_of(&self, row: &[Value<'static>], dialect: Dialect) -> Row {
        let value = |name: &&str| {
            let named = self.columns.iter().zip(row).find(|(column, _)| column.name == *name);
            named.map_or(Value::Null, |(_, value)| value.clone())
        };
        self.key(dialect).iter().map(value).collect()
    }

    /// The values of a row in the columns that stores of a kind have.
    pub(crate) fn values<'r>(
        &self,
        row: &'r [Value<'static>],
        dialect: Dialect,
    ) -> impl Iterator<Item = &'r Value<'static>> {
        self.columns.iter().zip(row).filter(move |(column, _)| column.is_in(dialect)).map(|(_, value)| value)
    }
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, otherwise: None }
}

/// A column that files do not have.
const fn beyond_files(name: &'static str, kind: Kind, otherwise: &'static str) -> Column {
    Column { name, kind, otherwise: Some(otherwise) }
}

/// A table as it is written below: its name, its keys in a file and in a database, its slice, its columns.
macro_rules! table {
    ($name:literal, [$($file:literal),+], [$($database:literal),+], $slice:ident, { $($column:expr),+ $(,)? }) => {
        Table {
            name: $name,
            columns: &[$($column),+],
            keys: [&[$($file),+], &[$($database),+]],
            slice: $slice,
        }
    };
}

/// All tables. What a server puts off (the journal) and what it counts is not among them: see [`super::Figures`].
pub(crate) static TABLES: [Table; 14] = [
    table!("tenants", ["slug"], ["slug"], FEW, {
        column("slug", Kind::Text),
        column("multi_tenant", Kind::Bool),
        column("suspended", Kind::Bool),
        column("created_at", Kind::Number),
    }),
    table!("relays", ["slug"], ["slug"], FEW, {
        column("slug", Kind::Text),
        column("kind", Kind::Text),
        column("url", Kind::Text),
        column("password", Kind::Text),
        column("lost_line", Kind::Bool),
        column("created_at", Kind::Number),
    }),
    table!("secrets", ["owner_kind", "owner", "secret"], ["owner_kind", "owner", "secret"], FEW, {
        column("owner_kind", Kind::Text),
        column("owner", Kind::Text),
        column("secret", Kind::Text),
        column("created_at", Kind::Number),
        column("expires_at", Kind::Number),
    }),
    table!("lines", ["number"], ["number"], MANY, {
        column("number", Kind::Text),
        column("tenant", Kind::Text),
        column("relay", Kind::Text),
        column("active", Kind::Bool),
        column("once_anothers", Kind::Bool),
        column("created_at", Kind::Number),
    }),
    table!("row_numbers", ["relay", "number"], ["relay", "number"], MANY, {
        column("relay", Kind::Text),
        column("number", Kind::Number),
        column("address", Kind::Text),
        column("event_time", Kind::Number),
        column("event_id", Kind::Text),
    }),
    table!("parked", ["id"], ["id"], FEW, {
        column("id", Kind::Bytes),
        column("relay", Kind::Text),
        column("arrived_at", Kind::Number),
        column("conversation", Kind::Text),
        column("tenant", Kind::Text),
        column("line", Kind::Text),
        column("number", Kind::Number),
        column("report", Kind::Bytes),
    }),
    table!("parking", ["relay"], ["relay"], FEW, {
        column("relay", Kind::Text),
        column("reports", Kind::Number),
        column("bytes", Kind::Number),
    }),
    table!("chats", ["id"], ["tenant", "id"], FEW, {
        column("id", Kind::Id),
        column("tenant", Kind::Text),
        column("line", Kind::Text),
        column("origin", Kind::Text),
        column("is_group", Kind::Bool),
        column("created_at", Kind::Number),
        column("updated_at", Kind::Number),
        column("version", Kind::Number),
        beyond_files("revision", Kind::Number, "1"),
        column("state", Kind::Bytes),
        column("merged_into", Kind::Id),
    }),
    table!("conversation_keys", ["conversation", "tenant", "line"], ["tenant", "conversation", "line"], MANY, {
        column("conversation", Kind::Text),
        column("tenant", Kind::Text),
        column("line", Kind::Text),
        column("chat_id", Kind::Id),
    }),
    table!("participants", ["tenant", "address", "chat_id"], ["tenant", "address", "chat_id"], MANY, {
        column("tenant", Kind::Text),
        column("address", Kind::Text),
        column("chat_id", Kind::Id),
    }),
    table!("deliveries", ["id"], ["tenant", "id"], FEW, {
        column("id", Kind::Id),
        column("message_id", Kind::Id),
        column("tenant", Kind::Text),
        column("line", Kind::Text),
        column("relay", Kind::Text),
        column("idempotency_key", Kind::Text),
        column("fingerprint", Kind::Bytes),
        column("opened_at", Kind::Number),
        column("chat_id", Kind::Id),
        column("failure_told", Kind::Bool),
        column("progress", Kind::Text),
        column("token", Kind::Id),
        column("lease_until", Kind::Number),
        column("answer", Kind::Bytes),
    }),
    table!("line_health", ["tenant", "line"], ["tenant", "line"], MANY, {
        column("tenant", Kind::Text),
        column("line", Kind::Text),
        column("successes", Kind::Number),
        column("deliveries", Kind::Number),
    }),
    table!("changes", ["chat_id", "version"], ["tenant", "chat_id", "version"], FEW, {
        column("tenant", Kind::Text),
        column("chat_id", Kind::Id),
        column("version", Kind::Number),
        column("at", Kind::Number),
        column("event_id", Kind::Text),
        column("event_time", Kind::Number),
        column("changes", Kind::Text),
    }),
    // A file does not say whose a receipt is. In a database such ones are nobody's, and looked for for everybody.
    table!("receipts", ["claimed", "digest"], ["tenant", "claimed", "digest"], MANY, {
        beyond_files("tenant", Kind::Text, "''"),
        column("claimed", Kind::Number),
        column("digest", Kind::Bytes),
        column("effective", Kind::Number),
    }),
];
