//! What happened, by an event's type and numbers.

use super::wire::WireData;
use crate::domain::event::Word;

/// What happened in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// Somebody wrote or reacted.
    Message,
    /// Somebody was added or removed by somebody else.
    Membership(Word),
    /// Somebody left.
    Left,
    /// The group was given another name, or lost the one that it had.
    Renamed,
    /// The group lost its icon.
    IconRemoved,
    /// Something of which the event tells no more than what its chat carries.
    Plain,
}

/// The type of messages, and of the companion that every group change has.
const NEW_MESSAGE: &str = "new-message";

/// The types that speak of a conversation, with their `itemType` and, where it matters, `groupActionType`: those
/// tell of a companion what it accompanies. Of a new icon we learn no address.
#[rustfmt::skip]
const TABLE: [(&str, i64, Option<i64>, Happening); 7] = [
    (NEW_MESSAGE,           0, None,    Happening::Message),
    ("participant-added",   1, Some(0), Happening::Membership(Word::Active)),
    ("participant-removed", 1, Some(1), Happening::Membership(Word::Removed)),
    ("group-name-change",   2, None,    Happening::Renamed),
    ("participant-left",    3, Some(0), Happening::Left),
    ("group-icon-changed",  3, Some(1), Happening::Plain),
    ("group-icon-removed",  3, Some(2), Happening::IconRemoved),
];

/// Whether events of this type speak of a conversation.
pub(super) fn speaks(event_type: &str) -> bool {
    TABLE.iter().any(|row| row.0 == event_type)
}

impl Happening {
    /// What happened according to an event of a type that [`speaks`]. A change and its companion come to the same.
    pub(super) fn of(event_type: &str, data: &WireData<'_>) -> Self {
        let (item, action) = (data.item_type.unwrap_or(0), data.group_action_type.unwrap_or(0));
        let is_it = |row: &&(&str, i64, Option<i64>, Self)| match event_type {
            NEW_MESSAGE => row.1 == item && row.2.is_none_or(|of_row| of_row == action),
            _ => row.0 == event_type,
        };
        TABLE.iter().find(is_it).map_or(Self::Plain, |row| row.3)
    }
}
