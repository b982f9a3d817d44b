//! Target 2: 100 events a request.

use super::ingest::Rounds;
use crate::{
    bench::Bench,
    load::measured::Measured,
    report::{Required, Row, Unit, median, speed},
    servers::bare::{self, Record},
    shape::MANY_16,
};

pub(super) async fn rows(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let mut rounds = Rounds::default();
    let (mut log, mut row) = (Vec::new(), Vec::new());
    for _ in 0..bench.size.rounds {
        rounds.add(bench, MANY_16).await?;
        log.push(bare::rate(&bench.empty.file()?, Record::Log, bench.size.turn).await?);
        row.push(bare::rate(&bench.empty.file()?, Record::Rows, bench.size.turn).await?);
    }
    let what = format!("ingest, {MANY_16}");
    let Rounds { ours, ceiling, naive } = &rounds;
    Ok(vec![
        to_bare(&what, ours, &log, "the bare loop").required(Required::AtLeast(0.70)),
        to_bare(&what, ours, &row, "a bare loop that writes each chat's row"),
        Row::versus("2", &what, ours, ("the ceiling", ceiling)),
        Row::versus("2", &what, ours, ("naive", naive)),
    ])
}

fn to_bare(what: &str, ours: &[Measured], bare: &[f64], basis: &str) -> Row {
    let ratios = ours.iter().zip(bare).map(|(ours, bare)| ours.rate / bare).collect();
    let note = format!("{}, of {:.0}/s", speed(ours), median(bare.to_vec()));
    Row::new("2", what, Unit::Ratio, ratios).of(basis).note(note).shares(ours)
}
