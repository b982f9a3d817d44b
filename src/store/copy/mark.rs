//! How far a copy has come.

use base16ct::{lower, mixed};
use serde_json::json;

use super::{
    Row,
    tables::{Column, Dialect, Kind, TABLES, Table},
};
use crate::store::{StoreError, sql::Value};

/// What a target holds the beginning of, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Where it comes from.
    pub(crate) source: String,
    /// How many tables are there with all their rows.
    tables: usize,
    /// The source's key of the last row that is there of the next one.
    pub(crate) after: Option<Row>,
}

impl Mark {
    /// Nothing is there yet.
    pub(crate) const fn beginning(source: String) -> Self {
        Self { source, tables: 0, after: None }
    }

    /// The table that is being copied, unless all are there.
    pub(crate) fn table(&self) -> Option<&'static Table> {
        TABLES.get(self.tables)
    }

    /// All rows up to this key are there.
    pub(crate) fn after_row(&self, key: Row) -> Self {
        Self { after: Some(key), ..self.clone() }
    }

    /// The whole table is there.
    pub(crate) fn after_table(&self) -> Self {
        Self { source: self.source.clone(), tables: self.tables + 1, after: None }
    }

    /// The position as text.
    pub(crate) fn position(&self) -> String {
        let after = self.after.as_ref().map(|key| key.iter().map(write).collect::<Vec<_>>());
        json!([self.tables, after]).to_string()
    }

    /// The mark with this position, which [`Mark::position`] wrote for a source of a kind.
    pub(crate) fn read(source: String, position: &str, of: Dialect) -> Result<Self, StoreError> {
        let unreadable =
            |why: &dyn std::fmt::Display| StoreError::damaged("copying", "position", why.to_string());
        let (tables, after): (usize, Option<Vec<serde_json::Value>>) =
            serde_json::from_str(position).map_err(|why| unreadable(&why))?;
        let mut mark = Self { source, tables, after: None };
        if let (Some(key), Some(table)) = (after, mark.table()) {
            let columns = table.key(of).iter().map(|name| table.column(name));
            let values = columns.zip(&key).map(|(column, value)| read(column?, value));
            let values: Option<Row> = values.collect();
            mark.after = Some(values.ok_or_else(|| unreadable(&"a key that is none"))?);
        }
        Ok(mark)
    }
}

fn write(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Text(text) => json!(text),
        Value::Number(number) => json!(number),
        Value::Bool(bool) => json!(bool),
        Value::Id(id) => json!(lower::encode_string(id)),
        Value::Bytes(bytes) => json!(lower::encode_string(bytes)),
    }
}

/// The value in a column, if it is one.
fn read(column: &Column, value: &serde_json::Value) -> Option<Value<'static>> {
    let bytes = || mixed::decode_vec(value.as_str()?).ok();
    Some(match column.kind {
        Kind::Text => value.as_str()?.to_owned().into(),
        Kind::Number => value.as_i64()?.into(),
        Kind::Bool => value.as_bool()?.into(),
        Kind::Id => Value::Id(bytes()?.try_into().ok()?),
        Kind::Bytes => Value::Bytes(bytes()?.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of each kind of value that keys have.
    fn key(table: &Table, dialect: Dialect) -> Row {
        let value = |name: &&str| match table.column(name).expect("a column of the table").kind {
            Kind::Text => "it's \0 \u{1}".into(),
            Kind::Number => i64::MIN.into(),
            Kind::Bool => true.into(),
            Kind::Id => Value::Id([0xa1; 16]),
            Kind::Bytes => Value::Bytes(vec![0, 255].into()),
        };
        table.key(dialect).iter().map(value).collect()
    }

    #[test]
    fn every_position_comes_back() {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let mut mark = Mark::beginning("sqlite:/a.db".to_owned());
            while let Some(table) = mark.table() {
                let within = mark.after_row(key(table, dialect));
                for mark in [&mark, &within] {
                    assert_eq!(
                        Mark::read(mark.source.clone(), &mark.position(), dialect).unwrap(),
                        *mark,
                        "{}",
                        table.name
                    );
                }
                mark = within.after_table();
            }
            assert_eq!(Mark::read(mark.source.clone(), &mark.position(), dialect).unwrap(), mark);
        }
    }

    #[test]
    fn no_other_position_is_believed() {
        for bad in ["", "{}", "[1]", "[7, [\"not hex\"]]", "[7, [5]]"] {
            assert!(Mark::read(String::new(), bad, Dialect::Sqlite).is_err(), "{bad}");
        }
    }
}
