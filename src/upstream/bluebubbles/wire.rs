//! A BlueBubbles event as JSON has it, before anything is judged: of its many fields, those that are read.

#![expect(clippy::option_option, reason = "absent, null and a value are three things on the wire")]

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};

use crate::{
    json::{Object, Text, present},
    upstream::roster::Roster,
};

/// The event's type, which comes first: of what does not speak of a conversation, nothing else is read.
#[derive(Deserialize)]
pub(super) struct WireType<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireEvent<'a> {
    #[serde(borrow)]
    pub(super) data: Option<Object<WireData<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireData<'a> {
    #[serde(borrow)]
    pub(super) guid: Option<Text<'a>>,
    pub(super) date_created: Option<i64>,
    pub(super) is_from_me: Option<bool>,
    #[serde(borrow)]
    pub(super) temp_guid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) handle: Option<Object<WireHandle<'a>>>,
    /// The row number of somebody else whom it concerns; 0 for nobody.
    pub(super) other_handle: Option<i64>,
    pub(super) item_type: Option<i64>,
    pub(super) group_action_type: Option<i64>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) group_title: Option<Option<Text<'a>>>,
    #[serde(borrow)]
    pub(super) chats: Option<First<Object<WireChat<'a>>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireChat<'a> {
    #[serde(borrow)]
    pub(super) guid: Option<Text<'a>>,
    pub(super) style: Option<i64>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) display_name: Option<Option<Text<'a>>>,
    #[serde(borrow)]
    pub(super) participants: Option<Roster<Object<WireHandle<'a>>>>,
}

#[derive(Deserialize)]
pub(super) struct WireHandle<'a> {
    #[serde(rename = "originalROWID")]
    pub(super) row: Option<i64>,
    #[serde(borrow)]
    pub(super) address: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) service: Option<Text<'a>>,
}

/// The first entry of a list, if it has any. The others are not looked at.
pub(super) struct First<T>(pub(super) Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for First<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = First<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<First<T>, A::Error> {
                let first = entries.next_element()?;
                while entries.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }
        deserializer.deserialize_seq(Reader(PhantomData))
    }
}
