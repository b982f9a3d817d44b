//! Which lane each command of a request takes.

use std::collections::HashMap;

/// What a command touches, as hashes: what it is about, and what it says is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touches {
    /// What it is about.
    pub one: u64,
    /// Something else that is the same, or becomes so.
    pub same: Option<u64>,
}

/// The lane of each of these, of so many. What is about the same takes the same lane, also when only another command of
/// the request says that it is the same.
pub(super) fn lanes_of(touched: &[Touches], lanes: usize) -> Vec<usize> {
    let mut same = Same::default();
    for touches in touched {
        if let Some(other) = touches.same {
            same.join(touches.one, other);
        }
    }
    let lane = |touches: &Touches| same.first(touches.one) % (lanes.max(1) as u64);
    touched.iter().map(|touches| usize::try_from(lane(touches)).unwrap_or(0)).collect()
}

/// What was said to be the same, each with another one that stands for it.
#[derive(Default)]
struct Same(HashMap<u64, u64>);

impl Same {
    fn first(&self, mut one: u64) -> u64 {
        while let Some(other) = self.0.get(&one) {
            one = *other;
        }
        one
    }

    fn join(&mut self, one: u64, other: u64) {
        let (one, other) = (self.first(one), self.first(other));
        if one != other {
            self.0.insert(one.max(other), one.min(other));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_takes_one_lane() {
        let touches = |one: u64, same: Option<u64>| Touches { one, same };
        for (touched, expected) in [
            (vec![touches(1, None), touches(2, None), touches(5, None)], vec![1, 2, 1]),
            (vec![touches(3, None), touches(2, None), touches(2, Some(3))], vec![2, 2, 2]),
            (
                vec![touches(3, Some(2)), touches(1, None), touches(2, Some(1)), touches(7, None)],
                vec![1, 1, 1, 3],
            ),
            (vec![touches(3, Some(3)), touches(4, Some(5)), touches(5, Some(4))], vec![3, 0, 0]),
        ] {
            assert_eq!(lanes_of(&touched, 4), expected, "{touched:?}");
        }
    }
}
