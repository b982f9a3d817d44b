//! Statements that both databases understand, and their values.
//!
//! Values are `$1`, `$2` and so on, in the order of their first use: what PostgreSQL counts, SQLite takes for names
//! and gives the same numbers.

use std::borrow::Cow;

/// A value of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'v> {
    Null,
    Text(Cow<'v, str>),
    Number(i64),
    Bool(bool),
    Id([u8; 16]),
    Bytes(Cow<'v, [u8]>),
}

impl Value<'_> {
    /// The same, without what it borrows.
    pub(super) fn to_owned_value(&self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::Text(Cow::Owned(text.to_string())),
            Self::Number(number) => Value::Number(*number),
            Self::Bool(bool) => Value::Bool(*bool),
            Self::Id(id) => Value::Id(*id),
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.to_vec())),
        }
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'v> From<Option<&'v str>> for Value<'v> {
    fn from(text: Option<&'v str>) -> Self {
        text.map_or(Self::Null, Self::from)
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

impl From<[u8; 16]> for Value<'_> {
    fn from(id: [u8; 16]) -> Self {
        Self::Id(id)
    }
}
