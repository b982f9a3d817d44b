//! What came of events.

use std::collections::BTreeMap;

/// How many rejected events are described; the rest are counted.
const DESCRIBED: usize = 10;

/// How many events came to what, and why the first of the rejected ones were.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) outcomes: BTreeMap<String, u64>,
    pub(super) rejected: Vec<String>,
}

impl Tally {
    /// Counts an event.
    pub(super) fn count(&mut self, outcome: &str) {
        match self.outcomes.get_mut(outcome) {
            Some(events) => *events += 1,
            None => _ = self.outcomes.insert(outcome.to_owned(), 1),
        }
    }

    /// Says why an event was rejected.
    pub(super) fn explain(&mut self, why: impl FnOnce() -> String) {
        if self.rejected.len() < DESCRIBED {
            self.rejected.push(why());
        }
    }

    /// Adds what came of others.
    pub(super) fn add(&mut self, others: Self) {
        for (outcome, events) in others.outcomes {
            *self.outcomes.entry(outcome).or_default() += events;
        }
        others.rejected.into_iter().for_each(|why| self.explain(|| why));
    }

    /// How many events were answered.
    pub(super) fn events(&self) -> u64 {
        self.outcomes.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_added_up_and_few_are_explained() {
        let mut all = Tally::default();
        for part in 0..6 {
            let mut one = Tally::default();
            one.count("created");
            for event in 0..3 {
                one.count("rejected");
                one.explain(|| format!("{part} {event}"));
            }
            all.add(one);
        }
        assert_eq!(all.events(), 24);
        assert_eq!(all.outcomes, BTreeMap::from([("created".to_owned(), 6), ("rejected".to_owned(), 18)]));
        assert_eq!((all.rejected.len(), all.rejected.last().unwrap().as_str()), (DESCRIBED, "3 0"));
    }
}
