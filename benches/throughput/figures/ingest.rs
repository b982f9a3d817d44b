//! Target 1: one event a request.

use crate::{
    bench::Bench,
    load::measured::Measured,
    report::{Required, Row},
    servers::Contender,
    shape::{ONE_64, ONE_256, Shape},
};

pub(super) async fn rows(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (shape, required) in [(ONE_64, 0.60), (ONE_256, 0.65)] {
        let Rounds { ours, ceiling, naive } = Rounds::measure(bench, shape).await?;
        let what = format!("ingest, {shape}");
        rows.push(
            Row::versus("1", &what, &ours, ("the ceiling", &ceiling)).required(Required::AtLeast(required)),
        );
        rows.push(Row::versus("1", &what, &ours, ("naive", &naive)));
    }
    Ok(rows)
}

/// What each server did in each round.
#[derive(Default)]
pub(super) struct Rounds {
    pub(super) ours: Vec<Measured>,
    pub(super) ceiling: Vec<Measured>,
    pub(super) naive: Vec<Measured>,
}

impl Rounds {
    async fn measure(bench: &Bench, shape: Shape) -> anyhow::Result<Self> {
        let mut rounds = Self::default();
        for _ in 0..bench.size.rounds {
            rounds.add(bench, shape).await?;
        }
        Ok(rounds)
    }

    /// One more round, in which everybody gets the same requests, and another one is the first.
    pub(super) async fn add(&mut self, bench: &Bench, shape: Shape) -> anyhow::Result<()> {
        let posts = bench.posts(&bench.empty, shape, bench.size.turn)?;
        let round = self.ours.len();
        let mut turns = [
            (Contender::Ours, &mut self.ours),
            (Contender::CEILING, &mut self.ceiling),
            (Contender::Naive, &mut self.naive),
        ];
        turns.rotate_left(round % 3);
        for (contender, rounds) in turns {
            rounds.push(bench.turn(contender, &bench.empty, shape, &posts).await?.measured);
        }
        Ok(())
    }
}
