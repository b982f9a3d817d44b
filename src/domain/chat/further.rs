//! What is known of few people.

use std::ops::{Deref, DerefMut};

use crate::domain::{event::Word, register::Field, text::DisplayName, time::Time};

/// What is known of few people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Further {
    /// The newest listing as out. It is apart from other words because it says nothing about the line's own addresses,
    /// and which addresses those are may be learnt later.
    pub listed_out: Field<Word>,
    /// The time of the newest `participant.added`.
    pub added_at: Option<Time>,
    /// The newest name, or that there is none.
    pub name: Field<Option<DisplayName>>,
}

/// [`Further`] knowledge of one person, which takes no room until there is some.
///
/// A chat's people are most of the memory that it takes, and what every event about it reads: so a person takes 56 bytes
/// with this, where it took 120.
#[derive(Clone, Debug, Default)]
pub struct Apart(Option<Box<Further>>);

static NOTHING: Further = Further { listed_out: None, added_at: None, name: None };

impl Apart {
    /// What there is, if there is anything.
    pub(super) fn take(&mut self) -> Option<Further> {
        self.0.take().map(|further| *further)
    }
}

impl From<Further> for Apart {
    fn from(further: Further) -> Self {
        Self((further != NOTHING).then(|| Box::new(further)))
    }
}

impl Deref for Apart {
    type Target = Further;

    fn deref(&self) -> &Further {
        self.0.as_deref().unwrap_or(&NOTHING)
    }
}

impl DerefMut for Apart {
    fn deref_mut(&mut self) -> &mut Further {
        self.0.get_or_insert_default()
    }
}

impl PartialEq for Apart {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Apart {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::Person;

    #[test]
    fn a_person_takes_little_room() {
        assert_eq!(size_of::<Person>(), 56);
    }

    #[test]
    fn room_for_nothing_is_nothing() {
        let mut one = Apart(Some(Box::default()));
        assert_eq!(one, Apart::from(Further::default()));
        assert!(Apart::from(Further::default()).0.is_none());
        one.added_at = Some(Time::from_seconds(1));
        assert_ne!(one, Apart::default());
        assert_eq!(one.take(), Some(Further { added_at: Some(Time::from_seconds(1)), ..Further::default() }));
    }
}
