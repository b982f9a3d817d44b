//! The newest word on one field.

use std::ops::BitOrAssign;

use super::stamp::{Stamp, Strength};

/// A field's winning assertion.
///
/// The winner is the greatest by stamp, strength and value. That is a total order, so the winner of a set of
/// assertions does not depend on the order, the number or the grouping in which they are offered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Register<V> {
    /// When it was said.
    pub stamp: Stamp,
    /// How strongly.
    pub strength: Strength,
    /// What was said.
    pub value: V,
}

/// A field that nobody may have said anything about yet.
pub type Field<V> = Option<Register<V>>;

/// What an offer did to a field, or all offers of an event to all fields: the greatest of what each did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Took {
    /// Nothing: the field holds a newer word.
    #[default]
    Nothing,
    /// The same value was said again, later. Nobody can see that, but an older word would lose against it.
    Stamp,
    /// Another value, or a date that can be seen.
    Value,
}

impl BitOrAssign for Took {
    fn bitor_assign(&mut self, other: Self) {
        *self = (*self).max(other);
    }
}

impl Took {
    /// What it is to have changed something that can be seen, or not to have.
    #[must_use]
    pub const fn value_if(changed: bool) -> Self {
        if changed { Self::Value } else { Self::Nothing }
    }

    /// The same, where a later date can be seen as well.
    #[must_use]
    pub fn as_date(self) -> Self {
        Self::value_if(self != Self::Nothing)
    }
}

/// Offers an assertion to a field.
pub fn offer<V: Ord>(field: &mut Field<V>, stamp: &Stamp, strength: Strength, value: V) -> Took {
    let took = match field {
        Some(held) if (&held.stamp, held.strength, &held.value) >= (stamp, strength, &value) => Took::Nothing,
        Some(held) if held.value == value => Took::Stamp,
        Some(_) | None => Took::Value,
    };
    if took != Took::Nothing {
        *field = Some(Register { stamp: stamp.clone(), strength, value });
    }
    took
}

/// Offers the winner of another field of the same kind: the merge of two histories.
pub fn absorb<V: Ord>(field: &mut Field<V>, other: Field<V>) {
    if other > *field {
        *field = other;
    }
}
