//! Throughput, as ratios taken in one run: `make bench`.
//!
//! Absolute numbers are a machine's; a ratio of two servers that were measured in turns, on the same machine,
//! in the same minutes, is a program's. So three servers take turns under the same load: **ours**, the program
//! itself; **naive**, which commits each event on its own; and **ceiling**, which has no store at all. What
//! the numbers mean is in `docs/performance.md`.
//!
//! - [`events`] makes the requests, [`store`] the file that every run begins with.
//! - [`child`] starts and kills servers; [`naive`] and [`ceiling`] are two of them, on [`serving`].
//! - [`creates`] makes groups through a simulated relay, to count them and to see whether they disturb ingest.
//! - [`load`] posts and measures; [`crash`] looks whether what was answered was kept.
//! - [`machine`] and [`report`] make the table.
//!
//! `CHERT_GROUPS_BENCH_SECONDS` is the length of one turn at 64 connections; the other turns are shorter.
//! For looking closer, `cargo bench --bench throughput -- turn ours 64 1` is one turn of one contender, here at
//! 64 connections with 1 event a request.

mod ceiling;
mod child;
mod crash;
mod creates;
mod events;
mod load;
mod machine;
mod naive;
mod report;
mod serving;
mod store;

use std::{
    fmt,
    fs::File,
    io::Write as _,
    path::Path,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use chert_groups::{clock::Clock, domain::time::Time};
use jiff::SignedDuration;

use child::{Contender, Server};
use creates::{Creating, Keys};
use events::Requests;
use load::{Measured, Plan};
use report::Section;
use store::Template;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often each contender has its turn.
const ROUNDS: usize = 3;

/// How long each turn begins without being measured: caches fill meanwhile.
const WARM_UP: Duration = Duration::from_millis(700);

/// How many events a second of a turn requests are prepared for. A faster server's turn is shorter.
const PREPARED: usize = 50_000;

/// A kind of load.
struct Load {
    connections: usize,
    /// Events in a request.
    each: usize,
    /// The length of a turn, as a part of the longest.
    part: f64,
}

const LOADS: [Load; 3] = [
    Load { connections: 64, each: 1, part: 1.0 },
    Load { connections: 256, each: 1, part: 0.5 },
    Load { connections: 16, each: 100, part: 0.75 },
];

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} connections, {} a request", self.connections, self.each)
    }
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["naive", store] => naive::run(Path::new(store)),
        ["ceiling", store] => ceiling::run(Path::new(store)),
        ["turn", contender, connections, each, ..] => {
            measure(one_turn(contender, connections.parse()?, each.parse()?))
        }
        // Whatever Cargo says is meant for its own harness.
        _ => measure(all()),
    }
}

fn measure(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = tokio::task::LocalSet::new();
    runtime.block_on(tasks.run_until(async {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            // Dropped unfinished, it kills the server that it had running.
            _ = terminate.recv() => anyhow::bail!("terminated"),
            _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
            done = work => done,
        }
    }))
}

async fn all() -> anyhow::Result<()> {
    let bench = Bench::set_up().await?;
    let mut sections = Vec::with_capacity(LOADS.len());
    let mut compared = 0;
    for load in &LOADS {
        let mut rounds = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let (round, answers) = bench.round(load).await?;
            rounds.push(round);
            compared += answers;
        }
        sections.push(Section { name: load.to_string(), rounds });
    }
    let beside = bench.beside_creates().await?;
    say(&format!("\n{}\n", report::table(&sections)))?;
    say(&beside)?;
    let kills = LOADS.len() * ROUNDS;
    say(&format!(
        "ours was killed in mid-load {kills} times; {compared} requests that it had answered were posted again \
         afterwards, and all had been kept"
    ))
}

async fn one_turn(contender: &str, connections: usize, each: usize) -> anyhow::Result<()> {
    let contender = Contender::ALL.into_iter().find(|known| known.name() == contender);
    let contender = contender.context("a contender is ours, naive or ceiling")?;
    let load = Load { connections, each, part: 1.0 };
    let bench = Bench::set_up().await?;
    let (measured, compared) = bench.turn(&load, contender, &bench.requests(&load)?).await?;
    say(&format!("{measured:#?}\n{compared} requests compared after the crash"))
}

/// The length of the longest turn.
fn longest() -> anyhow::Result<Duration> {
    let seconds = match std::env::var("CHERT_GROUPS_BENCH_SECONDS") {
        Ok(text) => text.parse().context("CHERT_GROUPS_BENCH_SECONDS is not a number")?,
        Err(_) => 4.0,
    };
    Ok(Duration::try_from_secs_f64(seconds)?)
}

struct Bench {
    template: Template,
    chats: Rc<Vec<String>>,
    since: Time,
    clock: Clock,
    longest: Duration,
}

