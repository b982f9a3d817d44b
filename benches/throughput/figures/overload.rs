//! Target 6: far more than it can take.
//!
//! 4 096 connections send as fast as they get answers, 503 included, which they send again at once. With four events a
//! request they have twice as many under way as the server's queue takes, so that half of them are refused at any time.
//! Then they are gone, and two seconds later latencies must be what they always are.

use std::{rc::Rc, time::Duration};

use tokio::time::{Instant, sleep, sleep_until};

use super::latency::CALM;
use crate::{
    bench::{self, Bench, WARM_UP},
    load::{Load, Plan, measured::Measured},
    report::{Required, Row, Unit, latency, median, speed},
    servers::{Contender, Server},
    shape::{FOUR_64, ONE_16, ONE_64},
};

/// How many connections never pause.
const CONNECTIONS: usize = 4_096;

/// How long they take to be there, each with its first answer.
const OPENING: Duration = Duration::from_secs(2);

/// How soon everything must be as before.
const RECOVERY: Duration = Duration::from_secs(2);

/// How often the memory is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How much more memory the second half may take than the first: it is bounded, so it is about the same.
const BOUNDED: Required = Required::Below(1.1);

/// What happened in one round.
struct Round {
    most: f64,
    overloaded: Measured,
    /// Over time.
    resident: Vec<f64>,
    after: Measured,
}

pub(super) async fn rows(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let mut rounds = Vec::new();
    for _ in 0..bench.size.long_rounds {
        rounds.push(Round::measure(bench).await?);
    }
    let of_each = |value: &dyn Fn(&Round) -> f64| rounds.iter().map(value).collect::<Vec<f64>>();
    let all = |value: fn(&Round) -> &Measured| rounds.iter().map(value).cloned().collect::<Vec<_>>();
    let (overloaded, after) = (all(|round| &round.overloaded), all(|round| &round.after));
    let refused = median(of_each(&|round| round.overloaded.refused));
    let most = median(of_each(&|round| round.most));
    let name = format!("{CONNECTIONS} connections for {:.0} s", bench.size.overload.as_secs_f64());
    let share = of_each(&|round| round.overloaded.rate / round.most);
    let at_most = of_each(&|round| peak(&round.resident));
    let grows = of_each(&|round| round.growth());
    let slowest = of_each(&|round| round.after.p99.as_secs_f64());
    Ok(vec![
        Row::new("6", format!("{name}: accepted; all else was 503"), Unit::Ratio, share)
            .required(Required::AtLeast(0.5))
            .of(format!("{FOUR_64}"))
            .note(format!("{}, and {refused:.0}/s refused, of {most:.0}/s", speed(&overloaded)))
            .shares(&overloaded),
        Row::new("6", format!("{name}: resident memory, at most"), Unit::Megabytes, at_most),
        Row::new("6", format!("{name}: the same in the second half"), Unit::Ratio, grows)
            .required(BOUNDED)
            .of("the first half"),
        Row::new("6", "2 s later: p99 of 16 connections at half the maximum", Unit::Time, slowest)
            .required(CALM)
            .note(latency(&after))
            .shares(&after),
    ])
}

impl Round {
    async fn measure(bench: &Bench) -> anyhow::Result<Self> {
        let ground = &bench.empty;
        let most = bench.ours(ground, FOUR_64).await?.measured.rate;
        let half = bench.ours(ground, ONE_64).await?.measured.rate / 2.0;
        let path = ground.file()?;
        // It cannot accept more than the maximum, but for noise.
        let posts = bench.posts(ground, FOUR_64.prepared(1.3 * most), OPENING + bench.size.overload)?;
        let calm = bench.posts(ground, ONE_16.prepared(1.1 * half), bench.size.paced)?;
        let [posts, calm] = [posts, calm].map(|posts| bench::ingest(Contender::Ours, ground, &posts));
        let mut server = Server::start(Contender::Ours, &path)?;
        let plan =
            Plan { talk: Rc::clone(&posts) as _, connections: CONNECTIONS, pace: None, refusals: true };
        let mut load = Load::start(plan, server.address);
        load.opened().await?;
        let (overloaded, resident) = tokio::try_join!(
            load.measure(&server, WARM_UP, bench.size.overload),
            watch(&server, WARM_UP, bench.size.overload)
        )?;
        let answered = load.end().await?;
        sleep(RECOVERY).await;
        let mut load = Load::start(bench::pacing(&calm, ONE_16, half), server.address);
        let after = load.measure(&server, Duration::ZERO, bench.size.paced).await?;
        let answered_after = load.kill(&mut server).await?;
        bench.check_kept(&path, &posts, &answered).await?;
        bench.check_kept(&path, &calm, &answered_after).await?;
        Ok(Self { most, overloaded, resident, after })
    }

    /// The most memory in the second half, as a multiple of the most in the first.
    fn growth(&self) -> f64 {
        let (first, second) = self.resident.split_at(self.resident.len() / 2);
        peak(second) / peak(first)
    }
}

/// The server's memory, from time to time.
async fn watch(server: &Server, warm_up: Duration, time: Duration) -> anyhow::Result<Vec<f64>> {
    sleep(warm_up).await;
    let end = Instant::now() + time;
    let mut seen = Vec::new();
    while Instant::now() < end {
        seen.push(server.resident()?);
        sleep_until(end.min(Instant::now() + LOOK)).await;
    }
    Ok(seen)
}

fn peak(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}
