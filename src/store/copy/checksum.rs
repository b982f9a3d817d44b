//! What a table comes to: how many rows it has, and a sum of their hashes.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::store::sql::Value;

/// It is the same for the same rows in whatever order and store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checksum {
    pub(crate) rows: u64,
    sum: u128,
}

impl Checksum {
    /// The sum in hexadecimal digits.
    pub(crate) fn hex(&self) -> String {
        format!("{:032x}", self.sum)
    }

    /// Adds a row.
    pub(crate) fn add<'v>(&mut self, row: impl Iterator<Item = &'v Value<'static>>) {
        let mut hash = Sha256::new();
        row.for_each(|value| hash_value(value, &mut hash));
        let full: [u8; 32] = hash.finalize().into();
        let half = full.first_chunk().copied().unwrap_or_default();
        self.rows += 1;
        self.sum = self.sum.wrapping_add(u128::from_be_bytes(half));
    }
}

/// Kind, length and bytes, so that no two rows run into the same.
fn hash_value(value: &Value<'_>, hash: &mut Sha256) {
    let mut part = |kind: u8, bytes: &[u8]| {
        hash.update([kind]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    match value {
        Value::Null => part(0, &[]),
        Value::Text(text) => part(1, text.as_bytes()),
        Value::Number(number) => part(2, &number.to_be_bytes()),
        Value::Bool(bool) => part(3, &[u8::from(*bool)]),
        Value::Id(id) => part(4, id),
        Value::Bytes(bytes) => part(5, bytes),
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows (checksum {})", self.rows, self.hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(rows: &[&[Value<'static>]]) -> Checksum {
        let mut sum = Checksum::default();
        for row in rows {
            sum.add(row.iter());
        }
        sum
    }

    #[test]
    fn order_is_nothing_and_every_value_something() {
        let (one, other): ([Value<'_>; 2], [Value<'_>; 2]) =
            (["ab".into(), "c".into()], ["a".into(), "bc".into()]);
        assert_eq!(sum(&[&one, &other]), sum(&[&other, &one]));
        assert_ne!(sum(&[&one]), sum(&[&other]));
        assert_ne!(sum(&[&one]), sum(&[&one, &one]));
        assert_ne!(sum(&[&one, &one]), sum(&[&other, &other]), "equal rows do not cancel each other");
        let [null, empty, nothing]: [[Value<'_>; 1]; 3] =
            [[Value::Null], ["".into()], [Value::Bytes(Vec::new().into())]];
        assert_ne!(sum(&[&null]), sum(&[&empty]));
        assert_ne!(sum(&[&empty]), sum(&[&nothing]));
    }
}
