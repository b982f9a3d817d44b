//! Target 3: how long one event takes.
//!
//! The maximum is that of 64 connections, and half of it may be more than 16 can post at all. Then requests come later and
//! later, and their latencies say only that; so half of what 16 connections can post is measured, too. What the ceiling
//! shows at half the maximum is the machine's own doing.

use std::time::Duration;

use crate::{
    bench::Bench,
    load::measured::Measured,
    report::{Required, Row, Unit, latency, speed},
    servers::Contender,
    shape::{ONE_16, ONE_64},
};

/// The longest time that all but one of a hundred may take when there is room.
pub(super) const CALM: Required = Required::Below(0.010);

/// How much longer than the middle one they may take when there is none.
pub(super) const SPREAD: Required = Required::Below(4.0);

pub(super) async fn rows(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (mut busy, mut calm, mut still, mut own) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.size.rounds {
        let most = bench.ours(&bench.empty, ONE_64).await?.measured;
        let half = most.rate / 2.0;
        calm.push(bench.paced(Contender::Ours, &bench.empty, half).await?.measured);
        still.push(bench.paced(Contender::CEILING, &bench.empty, half).await?.measured);
        busy.push(most);
        let most_of_16 = bench.ours(&bench.empty, ONE_16).await?.measured.rate;
        own.push(bench.paced(Contender::Ours, &bench.empty, most_of_16 / 2.0).await?.measured);
    }
    let spreads = busy.iter().map(Measured::spread).collect();
    Ok(vec![
        paced("half the maximum: p50", &calm, |measured| measured.p50),
        paced("half the maximum: p99", &calm, |measured| measured.p99).required(CALM),
        paced("half the maximum: p99 of the ceiling", &still, |measured| measured.p99),
        paced("half of what 16 can post: p99", &own, |measured| measured.p99),
        Row::new("3", "64 connections at the maximum: p99", Unit::Ratio, spreads)
            .required(SPREAD)
            .of("p50")
            .note(latency(&busy))
            .shares(&busy),
    ])
}

/// A latency of 16 connections at a pace.
fn paced(what: &str, rounds: &[Measured], latency: fn(&Measured) -> Duration) -> Row {
    let values = rounds.iter().map(|measured| latency(measured).as_secs_f64()).collect();
    let what = format!("{} connections at {what}", ONE_16.connections);
    Row::new("3", what, Unit::Time, values).note(speed(rounds)).shares(rounds)
}
