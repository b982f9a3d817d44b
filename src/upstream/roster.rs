//! A list of handles as JSON has it.
//!
//! A body has room for millions of empty handles, and each would take many times its bytes in memory. So no more are
//! kept than an event may list; the others are only counted.

use std::{fmt, marker::PhantomData, ops::Deref};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};

use crate::error::BadInput;

/// The most handles that one event may list.
pub(super) const MAX_HANDLES: usize = 1024;

/// A list of handles. It stands for those that are kept.
#[derive(Debug)]
pub(super) struct Roster<T> {
    kept: Vec<T>,
    listed: usize,
}

impl<T> Roster<T> {
    /// The handles of the list in the field `name`, if it is there.
    ///
    /// # Errors
    ///
    /// When it is too long.
    pub(super) fn checked<'r>(roster: Option<&'r Self>, name: &str) -> Result<&'r [T], BadInput> {
        match roster {
            Some(Self { listed, .. }) if *listed > MAX_HANDLES => {
                Err(BadInput::unusable(name, format!("has {listed} entries; {MAX_HANDLES} are allowed")))
            }
            roster => Ok(roster.map(|roster| &**roster).unwrap_or_default()),
        }
    }
}

impl<T> Deref for Roster<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.kept
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Roster<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Roster<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Roster<T>, A::Error> {
                let mut kept = Vec::new();
                while kept.len() < MAX_HANDLES {
                    match entries.next_element()? {
                        Some(handle) => kept.push(handle),
                        None => return Ok(Roster { listed: kept.len(), kept }),
                    }
                }
                let mut listed = kept.len();
                while entries.next_element::<IgnoredAny>()?.is_some() {
                    listed += 1;
                }
                Ok(Roster { kept, listed })
            }
        }
        deserializer.deserialize_seq(Reader(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(handles: usize, rest: &str) -> Result<Roster<u8>, serde_json::Error> {
        serde_json::from_str(&format!("[{}0{rest}]", "0,".repeat(handles - 1)))
    }

    #[test]
    fn no_more_is_kept_than_may_be_listed() {
        let most = read(MAX_HANDLES, "").unwrap();
        assert_eq!(Roster::checked(Some(&most), "handles").map(<[u8]>::len), Ok(MAX_HANDLES));
        let more = read(MAX_HANDLES, ",null,{}").unwrap();
        assert_eq!((more.len(), more.kept.capacity()), (MAX_HANDLES, MAX_HANDLES));
        let refused = BadInput::unusable("handles", "has 1026 entries; 1024 are allowed");
        assert_eq!(Roster::checked(Some(&more), "handles"), Err(refused));
        assert_eq!(Roster::<u8>::checked(None, "handles"), Ok(&[][..]));
        assert!(read(1, ",null").is_err(), "what is kept has its type");
        assert!(read(MAX_HANDLES, ",nul").is_err(), "what is not is JSON");
    }
}
