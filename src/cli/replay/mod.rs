//! `replay`: post recorded events to a running service.
//!
//! [`source`] reads events from files into [`lines`], [`post`] sends a batch until it is answered, [`tally`] counts what
//! came of it, and this file keeps several batches under way.

mod lines;
mod post;
mod source;
mod tally;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use serde_json::json;
use tokio::{sync::mpsc, task::JoinSet};

use super::{Context, output, progress, secret::in_file};
use crate::domain::{ids::Slug, relay_kind::SecretForm, secret::SigningSecret};
use tally::Tally;
pub(super) use {post::Target, source::Source};

/// The environment variable that may hold the relay's secret.
const SECRET_VARIABLE: &str = "CHERT_GROUPS_RELAY_SECRET";

/// From here on more events in a request make a replay no faster.
const LARGE_BATCH: u16 = 250;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Files of events: NDJSON, or JSON when the name ends in .json (one event, an array, or {"events":[…]}).
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[arg(long, help = "The service, such as http://127.0.0.1:8080", value_name = "URL")]
    to: reqwest::Url,
    /// The relay to post as.
    #[arg(long, value_name = "SLUG")]
    relay: Slug,
    /// A file with the relay's secret [default: the variable `CHERT_GROUPS_RELAY_SECRET`]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The most events a second [default: as fast as they are taken]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Events in one request [default: 250; with --rate no more than are due in a quarter of a second]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1000))]
    batch: Option<u16>,
    /// Requests under way at once.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    connections: u16,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// How fast to replay.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub(super) rate: Option<u32>,
    pub(super) batch: usize,
    pub(super) connections: usize,
}

/// What came of a replay.
#[derive(Default)]
pub(super) struct Summary {
    tally: Tally,
    seconds: f64,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<()> {
    let secret = secret(arguments.secret_file.as_ref())?;
    let target = Target::new(&arguments.to, &arguments.relay, secret, context.clock.clone())?;
    let source = Source::open(&arguments.files)?;
    let pace = Pace {
        rate: arguments.rate,
        batch: usize::from(arguments.batch.unwrap_or_else(|| batch_at(arguments.rate))),
        connections: usize::from(arguments.connections),
    };
    let bar = progress::bar(source.bytes());
    // One thread for all requests: what they do between two waits is little, and to wake another thread for it is more.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let summary = runtime.block_on(replay(target, source, pace, &bar))?;
    bar.finish_and_clear();
    summary.print(arguments.json)?;
    match summary.tally.outcomes.get("rejected") {
        Some(rejected) => bail!("{rejected} event(s) were rejected"),
        None => Ok(()),
    }
}

/// How many events a request has when nobody says: enough that their number hardly matters to the speed any more, and few
/// enough that a slow rate is no row of bursts.
fn batch_at(rate: Option<u32>) -> u16 {
    let due = rate.map_or(LARGE_BATCH.into(), |rate| rate / 4);
    u16::try_from(due).map_or(LARGE_BATCH, |due| due.clamp(1, LARGE_BATCH))
}

/// The relay's secret, out of a file or the environment.
pub(super) fn secret(file: Option<&PathBuf>) -> anyhow::Result<SigningSecret> {
    if let Some(file) = file {
        return in_file(SecretForm::Hex, file);
    }
    let text = std::env::var(SECRET_VARIABLE).with_context(|| {
        format!("the relay's secret is needed: give --secret-file or set {SECRET_VARIABLE}")
    })?;
    SigningSecret::parse(text.trim()).with_context(|| SECRET_VARIABLE.to_owned())
}

/// Posts everything in `source`, several batches at once. Order does not matter to what comes of it.
pub(super) async fn replay(
    target: Target,
    source: Source,
    pace: Pace,
    bar: &ProgressBar,
) -> anyhow::Result<Summary> {
    let started = Instant::now();
    let target = Arc::new(target);
    let (sender, mut batches) = mpsc::channel(pace.connections);
    let reading = tokio::task::spawn_blocking(move || source.read(pace.batch, &sender));
    let mut under_way = JoinSet::new();
    let mut summary = Summary::default();
    let mut due = tokio::time::Instant::now();
    while let Some(batch) = batches.recv().await {
        if let Some(rate) = pace.rate {
            tokio::time::sleep_until(due).await;
            due += Duration::from_secs(1).mul_f64(batch.len_f64() / f64::from(rate));
        }
        if under_way.len() >= pace.connections
            && let Some(done) = under_way.join_next().await
        {
            summary.add(done??, bar);
        }
        let target = Arc::clone(&target);
        under_way.spawn(async move { target.post(batch).await });
    }
    while let Some(done) = under_way.join_next().await {
        summary.add(done??, bar);
    }
    reading.await??;
    summary.seconds = started.elapsed().as_secs_f64();
    Ok(summary)
}

impl Summary {
    fn add(&mut self, (bytes, tally): (u64, Tally), bar: &ProgressBar) {
        bar.inc(bytes);
        self.tally.add(tally);
        bar.set_message(format!("{} events", self.tally.events()));
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn per_second(&self) -> f64 {
        self.tally.events() as f64 / self.seconds.max(0.001)
    }

    fn print(&self, as_json: bool) -> anyhow::Result<()> {
        for why in &self.tally.rejected {
            output::remark(format_args!("rejected: {why}"));
        }
        if as_json {
            let Tally { outcomes, rejected } = &self.tally;
            return output::json(&json!({
                "events": self.tally.events(), "outcomes": outcomes, "rejected": rejected,
                "seconds": self.seconds, "events_per_second": self.per_second(),
            }));
        }
        self.print_table()
    }

    /// The table of outcomes.
    pub(super) fn print_table(&self) -> anyhow::Result<()> {
        let rows =
            self.tally.outcomes.iter().map(|(outcome, events)| vec![outcome.clone(), events.to_string()]);
        output::table(&["outcome", "events"], rows.collect(), "no events")?;
        let (events, seconds, rate) = (self.tally.events(), self.seconds, self.per_second());
        output::line(format_args!("{events} events in {seconds:.1} s, {rate:.0} a second"))
    }
}
