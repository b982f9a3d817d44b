//! How fast it is, as ratios taken in one run: `make bench`, and `make bench-full` at full size.
//!
//! Absolute numbers are a machine's; a ratio of two programs that were measured in turns, on the same machine, in
//! the same minutes, is a program's. What the figures mean is in `docs/performance.md`.
//!
//! - [`figures`] has one file for each target; [`bench`] is what they stand on, [`shape`] the kinds of load, [`size`]
//!   how much is measured, and [`report`] the table.
//! - [`population`], [`events`], [`requests`] and [`ingest`] are what is posted, [`lookups`] what is looked up.
//! - [`stores`] makes the files and databases that turns begin with, the latter in [`postgres`], and looks whether what was answered survives a crash.
//! - [`servers`] are ours and those that it is compared with; [`load`] asks them, and [`wrk`] lets wrk do so.
//! - [`machine`] says what machine it is, and how busy.
//!
//! For looking closer: `cargo bench --bench throughput -- only 4` is one target (or several, or `full`), and
//! `-- turn ours 64 1` is one turn of one contender, here at 64 connections with 1 event a request; `-- pace ours 12000`
//! is one at 16 connections when so many events are due a second; `-- look-up ours by-id` is one of look-ups, and
//! `-- look-up ours by-id beside 15000` the same beside so many events a second.
//! `CHERT_GROUPS_BENCH_SECONDS` is the length of a turn, and `CHERT_GROUPS_BENCH_ROUNDS` the number of rounds.

mod bench;
mod events;
mod figures;
mod ingest;
mod load;
mod lookups;
mod machine;
mod population;
mod postgres;
mod report;
mod requests;
mod servers;
mod shape;
mod size;
mod stores;
mod wrk;

use std::{
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use chert_groups::clock::Clock;

use bench::Bench;
use lookups::Way;
use report::{Report, Row};
use servers::{
    Contender,
    bare::{self, Record},
    ceiling, naive,
};
use shape::Shape;
use size::Size;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // What Cargo says is meant for its own harness.
    let arguments = arguments.iter().map(String::as_str).filter(|argument| *argument != "--bench");
    match arguments.collect::<Vec<_>>().as_slice() {
        ["naive", store] => naive::run(&store.parse()?),
        ["ceiling", store, by_id, by_key, resolve] => {
            ceiling::run(&store.parse()?, [by_id.parse()?, by_key.parse()?, resolve.parse()?])
        }
        ["bare", record, seconds, store] => {
            let record = Record::named(record).context("no such record")?;
            bare::run(Path::new(store), record, Duration::from_secs_f64(seconds.parse()?))
        }
        ["turn", contender, connections, each] => {
            measure(one_turn(named(contender)?, Shape::of(connections.parse()?, each.parse()?)))
        }
        ["pace", contender, pace] => measure(one_paced_turn(named(contender)?, pace.parse()?)),
        ["look-up", contender, way] => measure(one_look_up(named(contender)?, called(way)?, None)),
        ["look-up", contender, way, "beside", pace] => {
            measure(one_look_up(named(contender)?, called(way)?, Some(pace.parse()?)))
        }
        ["wrk", contender] => measure(compare_with_wrk(named(contender)?)),
        [] => measure(table(false, &figures::ALL)),
        ["full"] => measure(table(true, &figures::ALL)),
        ["only", targets @ ..] => measure(table(false, figures::known(targets)?)),
        ["full", "only", targets @ ..] => measure(table(true, figures::known(targets)?)),
        _ => bail!(
            "known are: [full] [only TARGET…], turn CONTENDER CONNECTIONS EVENTS, pace CONTENDER PACE, \
             look-up CONTENDER WAY [beside PACE], wrk CONTENDER"
        ),
    }
}

fn called(way: &str) -> anyhow::Result<Way> {
    Way::called(way).context("look-ups are by-id, by-key or resolve")
}

fn named(contender: &str) -> anyhow::Result<Contender> {
    Contender::named(contender).context("a contender is ours, naive or ceiling")
}

fn measure(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = tokio::task::LocalSet::new();
    runtime.block_on(tasks.run_until(async {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            // Dropped unfinished, it kills the server that it had running.
            _ = terminate.recv() => bail!("terminated"),
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            done = work => done,
        }
    }))
}

async fn table(whole: bool, targets: &[&str]) -> anyhow::Result<()> {
    let bench = Bench::set_up(Size::chosen(whole)?)?;
    say(&heading(&bench)?)?;
    let mut rows = Vec::new();
    let measured = measure_all(&bench, targets, &mut rows).await;
    // What was measured before something failed took its time, too.
    say(&format!("\n{}\n", Report(rows)))?;
    measured?;
    let (kills, compared) = bench.crashes();
    say(&format!(
        "ours was killed {kills} times; {compared} requests that it had answered were posted again afterwards, and all \
         had been kept"
    ))
}

async fn measure_all(bench: &Bench, targets: &[&str], rows: &mut Vec<Row>) -> anyhow::Result<()> {
    for target in targets {
        let started = Instant::now();
        rows.extend(figures::measure(bench, target).await.with_context(|| format!("target {target}"))?);
        // Between the heading and the table a run of minutes would otherwise be silent.
        writeln!(std::io::stderr(), "{target}: measured in {:.0} s", started.elapsed().as_secs_f64())?;
    }
    Ok(())
}

fn heading(bench: &Bench) -> anyhow::Result<String> {
    Ok(format!(
        "{}, {} processors; {}; commit {}; {}\nmaking 4 KiB durable takes this disk {:.2} ms (median); {}",
        machine::processor(),
        machine::cores(),
        Clock::system().now().to_rfc3339(),
        machine::commit(),
        bench.size,
        machine::time_of_sync(bench.folder())? * 1e3,
        machine::pauses()?,
    ))
}

async fn one_turn(contender: Contender, shape: Shape) -> anyhow::Result<()> {
    let bench = Bench::set_up(Size::chosen(false)?)?;
    let posts = bench.posts(&bench.empty, shape, bench.size.turn)?;
    let turn = bench.turn(contender, &bench.empty, shape, &posts).await?;
    let (_, compared) = bench.crashes();
    say(&format!("{:#?}\n{compared} requests compared after the crash", turn.measured))
}

async fn one_paced_turn(contender: Contender, pace: f64) -> anyhow::Result<()> {
    let bench = Bench::set_up(Size::chosen(false)?)?;
    let turn = bench.paced(contender, &bench.empty, pace).await?;
    say(&format!("{:#?}", turn.measured))
}

async fn one_look_up(contender: Contender, way: Way, pace: Option<f64>) -> anyhow::Result<()> {
    let bench = Bench::set_up(Size::chosen(false)?)?;
    say(&format!("{:#?}", figures::lookup::one_turn(&bench, contender, way, pace).await?))
}

async fn compare_with_wrk(contender: Contender) -> anyhow::Result<()> {
    let bench = Bench::set_up(Size::chosen(false)?)?;
    say(&wrk::compare(&bench, contender).await?)
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
