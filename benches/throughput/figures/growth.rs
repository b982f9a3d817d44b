//! Target 5: does it get slower when it grows?
//!
//! The same is measured on an empty file, on a grown one with the same traffic, and, when these are done, on the grown
//! one with traffic about everything in it. A large file is not copied: each turn goes on where the one before ended.

use super::{
    latency::{CALM, SPREAD},
    lookup::{self, EachWay},
};
use crate::{
    bench::Bench,
    load::measured::Measured,
    lookups::Way,
    report::{Required, Row, Unit, latency, of_each},
    servers::Contender,
    shape::{MANY_16, ONE_64, ONE_256},
    stores::Ground,
};

/// What must be left of each figure.
const LEFT: Required = Required::AtLeast(0.85);

/// How long a start may take.
const START: Required = Required::Below(1.0);

/// What is measured on each ground, one of each a round.
#[derive(Default)]
struct Rounds {
    one_64: Vec<Measured>,
    one_256: Vec<Measured>,
    many: Vec<Measured>,
    calm: Vec<Measured>,
    idle: Vec<EachWay>,
    beside: Vec<EachWay>,
    starts: Vec<f64>,
    restarts: Vec<f64>,
    resident: Vec<f64>,
}

pub(super) async fn rows(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let grown_file = bench.grown()?;
    let everywhere_file = grown_file.everywhere();
    let (mut empty, mut grown, mut everywhere) = <(Rounds, Rounds, Rounds)>::default();
    for round in 0..bench.size.rounds {
        let mut turns = [(&mut empty, &bench.empty), (&mut grown, &grown_file)];
        turns.rotate_left(round % 2);
        for (rounds, ground) in turns {
            rounds.add(bench, ground).await?;
        }
    }
    // Not in between: what it leaves to be done afterwards is many times what the other traffic does.
    for _ in 0..bench.size.long_rounds {
        everywhere.add(bench, &everywhere_file).await?;
    }
    let mut rows = grown.kept("grown", &empty, true);
    rows.extend(grown.absolutes("grown", 400.0));
    rows.extend(empty.absolutes("empty", 100.0));
    rows.extend(everywhere.kept("grown, traffic over all of it", &empty, false));
    rows.extend(everywhere.absolutes("grown, traffic over all of it", 400.0));
    Ok(rows)
}

impl Rounds {
    async fn add(&mut self, bench: &Bench, ground: &Ground) -> anyhow::Result<()> {
        let one_64 = bench.ours(ground, ONE_64).await?;
        let half = one_64.measured.rate / 2.0;
        let turns = [
            one_64,
            bench.ours(ground, ONE_256).await?,
            bench.ours(ground, MANY_16).await?,
            bench.paced(Contender::Ours, ground, half).await?,
        ];
        let (idle, _) = lookup::alone(bench, ground, &Way::ALL).await?;
        let (beside, ingested) = lookup::beside_ingest(bench, ground, &Way::ALL, half).await?;
        self.starts.extend(turns.iter().map(|turn| turn.start.as_secs_f64()));
        let restarts = turns.iter().filter_map(|turn| turn.kept).map(|kept| kept.start.as_secs_f64());
        self.restarts.extend(restarts);
        let measured = turns.iter().map(|turn| &turn.measured).chain(&idle).chain([&ingested]);
        self.resident.push(measured.map(|measured| measured.resident).fold(0.0, f64::max));
        let [one_64, one_256, many, calm] = turns.map(|turn| turn.measured);
        self.one_64.push(one_64);
        self.one_256.push(one_256);
        self.many.push(many);
        self.calm.push(calm);
        self.idle.push(idle);
        self.beside.push(beside);
        Ok(())
    }

    /// What is left of each rate of the empty file.
    fn kept(&self, name: &str, empty: &Self, is_required: bool) -> Vec<Row> {
        let mut pairs = vec![
            (format!("ingest, {ONE_64}"), self.one_64.clone(), empty.one_64.clone()),
            (format!("ingest, {ONE_256}"), self.one_256.clone(), empty.one_256.clone()),
            (format!("ingest, {MANY_16}"), self.many.clone(), empty.many.clone()),
        ];
        for (way, place) in Way::ALL.into_iter().zip(0..) {
            let of = |rounds: &[EachWay]| lookup::of_way(rounds, place);
            pairs.push((format!("{}, ingest idle", way.name()), of(&self.idle), of(&empty.idle)));
            pairs.push((format!("{}, beside ingest", way.name()), of(&self.beside), of(&empty.beside)));
        }
        let required = if is_required { LEFT } else { Required::Nothing };
        let row = |(what, ours, empty): &(String, Vec<Measured>, Vec<Measured>)| {
            Row::versus("5", format!("{name}: {what}"), ours, ("the same, empty", empty)).required(required)
        };
        pairs.iter().map(row).collect()
    }

    /// What is required of every file by itself.
    fn absolutes(&self, name: &str, megabytes: f64) -> [Row; 5] {
        let row = |what: &str, unit, values: &[f64]| {
            Row::new("5", format!("{name}: {what}"), unit, values.to_vec())
        };
        let calm: Vec<f64> = self.calm.iter().map(|measured| measured.p99.as_secs_f64()).collect();
        let spread: Vec<f64> = self.one_64.iter().map(Measured::spread).collect();
        [
            row("p99 of 16 connections at half the maximum", Unit::Time, &calm)
                .required(CALM)
                .note(latency(&self.calm))
                .shares(&self.calm),
            row("p99 of 64 connections at the maximum", Unit::Ratio, &spread)
                .required(SPREAD)
                .of("p50")
                .note(latency(&self.one_64)),
            row("start-up", Unit::Time, &self.starts).required(START),
            row("start-up after kill -9", Unit::Time, &self.restarts).required(START),
            row("resident memory, at most", Unit::Megabytes, &self.resident)
                .required(Required::Below(megabytes))
                .note(self.memory()),
        ]
    }

    /// The memory after each load.
    fn memory(&self) -> String {
        let after = |measured: &[Measured]| of_each(measured, |measured| measured.resident);
        format!(
            "64 connections {:.0}, 256 {:.0}, 100 a request {:.0}, half the maximum {:.0}, look-ups {:.0} MB",
            after(&self.one_64),
            after(&self.one_256),
            after(&self.many),
            after(&self.calm),
            after(&self.idle.concat())
        )
    }
}
