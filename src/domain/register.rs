//! The newest word on one field.

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

/// Offers an assertion to a field; says whether it is the new winner.
pub fn offer<V: Ord>(field: &mut Field<V>, stamp: &Stamp, strength: Strength, value: V) -> bool {
    let wins = match field {
        None => true,
        Some(held) => (&held.stamp, held.strength, &held.value) < (stamp, strength, &value),
    };
    if wins {
        *field = Some(Register { stamp: stamp.clone(), strength, value });
    }
    wins
}

/// Offers the winner of another field of the same kind: the merge of two histories.
pub fn absorb<V: Ord>(field: &mut Field<V>, other: Field<V>) {
    if other > *field {
        *field = other;
    }
}
