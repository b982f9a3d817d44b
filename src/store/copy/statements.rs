//! The statements that read a table, and those about the mark. Both kinds of store understand them.

use super::tables::{Column, Dialect, Kind, Table};

/// Has a store hold the beginning of a copy. The table is there for as long as it does.
pub(crate) const MAKE_MARK: &str = "CREATE TABLE copying (source TEXT NOT NULL, position TEXT NOT NULL)";
/// Sets the mark for the first time.
pub(crate) const SET_MARK: &str = "INSERT INTO copying (source, position) VALUES ($1, $2)";
/// The mark.
pub(crate) const MARK: &str = "SELECT source, position FROM copying";
/// Moves the mark to a position, if it is still where it was.
pub(crate) const MOVE_MARK: &str = "UPDATE copying SET position = $1 WHERE position = $2";
/// Makes a registry of what has been copied.
pub(crate) const DROP_MARK: &str = "DROP TABLE copying";

/// The rows of a table in the order of their keys, from the first or from after a key.
pub(crate) fn select(table: &Table, dialect: Dialect, is_first: bool) -> String {
    let name = table.name;
    let columns: Vec<_> = table.columns.iter().map(|column| expression(column, dialect)).collect();
    let key: Vec<_> = table.key(dialect).iter().map(|column| format!("{name}.{column}")).collect();
    let (columns, key) = (columns.join(", "), key.join(", "));
    let after = if is_first {
        String::new()
    } else {
        format!("WHERE ({key}) > ({})", places(table.key(dialect).len()))
    };
    format!("SELECT {columns} FROM {name} {after} ORDER BY {key} LIMIT {}", table.slice)
}

/// A column's value, of the one type that its kind has in the program.
fn expression(column: &Column, dialect: Dialect) -> String {
    match (column.otherwise, dialect, column.kind) {
        (Some(otherwise), Dialect::Sqlite, _) => otherwise.to_owned(),
        (_, Dialect::Postgres, Kind::Number) => format!("CAST({} AS int8)", column.name),
        _ => column.name.to_owned(),
    }
}

/// How many rows a table has.
pub(crate) fn count(table: &Table) -> String {
    format!("SELECT count(*) FROM {}", table.name)
}

/// The columns that a store of this kind has, for an insertion.
pub(crate) fn columns(table: &Table, dialect: Dialect) -> String {
    let names = table.columns.iter().filter(|column| column.is_in(dialect)).map(|column| column.name);
    names.collect::<Vec<_>>().join(", ")
}

/// `$1, $2` and so on.
pub(crate) fn places(count: usize) -> String {
    (1..=count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}
