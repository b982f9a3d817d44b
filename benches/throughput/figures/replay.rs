//! Target 7: a file of events, replayed into a running service.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    ops::Range,
    path::{Path, PathBuf},
    rc::Rc,
};

use anyhow::ensure;

use crate::{
    bench::{self, Bench},
    ingest::Posts,
    report::{Required, Row, Unit, median},
    servers::{
        Contender, Server,
        programs::{Replayed, replay},
    },
    shape::MANY_16,
};

/// How many events the server has taken before the clock starts: every group is in its cache then.
const WARM_UP: usize = 30_000;

/// How many events of the file are posted again after the crash, as so many requests.
const COMPARED: usize = 50;

/// A progress bar costs nothing that can be told from noise.
const FREE: Required = Required::AtLeast(0.95);

/// Two files: one to warm up, one to measure.
struct Files {
    warm_up: PathBuf,
    measured: PathBuf,
    events: Range<usize>,
}

pub(super) async fn rows(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (mut posted, mut silent, mut drawn) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..bench.size.rounds {
        let rate = bench.ours(&bench.empty, MANY_16).await?.measured.rate;
        let files = Files::write(bench, rate)?;
        posted.push(rate);
        // Either is first in its turn: the difference is smaller than what a place in the order may make.
        for on_a_terminal in [round % 2 == 1, round % 2 == 0] {
            let rates = if on_a_terminal { &mut drawn } else { &mut silent };
            rates.push(files.replay(bench, on_a_terminal).await?);
        }
    }
    let ratios = |of: &[f64], to: &[f64]| of.iter().zip(to).map(|(of, to)| of / to).collect();
    let [of, alone] = [&posted, &silent].map(|rates| format!("{:.0}/s", median(rates.clone())));
    Ok(vec![
        Row::new("7", "replay of a file", Unit::Ratio, ratios(&silent, &posted))
            .required(Required::AtLeast(0.8))
            .of("target 2's rate")
            .note(format!("{alone}, of {of}")),
        Row::new("7", "replay with its progress bar on a terminal", Unit::Ratio, ratios(&drawn, &silent))
            .required(FREE)
            .of("without")
            .note(format!("{:.0}/s, of {alone}", median(drawn.clone()))),
    ])
}

impl Files {
    /// Events for a turn at this rate.
    fn write(bench: &Bench, rate: f64) -> anyhow::Result<Self> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of events")]
        let count = ((rate * bench.size.turn.as_secs_f64()) as usize).max(COMPARED * MANY_16.each);
        let first = bench.fresh_events(WARM_UP + count);
        let events = first + WARM_UP..first + WARM_UP + count;
        let files = Self {
            warm_up: bench.folder().join("warm-up.ndjson"),
            measured: bench.folder().join("measured.ndjson"),
            events,
        };
        write(bench, &files.warm_up, first..first + WARM_UP)?;
        write(bench, &files.measured, files.events.clone())?;
        Ok(files)
    }

    /// Events a second of one replay. What was answered is looked for after a crash.
    async fn replay(&self, bench: &Bench, on_a_terminal: bool) -> anyhow::Result<f64> {
        let path = bench.empty.file()?;
        let mut server = Server::start(Contender::Ours, &path)?;
        let secret = &bench.secrets.relay;
        replay(&self.warm_up, server.address, secret, false).await?;
        let Replayed { events, events_per_second } =
            replay(&self.measured, server.address, secret, on_a_terminal).await?;
        server.kill()?;
        ensure!(events == self.events.len(), "{events} of {} events were answered", self.events.len());
        let last = self.events.end - COMPARED * MANY_16.each;
        let posts =
            Posts::prepare((COMPARED, MANY_16.each), last, bench.composer(&bench.empty), bench.relay())?;
        let ingest = bench::ingest(Contender::Ours, &bench.empty, &Rc::new(posts));
        bench.check_kept(&path, &ingest, &(0..COMPARED).collect::<Vec<_>>()).await?;
        Ok(events_per_second)
    }
}

fn write(bench: &Bench, path: &Path, events: Range<usize>) -> anyhow::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let composer = bench.composer(&bench.empty);
    let mut line = String::new();
    for number in events {
        line.clear();
        composer.event(number, &mut line)?;
        line.push('\n');
        file.write_all(line.as_bytes())?;
    }
    Ok(file.flush()?)
}
