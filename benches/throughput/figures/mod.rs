//! The figures, one file for each target, in their order; creates, which belong to none of them; and
//! all that is measured on PostgreSQL.
//!
//! In every round all that a figure compares has its turn, so that a ratio is taken of turns that were close together.

mod batches;
mod creates;
mod growth;
mod ingest;
mod latency;
pub(crate) mod lookup;
mod overload;
mod postgres;
mod replay;

use anyhow::bail;

use crate::{bench::Bench, report::Row};

/// What can be measured on its own.
pub(crate) const ALL: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "creates", "postgres"];

/// Says so before anything is measured when one of the targets is none.
pub(crate) fn known<'t>(targets: &'t [&'t str]) -> anyhow::Result<&'t [&'t str]> {
    match targets.iter().find(|target| !ALL.contains(target)) {
        Some(unknown) => bail!("{unknown} is none of {}", ALL.join(", ")),
        None => Ok(targets),
    }
}

/// Measures what belongs to one target.
pub(crate) async fn measure(bench: &Bench, target: &str) -> anyhow::Result<Vec<Row>> {
    match target {
        "1" => ingest::rows(bench).await,
        "2" => batches::rows(bench).await,
        "3" => latency::rows(bench).await,
        "4" => lookup::rows(bench).await,
        "5" => growth::rows(bench).await,
        "6" => overload::rows(bench).await,
        "7" => replay::rows(bench).await,
        "creates" => creates::rows(bench).await,
        "postgres" => postgres::rows(bench).await,
        _ => bail!("there is no target {target}"),
    }
}