impl Bench {
    /// Says what machine it is, and makes the store.
    async fn set_up() -> anyhow::Result<Self> {
        let clock = Clock::system();
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        say(&format!(
            "{}, {} processors; {}; commit {}",
            machine::processor(),
            machine::cores(),
            clock.now().to_rfc3339(),
            machine::commit()
        ))?;
        let sync = time_of_sync(folder.path())?;
        say(&format!("making 4 KiB durable takes this disk {:.2} ms (median)", sync * 1e3))?;
        // The events happened a while ago, so none of them is from the future however many there are.
        let since = clock.now().plus(-SignedDuration::from_hours(2));
        let template = Template::make(folder, &clock, since).await?;
        Ok(Self {
            chats: Rc::new(template.chats.clone()),
            template,
            since: since.plus(SignedDuration::from_hours(1)),
            clock,
            longest: longest()?,
        })
    }

    /// One turn of each contender; also how many answers were compared after the crash.
    async fn round(&self, load: &Load) -> anyhow::Result<([Measured; 3], usize)> {
        let requests = self.requests(load)?;
        let (ours, compared) = self.turn(load, Contender::Ours, &requests).await?;
        let (naive, _) = self.turn(load, Contender::Naive, &requests).await?;
        let (ceiling, _) = self.turn(load, Contender::Ceiling, &requests).await?;
        Ok(([ours, naive, ceiling], compared))
    }

    /// The requests of one round, signed now: a signature is good for five minutes.
    fn requests(&self, load: &Load) -> anyhow::Result<Rc<Requests>> {
        let seconds = (self.longest.mul_f64(load.part) + WARM_UP).as_secs();
        let count = PREPARED * usize::try_from(seconds + 1)? / load.each;
        let secret = &self.template.secret;
        Ok(Rc::new(Requests::prepare(count, load.each, secret, self.since, self.clock.now())?))
    }

    /// Creates a second, and what ingest does while creates wait for a slow relay.
    async fn beside_creates(&self) -> anyhow::Result<String> {
        let load = &LOADS[0];
        let keys = Keys {
            bearer: self.template.tenant_secret.expose(),
            relay_secret: &self.template.maker_secret,
            clock: &self.clock,
        };
        let (mut kept, mut creates, mut part) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let requests = self.requests(load)?;
            let (alone, _) = self.turn(load, Contender::Ours, &requests).await?;
            let together = self.turn_beside_creates(load, &requests, &keys).await?;
            let rate = creates::rate(&self.template.copy()?, &keys, WARM_UP, self.longest).await?;
            kept.push(together.rate / alone.rate);
            creates.push(rate);
            part.push(rate / alone.rate);
        }
        Ok(format!(
            "creates: {:.0} a second through a relay that answers at once, {:.3} of the rate of events\n\
             ingest while {} creates wait for a relay that takes 5 s: {:.2} of its rate without",
            report::median(creates),
            report::median(part),
            creates::WAITING,
            report::median(kept),
        ))
    }

    async fn turn_beside_creates(
        &self,
        load: &Load,
        requests: &Rc<Requests>,
        keys: &Keys<'_>,
    ) -> anyhow::Result<Measured> {
        let path = self.template.copy()?;
        let mut server = Server::start(Contender::Ours, &path)?;
        let mut creating = Creating::slowly(&server, &path, keys)?;
        // All of them are waiting by then.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let plan = self.plan(load, Contender::Ours, requests);
        anyhow::ensure!(creating.waiting()? == creates::WAITING, "creates are to wait meanwhile");
        let (measured, _) = load::run(plan, &mut server).await?;
        Ok(measured)
    }

    fn plan(&self, load: &Load, contender: Contender, requests: &Rc<Requests>) -> Plan {
        let stores = contender != Contender::Ceiling;
        Plan {
            requests: Rc::clone(requests),
            again: !stores,
            chats: stores.then(|| Rc::clone(&self.chats)),
            connections: load.connections,
            warm_up: WARM_UP,
            time: self.longest.mul_f64(load.part),
        }
    }

    async fn turn(
        &self,
        load: &Load,
        contender: Contender,
        requests: &Rc<Requests>,
    ) -> anyhow::Result<(Measured, usize)> {
        let path = self.template.copy()?;
        let plan = self.plan(load, contender, requests);
        let mut server = Server::start(contender, &path)?;
        let (measured, answered) = load::run(plan, &mut server)
            .await
            .with_context(|| format!("{} at {}", contender.name(), load))?;
        let compared = match contender {
            Contender::Ours => crash::check(&path, requests, &answered).await?,
            Contender::Naive | Contender::Ceiling => 0,
        };
        Ok((measured, compared))
    }
}

/// The median time of an append of 4 KiB with the call that makes it durable, in seconds.
fn time_of_sync(folder: &Path) -> anyhow::Result<f64> {
    let mut file = File::create(folder.join("sync"))?;
    let mut times = Vec::new();
    for _ in 0..100 {
        let started = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(started.elapsed().as_secs_f64());
    }
    Ok(report::median(times))
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
