//! Target 3: how long one event takes.

use crate::{
    bench::Bench,
    load::measured::Measured,
    report::{Required, Row, Unit, latency, speed},
    shape::{ONE_16, ONE_64},
};

/// The longest time that all but one of a hundred may take when there is room.
pub(super) const CALM: Required = Required::Below(0.010);

/// How much longer than the middle one they may take when there is none.
pub(super) const SPREAD: Required = Required::Below(4.0);

pub(super) async fn rows(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (mut busy, mut calm) = (Vec::new(), Vec::new());
    for _ in 0..bench.size.rounds {
        let most = bench.ours(&bench.empty, ONE_64).await?.measured;
        calm.push(bench.paced(&bench.empty, most.rate / 2.0).await?.measured);
        busy.push(most);
    }
    let what = format!("{} connections at half the maximum", ONE_16.connections);
    let of_calm = |name: &str, value: fn(&Measured) -> f64| {
        let values = calm.iter().map(value).collect();
        Row::new("3", format!("{what}: {name}"), Unit::Time, values).note(speed(&calm)).shares(&calm)
    };
    let spreads = busy.iter().map(Measured::spread).collect();
    Ok(vec![
        of_calm("p50", |measured| measured.p50.as_secs_f64()),
        of_calm("p99", |measured| measured.p99.as_secs_f64()).required(CALM),
        Row::new("3", "64 connections at the maximum: p99", Unit::Ratio, spreads)
            .required(SPREAD)
            .of("p50")
            .note(latency(&busy))
            .shares(&busy),
    ])
}
