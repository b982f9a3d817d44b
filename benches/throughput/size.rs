//! How much is measured: `make bench` is reduced, `make bench-full` is the whole.

use std::{fmt, str::FromStr, time::Duration};

use anyhow::{Context as _, anyhow};

use crate::population::GROUPS;

/// How long and how large everything is.
pub(crate) struct Size {
    /// How it is called.
    pub(crate) name: &'static str,
    /// The length of a turn.
    pub(crate) turn: Duration,
    /// That of a turn at a pace: the slow hundredth is that of many moments only when it is of a longer time.
    pub(crate) paced: Duration,
    /// How often everything has its turn.
    pub(crate) rounds: usize,
    /// How many groups the grown file has. Six fifths of the chats that are asked for, so that the index of
    /// participants, which leaves out the line itself, has as many rows as were asked for, too.
    pub(crate) groups: usize,
    /// How many receipts the grown file has.
    pub(crate) receipts: usize,
    /// How long the overload lasts.
    pub(crate) overload: Duration,
    /// How often what takes long has its turn: the overload, and traffic about all of the grown file.
    pub(crate) long_rounds: usize,
}

const REDUCED: Size = Size {
    name: "reduced size",
    turn: Duration::from_millis(1500),
    paced: Duration::from_secs(3),
    rounds: 3,
    groups: 12 * GROUPS,
    receipts: 2_000_000,
    overload: Duration::from_secs(10),
    long_rounds: 1,
};

const FULL: Size = Size {
    name: "full size",
    turn: Duration::from_secs(5),
    paced: Duration::from_secs(10),
    rounds: 5,
    groups: 120 * GROUPS,
    receipts: 20_000_000,
    overload: Duration::from_mins(1),
    long_rounds: 3,
};

impl Size {
    /// The whole or the reduced one, with what the environment says instead.
    pub(crate) fn chosen(whole: bool) -> anyhow::Result<Self> {
        let mut size = if whole { FULL } else { REDUCED };
        if let Some(seconds) = variable("CHERT_GROUPS_BENCH_SECONDS")? {
            size.turn = Duration::try_from_secs_f64(seconds)?;
            size.paced = size.turn * 2;
        }
        if let Some(rounds) = variable("CHERT_GROUPS_BENCH_ROUNDS")? {
            size.rounds = rounds;
        }
        Ok(size)
    }
}

fn variable<T: FromStr>(name: &str) -> anyhow::Result<Option<T>> {
    let Ok(text) = std::env::var(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| anyhow!("not a number: {text}")).with_context(|| name.to_owned())
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, turn, rounds, .. } = self;
        write!(f, "{name}, {rounds} rounds of {:.1} s", turn.as_secs_f64())
    }
}
